/**
 * @file The gradients of a recurrent layer computed with tensor ops, step by step. Gradients of the
 * kernels in `recurrent.ts` can't be differentiated again, and gates and cell states have none.
 * These are the same functions, slower, with both. T time, B batch, I inputs, H units, P outputs.
 */
import type { ActivationName, GruSpec, LstmSpec } from "../../engine/index.ts";
import { tensor } from "../create.ts";
import { record, valueAndGrad } from "../tape.ts";
import type { Tensor } from "../tensor.ts";
import { add, mul } from "./arithmetic.ts";
import { sum } from "./broadcast.ts";
import { less, where } from "./compare.ts";
import { expandDims, reshape, slice, stack } from "./move.ts";
import { gruStep, type GruWeights, lstmStep, type LstmWeights, rnnStep, type RnnWeights } from "./recurrent-steps.ts";

/**
 * The gradients of `operands` from those of the results, some of which may be undefined. `compute`
 * computes the results with ops. Running tapes record all of it.
 */
export function composedGradients(
  operands: readonly Tensor[],
  gradients: readonly (Tensor | undefined)[],
  compute: (operands: readonly Tensor[]) => readonly Tensor[],
): readonly Tensor[] {
  // distinct names, since one tensor may be passed twice, such as zeros as h and c
  const named = Object.fromEntries(operands.map((operand, i) => [`operand ${i}`, alias(operand)]));
  const result = valueAndGrad((parameters: Readonly<Record<string, Tensor>>) => {
    const results = compute(Object.values(parameters));
    return gradients
      .flatMap((gradient, i) => (gradient === undefined ? [] : [sum(mul(results[i], gradient))]))
      .reduce((a, b) => add(a, b));
  }, named);
  return Object.values(result.gradients);
}

const alias = (x: Tensor): Tensor => record([x], [x.view(x.shape, x.offset)], (dy) => [dy]);

/** The results of a step. */
type Step = {
  readonly output: Tensor;
  /** States in the order of the initial ones, each [B, n]. */
  readonly state: readonly Tensor[];
  /** Activated gates, each [B, H]. */
  readonly gates: readonly Tensor[];
};

type Run = {
  /** [T, B, P], zero on padding. */
  readonly outputs: Tensor;
  /** State after each row's last step. */
  readonly state: readonly Tensor[];
  /** [T, B, gates, H], zero on padding; undefined without gates. */
  readonly gates: Tensor | undefined;
  /** The first part of the state after every step, [T, B, n]. */
  readonly states: Tensor;
};

/** Inputs [T, B, I], zero on padding; lengths int32 [B]. */
type Sequence = { readonly inputs: Tensor; readonly lengths: Tensor | undefined };

function run(
  { inputs, lengths }: Sequence,
  initial: readonly Tensor[],
  step: (x: Tensor, state: readonly Tensor[]) => Step,
): Run {
  const [steps, batch, features] = inputs.shape;
  const outputs: Tensor[] = [];
  const gates: Tensor[] = [];
  const states: Tensor[] = [];
  let state = initial;
  for (let t = 0; t < steps; t++) {
    const next = step(reshape(slice(inputs, [t], [1]), [batch, features]), state);
    const active = lengths && expandDims(less(tensor(Int32Array.of(t)), lengths), 1);
    outputs.push(active ? where(active, next.output, 0) : next.output);
    state = next.state.map((part, i) => (active ? where(active, part, state[i]) : part));
    states.push(state[0]);
    if (next.gates.length === 0) continue;
    const all = stack(next.gates, 1);
    gates.push(active ? where(expandDims(active, 2), all, 0) : all);
  }
  return {
    outputs: stack(outputs),
    state,
    gates: gates.length === 0 ? undefined : stack(gates),
    states: stack(states),
  };
}

/** Computes outputs and the last h of an RNN. */
export function composedRnn(
  sequence: Sequence,
  h0: Tensor,
  weights: RnnWeights,
  activation: ActivationName,
): readonly [outputs: Tensor, h: Tensor] {
  const { outputs, state } = run(sequence, [h0], (x, [h]) => {
    const output = rnnStep(x, h, weights, activation);
    return { output, state: [output], gates: [] };
  });
  return [outputs, state[0]];
}

/** Computes outputs, the last h and c, gates and cell states of all steps of an LSTM. */
export function composedLstm(
  sequence: Sequence,
  { h, c }: { readonly h: Tensor; readonly c: Tensor },
  weights: LstmWeights,
  spec: LstmSpec,
): readonly [outputs: Tensor, h: Tensor, c: Tensor, gates: Tensor, cells: Tensor] {
  const { outputs, state, gates, states } = run(sequence, [c, h], (x, [before, previous]) => {
    const { output, c: after, gates } = lstmStep(x, { c: before, previous }, weights, spec);
    return { output, state: [after, output], gates };
  });
  return [outputs, state[1], state[0], gates as Tensor, states];
}

/** Computes outputs, the last h, and the gates of all steps of a GRU. */
export function composedGru(
  sequence: Sequence,
  h0: Tensor,
  weights: GruWeights,
  spec: GruSpec,
): readonly [outputs: Tensor, h: Tensor, gates: Tensor] {
  const { outputs, state, gates } = run(sequence, [h0], (x, [h]) => {
    const next = gruStep(x, { h, previous: h }, weights, spec);
    return { output: next.h, state: [next.h], gates: next.gates };
  });
  return [outputs, state[0], gates as Tensor];
}
