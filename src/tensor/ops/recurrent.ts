/**
 * @file A built-in cell over a whole sequence as one op: the inputs of all time steps are projected by one matrix product, the
 * recurrent part is a loop inside the engine's kernel, the gradients of the weights are one matrix product each.
 * T time, B batch, I input features, H hidden units, P output features, G gates.
 */
import { type Shape, sizeOf, UnsupportedError } from "../../base/index.ts";
import { type ActivationName, currentEngine, type GruSpec, type LstmSpec } from "../../engine/index.ts";
import { zeros } from "../create.ts";
import { isRecording, record } from "../tape.ts";
import { allocate, type Tensor } from "../tensor.ts";
import { concat, reshape, slice } from "./move.ts";
import { maskSequence } from "./sequence.ts";

/** The arrays that every recurrent layer has, in the engine's layout. */
export type SequenceOperands = {
  /** [T, B, I]. */
  readonly inputs: Tensor;
  /** [I, G*H]. */
  readonly inputKernel: Tensor;
  /** [P, G*H]. */
  readonly recurrentKernel: Tensor;
  /** [G*H]. */
  readonly bias: Tensor;
  /** [B, P]. */
  readonly h: Tensor;
  /** int32 [B]; absent: all rows have T steps. */
  readonly lengths?: Tensor | undefined;
};

const empty = (like: Tensor, shape: Shape): Tensor => allocate(like.dtype, shape);

const flat = (x: Tensor): Tensor => x.view([x.shape[0] * x.shape[1], sizeOf(x.shape.slice(2))], x.offset);

/** x·W for all time steps, [T, B, G*H], with x zero on padding, so that NaN there reaches neither values nor gradients. */
function project({ inputs, inputKernel, lengths }: SequenceOperands): { x: Tensor; projected: Tensor } {
  const x = lengths === undefined ? inputs : maskSequence(inputs, lengths);
  const [steps, batch] = x.shape;
  const projected = empty(x, [steps, batch, inputKernel.shape[1]]);
  currentEngine().matmul(flat(x), inputKernel, flat(projected), {
    transposeA: false,
    transposeB: false,
    accumulate: false,
  });
  return { x, projected };
}

/** a·bᵀ, aᵀ·b or a·b of the flattened sequences. */
function product(a: Tensor, b: Tensor, shape: Shape, how: { transposeA?: boolean; transposeB?: boolean }): Tensor {
  const out = empty(a, shape);
  const { transposeA = false, transposeB = false } = how;
  currentEngine().matmul(a, b, flatten2(out), { transposeA, transposeB, accumulate: false });
  return out;
}

const flatten2 = (x: Tensor): Tensor => (x.rank === 2 ? x : flat(x));

/** Column sums of [N, M]. */
function columnSums(x: Tensor): Tensor {
  const out = empty(x, [x.shape[1]]);
  currentEngine().reduce("sum", x, out, 1, x.shape[0], x.shape[1]);
  return out;
}

/** The state before each step, [T, B, P]: h0, then the outputs but for the last. Padding rows are never used. */
function previousStates(h0: Tensor, outputs: Tensor): Tensor {
  const [steps, batch, features] = outputs.shape;
  return concat([reshape(h0, [1, batch, features]), slice(outputs, [0], [steps - 1])]);
}

/** Gradients of inputs, kernels and bias from the gradient of the pre-activations. */
function outerGradients(
  operands: SequenceOperands,
  x: Tensor,
  previous: Tensor,
  dz: Tensor,
  dzRecurrent: Tensor = dz,
): Tensor[] {
  const { inputKernel, recurrentKernel } = operands;
  return [
    product(flat(dz), inputKernel, x.shape, { transposeB: true }),
    product(flat(x), flat(dz), inputKernel.shape, { transposeA: true }),
    product(flat(previous), flat(dzRecurrent), recurrentKernel.shape, { transposeA: true }),
    columnSums(flat(dz)),
  ];
}

function refuseSecondOrder(name: string, gradients: readonly (Tensor | undefined)[]): void {
  if (isRecording(gradients.filter((g) => g !== undefined))) {
    throw new UnsupportedError(
      `${name}: expected a first-order gradient, got a gradient of a gradient. Use cell.step in a loop`,
    );
  }
}

