/**
 * @file The tensor and its memory. A tensor is an immutable value on an engine's block. Blocks
 * allocated inside a scope are freed together when the scope ends; others are freed when their
 * tensors become unreachable.
 */
import { yieldToHost } from "#platform";
import {
  type Ambient,
  context,
  type DType,
  dtypeError,
  formatShape,
  mapTree,
  releasedError,
  runNow,
  shapeError,
  type Shape,
  sizeOf,
  type Tree,
  type TypedArray,
} from "../base/index.ts";
import { type Block, currentEngine, type Operand, withoutRecording } from "../engine/index.ts";
import { formatArray } from "./print.ts";
import { freeWhenUnreachable, isMemoryWaiting } from "./unowned.ts";

/** A block, with whether it has been released. Views of a tensor share it. */
class Storage {
  readonly block: Block;
  released = false;
  /** The scope that frees the block; undefined: the garbage collector. */
  owner: Scope | undefined = undefined;

  constructor(block: Block) {
    this.block = block;
  }
}

/** A scope. `storages` may include some that have moved out, whose owner is now another. */
type Scope = { readonly storages: Storage[]; readonly parent: Scope | undefined };

const innermost = context.scope as Ambient<Scope | undefined>;

/** A number, or an array of nested arrays of numbers. */
export type NestedArray = number | NestedArray[];

/**
 * An n-dimensional array of one element type. Operations are functions (`add(a, b)`), each
 * returning a new tensor.
 */
export class Tensor implements Operand {
  readonly shape: Shape;
  readonly dtype: DType;
  /** Offset of the first element in the block, in elements; 0 except for views. */
  readonly offset: number;
  readonly #storage: Storage;

  static {
    // what `console.log` shows in Node, also of tensors in states, traces and parameters
    const value = function (this: Tensor): string {
      try {
        return this.toString();
      } catch (error) {
        // a debugger must be able to show any tensor
        return `${this.dtype} ${formatShape(this.shape)} (${(error as Error).message})`;
      }
    };
    Object.defineProperty(this.prototype, Symbol.for("nodejs.util.inspect.custom"), { value });
  }

  /** Internal: use `tensor(...)`. */
  constructor(storage: Storage, shape: Shape, dtype: DType, offset = 0) {
    this.#storage = storage;
    this.shape = shape;
    this.dtype = dtype;
    this.offset = offset;
  }

