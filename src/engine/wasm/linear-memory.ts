/**
 * @file Blocks of the WebAssembly engine: pieces of one linear memory, recycled by size, and merged
 * if none of the right size is free.
 */
import { advice } from "#platform";
import {
  bytesPerElement,
  type DType,
  internalError,
  sentence,
  type TypedArray,
  UnsupportedError,
  warnOnce,
} from "../../base/index.ts";
import type { Block, EngineReport, EngineStats, Operand } from "../engine.ts";
import { memoryAdvice } from "../memory-advice.ts";
import type { Address } from "./address.ts";

const PAGE = 65_536;
/** First address of blocks; the kernels' constants lie below. */
const FIRST = PAGE;
/** Maximum sizes to try, in pages, from 4 GiB down to the smallest useful one. */
const MAXIMA = [65_536, 32_768, 16_384, 8192];
const ALIGNMENT = 64;
/**
 * Bytes of memory below which freed blocks are not merged, so that no small step has to wait for
 * it.
 */
const WORTH_JOINING = 2 * 2 ** 20;

const views = {
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  bool: Uint8Array,
} as const;

/** A block of the linear memory. */
export class WasmBlock implements Block {
  readonly dtype: DType;
  readonly length: number;
  readonly pointer: Address;
  /** Bytes of memory that the block takes, rounded up. */
  readonly bytes: number;
  readonly bytesPerElement: number;
  /** The memory; undefined for a block that is only counted. */
  readonly #memory: WebAssembly.Memory | undefined;
  #view: TypedArray | undefined;

  constructor(memory: WebAssembly.Memory | undefined, dtype: DType, length: number, pointer: number, bytes: number) {
    this.#memory = memory;
    this.dtype = dtype;
    this.length = length;
    this.pointer = pointer as Address;
    this.bytes = bytes;
    this.bytesPerElement = bytesPerElement[dtype];
  }

