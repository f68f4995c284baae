import { describe, expect, test } from "vitest";
import { exp, exp32, log, log1p, log32, randomStream, sigmoid, sigmoid32, tanh, tanh32 } from "./index.ts";

const POINTS = 100_000;
const f = Math.fround;

const words = new Int32Array(1);
const single = new Float32Array(words.buffer);
const longs = new BigInt64Array(1);
const double = new Float64Array(longs.buffer);

/** Distance from the number to the next larger one of its precision. */
function ulp32(x: number): number {
  single[0] = Math.abs(x);
  words[0]++;
  return single[0] - f(Math.abs(x));
}
function ulp64(x: number): number {
  double[0] = Math.abs(x);
  longs[0]++;
  return double[0] - Math.abs(x);
}

/**
 * `POINTS` numbers: half uniform over the range that matters, half with any exponent down to the
 * denormals.
 */
function points(
  name: string,
  low: number,
  high: number,
  exponents: readonly [number, number],
  positive = false,
): number[] {
  const random = randomStream(5).named(name);
  return Array.from({ length: POINTS }, (_, i) => {
    const u = random.uniform();
    if (i % 2 === 0) return low + (high - low) * u;
    const magnitude = (1 + u) * 2 ** (exponents[0] + random.integer(exponents[1] - exponents[0]));
    return positive || random.integer(2) === 0 ? magnitude : -magnitude;
  });
}

/** The largest error of `ours` in units in the last place of the exact result. */
function worstUlps(
  ours: (x: number) => number,
  exact: (x: number) => number,
  at: readonly number[],
  ulp: (x: number) => number,
): number {
  let worst = 0;
  for (const x of at) {
    const expected = exact(x);
    const got = ours(x);
    if (Object.is(got, expected) || (ulp === ulp32 && got === f(expected))) continue;
    const error = Math.abs(got - expected) / ulp(expected);
    worst = error <= worst ? worst : error === error ? error : Infinity;
  }
  return worst;
}

const logistic = (x: number): number => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x)));

// [name, ours, exact, low, high, exponents, positive only, bound in ulps]
const in32: [
  string,
  (x: number) => number,
  (x: number) => number,
  number,
  number,
  [number, number],
  boolean,
  number,
][] = [
  ["exp32", exp32, Math.exp, -104, 88.7, [-149, 7], false, 1.0],
  ["log32", log32, Math.log, 0.4, 4, [-149, 127], true, 1.0],
  ["tanh32", tanh32, Math.tanh, -10, 10, [-149, 5], false, 2.5],
  ["sigmoid32", sigmoid32, logistic, -87.6, 30, [-149, 6], false, 2.25],
];
const in64: typeof in32 = [
  ["exp", exp, Math.exp, -746, 709.7, [-1074, 9], false, 2],
  ["log", log, Math.log, 0.4, 4, [-1074, 1023], true, 1.0],
  ["log1p", log1p, Math.log1p, -0.9, 4, [-1074, 1023], true, 2],
  ["tanh", tanh, Math.tanh, -22, 22, [-1074, 5], false, 2],
  ["sigmoid", sigmoid, logistic, -700, 40, [-1074, 9], false, 2],
];

describe("accuracy", () => {
  test.each(in32)("%s", (name, ours, exact, low, high, exponents, positive, bound) => {
    const at = points(name, low, high, exponents, positive).map(f);
    expect(worstUlps(ours, exact, at, ulp32)).toBeLessThanOrEqual(bound);
  });

  test.each(in64)("%s", (name, ours, exact, low, high, exponents, positive, bound) => {
    expect(worstUlps(ours, exact, points(name, low, high, exponents, positive), ulp64)).toBeLessThanOrEqual(bound);
  });

  test("each 32-bit function gives 32-bit numbers", () => {
    for (const [name, ours, , low, high, exponents, positive] of in32) {
      const loose = points(name, low, high, exponents, positive)
        .map(f)
        .filter((x) => !Object.is(f(ours(x)), ours(x)));
      expect({ name, loose }).toEqual({ name, loose: [] });
    }
  });

  test("neighbours of the limits", () => {
    // the largest and smallest arguments with a finite, non-zero result
    expect(exp(709.782712893384)).toBeCloseTo(1.7976931348622732e308, -300);
    expect(exp(709.7827128933841)).toBe(Infinity);
    expect(exp(-745.1332191019411)).toBe(5e-324);
    expect(exp(-745.2)).toBe(0);
    expect(exp32(f(88.72283172607422))).toBeLessThan(3.4028235e38);
    expect(exp32(f(88.72284))).toBe(Infinity);
    expect(exp32(f(-103.97207))).toBe(2 ** -149);
    expect(exp32(f(-103.98))).toBe(0);
    expect(log(5e-324)).toBeCloseTo(-744.4400719213812, 11);
    expect(log32(2 ** -149)).toBe(f(Math.log(2 ** -149)));
  });
});