  /** The engine's block. Throws RangeError (ERR_RELEASED) after the owning scope has ended. */
  get block(): Block {
    if (this.#storage.released) throw releasedError("tensor");
    return this.#storage.block;
  }

  get size(): number {
    return sizeOf(this.shape);
  }

  get rank(): number {
    return this.shape.length;
  }

  /** A tensor of another shape on the same memory. Internal: see `reshape` and `slice`. */
  view(shape: Shape, offset: number): Tensor {
    return new Tensor(this.#storage, shape, this.dtype, offset);
  }

  /**
   * Resolves to a copy of the elements in row-major order, once they are computed. Works on every
   * engine. Throws UnsupportedError (not a rejection) inside a captured function.
   */
  data(): Promise<TypedArray> {
    const elements = currentEngine().read(this);
    // a loop that awaits only this would otherwise never free unowned memory
    return isMemoryWaiting() ? elements.then((read) => yieldToHost().then(() => read)) : elements;
  }

  /**
   * A copy of the elements in row-major order. Throws UnsupportedError on asynchronous engines, and
   * inside a captured function.
   */
  values(): TypedArray {
    return currentEngine().view(this).slice();
  }

  /** The elements as nested arrays of the tensor's shape; a number for a scalar. */
  toArray(): NestedArray {
    const flat = currentEngine().view(this);
    const build = (axis: number, at: number, size: number): NestedArray => {
      if (axis === this.shape.length) return flat[at];
      const step = size / this.shape[axis];
      return Array.from({ length: this.shape[axis] }, (_, i) => build(axis + 1, at + i * step, step));
    };
    return build(0, 0, this.size);
  }

  /** The single element of a tensor of size 1. Throws RangeError otherwise. */
  item(): number {
    if (this.size !== 1) throw shapeError("item", "a tensor with one element", this.shape);
    return currentEngine().view(this)[0];
  }

  /** Prints the shape and the elements to the console. */
  print(): void {
    console.log(this.toString());
  }

  toString(): string {
    return `${this.dtype} ${formatShape(this.shape)}\n${formatArray(currentEngine().view(this), this.shape)}`;
  }

  /**
   * Shape, dtype and elements for `JSON.stringify`. NaN and infinities, which JSON lacks, are
   * strings.
   */
  toJSON(): { readonly shape: Shape; readonly dtype: DType; readonly data: readonly (number | string)[] } {
    const data = Array.from(this.values(), (x) => (Number.isFinite(x) ? x : String(x)));
    return { shape: this.shape, dtype: this.dtype, data };
  }

  /**
   * Moves the memory out of `scope` to the next outer one, if `scope` owns it. Internal: see
   * `scope`.
   */
  moveOut(scope: Scope): void {
    if (this.#storage.owner === scope) setOwner(this.#storage, scope.parent);
  }
}

function setOwner(storage: Storage, scope: Scope | undefined): void {
  storage.owner = scope;
  if (scope === undefined) freeWhenUnreachable(storage, storage.block);
  else scope.storages.push(storage);
}

/** A tensor with unspecified elements, which the caller must fill. */
export function allocate(dtype: DType, shape: Shape): Tensor {
  const storage = new Storage(currentEngine().allocate(dtype, sizeOf(shape)));
  setOwner(storage, innermost.value);
  return new Tensor(storage, shape, dtype);
}

/**
 * Runs `f` and frees everything allocated in it, except the tensors in its result (a tensor, or a
 * tree of tensors and other values), which belong to the caller's scope. Scopes nest. Throws
 * TypeError unless `f` is synchronous: for an async function, a generator, or a promise as the
 * result.
 */
export function scope<R>(f: () => R): R {
  const current: Scope = { storages: [], parent: innermost.value };
  innermost.value = current;
  try {
    const result = runNow("scope", f);
    mapTree(result as Tree<unknown>, (leaf) => {
      if (leaf instanceof Tensor) leaf.moveOut(current);
    });
    return result;
  } finally {
    innermost.value = current.parent;
    free(current);
  }
}

/** Releases everything that a scope still owns. */
function free(scope: Scope): void {
  const engine = currentEngine();
  for (const storage of scope.storages) {
    if (storage.owner !== scope) continue;
    storage.released = true;
    engine.free(storage.block);
  }
}

/**
 * A scope that can be left and entered again until it ends, for work with pauses in which other
 * code may allocate.
 */
export class OpenScope implements Scope {
  readonly storages: Storage[] = [];
  readonly parent: undefined = undefined;

  /** Runs `f`, which must be synchronous. Tensors that it allocates live until `end`. */
  run<R>(f: () => R): R {
    return innermost.with(this, f);
  }

  /** Frees everything allocated in the scope. */
  end(): void {
    free(this);
    this.storages.length = 0;
  }
}

/**
 * Runs `f` outside of all scopes and recordings, so that tensors that it allocates outlive them:
 * for parameters created at first use. Throws TypeError unless `f` is synchronous.
 */
export function outsideScopes<R>(f: () => R): R {
  return withoutRecording(() => innermost.with(undefined, () => runNow("outsideScopes", f)));
}

/**
 * An owner of the tensors allocated in it, inner scopes excepted, that never frees them. The
 * tensors keep it reachable. After `release` they can't be used, and their memory is left to the
 * caller.
 */
export class Holder implements Scope {
  readonly storages: Storage[] = [];
  readonly parent: undefined = undefined;

  run<R>(f: () => R): R {
    return innermost.with(this, f);
  }

  release(): void {
    for (const storage of this.storages) storage.released = true;
  }
}

/** Frees the blocks of keepers that became unreachable without `free`. */
const forgotten = new FinalizationRegistry<readonly Block[]>((blocks) => {
  for (const block of blocks) currentEngine().free(block);
});

/**
 * Keeps tensors across scopes until `free`: states that the library carries from call to call. It
 * is cheaper than tensors that no scope owns, and frees at once. Without `free`, memory is freed
 * when neither the keeper nor one of its tensors is reachable.
 */
export class Keeper {
  readonly #holder = new Holder();
  readonly #blocks: Block[] = [];

  constructor() {
    forgotten.register(this.#holder, this.#blocks, this.#holder);
  }

  /** Runs `f` and keeps what it allocates, which belongs to no recording. */
  keep<R>(f: () => R): R {
    try {
      return withoutRecording(() => this.#holder.run(f));
    } finally {
      for (const { block } of this.#holder.storages.slice(this.#blocks.length)) this.#blocks.push(block);
    }
  }

  /** Frees all kept tensors, which can't be used afterwards. */
  free(): void {
    this.#holder.release();
    forgotten.unregister(this.#holder);
    for (const block of this.#blocks.splice(0)) currentEngine().free(block);
    this.#holder.storages.length = 0;
  }
}

/**
 * Number of blocks and bytes currently allocated. Both stay constant from step to step of a
 * training loop without leaks.
 */
export function memory(): { liveBlocks: number; liveBytes: number } {
  return currentEngine().stats();
}

/** Whether all elements are finite. Throws UnsupportedError on asynchronous engines. */
export const isAllFinite = (x: Tensor): boolean => currentEngine().isAllFinite(x);

/** The one dtype of all tensors. Throws TypeError if they differ. */
export function commonDtype(where: string, ...tensors: Tensor[]): DType {
  const [first, ...rest] = tensors;
  for (const x of rest) {
    if (x.dtype !== first.dtype) throw dtypeError(where, first.dtype, x.dtype, "Convert with cast(x, dtype)");
  }
  return first.dtype;
}
