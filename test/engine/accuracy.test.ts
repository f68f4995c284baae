/** exp, tanh, sigmoid and log of the WebAssembly kernels against float64, in units of the last place. src/base/math.test.ts has those of the reference. */
import { describe, expect, test } from "vitest";
import { exp32, sigmoid32, tanh32 } from "../../src/base/index.ts";
import type { Engine, NumericsClass, UnaryOp } from "../../src/engine/engine.ts";
import { Bench } from "./bench.ts";
import { canRevectorize, classes, engineOf, tiles } from "./engines.ts";

const bits = new Uint32Array(1);
const number = new Float32Array(bits.buffer);

/** The float32 of these 32 bits. */
function float(pattern: number): number {
  bits[0] = pattern;
  return number[0];
}

function patternOf(x: number): number {
  number[0] = x;
  return bits[0];
}

/** Distance from x to the next larger float32. */
const ulp = (x: number): number => {
  const pattern = patternOf(Math.abs(x));
  return float(pattern + 1) - float(pattern);
};

/** Of all 2^32 numbers one of so many, which takes every exponent and both signs in. */
const STRIDE = 2003;
/** Numbers on either side of each limit. */
const NEAR = 3000;

/** Where a function takes another way, or its result another form: overflow, subnormal results, zero, the first power of two, saturation. */
const limits = [
  0,
  2 ** -126,
  0.17328679,
  0.34657359,
  1,
  9.010913,
  9.125,
  16.635532,
  87.33655,
  87.68311,
  88,
  88.722839,
  103.27893,
  103.97208,
  104,
];

const points = Float32Array.from([
  ...Array.from({ length: Math.floor(2 ** 32 / STRIDE) }, (_, i) => float(i * STRIDE)).filter((x) => x === x),
  ...limits.flatMap((limit) =>
    Array.from({ length: 2 * NEAR }, (_, i) => float(Math.max(0, patternOf(limit) + i - NEAR))).flatMap((x) => [x, -x]),
  ),
]);

function values(engine: Engine, op: UnaryOp, x: Float32Array): Float32Array {
  const bench = new Bench(engine);
  const out = bench.result([x.length]);
  engine.unary(op, bench.input([x.length], x), out);
  const y = bench.values(out) as Float32Array;
  bench.end();
  return y;
}

/** The largest error in units of the last place of the exact result, which may itself be rounded. 0 is right for what is smaller than a normal number. */
function worstUlps(got: Float32Array, exact: (i: number) => number): { readonly error: number; readonly at: number } {
  let worst = { error: 0, at: 0 };
  for (let i = 0; i < got.length; i++) {
    const expected = exact(i);
    if (Object.is(got[i], Math.fround(expected)) || (got[i] === 0 && Math.abs(expected) < 2 ** -126)) continue;
    const error = Math.abs(got[i] - expected) / ulp(expected);
    if (!(error <= worst.error)) worst = { error: error === error ? error : Infinity, at: i };
  }
  return worst;
}

const logistic = (x: number): number => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x)));

const functions: Readonly<Record<"exp" | "tanh" | "sigmoid", (x: number) => number>> = {
  exp: Math.exp,
  tanh: Math.tanh,
  sigmoid: logistic,
};

/** What was seen at all points, rounded up, in units of the last place. */
const bounds: Readonly<Record<NumericsClass, Readonly<Record<keyof typeof functions | "log", number>>>> = {
  portable: { exp: 0.97, tanh: 2.32, sigmoid: 2.06, log: 0.9 },
  fma: { exp: 1.02, tanh: 2.32, sigmoid: 2.06, log: 0.9 },
};

const engineWith = (numerics: NumericsClass): Engine =>
  engineOf({ numerics, tiles: tiles.slice(0, 1), revectorize: canRevectorize, threads: 1 });