export type RnnSequenceResult = { readonly outputs: Tensor; readonly h: Tensor };

/** Elman's RNN over a sequence: outputs [T, B, H] and the last state [B, H]. Differentiable once. */
export function rnnSequence(operands: SequenceOperands, activation: ActivationName): RnnSequenceResult {
  const { inputs, inputKernel, recurrentKernel: recurrent, bias, lengths, h: h0 } = operands;
  if (inputs.shape[0] === 0) return { outputs: zeros([0, ...h0.shape], h0.dtype), h: h0 };
  const { x, projected } = project(operands);
  const outputs = empty(x, [x.shape[0], x.shape[1], h0.shape[1]]);
  const hLast = empty(x, h0.shape);
  currentEngine().rnnForward({ projected, recurrent, bias, lengths, h0, outputs, hLast, activation });
  record([inputs, inputKernel, recurrent, bias, h0], [outputs, hLast], (dOutputs, dhLast) => {
    refuseSecondOrder("rnnSequence", [dOutputs, dhLast]);
    const dProjected = empty(x, projected.shape);
    const dh0 = empty(x, h0.shape);
    currentEngine().rnnBackward({
      recurrent,
      lengths,
      outputs,
      activation,
      dOutputs: dOutputs ?? zeros(outputs.shape, x.dtype),
      dhLast: dhLast ?? zeros(h0.shape, x.dtype),
      dProjected,
      dh0,
    });
    return [...outerGradients(operands, x, previousStates(h0, outputs), dProjected), dh0];
  });
  return { outputs, h: hLast };
}

export type LstmOperands = SequenceOperands & {
  /** [B, H]. */
  readonly c: Tensor;
  /** [3, H]: input, forget, output. */
  readonly peepholes?: Tensor | undefined;
  /** [H, P]. */
  readonly projection?: Tensor | undefined;
};

export type LstmSequenceResult = {
  /** [T, B, P]. */
  readonly outputs: Tensor;
  readonly h: Tensor;
  readonly c: Tensor;
  /** Activated gates of every step, [T, B, 4, H]: input, forget, candidate, output; 0 on padding. Constants. */
  readonly gates: Tensor;
  /** Cell state after every step, [T, B, H]. Constant. */
  readonly cells: Tensor;
};

/** LSTM over a sequence. Differentiable once. */
export function lstmSequence(operands: LstmOperands, spec: LstmSpec): LstmSequenceResult {
  const {
    inputs,
    inputKernel,
    recurrentKernel: recurrent,
    bias,
    lengths,
    h: h0,
    c: c0,
    peepholes,
    projection,
  } = operands;
  const [steps, batch] = inputs.shape;
  const units = c0.shape[1];
  const perStep = (...rest: number[]): Tensor => empty(inputs, [steps, batch, ...rest]);
  if (steps === 0)
    return { outputs: perStep(h0.shape[1]), h: h0, c: c0, gates: perStep(4, units), cells: perStep(units) };
  const { x, projected } = project(operands);
  const saved = {
    outputs: perStep(h0.shape[1]),
    gates: perStep(4, units),
    cells: perStep(units),
    cellsUnclipped: spec.cellClip === Infinity ? undefined : perStep(units),
    hidden: projection && perStep(units),
  };
  const hLast = empty(x, h0.shape);
  const cLast = empty(x, c0.shape);
  currentEngine().lstmForward({
    ...saved,
    spec,
    projected,
    recurrent,
    bias,
    lengths,
    h0,
    c0,
    peepholes,
    projection,
    hLast,
    cLast,
  });
  const { outputs, hidden } = saved;
  const read = [
    inputs,
    inputKernel,
    recurrent,
    bias,
    h0,
    c0,
    ...(peepholes ? [peepholes] : []),
    ...(projection ? [projection] : []),
  ];
  record(read, [outputs, hLast, cLast], (dOutputs, dhLast, dcLast) => {
    refuseSecondOrder("lstmSequence", [dOutputs, dhLast, dcLast]);
    const dProjected = empty(x, projected.shape);
    const dh0 = empty(x, h0.shape);
    const dc0 = empty(x, c0.shape);
    const dPeepholes = peepholes && empty(x, peepholes.shape);
    const dProjectedOutputs = projection && empty(x, outputs.shape);
    currentEngine().lstmBackward({
      ...saved,
      spec,
      recurrent,
      lengths,
      c0,
      peepholes,
      projection,
      dOutputs: dOutputs ?? zeros(outputs.shape, x.dtype),
      dhLast: dhLast ?? zeros(h0.shape, x.dtype),
      dcLast: dcLast ?? zeros(c0.shape, x.dtype),
      dProjected,
      dh0,
      dc0,
      dPeepholes,
      dProjectedOutputs,
    });
    const gradients = [...outerGradients(operands, x, previousStates(h0, outputs), dProjected), dh0, dc0];
    if (dPeepholes) gradients.push(dPeepholes);
    if (projection && hidden && dProjectedOutputs) {
      gradients.push(product(flat(hidden), flat(dProjectedOutputs), projection.shape, { transposeA: true }));
    }
    return gradients;
  });
  return { outputs, h: hLast, c: cLast, gates: saved.gates, cells: saved.cells };
}

