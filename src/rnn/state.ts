/** @file Making, choosing and checking states. */
import {
  type FloatDType,
  isBranch,
  kindError,
  leavesOf,
  mapTree,
  shapeError,
  type Tree,
  zipTrees,
} from "../base/index.ts";
import { assign, detach, expandDims, less, Tensor, tensor, where, zeros } from "../tensor/index.ts";
import { asTree, type Cell, type State } from "./cell.ts";

/** The all-zero state for `batch` rows. */
export function zeroState<S extends State>(cell: Cell<S>, batch: number, dtype: FloatDType = "float32"): S {
  return mapTree(cell.stateSize as Tree<number>, (size) => zeros([batch, size], dtype)) as unknown as S;
}

/** Copies a state into the tensors that carry it to the next batch; zeros without one. */
export function carryInto(carried: State, next: State | undefined): void {
  for (const name of Object.keys(carried)) {
    const [part, source] = [carried[name], next?.[name]];
    if (part instanceof Tensor) assign(part, (source as Tensor | undefined) ?? new Float32Array(part.size));
    else carryInto(part, source as State | undefined);
  }
}

/**
 * The state as a constant, to be carried to the next sequence for truncated backpropagation through
 * time.
 */
export function detachState<S extends State>(state: S): S {
  return mapTree(asTree(state), detach) as unknown as S;
}

/** Whether a state has exactly the parts of `size`, each [batch, n]. */
function fits(size: Tree<number>, state: Tree<Tensor> | undefined, batch: number): boolean {
  if (typeof size === "number")
    return state instanceof Tensor && state.rank === 2 && state.shape[0] === batch && state.shape[1] === size;
  if (state === undefined || !isBranch(state)) return false;
  const names = Object.keys(size);
  return Object.keys(state).length === names.length && names.every((name) => fits(size[name], state[name], batch));
}

/** Throws unless `state` has the parts that the cell declares, each [batch, n]. */
export function checkState(where: string, cell: Cell, state: State, batch: number): void {
  const sizes = cell.stateSize as Tree<number>;
  if (fits(sizes, asTree(state), batch)) return;
  const given = new Map(leavesOf(asTree(state)));
  for (const [path, size] of leavesOf(sizes)) {
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
