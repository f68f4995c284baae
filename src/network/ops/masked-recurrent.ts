/**
 * @file The recurrent layers of Keras over a sequence whose steps may be masked anywhere. Letters:
 * B batch, T time, I inputs, H units, G gates.
 *
 * A masked step carries the state and repeats the last output, or gives zeros; before the first
 * step that is there, the output is zero even if the state is not. So the steps that are there are
 * moved to the beginning of each row, computed as rows of these lengths, and moved back.
 */
import { FormatError, formatShape, sameShape, sentence } from "../../base/index.ts";
import {
  flip,
  gather,
  gruSequence,
  lstmSequence,
  reshape,
  rnnSequence,
  slice,
  swapLeading,
  type Tensor,
  tensor,
  zeros,
} from "../../tensor/index.ts";
import type { Op, OpContext, Ops } from "../op.ts";
import { operand } from "./operands.ts";
import {
  fusedActivation,
  RECURRENT_CELLS,
  type RecurrentCell,
  recurrentBySteps,
  type RecurrentWeights,
} from "./recurrent-steps.ts";

/** Gates of a cell, as blocks of columns in its kernels. */
const GATES: Readonly<Record<RecurrentCell, number>> = { LSTM: 4, GRU: 3, SimpleRNN: 1 };

/** Steps that are there, and their places. */
type Steps = {
  /** int32 [B]: steps of each row. */
  readonly lengths: Tensor;
  /** int32 [T, B]: row of x [T*B, I] that stands at this place, or undefined where none moves. */
  readonly places: Tensor | undefined;
  /** Whether a step of a row is there. */
  readonly isThere: (t: number, b: number) => boolean;
};

function stepsOf(mask: Tensor, time: number, batch: number, isBackward: boolean): Steps {
  const values = mask.values();
  const isThere = (t: number, b: number): boolean => values[b * time + (isBackward ? time - 1 - t : t)] !== 0;
  const lengths = new Int32Array(batch);
  const places = Int32Array.from({ length: time * batch }, (_, i) => i);
  let isMoved = false;
  for (let t = 0; t < time; t++)
    for (let b = 0; b < batch; b++)
      if (isThere(t, b)) {
        const to = lengths[b]++;
        isMoved ||= to !== t;
        places[to * batch + b] = t * batch + b;
      }
  return { lengths: tensor(lengths), places: isMoved ? tensor(places, { shape: [time, batch] }) : undefined, isThere };
}

/** Rows of x [T, B, N] at places [T, B] or [B]. */
const rowsAt = (x: Tensor, places: Tensor): Tensor => gather(reshape(x, [x.shape[0] * x.shape[1], x.shape[2]]), places);

/** For each of the times, the row of outputs [T*B, H] that stands there. */
function shownRows({ isThere }: Steps, time: number, batch: number, isZero: boolean): Int32Array {
  const shown = new Int32Array(time * batch);
  // outputs after the last step of a row are zero, and a row with a masked step has such outputs
  const zero = (time - 1) * batch;
  for (let b = 0; b < batch; b++) {
    let last = -1;
    for (let t = 0; t < time; t++) {
      const there = isThere(t, b);
      if (there) last++;
      shown[t * batch + b] = last < 0 || (isZero && !there) ? zero + b : last * batch + b;
    }
  }
  return shown;
}

const Recurrent: Op = (inputs, context) => {
  const { attributes } = context;
  const cell = attributes.choice("cell", RECURRENT_CELLS);
  const isBackward = attributes.flag("go_backwards");
  const isZero = attributes.flag("zero_output_for_mask");
  const weights = weightsOf(inputs, context, cell);
  const given = swapLeading(operand(inputs, 0, context));
  const [time, batch] = given.shape;
  const units = weights.recurrentKernel.shape[0];
  const mask = inputs[1];
  if (mask !== undefined && !sameShape(mask.shape, [batch, time]))
    throw new FormatError(sentence(attributes.where, `a mask [${batch}, ${time}]`, formatShape(mask.shape)));
  const ahead = isBackward ? flip(given, 0) : given;
  const steps = mask && stepsOf(mask, time, batch, isBackward);
  const x = steps?.places === undefined ? ahead : rowsAt(ahead, steps.places);
  const state = (index: number): Tensor => inputs[index] ?? zeros([batch, units], x.dtype);
  const { outputs, h, c } = runCell(context, cell, x, {
    weights,
    lengths: steps?.lengths,
    h: state(5),
    c: () => state(6),
  });
  const results = c === undefined ? [h] : [h, c];
  const all = steps && shownRows(steps, time, batch, isZero);
  if (!attributes.flag("return_sequences", true)) {
    const last = all === undefined ? h : rowsAt(outputs, tensor(all.slice((time - 1) * batch)));
    return [last, ...results];
  }
  const shown = all === undefined ? outputs : rowsAt(outputs, tensor(all, { shape: [time, batch] }));
  return [swapLeading(shown), ...results];
};

