/**
 * @file Operands on any engine, each between guards that nobody may write to, at an offset that no vector is aligned to. Inputs are compared with
 * what they were, results start as NaN.
 */
import { dtypeOf, type DType, type Shape, sizeOf, type TypedArray } from "../../src/base/index.ts";
import type { Engine, Operand } from "../../src/engine/engine.ts";

/** In all four types of elements. */
const GUARD = 77;
const AFTER = 9;

type Placed = { readonly x: Operand; readonly whole: Operand; readonly input: TypedArray | undefined };

export class Bench {
  readonly engine: Engine;
  readonly #placed: Placed[] = [];
  readonly #after: number;

  /** `after`: elements of the guard behind each operand. */
  constructor(engine: Engine, after: number = AFTER) {
    this.engine = engine;
    this.#after = after;
  }

  #place(dtype: DType, shape: Shape, input: TypedArray | undefined, start: TypedArray | number): Operand {
    const length = sizeOf(shape);
    const before = 1 + (this.#placed.length % 7);
    const block = this.engine.allocate(dtype, before + length + this.#after);
    const whole: Operand = { block, offset: 0, shape: [block.length], dtype };
    const x: Operand = { block, offset: before, shape, dtype };
    this.engine.view(whole).fill(GUARD);
    if (typeof start === "number") this.engine.view(x).fill(start);
    else this.engine.view(x).set(start);
    this.#placed.push({ x, whole, input });
    return x;
  }

  /** An array that kernels only read. */
  input(shape: Shape, data: TypedArray): Operand {
    return this.#place(dtypeOf(data), shape, data, data);
  }

  /** An array that kernels fill. */
  result(shape: Shape, dtype: DType = "float32"): Operand {
    return this.#place(dtype, shape, undefined, dtype === "float32" || dtype === "float64" ? NaN : GUARD);
  }

  /** An array that kernels read and write. */
  inPlace(shape: Shape, data: TypedArray): Operand {
    return this.#place(dtypeOf(data), shape, undefined, data);
  }

  /** A copy of the elements. */
  values(x: Operand): TypedArray {
    return this.engine.view(x).slice();
  }

  /** Frees all operands. Throws when a guard or an input was written to. */
  end(): void {
    const faults: string[] = [];
    this.#placed.forEach(({ x, whole, input }, index) => {
      const all = this.engine.view(whole);
      const length = sizeOf(x.shape);
      const guards = [...all.subarray(0, x.offset), ...all.subarray(x.offset + length)];
      if (!guards.every((value) => value === GUARD))
        faults.push(`written beyond operand ${index}: ${guards.join(" ")}`);
      if (input !== undefined && firstDifference(this.engine.view(x), input) !== -1)
        faults.push(`input ${index} was written to`);
      this.engine.free(x.block);
    });
    this.#placed.length = 0;
    if (faults.length > 0) throw new Error(faults.join("; "));
  }
}

/** What tells two elements apart: -0 from 0, too. */
const bitsOf = (x: TypedArray): TypedArray | Uint32Array =>
  x instanceof Float32Array ? new Uint32Array(x.buffer, x.byteOffset, x.length) : x;

/** Index of the first element with other bits, or -1. All NaN are alike. Lengths must agree. */
export function firstDifference(a: TypedArray, b: TypedArray): number {
  if (a.length !== b.length || dtypeOf(a) !== dtypeOf(b)) return 0;
  if (a instanceof Float64Array) return a.findIndex((value, i) => !Object.is(value, b[i]));
  const [x, y] = [bitsOf(a), bitsOf(b)];
  for (let i = 0; i < a.length; i++) if (x[i] !== y[i] && !(a[i] !== a[i] && b[i] !== b[i])) return i;
  return -1;
}
