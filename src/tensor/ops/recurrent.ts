/**
 * @file A built-in cell over a whole sequence as one op, forward and backward: the engine projects
 * the inputs, runs the recurrent part as a loop inside a kernel, and computes the gradients of the
 * weights as one matrix product each. T time, B batch, I input features, H hidden units, P output
 * features, G gates.
 *
 * The backward kernels compute first derivatives of outputs and last states. If a gradient is
 * differentiated again, or gates or cell states have gradients, ops compute the layer's gradients
 * instead, see `recurrent-composed.ts`.
 */
import type { Shape } from "../../base/index.ts";
import {
  type ActivationName,
  currentEngine,
  type GruSpec,
  type LayerInputGradients,
  type LayerInputs,
  type LstmSpec,
} from "../../engine/index.ts";
import { zeros } from "../create.ts";
import { isRecording, record } from "../tape.ts";
import { allocate, commonDtype, Tensor } from "../tensor.ts";
import { checkIndices, gather } from "./gather.ts";
import { reshape, slice } from "./move.ts";
import { composedGradients, composedGru, composedLstm, composedRnn } from "./recurrent-composed.ts";
import type { KernelOperands, LstmWeights } from "./recurrent-steps.ts";
import { maskSequence } from "./sequence.ts";

/**
 * Inputs that are rows of a table, such as the embeddings of tokens: step t of row b reads row
 * ids[t, b] of the table.
 */
export type TableInputs = {
  /** [V, I]; its numbers must be finite. */
  readonly table: Tensor;
  /** int32 [T, B], each in [0, V). */
  readonly ids: Tensor;
};

/** The arrays that every recurrent layer has, in the engine's layout. */
export type SequenceOperands = KernelOperands & {
  /**
   * [T, B, I], or rows of a table, each of which is multiplied by W once, however often it is read.
   */
  readonly inputs: Tensor | TableInputs;
  /** [G*H]. */
  readonly bias: Tensor;
  /** [B, P]. */
  readonly h: Tensor;
  /** int32 [B]; absent: all rows have T steps. */
  readonly lengths?: Tensor | undefined;
};

const empty = (like: Tensor, shape: Shape): Tensor => allocate(like.dtype, shape);

type Kernels = {
  /** Tensors that hold W and R, which the tape watches: one or two. */
  readonly stored: readonly Tensor[];
  /** W and R. */
  readonly inputKernel: Tensor;
  readonly recurrent: Tensor;
};

/** W and R as views of the tensors that they are stored in. */
function kernelsOf(operands: KernelOperands, inputSize: number): Kernels {
  if (!("kernel" in operands)) {
    const { inputKernel, recurrentKernel } = operands;
    return { stored: [inputKernel, recurrentKernel], inputKernel, recurrent: recurrentKernel };
  }
  const [rows, width] = operands.kernel.shape;
  const { offset } = operands.kernel;
  return {
    stored: [operands.kernel],
    inputKernel: operands.kernel.view([inputSize, width], offset),
    recurrent: operands.kernel.view([rows - inputSize, width], offset + inputSize * width),
  };
}

/** Fresh tensors for the gradients of `stored`, with the views that the engine fills. */
function kernelGradients({ stored }: Kernels, inputSize: number): Kernels {
  const [first, second] = stored.map((kernel) => empty(kernel, kernel.shape));
  return kernelsOf(
    second === undefined ? { kernel: first } : { inputKernel: first, recurrentKernel: second },
    inputSize,
  );
}

/**
 * The input of a layer: its sizes, the arrays for the kernels, and the tensor that gets the
 * gradient.
 */
type Source = {
  readonly steps: number;
  readonly batch: number;
  readonly features: number;
  /** The inputs, or the table. */
  readonly watched: Tensor;
  /** The input for the forward kernel, with W. */
  read(inputKernel: Tensor): LayerInputs;
  /**
   * The gradients for the backward kernel to write. `finish`, called after it, returns the gradient
   * of `watched`, and completes that of W.
   */
  readBack(kernels: { inputKernel: Tensor; dInputKernel: Tensor }): {
    readonly arrays: LayerInputGradients;
    readonly finish: () => Tensor | undefined;
  };
};

const sourceOf = ({ inputs, lengths }: SequenceOperands): Source =>
  inputs instanceof Tensor ? ownInputs(inputs, lengths) : tableInputs(inputs);