function weightsOf(inputs: Parameters<Op>[0], context: OpContext, cell: RecurrentCell): RecurrentWeights {
  const kernel = operand(inputs, 2, context);
  const recurrentKernel = operand(inputs, 3, context);
  const bias = inputs[4];
  const units = recurrentKernel.shape[0];
  const width = GATES[cell] * units;
  const isAfter = cell === "GRU" && context.attributes.flag("reset_after");
  const biasShape = isAfter ? [2, width] : [width];
  const isRight =
    kernel.rank === 2 &&
    kernel.shape[1] === width &&
    sameShape(recurrentKernel.shape, [units, width]) &&
    (bias === undefined || sameShape(bias.shape, biasShape));
  if (!isRight)
    throw new FormatError(
      sentence(
        context.attributes.where,
        `kernels [I, ${width}] and [${units}, ${width}], and a bias ${formatShape(biasShape)}`,
        [kernel, recurrentKernel, ...(bias ? [bias] : [])].map(({ shape }) => formatShape(shape)).join(", "),
      ),
    );
  const row = (at: number): Tensor => reshape(slice(bias as Tensor, [at, 0], [1, width]), [width]);
  return {
    inputKernel: kernel,
    recurrentKernel,
    bias: bias === undefined ? zeros([width], kernel.dtype) : isAfter ? row(0) : bias,
    recurrentBias: isAfter ? (bias === undefined ? zeros([width], kernel.dtype) : row(1)) : undefined,
    isAfter,
  };
}

type CellRun = {
  readonly weights: RecurrentWeights;
  readonly lengths: Tensor | undefined;
  readonly h: Tensor;
  readonly c: () => Tensor;
};

type CellResult = { readonly outputs: Tensor; readonly h: Tensor; readonly c?: Tensor };

/** Runs x [T, B, I] by the kernels of the engine, or step by step with other activations. */
function runCell({ attributes }: OpContext, cell: RecurrentCell, x: Tensor, run: CellRun): CellResult {
  const name = attributes.text("activation", "tanh");
  const gateName = attributes.text("recurrent_activation", "sigmoid");
  const activation = fusedActivation(name);
  const gateActivation = cell === "SimpleRNN" ? "sigmoid" : fusedActivation(gateName);
  const { weights, lengths, h } = run;
  if (activation === undefined || gateActivation === undefined)
    return recurrentBySteps(cell, x, {
      ...run,
      c: cell === "LSTM" ? run.c() : h,
      activation: name,
      gateActivation: gateName,
    });
  const { inputKernel, recurrentKernel, bias, recurrentBias, isAfter } = weights;
  const operands = { inputs: x, lengths, inputKernel, recurrentKernel, bias, h };
  if (cell === "SimpleRNN") return rnnSequence(operands, activation);
  if (cell === "GRU") {
    const { outputs, h: last } = gruSequence(
      { ...operands, recurrentBias },
      {
        gates: { update: 0, reset: 1, candidate: 2 },
        reset: isAfter ? "after" : "before",
        updateGate: "keep",
        gateActivation,
        candidateActivation: activation,
      },
    );
    return { outputs, h: last };
  }
  return lstmSequence(
    { ...operands, c: run.c() },
    {
      gates: { input: 0, forget: 1, candidate: 2, output: 3 },
      forgetBias: 0,
      coupled: false,
      gateActivation,
      candidateActivation: activation,
      outputActivation: activation,
      cellClip: Infinity,
      projectionClip: Infinity,
    },
  );
}

export const maskedRecurrentOps: Ops = { Recurrent };