export type GruOperands = SequenceOperands & {
  /** [3*H]; only with reset "after". */
  readonly recurrentBias?: Tensor | undefined;
};

export type GruSequenceResult = {
  readonly outputs: Tensor;
  readonly h: Tensor;
  /** Activated gates of every step, [T, B, 3, H]: reset, update, candidate; 0 on padding. Constants. */
  readonly gates: Tensor;
};

/** GRU over a sequence. Differentiable once. */
export function gruSequence(operands: GruOperands, spec: GruSpec): GruSequenceResult {
  const { inputs, inputKernel, recurrentKernel: recurrent, bias, lengths, h: h0, recurrentBias } = operands;
  const [steps, batch] = inputs.shape;
  const units = h0.shape[1];
  const perStep = (...rest: number[]): Tensor => empty(inputs, [steps, batch, ...rest]);
  if (steps === 0) return { outputs: perStep(units), h: h0, gates: perStep(3, units) };
  const { x, projected } = project(operands);
  const saved = { outputs: perStep(units), gates: perStep(3, units), resetTerm: perStep(units) };
  const hLast = empty(x, h0.shape);
  currentEngine().gruForward({ ...saved, spec, projected, recurrent, bias, lengths, h0, recurrentBias, hLast });
  const { outputs, resetTerm } = saved;
  const read = [inputs, inputKernel, recurrent, bias, h0, ...(recurrentBias ? [recurrentBias] : [])];
  record(read, [outputs, hLast], (dOutputs, dhLast) => {
    refuseSecondOrder("gruSequence", [dOutputs, dhLast]);
    const after = spec.reset === "after";
    const dProjected = empty(x, projected.shape);
    const dRecurrent = after ? empty(x, projected.shape) : undefined;
    const dh0 = empty(x, h0.shape);
    currentEngine().gruBackward({
      ...saved,
      spec,
      recurrent,
      lengths,
      h0,
      dOutputs: dOutputs ?? zeros(outputs.shape, x.dtype),
      dhLast: dhLast ?? zeros(h0.shape, x.dtype),
      dProjected,
      dRecurrent,
      dh0,
    });
    const previous = previousStates(h0, outputs);
    const gradients = outerGradients(operands, x, previous, dProjected, dRecurrent);
    // reset "before": the candidate's recurrent kernel saw r*h, not h
    if (!after)
      gradients[2] = withCandidateColumns(
        gradients[2],
        product(flat(resetTerm), flat(dProjected), recurrent.shape, { transposeA: true }),
        spec,
      );
    gradients.push(dh0);
    if (recurrentBias && dRecurrent) gradients.push(columnSums(flat(dRecurrent)));
    return gradients;
  });
  return { outputs, h: hLast, gates: saved.gates };
}

/** `all` [H, 3H] with the candidate's block of columns taken from `candidate`. */
function withCandidateColumns(all: Tensor, candidate: Tensor, { gates }: GruSpec): Tensor {
  const units = all.shape[1] / 3;
  return concat(
    [0, 1, 2].map((block) => slice(block === gates.candidate ? candidate : all, [0, block * units], [-1, units])),
    1,
  );
}
