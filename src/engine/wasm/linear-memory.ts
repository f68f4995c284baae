/**
 * @file Blocks of the WebAssembly engine: pieces of one linear memory, recycled by size, and joined
 * again where none of the right size is free.
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
/** The kernels' own constants lie below. */
const FIRST = PAGE;
/** Most pages, from 4 GiB down to what is hardly of use. */
const MAXIMA = [65_536, 32_768, 16_384, 8192];
const ALIGNMENT = 64;
/** Below so much memory, blocks of each size are kept apart: no step is held up by joining them. */
const WORTH_JOINING = 2 * 2 ** 20;

const views = {
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  bool: Uint8Array,
} as const;

export class WasmBlock implements Block {
  readonly dtype: DType;
  readonly length: number;
  readonly pointer: Address;
  /** What it takes of the memory. */
  readonly bytes: number;
  readonly bytesPerElement: number;
  /** Undefined for a block that is only counted. */
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
   * The elements. Made anew after memory of one thread has grown, which detaches every older view:
   * then it is empty and begins at 0. Shared memory leaves views as they are. Of a block that is
   * only counted: zeros of its own, from when they are first looked at.
   */
  get data(): TypedArray {
    const view = this.#view;
    if (this.#memory === undefined) return view ?? (this.#view = new views[this.dtype](this.length));
    // where it begins, since an empty array has no other length when it is detached
    if (view !== undefined && view.byteOffset === this.pointer) return view;
    return (this.#view = new views[this.dtype](this.#memory.buffer, this.pointer, this.length));
  }

  /** A block that is only counted lets go of its zeros. */
  forget(): void {
    if (this.#memory === undefined) this.#view = undefined;
  }
}

/** Memory that is free and belongs to no block. */
type Gap = { pointer: number; bytes: number };

/**
 * Sizes are rounded up to an eighth of a power of two, so that freed pieces fit again; at most 12.5
 * % is lost.
 */
function roundUp(bytes: number): number {
  if (bytes <= 8 * ALIGNMENT) return bytes <= ALIGNMENT ? ALIGNMENT : (bytes + ALIGNMENT - 1) & -ALIGNMENT;
  const step = 2 ** (28 - Math.clz32(bytes));
  return Math.ceil(bytes / step) * step;
}

/** A small number for each size that `roundUp` gives. */
function sizeClass(bytes: number): number {
  if (bytes <= 8 * ALIGNMENT) return bytes / ALIGNMENT;
  // eight sizes from one power of two to the next
  const exponent = 31 - Math.clz32(bytes);
  return 8 * exponent + bytes / 2 ** (exponent - 3);
}

export class LinearMemory {
  readonly memory: WebAssembly.Memory;
  /** For the engine's report: where it ends, if that is before 4 GiB. */
  readonly choices: EngineReport["choices"];
  /** Where it ends: 4 GiB, or less where the system gives less. */
  readonly maximumBytes: number;
  /**
   * Freed blocks by their size class. They keep their view, for the next use of the same type and
   * length.
   */
  readonly #free: (WasmBlock[] | undefined)[] = [];
  readonly #poison: boolean;
  readonly #isCounted: boolean;
  /** What is left of freed blocks that were joined, by address. */
  #gaps: Gap[] = [];
  /** Bytes of freed blocks that wait in `#free`, and of those freed since they were last joined. */
  #waiting = 0;
  #freed = 0;
  #next = FIRST;
  /** The highest that `#next` has been. */
  #end = FIRST;
  #liveBlocks = 0;
  #liveBytes = 0;

  /**
   * `shared`: several threads can work on it. `poison` fills every new float block with NaN, so
   * that a kernel that reads what it never wrote is seen. Where the address space is too small for
   * 4 GiB, less is reserved, and the console says so. Throws UnsupportedError where none can be
   * reserved, TypeError where the platform has no shared memory.
   *
   * `counting`: begins with what that memory has given out (or, `isFresh`, with nothing), gives out
   * more in the same way, and takes none.
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

  /** Bytes that blocks have taken at most, those that were freed included. */
  get taken(): number {
    return this.#end - FIRST;
  }

  /** Throws UnsupportedError when more than 4 GiB would be needed. */
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

  /** Memory that is never freed. */
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
   * Where no freed block has the size. Batches of ever other lengths ask for ever other sizes: kept
   * apart by size, what they leave would add up to some ten times what one of them needs. So,
   * before memory is taken from the system, freed neighbours are joined.
   */
  #place(bytes: number): number {
    const found = this.#fromGaps(bytes);
    if (found !== undefined) return found;
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

  /** Makes gaps of all freed blocks, neighbours being one. */
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
    // the end of the memory is no gap
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
   * By `wanted` pages, or by `needed` where the system gives no more. Throws UnsupportedError where
   * it does not give those.
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

/** Memory with as many pages as there can be, and why there are not more. */
function reserve(shared: boolean): { memory: WebAssembly.Memory; pages: number; why?: string } {
  let reason: string | undefined;
  for (const pages of MAXIMA) {
    try {
      const memory = new WebAssembly.Memory({ initial: 15, maximum: pages, shared });
      // V8 may give memory that can't grow
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

/** Where the block begins. */
export const addressOf = (block: Block): Address => asWasm(block).pointer;

/** Address of the operand's first element. */
export function pointerOf(x: Operand): Address {
  const block = asWasm(x.block);
  return (block.pointer + x.offset * block.bytesPerElement) as Address;
}

/** The same for an operand that may be absent, which is 0. */
export const pointerOrZero = (x: Operand | undefined): Address | 0 => (x === undefined ? 0 : pointerOf(x));