  /**
   * The elements. The view is recreated after unshared memory has grown, which detaches older
   * views: they are then empty and begin at 0. Views of shared memory stay valid. A block that is
   * only counted has zeros, allocated at the first access.
   */
  get data(): TypedArray {
    const view = this.#view;
    if (this.#memory === undefined) return view ?? (this.#view = new views[this.dtype](this.length));
    // compare the beginning: an empty array keeps its length when it is detached
    if (view !== undefined && view.byteOffset === this.pointer) return view;
    return (this.#view = new views[this.dtype](this.#memory.buffer, this.pointer, this.length));
  }

  /** Drops the zeros of a block that is only counted. */
  forget(): void {
    if (this.#memory === undefined) this.#view = undefined;
  }
}

/** Free memory that belongs to no block. */
type Gap = { pointer: number; bytes: number };

/**
 * Rounds a size up to an eighth of a power of two, so that freed pieces fit again. At most 12.5 %
 * is lost.
 */
function roundUp(bytes: number): number {
  if (bytes <= 8 * ALIGNMENT) return bytes <= ALIGNMENT ? ALIGNMENT : (bytes + ALIGNMENT - 1) & -ALIGNMENT;
  const step = 2 ** (28 - Math.clz32(bytes));
  return Math.ceil(bytes / step) * step;
}

/** A small index for each size that `roundUp` returns. */
function sizeClass(bytes: number): number {
  if (bytes <= 8 * ALIGNMENT) return bytes / ALIGNMENT;
  // eight sizes from one power of two to the next
  const exponent = 31 - Math.clz32(bytes);
  return 8 * exponent + bytes / 2 ** (exponent - 3);
}

/** The linear memory, divided into blocks. */
export class LinearMemory {
  readonly memory: WebAssembly.Memory;
  /** Entry of the engine's report: the end of the memory, if that is below 4 GiB. */
  readonly choices: EngineReport["choices"];
  /** End of the memory: 4 GiB, or less if the system refuses that. */
  readonly maximumBytes: number;
  /**
   * Freed blocks by size class. They keep their view for the next use of the same type and length.
   */
  readonly #free: (WasmBlock[] | undefined)[] = [];
  readonly #poison: boolean;
  readonly #isCounted: boolean;
  /** Gaps that remain from merged blocks, by address. */
  #gaps: Gap[] = [];
  /** Bytes of the freed blocks in `#free`, and of those freed since the last merge. */
  #waiting = 0;
  #freed = 0;
  #next = FIRST;
  /** Highest value of `#next` so far. */
  #end = FIRST;
  #liveBlocks = 0;
  #liveBytes = 0;

  /**
   * `shared`: memory for several threads. `poison` fills every new float block with NaN, which
   * exposes kernels that read what they never wrote. If the address space is too small for 4 GiB,
   * less is reserved, with a warning. Throws UnsupportedError if none can be reserved, TypeError if
   * the platform has no shared memory.
   *
   * `counting`: a memory to imitate without allocating. The count starts with what it has allocated
   * or, with `isFresh`, from nothing.
   */
  constructor(
    settings:
      | { readonly shared: boolean; readonly poison: boolean }
      | { readonly counting: LinearMemory; readonly isFresh: boolean },
  ) {
    this.#isCounted = "counting" in settings;
    this.#poison = "poison" in settings && settings.poison;
    if ("shared" in settings) {
      const { memory, pages, why } = reserve(settings.shared);
      this.memory = memory;
      this.maximumBytes = pages * PAGE;
      this.choices = why === undefined ? [] : [{ what: "memory", chosen: gib(this.maximumBytes), why }];
      return;
    }
    const { counting: other } = settings;
    this.memory = other.memory;
    this.maximumBytes = other.maximumBytes;
    this.choices = [];
    if (settings.isFresh) return;
    this.#next = other.#next;
    this.#end = other.#end;
    this.#gaps = other.#gaps.map((gap) => ({ ...gap }));
    this.#waiting = other.#waiting;
    this.#freed = other.#freed;
    other.#free.forEach((blocks, at) => {
      this.#free[at] = blocks?.map(({ pointer, bytes }) => new WasmBlock(undefined, "float32", -1, pointer, bytes));
    });
  }

  /** Peak bytes of blocks, including freed ones. */
  get taken(): number {
    return this.#end - FIRST;
  }

  /** Allocates a block. Throws UnsupportedError if more than 4 GiB would be needed. */
  allocate(dtype: DType, length: number): WasmBlock {
    const bytes = roundUp(length * bytesPerElement[dtype]);
    let block = this.#free[sizeClass(bytes)]?.pop();
    if (block !== undefined) this.#waiting -= bytes;
    if (block?.length !== length || block.dtype !== dtype) {
      const memory = this.#isCounted ? undefined : this.memory;
      block = new WasmBlock(memory, dtype, length, block?.pointer ?? this.#place(bytes), bytes);
    }
    this.#liveBlocks++;
    this.#liveBytes += bytes;
    if (this.#poison && (dtype === "float32" || dtype === "float64")) block.data.fill(NaN);
    return block;
  }

  /** Allocates memory that is never freed, and returns its address. */
  reserve(bytes: number): number {
    return this.#extend(roundUp(bytes));
  }

  free(block: Block): void {
    const freed = asWasm(block);
    this.#liveBlocks--;
    this.#liveBytes -= freed.bytes;
    this.#waiting += freed.bytes;
    this.#freed += freed.bytes;
    freed.forget();
    const at = sizeClass(freed.bytes);
    const waiting = this.#free[at];
    if (waiting === undefined) this.#free[at] = [freed];
    else waiting.push(freed);
  }

  stats(): EngineStats {
    return { liveBlocks: this.#liveBlocks, liveBytes: this.#liveBytes };
  }

  /**
   * Finds an address if no freed block has the size. Batches of varying lengths need varying sizes;
   * kept apart by size, their freed blocks would add up to some ten times what one batch needs. So
   * freed neighbours are merged before memory is taken from the system.
   */
  #place(bytes: number): number {
    const address = this.#fromGaps(bytes);
    if (address !== undefined) return address;
    if (Math.min(this.#freed, this.#waiting) >= bytes && this.#next + bytes > WORTH_JOINING) {
      this.#join();
      const joined = this.#fromGaps(bytes);
      if (joined !== undefined) return joined;
    }
    return this.#extend(bytes);
  }

  /** The first gap that is large enough. */
  #fromGaps(bytes: number): number | undefined {
    const at = this.#gaps.findIndex((gap) => gap.bytes >= bytes);
    if (at < 0) return undefined;
    const gap = this.#gaps[at];
    const { pointer } = gap;
    gap.pointer += bytes;
    gap.bytes -= bytes;
    if (gap.bytes === 0) this.#gaps.splice(at, 1);
    return pointer;
  }

  /** Turns all freed blocks into gaps, and merges neighbours. */
  #join(): void {
    const all = this.#gaps;
    for (const blocks of this.#free) for (const { pointer, bytes } of blocks ?? []) all.push({ pointer, bytes });
    all.sort((a, b) => a.pointer - b.pointer);
    const joined: Gap[] = [];
    let last: Gap | undefined;
    for (const gap of all) {
      if (last !== undefined && last.pointer + last.bytes === gap.pointer) last.bytes += gap.bytes;
      else joined.push((last = gap));
    }
    this.#free.length = 0;
    this.#waiting = 0;
    this.#freed = 0;
    // free memory at the end needs no gap
    if (last !== undefined && last.pointer + last.bytes === this.#next) {
      joined.pop();
      this.#next = last.pointer;
    }
    this.#gaps = joined;
  }

  #extend(bytes: number): number {
    const pointer = this.#next;
    const end = pointer + bytes;
    if (this.#isCounted) {
      this.#next = end;
      this.#end = Math.max(this.#end, end);
      return pointer;
    }
    const size = this.memory.buffer.byteLength;
    if (end > size) {
      const needed = Math.ceil((end - size) / PAGE);
      const available = (this.maximumBytes - size) / PAGE;
      const got = `${gib(bytes)} more than ${gib(pointer - FIRST)}`;
      if (needed > available) {
        const whole = (n: number): string => Math.ceil(n).toLocaleString("en-US");
        const asked = `an array of ${whole(bytes)} bytes beside ${whole(this.#liveBytes)} in use`;
        const limit = `at most ${gib(this.maximumBytes)} (${whole(this.maximumBytes)} bytes)`;
        throw new UnsupportedError(sentence("memory", limit, asked, memoryAdvice(this.#liveBytes)));
      }
      this.#grow(needed, Math.min(available, Math.max(needed, Math.ceil(size / PAGE / 4))), got);
    }
    this.#next = end;
    this.#end = Math.max(this.#end, end);
    return pointer;
  }

  /**
   * Grows by `wanted` pages, or by `needed` if the system refuses more. Throws UnsupportedError if
   * it refuses those too.
   */
  #grow(needed: number, wanted: number, got: string): void {
    for (const pages of new Set([wanted, needed])) {
      try {
        this.memory.grow(pages);
        return;
      } catch (error) {
        if (pages !== needed) continue;
        const refused = `${got}, which the system refuses (${String(error)})`;
        throw new UnsupportedError(sentence("memory", "enough of it", refused, advice.memory));
      }
    }
  }
}

const gib = (bytes: number): string => `${Number((bytes / 2 ** 30).toFixed(1))} GiB`;

/**
 * Memory with the largest maximum that the system allows, and the reason if that is below 4 GiB.
 */
function reserve(shared: boolean): { memory: WebAssembly.Memory; pages: number; why?: string } {
  let reason: string | undefined;
  for (const pages of MAXIMA) {
    try {
      const memory = new WebAssembly.Memory({ initial: 15, maximum: pages, shared });
      // V8 may return memory that can't grow
      memory.grow(1);
      if (reason === undefined) return { memory, pages };
      const why = `the system refuses to reserve ${gib(MAXIMA[0] * PAGE)} (${reason})`;
      warnOnce(`memory ends at ${gib(pages * PAGE)}, since ${why}. ${advice.memory}`);
      return { memory, pages, why };
    } catch (error) {
      if (error instanceof TypeError) throw error;
      reason ??= String(error);
    }
  }
  throw new UnsupportedError(`cannot reserve ${gib(MAXIMA[0] * PAGE)} of address space, nor less: ${reason}`);
}

function asWasm(block: Block): WasmBlock {
  if (!(block instanceof WasmBlock)) throw internalError("a block of another engine reached the WebAssembly engine");
  return block;
}

/** Address of the block. */
export const addressOf = (block: Block): Address => asWasm(block).pointer;

/** Address of the operand's first element. */
export function pointerOf(x: Operand): Address {
  const block = asWasm(x.block);
  return (block.pointer + x.offset * block.bytesPerElement) as Address;
}

/** Address of the operand's first element, or 0 if it is absent. */
export const pointerOrZero = (x: Operand | undefined): Address | 0 => (x === undefined ? 0 : pointerOf(x));
