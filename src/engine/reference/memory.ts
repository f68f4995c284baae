/** @file Blocks of the reference engine: typed arrays, recycled by dtype and length. */
import { environment } from "#platform";
import { checkChoice, type DType, internalError, type TypedArray, typedArray } from "../../base/index.ts";
import type { Block, EngineStats, Operand } from "../engine.ts";

/** Arrays that the floating-point kernels work on. */
export type FloatArray = Float32Array | Float64Array;

/**
 * A block whose elements JavaScript can access. The reference kernels work on such blocks of any
 * engine.
 */
type HostBlock = Block & { readonly data: TypedArray };

/**
 * Whether `UNROLLED_POISON` requests NaN in fresh memory. Throws RangeError for anything but 0 and
 * 1.
 */
export const isPoisoned = (): boolean =>
  checkChoice("UNROLLED_POISON", environment("UNROLLED_POISON") || "0", ["0", "1"]) === "1";

class ReferenceBlock implements HostBlock {
  readonly dtype: DType;
  readonly data: TypedArray;

  constructor(dtype: DType, data: TypedArray) {
    this.dtype = dtype;
    this.data = data;
  }

  get length(): number {
    return this.data.length;
  }
}

/**
 * Most bytes of freed memory that are kept for reuse; the rest is left to the garbage collector.
 */
const POOL_BYTES = 512 * 1024 * 1024;

/** The blocks of a reference engine, and the freed ones that wait for reuse. */
export class Memory {
  readonly #pool = new Map<string, TypedArray[]>();
  #pooledBytes = 0;
  #liveBlocks = 0;
  #liveBytes = 0;
  readonly #poison: boolean;

  /**
   * `poison` fills every new float block with NaN, which exposes kernels that read what they never
   * wrote.
   */
  constructor(poison: boolean) {
    this.#poison = poison;
  }

  allocate(dtype: DType, length: number): Block {
    const waiting = this.#pool.get(`${dtype}${length}`);
    let data = waiting?.pop();
    if (data === undefined) data = typedArray(dtype, length);
    else this.#pooledBytes -= data.byteLength;
    if (this.#poison && (dtype === "float32" || dtype === "float64")) data.fill(NaN);
    this.#liveBlocks++;
    this.#liveBytes += data.byteLength;
    return new ReferenceBlock(dtype, data);
  }

  free(block: Block): void {
    const { dtype, data } = asHost(block);
    this.#liveBlocks--;
    this.#liveBytes -= data.byteLength;
    if (this.#pooledBytes + data.byteLength > POOL_BYTES) return;
    const key = `${dtype}${data.length}`;
    const waiting = this.#pool.get(key);
    if (waiting === undefined) this.#pool.set(key, [data]);
    else waiting.push(data);
    this.#pooledBytes += data.byteLength;
  }

  stats(): EngineStats {
    return { liveBlocks: this.#liveBlocks, liveBytes: this.#liveBytes };
  }
}

function asHost(block: Block): HostBlock {
  if (!("data" in block)) throw internalError("a block that JavaScript can't read reached a reference kernel");
  return block as HostBlock;
}

/** A view of the operand's elements. */
export function arrayOf(x: Operand): TypedArray {
  const { data } = asHost(x.block);
  let size = 1;
  for (const n of x.shape) size *= n;
  return x.offset === 0 && size === data.length ? data : data.subarray(x.offset, x.offset + size);
}

/** A view of the elements of a floating-point operand. */
export const floats = (x: Operand): FloatArray => arrayOf(x) as FloatArray;
/** A view of the elements of an int32 operand. */
export const integers = (x: Operand): Int32Array => arrayOf(x) as Int32Array;