function ownInputs(inputs: Tensor, lengths: Tensor | undefined): Source {
  const [steps, batch, features] = inputs.shape;
  // zeros on padding keep NaN there out of values and gradients
  const x = lengths === undefined || steps === 0 ? inputs : maskSequence(inputs, lengths);
  const wants = isRecording([inputs]);
  return {
    steps,
    batch,
    features,
    watched: inputs,
    read: (inputKernel) => ({ inputs: x, inputKernel }),
    readBack(kernels) {
      const dInputs = wants ? empty(x, x.shape) : undefined;
      return { arrays: { inputs: x, dInputs, ...kernels }, finish: () => dInputs };
    },
  };
}

const AS_THEY_ARE = { transposeA: false, transposeB: false, accumulate: false };
const TRANSPOSED_A = { transposeA: true, transposeB: false, accumulate: false };
const TRANSPOSED_B = { transposeA: false, transposeB: true, accumulate: false };

function tableInputs({ table, ids }: TableInputs): Source {
  const [steps, batch] = ids.shape;
  const [rows, features] = table.shape;
  checkIndices("table ids", ids, rows);
  const wants = isRecording([table]);
  return {
    steps,
    batch,
    features,
    watched: table,
    read(inputKernel) {
      const projected = empty(table, [rows, inputKernel.shape[1]]);
      currentEngine().matmul(table, inputKernel, projected, AS_THEY_ARE);
      return { projected, ids };
    },
    readBack({ inputKernel, dInputKernel }) {
      const dProjected = empty(table, [rows, inputKernel.shape[1]]);
      const finish = (): Tensor | undefined => {
        const engine = currentEngine();
        engine.matmul(table, dProjected, dInputKernel, TRANSPOSED_A);
        if (!wants) return undefined;
        const dTable = empty(table, table.shape);
        engine.matmul(dProjected, inputKernel, dTable, TRANSPOSED_B);
        return dTable;
      };
      return { arrays: { ids, dProjected }, finish };
    },
  };
}

/** A block for h0 and the outputs of all steps, [T+1, B, P], and the outputs in it. */
function makeStates(steps: number, h0: Tensor): { states: Tensor; outputs: Tensor } {
  const [batch, features] = h0.shape;
  const states = empty(h0, [steps + 1, batch, features]);
  return { states, outputs: states.view([steps, batch, features], batch * features) };
}

const orZeros = (gradient: Tensor | undefined, like: Tensor): Tensor => gradient ?? zeros(like.shape, like.dtype);

/**
 * Whether ops must compute a layer's gradients, since they are differentiated. It is not enough to
 * look at the incoming gradients: those of a sum are constant ones, but their factors depend on the
 * operands.
 */
const isDifferentiated = (watched: readonly Tensor[], gradients: readonly (Tensor | undefined)[]): boolean =>
  isRecording(watched) || isRecording(gradients.filter((gradient) => gradient !== undefined));

/** The inputs [T, B, I], computed with ops from the watched tensor. */
function composedInputs({ inputs, lengths }: SequenceOperands, watched: Tensor): Tensor {
  const x = inputs instanceof Tensor ? watched : gather(watched, inputs.ids);
  return lengths === undefined ? x : maskSequence(x, lengths);
}

/** The stored W and R, as operands. */
const composedKernels = (stored: readonly Tensor[]): KernelOperands =>
  stored.length === 1 ? { kernel: stored[0] } : { inputKernel: stored[0], recurrentKernel: stored[1] };

/** Outputs [T, B, H] and last state [B, H] of an RNN. */
export type RnnSequenceResult = { readonly outputs: Tensor; readonly h: Tensor };

