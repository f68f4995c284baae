/**
 * @file The tensor and its memory. A tensor is an immutable value on an engine's block. Blocks made
 * inside a scope are freed together when the scope ends; those made outside are freed when their
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

/** One block and whether it may still be used. Views of a tensor share it. */
class Storage {
  readonly block: Block;
  released = false;
  /** Who frees it; undefined: the garbage collector. */
  owner: Scope | undefined = undefined;

  constructor(block: Block) {
    this.block = block;
  }
}

/** `storages` may hold some that have moved out since: their owner is another. */
type Scope = { readonly storages: Storage[]; readonly parent: Scope | undefined };

const innermost = context.scope as Ambient<Scope | undefined>;

/** Nested numbers, as JavaScript writes arrays. */
export type NestedArray = number | NestedArray[];

/**
 * An n-dimensional array of one element type. Operations are functions (`add(a, b)`), each
 * returning a new tensor.
 */
export class Tensor implements Operand {
  readonly shape: Shape;
  readonly dtype: DType;
  /** First element within the block, in elements; 0 except for views. */
  readonly offset: number;
  readonly #storage: Storage;

  /** Use `tensor(...)`; this constructor is internal. */
  constructor(storage: Storage, shape: Shape, dtype: DType, offset = 0) {
    this.#storage = storage;
    this.shape = shape;
    this.dtype = dtype;
    this.offset = offset;
  }

  /** The engine's memory. Throws RangeError (ERR_RELEASED) after the owning scope has ended. */
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
   * A copy of the elements in row-major order, as soon as they are computed. Works on every engine.
   * Throws at once in what is captured.
   */
  data(): Promise<TypedArray> {
    const elements = currentEngine().read(this);
    // a loop that awaits nothing else would never free anything
    return isMemoryWaiting() ? elements.then((read) => yieldToHost().then(() => read)) : elements;
  }

  /**
   * A copy of the elements in row-major order, now. Throws UnsupportedError on an engine that can't
   * read at once.
   */
  values(): TypedArray {
    return currentEngine().view(this).slice();
  }

  /** The elements as nested arrays of the tensor's shape (a number for a scalar). */
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
   * Moves the memory out of `scope` to the next outer one, if `scope` owns it. Internal: see
   * `scope`.
   */
  moveOut(scope: Scope): void {
    if (this.#storage.owner === scope) own(this.#storage, scope.parent);
  }
}

function own(storage: Storage, scope: Scope | undefined): void {
  storage.owner = scope;
  if (scope === undefined) freeWhenUnreachable(storage, storage.block);
  else scope.storages.push(storage);
}

/** A tensor whose elements are not set yet. The caller fills it before anyone else sees it. */
export function allocate(dtype: DType, shape: Shape): Tensor {
  const storage = new Storage(currentEngine().allocate(dtype, sizeOf(shape)));
  own(storage, innermost.value);
  return new Tensor(storage, shape, dtype);
}

/**
 * Runs `f` and frees everything that was allocated in it, except the tensors in its result (a
 * tensor, or a tree of tensors and other values), which belong to the caller's scope. Scopes nest.
 * `f` must be synchronous: TypeError for an async function, a generator, and for a promise as the
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

/** Ends the life of all that a scope still owns. */
function free(scope: Scope): void {
  const engine = currentEngine();
  for (const storage of scope.storages) {
    if (storage.owner !== scope) continue;
    storage.released = true;
    engine.free(storage.block);
  }
}

/**
 * A scope that is left and entered again until it ends: for work that waits in between, when others
 * may allocate what is not its own.
 */
export class OpenScope implements Scope {
  readonly storages: Storage[] = [];
  readonly parent: undefined = undefined;

  /** Runs `f`, which must be synchronous. What it allocates lives until `end`. */
  run<R>(f: () => R): R {
    return innermost.with(this, f);
  }

  /** Frees all of it. */
  end(): void {
    free(this);
    this.storages.length = 0;
  }
}

/**
 * Runs `f` so that what it allocates belongs to no scope and no recording: for parameters that are
 * created when first used. TypeError unless `f` is synchronous.
 */
export function outsideScopes<R>(f: () => R): R {
  return withoutRecording(() => innermost.with(undefined, () => runNow("outsideScopes", f)));
}

/**
 * Owns what is allocated under it and not in an inner scope, and never frees it. Its tensors keep
 * it reachable. After `release` they can't be used; their memory is left to the caller.
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

/** Blocks of keepers that nobody has freed. */
const forgotten = new FinalizationRegistry<readonly Block[]>((blocks) => {
  for (const block of blocks) currentEngine().free(block);
});

/**
 * Keeps tensors between two scopes until they are freed: states that the library carries from call
 * to call. Cheaper than tensors that no scope owns, and gone at once. What is not freed goes when
 * nobody can reach the keeper or one of its tensors.
 */
export class Keeper {
  readonly #holder = new Holder();
  readonly #blocks: Block[] = [];

  constructor() {
    forgotten.register(this.#holder, this.#blocks, this.#holder);
  }

  /** Runs `f` so that what it allocates is kept, and belongs to no recording. */
  keep<R>(f: () => R): R {
    try {
      return withoutRecording(() => this.#holder.run(f));
    } finally {
      for (const { block } of this.#holder.storages.slice(this.#blocks.length)) this.#blocks.push(block);
    }
  }

  /** Frees all of it. Its tensors can't be used any more. */
  free(): void {
    this.#holder.release();
    forgotten.unregister(this.#holder);
    for (const block of this.#blocks.splice(0)) currentEngine().free(block);
    this.#holder.storages.length = 0;
  }
}

/**
 * Blocks and bytes that are allocated now. Constant from step to step of a healthy training loop.
 */
export function memory(): { liveBlocks: number; liveBytes: number } {
  return currentEngine().stats();
}

/** Whether every element is a finite number. */
export const isAllFinite = (x: Tensor): boolean => currentEngine().isAllFinite(x);

/** Throws TypeError unless all tensors have one dtype; returns it. */
export function commonDtype(where: string, ...tensors: Tensor[]): DType {
  const [first, ...rest] = tensors;
  for (const x of rest) {
    if (x.dtype !== first.dtype) throw dtypeError(where, first.dtype, x.dtype, "Convert with cast(x, dtype)");
  }
  return first.dtype;
}
