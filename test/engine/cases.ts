/** @file What a row of the conformance table is, and the random arrays that it works on. */
import { randomStream, type RandomStream, type Shape, sizeOf, type TypedArray } from "../../src/base/index.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { Bench } from "./bench.ts";

export type Results = Readonly<Record<string, TypedArray | number | boolean>>;

/** One call of a kernel, or forward and backward. */
export type KernelCase = {
  readonly name: string;
  /** Large enough for several threads. */
  readonly large?: boolean;
  /** Whether every result must be a finite number. */
  readonly finite?: boolean;
  /** `after`: elements of the guard behind each operand, if not the usual ones. */
  readonly run: (engine: Engine, after?: number) => Results;
};

/** A row whose arrays are drawn once, from the stream of its name, when it first runs. */
export function kernelCase<D>(
  name: string,
  draw: (random: RandomStream) => D,
  run: (bench: Bench, data: D) => Results,
  options: { readonly large?: boolean; readonly finite?: boolean } = {},
): KernelCase {
  let data: { readonly value: D } | undefined;
  return {
    name,
    ...options,
    run(engine, after) {
      data ??= { value: draw(randomStream(11).named(name)) };
      const bench = new Bench(engine, after);
      try {
        return run(bench, data.value);
      } finally {
        bench.end();
      }
    },
  };
}

const MANY = 4096;

/** Normal numbers; where many are needed uniform ones of the same variance, which come faster. */
export function normals(random: RandomStream, shape: Shape, scale = 1): Float32Array {
  const length = sizeOf(shape);
  if (length < MANY) return Float32Array.from({ length }, () => scale * random.normal());
  let state = random.nextUint32();
  return new Float32Array(length).map(() => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return scale * Math.sqrt(12) * ((state >>> 8) * 2 ** -24 - 0.5);
  });
}

export const integers = (random: RandomStream, length: number, bound: number): Int32Array =>
  Int32Array.from({ length }, () => random.integer(bound));

export const flags = (random: RandomStream, length: number): Uint8Array =>
  Uint8Array.from({ length }, () => random.integer(2));

const specials = [
  NaN,
  Infinity,
  -Infinity,
  0,
  -0,
  1,
  -1,
  0.5,
  -0.5,
  2 ** -149,
  -(2 ** -140),
  2 ** -126,
  3.4e38,
  -3.4e38,
  88.8,
  -104,
  9.2,
];

/** Normal numbers of any size, with NaN, infinities, both zeros, subnormals and limits of the functions among them. */
export const anything = (random: RandomStream, length: number): Float32Array =>
  Float32Array.from({ length }, () => {
    const kind = random.integer(4);
    if (kind === 0) return specials[random.integer(specials.length)];
    return random.normal() * (kind === 1 ? 1 : 2 ** (random.integer(60) - 30));
  });