/** Runs Elman's RNN over a sequence: outputs [T, B, H] and the last state [B, H]. */
export function rnnSequence(operands: SequenceOperands, activation: ActivationName): RnnSequenceResult {
  const { bias, lengths, h: h0 } = operands;
  const source = sourceOf(operands);
  if (source.steps === 0) return { outputs: zeros([0, ...h0.shape], h0.dtype), h: h0 };
  const kernels = kernelsOf(operands, source.features);
  const { inputKernel, recurrent } = kernels;
  const watched = [source.watched, bias, h0, ...kernels.stored];
  commonDtype("rnnSequence", ...watched);
  const { states, outputs } = makeStates(source.steps, h0);
  const hLast = empty(h0, h0.shape);
  const forward = { recurrent, bias, lengths, h0, states, hLast, activation };
  currentEngine().rnnForward(Object.assign(forward, source.read(inputKernel)));
  record(watched, [outputs, hLast], (dOutputs, dhLast) => {
    if (isDifferentiated(watched, [dOutputs, dhLast])) {
      return composedGradients(watched, [dOutputs, dhLast], ([x, b, h, ...stored]) =>
        composedRnn(
          { inputs: composedInputs(operands, x), lengths },
          h,
          { ...composedKernels(stored), bias: b },
          activation,
        ),
      );
    }
    const gradients = kernelGradients(kernels, source.features);
    const { arrays, finish } = source.readBack({ inputKernel, dInputKernel: gradients.inputKernel });
    const dBias = empty(bias, bias.shape);
    const dh0 = empty(h0, h0.shape);
    const backward = {
      recurrent,
      lengths,
      states,
      activation,
      dOutputs: orZeros(dOutputs, outputs),
      dhLast,
      dRecurrent: gradients.recurrent,
      dBias,
      dh0,
    };
    currentEngine().rnnBackward(Object.assign(backward, arrays));
    return [finish(), dBias, dh0, ...gradients.stored];
  });
  return { outputs, h: hLast };
}

/** Operands of `lstmSequence`. */
export type LstmOperands = SequenceOperands & {
  /** [B, H]. */
  readonly c: Tensor;
  /** [3, H]: input, forget, output. */
  readonly peepholes?: Tensor | undefined;
  /** [H, P]. */
  readonly projection?: Tensor | undefined;
};

/** Results of `lstmSequence`. */
export type LstmSequenceResult = {
  /** [T, B, P]. */
  readonly outputs: Tensor;
  readonly h: Tensor;
  readonly c: Tensor;
  /**
   * Activated gates of every step, [T, B, 4, H]: input, forget, candidate, output; 0 on padding.
   */
  readonly gates: Tensor;
  /** Cell state after every step, [T, B, H]. */
  readonly cells: Tensor;
};

/** Runs an LSTM over a sequence. */
export function lstmSequence(operands: LstmOperands, spec: LstmSpec): LstmSequenceResult {
  const { bias, lengths, h: h0, c: c0, peepholes, projection } = operands;
  const source = sourceOf(operands);
  const { steps, batch } = source;
  const units = c0.shape[1];
  const perStep = (...rest: number[]): Tensor => empty(h0, [steps, batch, ...rest]);
  if (steps === 0)
    return { outputs: perStep(h0.shape[1]), h: h0, c: c0, gates: perStep(4, units), cells: perStep(units) };
  const kernels = kernelsOf(operands, source.features);
  const { inputKernel, recurrent } = kernels;
  const extras = [peepholes, projection].filter((extra) => extra !== undefined);
  const watched = [source.watched, bias, h0, c0, ...kernels.stored, ...extras];
  commonDtype("lstmSequence", ...watched);
  const { states, outputs } = makeStates(steps, h0);
  // what forward leaves behind for backward
  const saved = {
    spec,
    recurrent,
    lengths,
    peepholes,
    projection,
    c0,
    states,
    gates: perStep(4, units),
    cells: perStep(units),
    cellsUnclipped: spec.cellClip === Infinity ? undefined : perStep(units),
    hidden: projection && perStep(units),
  };
  const hLast = empty(h0, h0.shape);
  const cLast = empty(c0, c0.shape);
  currentEngine().lstmForward(Object.assign({ bias, h0, hLast, cLast }, saved, source.read(inputKernel)));
  const results = [outputs, hLast, cLast, saved.gates, saved.cells];
  record(watched, results, (dOutputs, dhLast, dcLast, dGates, dCells) => {
    const upstream = [dOutputs, dhLast, dcLast, dGates, dCells];
    if (dGates !== undefined || dCells !== undefined || isDifferentiated(watched, upstream)) {
      return composedGradients(watched, upstream, ([x, b, h, c, ...rest]) => {
        const weights = {
          ...composedKernels(rest.splice(0, kernels.stored.length)),
          bias: b,
          peephole: peepholes && peepholeRows(rest.splice(0, 1)[0]),
          projectionKernel: rest[0] as Tensor | undefined,
        };
        return composedLstm({ inputs: composedInputs(operands, x), lengths }, { h, c }, weights, spec);
      });
    }
    const gradients = kernelGradients(kernels, source.features);
    const { arrays, finish } = source.readBack({ inputKernel, dInputKernel: gradients.inputKernel });
    const dBias = empty(bias, bias.shape);
    const dh0 = empty(h0, h0.shape);
    const dc0 = empty(h0, c0.shape);
    const dPeepholes = peepholes && empty(h0, peepholes.shape);
    const dProjection = projection && empty(h0, projection.shape);
    const wanted = {
      dOutputs: orZeros(dOutputs, outputs),
      dhLast,
      dcLast,
      dRecurrent: gradients.recurrent,
      dBias,
      dh0,
      dc0,
      dPeepholes,
      dProjection,
    };
    currentEngine().lstmBackward(Object.assign(wanted, saved, arrays));
    const dExtras = [dPeepholes, dProjection].filter((extra) => extra !== undefined);
    return [finish(), dBias, dh0, dc0, ...gradients.stored, ...dExtras];
  });
  return { outputs, h: hLast, c: cLast, gates: saved.gates, cells: saved.cells };
}