/** [argument, exp, tanh, sigmoid]. */
const special = [
  [NaN, NaN, NaN, NaN],
  [Infinity, Infinity, 1, 1],
  [-Infinity, 0, -1, 0],
  [0, 1, 0, 0.5],
  [-0, 1, -0, 0.5],
  [3.4e38, Infinity, 1, 1],
  [-3.4e38, 0, -1, 0],
  [2 ** -149, 1, 2 ** -149, 0.5],
  [-(2 ** -149), 1, -(2 ** -149), 0.5],
];

test("portable numerics: the bits of the reference at every point", () => {
  const engine = engineWith("portable");
  for (const [op, ours] of Object.entries({ exp: exp32, tanh: tanh32, sigmoid: sigmoid32 })) {
    const found = values(engine, op as UnaryOp, points);
    const other = found.findIndex((y, i) => !Object.is(y, ours(points[i])));
    expect(other === -1 ? "all" : `${op} of ${points[other]}: ${found[other]}`).toBe("all");
  }
});

describe.each(classes)("%s numerics", (numerics) => {
  const engine = engineWith(numerics);

  test.each(Object.entries(functions))("%s", (op, exact) => {
    const bound = bounds[numerics][op as keyof typeof functions];
    const { error, at } = worstUlps(values(engine, op as UnaryOp, points), (i) => exact(points[i]));
    console.log(`accuracy: ${numerics} ${op} ${error.toFixed(3)} ulp, at ${points[at]} of ${points.length} points`);
    expect(error, `at ${points[at]}`).toBeLessThanOrEqual(bound);
  });

  test("log, where the losses use it", () => {
    // log-sums of 0 and y, and of k zeros
    const y = Float32Array.from({ length: 200_000 }, (_, i) => (-17 * i) / 200_000);
    const e = values(engine, "exp", y);
    const pairs = losses(
      engine,
      2,
      Array.from(y, (x) => [0, x]),
    );
    const whole = Array.from({ length: 700 }, (_, k) => k + 1);
    const zeros = losses(
      engine,
      700,
      whole.map((k) => new Float32Array(700).fill(-200).fill(0, 0, k)),
    );
    const first = worstUlps(pairs, (i) => Math.log(Math.fround(1 + e[i])));
    const second = worstUlps(zeros, (i) => Math.log(whole[i]));
    console.log(`accuracy: ${numerics} log ${first.error.toFixed(3)}, of whole numbers ${second.error.toFixed(3)} ulp`);
    expect(Math.max(first.error, second.error)).toBeLessThanOrEqual(bounds[numerics].log);
  });

  test("special values", () => {
    const x = Float32Array.from(special, ([argument]) => argument);
    Object.keys(functions).forEach((op, index) => {
      const expected = Float32Array.from(special, (row) => row[index + 1]);
      expect(values(engine, op as UnaryOp, x), op).toEqual(expected);
    });
  });

  test("tanh is odd, bit for bit", () => {
    const there = values(engine, "tanh", points);
    const back = values(
      engine,
      "tanh",
      points.map((x) => -x),
    );
    expect(there.findIndex((t, i) => !Object.is(t, -back[i]))).toBe(-1);
  });

  test("no function turns around by more than its error", () => {
    const sorted = points.toSorted();
    for (const op of Object.keys(functions)) {
      const found = values(engine, op as UnaryOp, sorted);
      const fall = found.findIndex((f, i) => i > 0 && f < found[i - 1] - 2 * ulp(f));
      expect(fall === -1 ? "rises" : `${op} falls at ${sorted[fall]}`).toBe("rises");
    }
  });
});

/** Cross entropies of rows of n logits whose first class is the target: the logarithm of the sum of their exponentials, as their largest is 0. */
function losses(engine: Engine, n: number, rows: readonly ArrayLike<number>[]): Float32Array {
  const logits = new Float32Array(rows.length * n);
  rows.forEach((row, i) => logits.set(row, i * n));
  const bench = new Bench(engine);
  const [loss, p] = [bench.result([rows.length]), bench.result([rows.length, n])];
  const targets = bench.input([rows.length], new Int32Array(rows.length));
  engine.crossEntropy(bench.input([rows.length, n], logits), targets, loss, p);
  const found = bench.values(loss) as Float32Array;
  bench.end();
  return found;
}
