/** @file Building and running the rows of the case table. */
import {
  type FloatDType,
  leavesOf,
  mapTree,
  type RandomStream,
  randomStream,
  type Shape,
  type Tree,
} from "../../src/base/index.ts";
import type { Cell, Parameters, State } from "../../src/rnn/index.ts";
import { add, assign, mul, randomTensor, sum, type Tensor, valueAndGrad } from "../../src/tensor/index.ts";
import type { CellCase } from "../cell-cases.ts";

/** U(-limit, limit). */
export const uniformTensor = (shape: Shape, random: RandomStream, dtype: FloatDType, limit = 1): Tensor =>
  randomTensor(shape, random, { kind: "uniform", low: -limit, high: limit }, dtype);

/** The row's cell with every parameter random, biases and gains included. */
export function builtCell(
  row: CellCase,
  seed: number,
  dtype: FloatDType,
  { units, inputSize = row.inputSize }: { units?: number; inputSize?: number } = {},
): Cell {
  const cell = row.make(seed, units);
  cell.build(inputSize, { dtype, random: randomStream(seed) });
  const random = randomStream(seed).named("parameters");
  for (const [name, value] of Object.entries(cell.parameters()))
    assign(value, uniformTensor(value.shape, random.named(name), dtype, 0.9));
  return cell;
}

export function randomState(cell: Cell, batch: number, random: RandomStream, dtype: FloatDType): State {
  return mapTree(cell.stateSize as Tree<number>, (size, path) =>
    uniformTensor([batch, size], random.named(path), dtype),
  ) as State;
}

/** The same cell, run by `step` alone. */
export function withoutSequence<S extends State>(cell: Cell<S>): Cell<S> {
  const copy = { ...cell };
  delete copy.sequence;
  return copy;
}

/** Whether two tensors have the same shape and the same bits, the sign of zero included. */
export function sameBits(a: Tensor, b: Tensor): boolean {
  if (a.dtype !== b.dtype || a.shape.join() !== b.shape.join()) return false;
  const right = b.values();
  return a.values().every((x: number, i: number) => Object.is(x, right[i]));
}

export type RunResult = {
  /** Each [B, T, n]. */
  readonly outputs: Tree<Tensor>;
  /** Each [B, n]. */
  readonly state: Tree<Tensor>;
  readonly gradients: { readonly parameters: Parameters; readonly inputs: Tensor; readonly initialState: Tree<Tensor> };
};

/** What `run` gives, and the gradients of the sum of all that, weighted by `weigh`. */
export function runWithGradients(
  run: () => { outputs: Tree<Tensor>; state: Tree<Tensor> },
  variables: { parameters: Parameters; inputs: Tensor; initialState: Tree<Tensor> },
  weigh: (path: string, like: Tensor) => Tensor,
): RunResult {
  const { gradients, result } = valueAndGrad(() => {
    const { outputs, state } = run();
    const terms = leavesOf({ outputs, state } as Tree<Tensor>).map(([path, y]) => sum(mul(y, weigh(path, y))));
    return { value: terms.reduce((a, b) => add(a, b)), outputs, state };
  }, variables as Tree<Tensor>);
  return { outputs: result.outputs, state: result.state, gradients: gradients as unknown as RunResult["gradients"] };
}
