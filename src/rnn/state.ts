/** @file Making, choosing and checking states. */
import { type FloatDType, kindError, leavesOf, mapTree, shapeError, type Tree, zipTrees } from "../base/index.ts";
import { assign, detach, expandDims, less, Tensor, tensor, where, zeros } from "../tensor/index.ts";
import { asTree, type Cell, type State } from "./cell.ts";

/** The all-zero state for `batch` rows. */
export function zeroState<S extends State>(cell: Cell<S>, batch: number, dtype: FloatDType = "float32"): S {
  return mapTree(cell.stateSize as Tree<number>, (size) => zeros([batch, size], dtype)) as unknown as S;
}

/** Copies a state into the tensors that carry it to the next batch; zeros without one. */
export function carryInto(carried: State, next: State | undefined): void {
  const sources = next && new Map(leavesOf(asTree(next)));
  for (const [path, part] of leavesOf(asTree(carried))) assign(part, sources?.get(path) ?? new Float32Array(part.size));
}

/**
 * The state as a constant, to be carried to the next sequence for truncated backpropagation through
 * time.
 */
export function detachState<S extends State>(state: S): S {
  return mapTree(asTree(state), detach) as unknown as S;
}

type Sizes = readonly (readonly [path: string, size: number])[];

const knownSizes = new WeakMap<object, Sizes>();

/** Path and size of each part of a cell's state, which are listed once for each cell. */
function sizesOf({ stateSize }: Cell): Sizes {
  const sizes = knownSizes.get(stateSize) ?? leavesOf(stateSize as Tree<number>);
  knownSizes.set(stateSize, sizes);
  return sizes;
}

/** Throws unless `state` has the parts that the cell declares, each [batch, n]. */
export function checkState(where: string, cell: Cell, state: State, batch: number): void {
  const parts = leavesOf(asTree(state));
  const sizes = sizesOf(cell);
  const fits = ([path, size]: readonly [string, number], at: number): boolean => {
    const [name, part] = parts[at];
    return (
      name === path && part instanceof Tensor && part.rank === 2 && part.shape[0] === batch && part.shape[1] === size
    );
  };
  if (parts.length === sizes.length && sizes.every(fits)) return;
  const given = new Map(parts);
  for (const [path, size] of sizes) {
    const part = given.get(path);
    if (!(part instanceof Tensor))
      throw kindError(`${where} initialState`, `a tensor "${path}" for ${cell.name}`, part);
    if (part.rank !== 2 || part.shape[0] !== batch || part.shape[1] !== size) {
      throw shapeError(`${where} initialState "${path}"`, `[${batch}, ${size}]`, part.shape);
    }
    given.delete(path);
  }
  const [extra] = given.keys();
  if (extra !== undefined) throw kindError(`${where} initialState`, `no part "${extra}" for ${cell.name}`, "one");
}

/** bool [batch, 1]: whether row b still has a step at time t. */
export function activeAt(lengths: Tensor, t: number): Tensor {
  return expandDims(less(tensor(Int32Array.of(t)), lengths), 1);
}

/** Row by row: `next` where active, else `previous`. */
export function chooseState<S extends State>(active: Tensor, next: S, previous: S): S {
  return zipTrees(asTree(next), asTree(previous), (a, b) => where(active, a, b)) as unknown as S;
}
