/**
 * @file A built-in cell over a whole sequence as one op, forward and backward: the engine projects the inputs, runs the recurrent part as a loop inside
 * a kernel, and gives the gradients of the weights as one matrix product each. T time, B batch, I input features, H hidden units, P output features,
 * G gates.
 */
import { type Shape, UnsupportedError } from "../../base/index.ts";
import { type ActivationName, currentEngine, type GruSpec, type LstmSpec } from "../../engine/index.ts";
import { zeros } from "../create.ts";
import { isRecording, record } from "../tape.ts";
import { allocate, type Tensor } from "../tensor.ts";
import { maskSequence } from "./sequence.ts";

/** W [I, G*H] and R [P, G*H]: two tensors, or the rows of one [I+P, G*H]. */
export type KernelOperands =
  | { readonly inputKernel: Tensor; readonly recurrentKernel: Tensor }
  | { readonly kernel: Tensor };

/** The arrays that every recurrent layer has, in the engine's layout. */
export type SequenceOperands = KernelOperands & {
  /** [T, B, I]. */
  readonly inputs: Tensor;
  /** [G*H]. */
  readonly bias: Tensor;
  /** [B, P]. */
  readonly h: Tensor;
  /** int32 [B]; absent: all rows have T steps. */
  readonly lengths?: Tensor | undefined;
};

const empty = (like: Tensor, shape: Shape): Tensor => allocate(like.dtype, shape);

