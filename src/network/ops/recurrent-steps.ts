/** @file Recurrent layers one step after the other, with activations that no kernel has. */
import { sentence, UnsupportedError } from "../../base/index.ts";
import type { ActivationName } from "../../engine/index.ts";
import {
  activate,
  add,
  exp,
  greater,
  less,
  matmul,
  minimum,
  mul,
  reshape,
  sigmoid,
  slice,
  softplus,
  stack,
  sub,
  tanh,
  type Tensor,
  where,
} from "../../tensor/index.ts";

/** Cells by the names of their layers in Keras. */
export const RECURRENT_CELLS = ["LSTM", "GRU", "SimpleRNN"] as const;
export type RecurrentCell = (typeof RECURRENT_CELLS)[number];

const FUSED: Readonly<Record<string, ActivationName>> = {
  hard_sigmoid: "hardSigmoid",
  hard_sigmoid_02: "hardSigmoid02",
  linear: "linear",
  relu: "relu",
  sigmoid: "sigmoid",
  softsign: "softsign",
  tanh: "tanh",
};

const elu = (x: Tensor): Tensor => where(less(x, 0), sub(exp(minimum(x, 0)), 1), x);

const OTHERS: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  elu,
  exponential: exp,
  mish: (x) => mul(x, tanh(softplus(x))),
  selu: (x) => mul(where(less(x, 0), mul(sub(exp(minimum(x, 0)), 1), 1.6732632423543772), x), 1.0507009873554805),
  silu: (x) => mul(x, sigmoid(x)),
  softplus,
};

/** Names of the activations that recurrent layers can have. */
export const RECURRENT_ACTIVATIONS: readonly string[] = [...Object.keys(FUSED), ...Object.keys(OTHERS)].toSorted();

/** The activation as kernels name it; undefined where they have none. */
export const fusedActivation = (name: string): ActivationName | undefined =>
  Object.hasOwn(FUSED, name) ? FUSED[name] : undefined;

function activationOf(name: string): (x: Tensor) => Tensor {
  const fused = fusedActivation(name);
  if (fused !== undefined) return (x) => activate(fused, x);
  if (!Object.hasOwn(OTHERS, name))
    throw new UnsupportedError(
      sentence("Recurrent activation", RECURRENT_ACTIVATIONS.join(", "), JSON.stringify(name)),
    );
  return OTHERS[name];
}

/** Weights of a layer, as the kernels of the engine take them. */
export type RecurrentWeights = {
  /** [I, G*H]. */
  readonly inputKernel: Tensor;
  /** [H, G*H]. */
  readonly recurrentKernel: Tensor;
  /** [G*H]. */
  readonly bias: Tensor;
  /** [G*H], of a GRU that resets after the product. */
  readonly recurrentBias: Tensor | undefined;
  readonly isAfter: boolean;
};

type StepRun = {
  readonly weights: RecurrentWeights;
  readonly lengths: Tensor | undefined;
  readonly h: Tensor;
  readonly c: Tensor;
  readonly activation: string;
  readonly gateActivation: string;
};

/** Runs x [T, B, I]: outputs [T, B, H], zero after the end of a row, and the last states. */
export function recurrentBySteps(
  cell: RecurrentCell,
  x: Tensor,
  { weights, lengths, h: h0, c: c0, activation, gateActivation }: StepRun,
): { outputs: Tensor; h: Tensor; c?: Tensor } {
  const act = activationOf(activation);
  const gate = activationOf(gateActivation);
  const { inputKernel, recurrentKernel, bias, recurrentBias, isAfter } = weights;
  const [time, batch] = x.shape;
  const units = h0.shape[1];
  const projected = add(matmul(x, inputKernel), bias);
  const block = (z: Tensor, at: number): Tensor => slice(z, [0, at * units], [batch, units]);
  const column = (at: number): Tensor => slice(recurrentKernel, [0, at * units], [units, units]);
  let [h, c] = [h0, c0];
  const outputs: Tensor[] = [];
  for (let t = 0; t < time; t++) {
    const input = reshape(slice(projected, [t], [1]), [batch, projected.shape[2]]);
    let next: Tensor;
    let nextC = c;
    if (cell === "SimpleRNN") next = act(add(input, matmul(h, recurrentKernel)));
    else if (cell === "LSTM") {
      const z = add(input, matmul(h, recurrentKernel));
      nextC = add(mul(gate(block(z, 1)), c), mul(gate(block(z, 0)), act(block(z, 2))));
      next = mul(gate(block(z, 3)), act(nextC));
    } else {
      const recurrent = isAfter ? add(matmul(h, recurrentKernel), recurrentBias as Tensor) : undefined;
      const part = (at: number): Tensor => (recurrent === undefined ? matmul(h, column(at)) : block(recurrent, at));
      const update = gate(add(block(input, 0), part(0)));
      const reset = gate(add(block(input, 1), part(1)));
      const inner = recurrent === undefined ? matmul(mul(reset, h), column(2)) : mul(reset, block(recurrent, 2));
      next = add(mul(update, h), mul(sub(1, update), act(add(block(input, 2), inner))));
    }
    if (lengths === undefined) outputs.push(next);
    else {
      const isThere = reshape(greater(lengths, t), [batch, 1]);
      outputs.push(where(isThere, next, 0));
      next = where(isThere, next, h);
      nextC = where(isThere, nextC, c);
    }
    [h, c] = [next, nextC];
  }
  return { outputs: stack(outputs), h, ...(cell === "LSTM" ? { c } : {}) };
}