/** The rows of `peepholes` [3, H], as a step takes them. */
function peepholeRows(peepholes: Tensor): NonNullable<LstmWeights["peephole"]> {
  const row = (at: number): Tensor => reshape(slice(peepholes, [at], [1]), [peepholes.shape[1]]);
  return { input: row(0), forget: row(1), output: row(2) };
}

/** Operands of `gruSequence`. */
export type GruOperands = SequenceOperands & {
  /** [3*H]; only with reset "after". */
  readonly recurrentBias?: Tensor | undefined;
};

/** Results of `gruSequence`. */
export type GruSequenceResult = {
  readonly outputs: Tensor;
  readonly h: Tensor;
  /** Activated gates of every step, [T, B, 3, H]: reset, update, candidate; 0 on padding. */
  readonly gates: Tensor;
};

/** Runs a GRU over a sequence. */
export function gruSequence(operands: GruOperands, spec: GruSpec): GruSequenceResult {
  const { bias, lengths, h: h0, recurrentBias } = operands;
  const source = sourceOf(operands);
  const { steps, batch } = source;
  const units = h0.shape[1];
  const perStep = (...rest: number[]): Tensor => empty(h0, [steps, batch, ...rest]);
  if (steps === 0) return { outputs: perStep(units), h: h0, gates: perStep(3, units) };
  const kernels = kernelsOf(operands, source.features);
  const { inputKernel, recurrent } = kernels;
  const watched = [source.watched, bias, h0, ...kernels.stored, ...(recurrentBias ? [recurrentBias] : [])];
  commonDtype("gruSequence", ...watched);
  const { states, outputs } = makeStates(steps, h0);
  // what forward leaves behind for backward
  const saved = {
    spec,
    recurrent,
    lengths,
    states,
    gates: perStep(3, units),
    resetTerm: perStep(units),
  };
  const hLast = empty(h0, h0.shape);
  currentEngine().gruForward(Object.assign({ bias, h0, recurrentBias, hLast }, saved, source.read(inputKernel)));
  record(watched, [outputs, hLast, saved.gates], (dOutputs, dhLast, dGates) => {
    if (dGates !== undefined || isDifferentiated(watched, [dOutputs, dhLast])) {
      return composedGradients(watched, [dOutputs, dhLast, dGates], ([x, b, h, ...rest]) => {
        const weights = {
          ...composedKernels(rest.splice(0, kernels.stored.length)),
          bias: b,
          recurrentBias: rest[0] as Tensor | undefined,
        };
        return composedGru({ inputs: composedInputs(operands, x), lengths }, h, weights, spec);
      });
    }
    const gradients = kernelGradients(kernels, source.features);
    const { arrays, finish } = source.readBack({ inputKernel, dInputKernel: gradients.inputKernel });
    const dBias = empty(bias, bias.shape);
    const dh0 = empty(h0, h0.shape);
    const dRecurrentBias = recurrentBias && empty(h0, recurrentBias.shape);
    const wanted = {
      dOutputs: orZeros(dOutputs, outputs),
      dhLast,
      dRecurrent: gradients.recurrent,
      dBias,
      dh0,
      dRecurrentBias,
    };
    currentEngine().gruBackward(Object.assign(wanted, saved, arrays));
    return [finish(), dBias, dh0, ...gradients.stored, ...(dRecurrentBias ? [dRecurrentBias] : [])];
  });
  return { outputs, h: hLast, gates: saved.gates };
}