type Kernels = {
  /** What the tape watches: one tensor or two. */
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

/** The inputs with zeros on padding, so that NaN there reaches neither values nor gradients. */
const withoutPadding = ({ inputs, lengths }: SequenceOperands): Tensor =>
  lengths === undefined ? inputs : maskSequence(inputs, lengths);

/** A block for h0 and the outputs of all steps, [T+1, B, P], and the outputs in it. */
function makeStates(x: Tensor, h0: Tensor): { states: Tensor; outputs: Tensor } {
  const [steps] = x.shape;
  const [batch, features] = h0.shape;
  const states = empty(x, [steps + 1, batch, features]);
  return { states, outputs: states.view([steps, batch, features], batch * features) };
}

const orZeros = (gradient: Tensor | undefined, like: Tensor): Tensor => gradient ?? zeros(like.shape, like.dtype);

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
  const { inputs, bias, lengths, h: h0 } = operands;
  const [steps, , features] = inputs.shape;
  if (steps === 0) return { outputs: zeros([0, ...h0.shape], h0.dtype), h: h0 };
  const x = withoutPadding(operands);
  const kernels = kernelsOf(operands, features);
  const { inputKernel, recurrent } = kernels;
  const { states, outputs } = makeStates(x, h0);
  const hLast = empty(x, h0.shape);
  currentEngine().rnnForward({ inputs: x, inputKernel, recurrent, bias, lengths, h0, states, hLast, activation });
  const wantsInputs = isRecording([inputs]);
  record([inputs, bias, h0, ...kernels.stored], [outputs, hLast], (dOutputs, dhLast) => {
    refuseSecondOrder("rnnSequence", [dOutputs, dhLast]);
    const gradients = kernelGradients(kernels, features);
    const dInputs = wantsInputs ? empty(x, x.shape) : undefined;
    const dBias = empty(bias, bias.shape);
    const dh0 = empty(x, h0.shape);
    currentEngine().rnnBackward({
      inputs: x,
      inputKernel,
      recurrent,
      lengths,
      states,
      activation,
      dOutputs: orZeros(dOutputs, outputs),
      dhLast,
      dInputs,
      dInputKernel: gradients.inputKernel,
      dRecurrent: gradients.recurrent,
      dBias,
      dh0,
    });
    return [dInputs, dBias, dh0, ...gradients.stored];
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
  const { inputs, bias, lengths, h: h0, c: c0, peepholes, projection } = operands;
  const [steps, batch, features] = inputs.shape;
  const units = c0.shape[1];
  const perStep = (...rest: number[]): Tensor => empty(inputs, [steps, batch, ...rest]);
  if (steps === 0)
    return { outputs: perStep(h0.shape[1]), h: h0, c: c0, gates: perStep(4, units), cells: perStep(units) };
  const x = withoutPadding(operands);
  const kernels = kernelsOf(operands, features);
  const { states, outputs } = makeStates(x, h0);
  // what forward leaves behind for backward
  const saved = {
    spec,
    inputs: x,
    inputKernel: kernels.inputKernel,
    recurrent: kernels.recurrent,
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
  const hLast = empty(x, h0.shape);
  const cLast = empty(x, c0.shape);
  currentEngine().lstmForward({ ...saved, bias, h0, hLast, cLast });
  const wantsInputs = isRecording([inputs]);
  const extras = [peepholes, projection].filter((extra) => extra !== undefined);
  record([inputs, bias, h0, c0, ...kernels.stored, ...extras], [outputs, hLast, cLast], (dOutputs, dhLast, dcLast) => {
    refuseSecondOrder("lstmSequence", [dOutputs, dhLast, dcLast]);
    const gradients = kernelGradients(kernels, features);
    const dInputs = wantsInputs ? empty(x, x.shape) : undefined;
    const dBias = empty(bias, bias.shape);
    const dh0 = empty(x, h0.shape);
    const dc0 = empty(x, c0.shape);
    const dPeepholes = peepholes && empty(x, peepholes.shape);
    const dProjection = projection && empty(x, projection.shape);
    currentEngine().lstmBackward({
      ...saved,
      dOutputs: orZeros(dOutputs, outputs),
      dhLast,
      dcLast,
      dInputs,
      dInputKernel: gradients.inputKernel,
      dRecurrent: gradients.recurrent,
      dBias,
      dh0,
      dc0,
      dPeepholes,
      dProjection,
    });
    const dExtras = [dPeepholes, dProjection].filter((extra) => extra !== undefined);
    return [dInputs, dBias, dh0, dc0, ...gradients.stored, ...dExtras];
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
  const { inputs, bias, lengths, h: h0, recurrentBias } = operands;
  const [steps, batch, features] = inputs.shape;
  const units = h0.shape[1];
  const perStep = (...rest: number[]): Tensor => empty(inputs, [steps, batch, ...rest]);
  if (steps === 0) return { outputs: perStep(units), h: h0, gates: perStep(3, units) };
  const x = withoutPadding(operands);
  const kernels = kernelsOf(operands, features);
  const { states, outputs } = makeStates(x, h0);
  // what forward leaves behind for backward
  const saved = {
    spec,
    inputs: x,
    inputKernel: kernels.inputKernel,
    recurrent: kernels.recurrent,
    lengths,
    states,
    gates: perStep(3, units),
    resetTerm: perStep(units),
  };
  const hLast = empty(x, h0.shape);
  currentEngine().gruForward({ ...saved, bias, h0, recurrentBias, hLast });
  const wantsInputs = isRecording([inputs]);
  const read = [inputs, bias, h0, ...kernels.stored, ...(recurrentBias ? [recurrentBias] : [])];
  record(read, [outputs, hLast], (dOutputs, dhLast) => {
    refuseSecondOrder("gruSequence", [dOutputs, dhLast]);
    const gradients = kernelGradients(kernels, features);
    const dInputs = wantsInputs ? empty(x, x.shape) : undefined;
    const dBias = empty(bias, bias.shape);
    const dh0 = empty(x, h0.shape);
    const dRecurrentBias = recurrentBias && empty(x, recurrentBias.shape);
    currentEngine().gruBackward({
      ...saved,
      dOutputs: orZeros(dOutputs, outputs),
      dhLast,
      dInputs,
      dInputKernel: gradients.inputKernel,
      dRecurrent: gradients.recurrent,
      dBias,
      dh0,
      dRecurrentBias,
    });
    return [dInputs, dBias, dh0, ...gradients.stored, ...(dRecurrentBias ? [dRecurrentBias] : [])];
  });
  return { outputs, h: hLast, gates: saved.gates };
}
