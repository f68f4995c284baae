/** @file The rows of a carried state: each rank has its own, a snapshot has those of all ranks. */
import { leavesOf, type RandomStream, type Tree } from "../../base/index.ts";
import type { StoredArray } from "../../formats/index.ts";
import type { State } from "../../rnn/index.ts";
import { assign, outsideScopes, type Tensor, zeros } from "../../tensor/index.ts";
import { type Communicator, isAlone } from "./communicator.ts";

/** Position of this rank's rows among those of all ranks. */
export type Rows = { readonly from: number; readonly count: number; readonly total: number };

/** Each part of a state by its path. */
export const stateArrays = (state: State | undefined): Readonly<Record<string, Tensor>> =>
  state === undefined ? {} : Object.fromEntries(leavesOf(state as Tree<Tensor>));

/**
 * The place of this rank's rows, which follow those of the ranks before it. Every rank calls it.
 */
export async function placeOfRows(communicator: Communicator, state: State | undefined): Promise<Rows> {
  const count = Object.values(stateArrays(state))[0]?.shape[0] ?? 0;
  const { rank, size } = communicator;
  if (isAlone(communicator)) return { from: 0, count, total: count };
  const counts = await communicator.agree(Array.from({ length: size }, (_, at) => (at === rank ? count : 0)));
  const sum = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0);
  return { from: sum(counts.slice(0, rank)), count, total: sum(counts) };
}

/** The state with the rows of all ranks. Every rank calls it. */
export async function wholeState(
  communicator: Communicator,
  state: State | undefined,
  { from, count, total }: Rows,
): Promise<Readonly<Record<string, Tensor>>> {
  const parts = stateArrays(state);
  if (isAlone(communicator) || state === undefined) return parts;
  const arrays = outsideScopes(() =>
    Object.fromEntries(
      Object.entries(parts).map(([path, { shape, dtype }]) => [path, zeros([total, ...shape.slice(1)], dtype)]),
    ),
  );
  for (const [path, whole] of Object.entries(arrays)) {
    const values = whole.values();
    values.set(parts[path].values(), (from * values.length) / total);
    assign(whole, values);
  }
  if (count === 0 && total === 0) return arrays;
  await communicator.reduce({ arrays, totals: new Float64Array(0) });
  return arrays;
}

/** This rank's rows of an array of all; what has another number of rows stays as it is. */
export function ownRows(array: StoredArray, { from, count, total }: Rows): StoredArray {
  if (count === total || array.shape[0] !== total) return array;
  const width = array.data.length / total;
  return {
    ...array,
    shape: [count, ...array.shape.slice(1)],
    data: array.data.slice(from * width, (from + count) * width) as StoredArray["data"],
  };
}

/**
 * Sets each row of a state to zero with the given probability, which is drawn by its number among
 * those of all ranks.
 */
export function resetRows(carried: State, probability: number, { from, total }: Rows, random: RandomStream): void {
  const reset: number[] = [];
  for (let row = 0; row < total; row++) if (random.uniform() < probability) reset.push(row - from);
  if (reset.length === 0) return;
  for (const part of Object.values(stateArrays(carried))) {
    const values = part.values();
    const [rows, width] = part.shape;
    for (const row of reset) if (row >= 0 && row < rows) values.fill(0, row * width, (row + 1) * width);
    assign(part, values);
  }
}
