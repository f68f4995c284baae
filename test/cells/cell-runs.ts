/** @file Building and running the rows of the case table. */
import { type FloatDType, leavesOf, mapTree, type RandomStream, randomStream, type Shape, type Tree } from "../../src/base/index.ts";
import { type Cell, dynamicRnn, type Lengths, type Parameters, type State } from "../../src/rnn/index.ts";
import { add, assign, mul, randomTensor, sum, type Tensor, valueAndGrad } from "../../src/tensor/index.ts";
import type { CellCase } from "../cell-cases.ts";

/** U(-limit, limit). */
export const uniformTensor = (shape: Shape, random: RandomStream, dtype: FloatDType, limit = 1): Tensor =>
  randomTensor(shape, random, { kind: "uniform", low: -limit, high: limit }, dtype);

/** The row's cell with every parameter random, biases and gains included. */
export function builtCell({ make, inputSize }: CellCase, seed: number, dtype: FloatDType): Cell {
  const cell = make(seed);
  cell.build(inputSize, { dtype, random: randomStream(seed) });
  const random = randomStream(seed).named("parameters");
  for (const [name, value] of Object.entries(cell.parameters())) assign(value, uniformTensor(value.shape, random.named(name), dtype, 0.9));
  return cell;
}

export function randomState(cell: Cell, batch: number, random: RandomStream, dtype: FloatDType): State {
  return mapTree(cell.stateSize as Tree<number>, (size, path) => uniformTensor([batch, size], random.named(path), dtype)) as State;
}

/** The same cell, run by `step` alone. */
export function withoutSequence<S extends State>({ sequence: _, ...cell }: Cell<S>): Cell<S> {
  return cell;
}

/** Whether two tensors have the same shape and the same bits, the sign of zero included. */
export function sameBits(a: Tensor, b: Tensor): boolean {
  if (a.dtype !== b.dtype || a.shape.join() !== b.shape.join()) return false;
  const right = b.values();
  return a.values().every((x: number, i: number) => Object.is(x, right[i]));
}

export type Run = {
  readonly cell: Cell;
  readonly inputs: Tensor;
  readonly initialState: State;
  readonly lengths?: Lengths | undefined;
  readonly random?: RandomStream | undefined;
};

export type RunResult = {
  readonly outputs: Tensor;
  readonly state: State;
  readonly gradients: { readonly parameters: Parameters; readonly inputs: Tensor; readonly initialState: State };
};

/** Outputs, last state and the gradients of their weighted sum. The weights [B, T, n] and [B, n] are the caller's. */
export function runWithGradients({ cell, inputs, initialState, lengths, random }: Run, weigh: (path: string, like: Tensor) => Tensor): RunResult {
  const { gradients, result } = valueAndGrad(
    () => {
      const { outputs, state } = dynamicRnn(cell, inputs, { lengths, initialState, random });
      const terms = leavesOf({ outputs, state } as Tree<Tensor>).map(([path, y]) => sum(mul(y, weigh(path, y))));
      return { value: terms.reduce((a, b) => add(a, b)), outputs, state };
    },
    { parameters: cell.parameters(), inputs, initialState } as Tree<Tensor>,
  );
  return { outputs: result.outputs, state: result.state, gradients: gradients as unknown as RunResult["gradients"] };
}

/** Every tensor of a result with its path. */
export const leavesOfRun = (result: RunResult): [path: string, leaf: Tensor][] => leavesOf(result as unknown as Tree<Tensor>);
