/**
 * @file One time step of each built-in cell, computed with tensor ops. `cell.step` uses it, and
 * `recurrent-composed.ts` repeats it to differentiate a whole sequence. The formulas are in the
 * documentation of the cells. B batch, I inputs, H units, P outputs, G gates.
 */
import type { ActivationName, GruSpec, LstmSpec } from "../../engine/index.ts";
import type { Tensor } from "../tensor.ts";
import { activate } from "./activations.ts";
import { add, mul, sub } from "./arithmetic.ts";
import { clip } from "./extremes.ts";
import { matmul } from "./matmul.ts";
import { concat, slice } from "./move.ts";

/** W [I, G*H] and R [P, G*H]: two tensors, or the rows of one [I+P, G*H]. */
export type KernelOperands =
  | { readonly inputKernel: Tensor; readonly recurrentKernel: Tensor }
  | { readonly kernel: Tensor };

/** [I+P, G*H]: the kernel of [input, state], for one step as one product. */
export const joinedKernel = (kernels: KernelOperands): Tensor =>
  "kernel" in kernels ? kernels.kernel : concat([kernels.inputKernel, kernels.recurrentKernel]);

/** Weights of an RNN step. */
export type RnnWeights = KernelOperands & {
  /** [H]. */
  readonly bias: Tensor;
};

/** h' [B, H] from the input [B, I] and `previous`, h as it enters the recurrent product. */
export function rnnStep(input: Tensor, previous: Tensor, weights: RnnWeights, activation: ActivationName): Tensor {
  const z = matmul(concat([input, previous], 1), joinedKernel(weights));
  return activate(activation, add(z, weights.bias));
}

/** Weights of an LSTM step. */
export type LstmWeights = KernelOperands & {
  /** [G*H]. */
  readonly bias: Tensor;
  /** Three tensors [H]. */
  readonly peephole?: { readonly input: Tensor; readonly forget: Tensor; readonly output: Tensor } | undefined;
  /** [H, P]. */
  readonly projectionKernel?: Tensor | undefined;
};

/** Results of an LSTM step. */
export type LstmStep = {
  /** [B, P]. */
  readonly output: Tensor;
  /** [B, H], after the step. */
  readonly c: Tensor;
  /** Activated gates, each [B, H]: input, forget, candidate, output. */
  readonly gates: readonly [i: Tensor, f: Tensor, g: Tensor, o: Tensor];
};

/** One LSTM step. `previous` [B, P] is h as it enters the recurrent product. */
export function lstmStep(
  input: Tensor,
  { c, previous }: { readonly c: Tensor; readonly previous: Tensor },
  { bias, peephole, projectionKernel, ...kernels }: LstmWeights,
  spec: LstmSpec,
): LstmStep {
  const { gates, forgetBias, coupled, gateActivation, cellClip, projectionClip } = spec;
  const units = c.shape[1];
  const z = add(matmul(concat([input, previous], 1), joinedKernel(kernels)), bias);
  const gate = (block: number): Tensor => slice(z, [0, block * units], [-1, units]);
  const peek = (x: Tensor, name: "input" | "forget" | "output", state: Tensor): Tensor =>
    peephole ? add(x, mul(peephole[name], state)) : x;

  const f = activate(gateActivation, peek(add(gate(gates.forget), forgetBias), "forget", c));
  const i = coupled ? sub(1, f) : activate(gateActivation, peek(gate(gates.input), "input", c));
  const g = activate(spec.candidateActivation, gate(gates.candidate));
  const free = add(mul(f, c), mul(i, g));
  const next = cellClip === Infinity ? free : clip(free, -cellClip, cellClip);
  const o = activate(gateActivation, peek(gate(gates.output), "output", next));
  let output = mul(o, activate(spec.outputActivation, next));
  if (projectionKernel) {
    output = matmul(output, projectionKernel);
    if (projectionClip !== Infinity) output = clip(output, -projectionClip, projectionClip);
  }
  return { output, c: next, gates: [i, f, g, o] };
}

/** Weights of a GRU step. */
export type GruWeights = KernelOperands & {
  /** [3*H]. */
  readonly bias: Tensor;
  /** [3*H]; only with reset "after". */
  readonly recurrentBias?: Tensor | undefined;
};

/** Results of a GRU step. */
export type GruStep = {
  /** [B, H]. */
  readonly h: Tensor;
  /** Activated gates, each [B, H]: reset, update, candidate. */
  readonly gates: readonly [r: Tensor, u: Tensor, n: Tensor];
};

/** One GRU step. `previous` [B, H] is h as it enters the recurrent product. */
export function gruStep(
  input: Tensor,
  { h, previous }: { readonly h: Tensor; readonly previous: Tensor },
  { bias, recurrentBias, ...kernels }: GruWeights,
  { gates, reset, updateGate, gateActivation, candidateActivation }: GruSpec,
): GruStep {
  const kernel = joinedKernel(kernels);
  const units = h.shape[1];
  const inputSize = input.shape[1];
  const column = (x: Tensor, block: number, row = 0, rows = -1): Tensor =>
    slice(x, [row, block * units], [rows, units]);
  const part = (x: Tensor, block: number): Tensor => slice(x, [block * units], [units]);
  const product = (state: Tensor, block: number): Tensor => matmul(concat([input, state], 1), column(kernel, block));
  const biased = (x: Tensor, block: number): Tensor => {
    const once = add(x, part(bias, block));
    return recurrentBias ? add(once, part(recurrentBias, block)) : once;
  };

  const r = activate(gateActivation, biased(product(previous, gates.reset), gates.reset));
  const u = activate(gateActivation, biased(product(previous, gates.update), gates.update));
  let candidate: Tensor;
  if (reset === "after") {
    const term = matmul(previous, column(kernel, gates.candidate, inputSize));
    const shifted = recurrentBias ? add(term, part(recurrentBias, gates.candidate)) : term;
    const fromInput = add(matmul(input, column(kernel, gates.candidate, 0, inputSize)), part(bias, gates.candidate));
    candidate = add(fromInput, mul(r, shifted));
  } else {
    candidate = add(product(mul(r, previous), gates.candidate), part(bias, gates.candidate));
  }
  const n = activate(candidateActivation, candidate);
  const [kept, written] = updateGate === "keep" ? [h, n] : [n, h];
  return { h: add(mul(u, kept), mul(sub(1, u), written)), gates: [r, u, n] };
}