describe("special values", () => {
  const cases: [string, (x: number) => number, [x: number, y: number][]][] = [
    [
      "exp",
      exp,
      [
        [NaN, NaN],
        [Infinity, Infinity],
        [-Infinity, 0],
        [0, 1],
        [-0, 1],
        [1e300, Infinity],
        [-1e300, 0],
      ],
    ],
    [
      "exp32",
      exp32,
      [
        [NaN, NaN],
        [Infinity, Infinity],
        [-Infinity, 0],
        [0, 1],
        [-0, 1],
        [1e30, Infinity],
        [-1e30, 0],
      ],
    ],
    [
      "log",
      log,
      [
        [NaN, NaN],
        [Infinity, Infinity],
        [-Infinity, NaN],
        [0, -Infinity],
        [-0, -Infinity],
        [-1, NaN],
        [1, 0],
      ],
    ],
    [
      "log32",
      log32,
      [
        [NaN, NaN],
        [Infinity, Infinity],
        [-Infinity, NaN],
        [0, -Infinity],
        [-0, -Infinity],
        [-1, NaN],
        [1, 0],
      ],
    ],
    [
      "log1p",
      log1p,
      [
        [NaN, NaN],
        [Infinity, Infinity],
        [-1, -Infinity],
        [-2, NaN],
        [0, 0],
        [-0, -0],
        [1e-20, 1e-20],
      ],
    ],
    [
      "tanh",
      tanh,
      [
        [NaN, NaN],
        [Infinity, 1],
        [-Infinity, -1],
        [0, 0],
        [-0, -0],
        [5e-324, 5e-324],
        [-1e-300, -1e-300],
      ],
    ],
    [
      "tanh32",
      tanh32,
      [
        [NaN, NaN],
        [Infinity, 1],
        [-Infinity, -1],
        [0, 0],
        [-0, -0],
        [2 ** -149, 2 ** -149],
        [-1e5, -1],
      ],
    ],
    [
      "sigmoid",
      sigmoid,
      [
        [NaN, NaN],
        [Infinity, 1],
        [-Infinity, 0],
        [0, 0.5],
        [-0, 0.5],
        [1e4, 1],
        [-1e4, 0],
      ],
    ],
    [
      "sigmoid32",
      sigmoid32,
      [
        [NaN, NaN],
        [Infinity, 1],
        [-Infinity, 0],
        [0, 0.5],
        [-0, 0.5],
        [1e4, 1],
        [-1e4, 0],
      ],
    ],
  ];
  test.each(cases)("%s", (_, ours, table) => {
    for (const [x, y] of table) expect([x, ours(x)]).toEqual([x, y]);
  });

  test("odd and symmetric", () => {
    for (const x of points("symmetry", -10, 10, [-149, 5]).map(f)) {
      expect(tanh(-x)).toBe(-tanh(x));
      expect(tanh32(-x)).toBe(-tanh32(x));
    }
  });
});

// frozen: the same in every JavaScript engine, whatever its Math does
const GOLDEN = {
  exp32: "40.44730758666992 1.822118878364563 1.0100501775741577 1.8682459592819214 12.182494163513184",
  log32: "1.3083328008651733 -0.5108255743980408 -4.605170249938965 -0.4700036346912384 0.9162907600402832",
  tanh32: "0.998778223991394 0.5370495915412903 0.00999966636300087 0.5545997619628906 0.9866142868995667",
  sigmoid32: "0.9758729934692383 0.6456563472747803 0.5024999380111694 0.6513548493385315 0.9241418242454529",
  exp: "40.4473062887452 1.822118843833207 1.0100501668584043 1.8682459574322223 12.182493960703473",
  log: "1.3083328325376695 -0.5108255840295617 -4.605170208339834 -0.4700036292457356 0.9162907318741551",
  tanh: "0.998778241397576 0.537049583963371 0.009999666456504392 0.5545997223493824 0.9866142981514303",
};

describe("bits", () => {
  test("the first values of each function", () => {
    const at = [-3.7, -0.6, 0.01, 0.625, 2.5].map(f);
    const bits = (g: (x: number) => number): string => at.map((x) => g(Math.abs(x)).toString()).join(" ");
    expect(bits(exp32)).toBe(GOLDEN.exp32);
    expect(bits(log32)).toBe(GOLDEN.log32);
    expect(bits(tanh32)).toBe(GOLDEN.tanh32);
    expect(bits(sigmoid32)).toBe(GOLDEN.sigmoid32);
    expect(bits(exp)).toBe(GOLDEN.exp);
    expect(bits(log)).toBe(GOLDEN.log);
    expect(bits(tanh)).toBe(GOLDEN.tanh);
  });
});
