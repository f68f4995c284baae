/** @file The orders of summation that the reference defines, bit for bit, and its memory. */
import { describe, expect, test } from "vitest";
import {
  type FloatDType,
  randomStream,
  type RandomStream,
  type Shape,
  sizeOf,
  type TypedArray,
} from "../../base/index.ts";
import type { Operand } from "../engine.ts";
import { referenceEngine } from "./index.ts";
import { laneSum } from "./reduce.ts";

const f = Math.fround;
const engine = referenceEngine();

function operand(shape: Shape, dtype: Operand["dtype"], values?: ArrayLike<number>): Operand {
  const x = { block: engine.allocate(dtype, sizeOf(shape)), offset: 0, shape, dtype };
  if (values !== undefined) engine.view(x).set(values);
  return x;
}

const random = (stream: RandomStream, length: number, dtype: FloatDType = "float32"): TypedArray => {
  const values = dtype === "float32" ? new Float32Array(length) : new Float64Array(length);
  return values.map(() => stream.normal());
};

/** One sum after the other over k, each product and each sum rounded. */
function naive(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  start: ArrayLike<number>,
  [m, k, n]: readonly number[],
  transposeA: boolean,
  transposeB: boolean,
  round: (x: number) => number,
): number[] {
  return Array.from({ length: m * n }, (_, flat) => {
    const i = Math.floor(flat / n);
    const j = flat % n;
    let total = start[flat];
    for (let p = 0; p < k; p++) {
      const product = round(a[transposeA ? p * m + i : i * k + p] * b[transposeB ? j * k + p : p * n + j]);
      total = round(total + product);
    }
    return total;
  });
}

describe("matmul", () => {
  const sizes = randomStream(2).named("sizes");
  const shapes = [
    [1, 1, 1],
    [4, 4, 4],
    [5, 3, 2],
    [3, 9, 6],
    [7, 1, 5],
    [8, 33, 1],
    ...Array.from({ length: 14 }, () => [1 + sizes.integer(19), 1 + sizes.integer(40), 1 + sizes.integer(19)]),
  ];
  const transposes = [false, true].flatMap((a) => [false, true].map((b) => [a, b] as const));

  describe.each(["float32", "float64"] as const)("%s", (dtype) => {
    test.each(transposes)(
      "equals the naive loop bit for bit, transposeA %s, transposeB %s",
      (transposeA, transposeB) => {
        const round = dtype === "float32" ? f : (x: number): number => x;
        for (const [m, k, n] of shapes) {
          const stream = randomStream(3).named(`${m} ${k} ${n}`);
          const a = random(stream, m * k, dtype);
          const b = random(stream, k * n, dtype);
          const start = random(stream, m * n, dtype);
          const x = operand(transposeA ? [k, m] : [m, k], dtype, a);
          const y = operand(transposeB ? [n, k] : [k, n], dtype, b);
          const out = operand([m, n], dtype);
          engine.matmul(x, y, out, { transposeA, transposeB, accumulate: false });
          expect(Array.from(engine.view(out))).toEqual(
            naive(a, b, new Float64Array(m * n), [m, k, n], transposeA, transposeB, round),
          );
          engine.view(out).set(start);
          engine.matmul(x, y, out, { transposeA, transposeB, accumulate: true });
          expect(Array.from(engine.view(out))).toEqual(naive(a, b, start, [m, k, n], transposeA, transposeB, round));
        }
      },
    );
  });

  test("a row alone equals the row in a batch, bit for bit", () => {
    const stream = randomStream(4);
    const [m, k, n] = [11, 37, 13];
    const a = random(stream, m * k);
    const y = operand([k, n], "float32", random(stream, k * n));
    const all = operand([m, n], "float32");
    engine.matmul(operand([m, k], "float32", a), y, all, { transposeA: false, transposeB: false, accumulate: false });
    for (let i = 0; i < m; i++) {
      const one = operand([1, n], "float32");
      const row = operand([1, k], "float32", a.subarray(i * k, (i + 1) * k));
      engine.matmul(row, y, one, { transposeA: false, transposeB: false, accumulate: false });
      expect(engine.view(one)).toEqual(engine.view(all).subarray(i * n, (i + 1) * n));
    }
  });

  test.each(transposes)(
    "each matrix of a batch is its own product, transposeA %s, transposeB %s",
    (transposeA, transposeB) => {
      const stream = randomStream(5);
      const [m, k, n] = [5, 6, 3];
      const a = random(stream, 4 * m * k);
      const b = random(stream, 4 * k * n);
      const out = operand([2, 2, m, n], "float32");
      const x = operand(transposeA ? [2, 2, k, m] : [2, 2, m, k], "float32", a);
      const y = operand(transposeB ? [2, 2, n, k] : [2, 2, k, n], "float32", b);
      engine.matmul(x, y, out, { transposeA, transposeB, accumulate: false });
      for (let i = 0; i < 4; i++) {
        const expected = naive(
          a.subarray(i * m * k),
          b.subarray(i * k * n),
          new Float64Array(m * n),
          [m, k, n],
          transposeA,
          transposeB,
          f,
        );
        expect(Array.from(engine.view(out).subarray(i * m * n, (i + 1) * m * n))).toEqual(expected);
      }
    },
  );
});

describe("sums", () => {
  /** Eight lanes, folded in halves: ((0+4)+(2+6)) + ((1+5)+(3+7)). */
  const folded = (x: ArrayLike<number>, round: (v: number) => number): number => {
    const lane = (l: number): number => {
      let total = 0;
      for (let i = l; i < x.length; i += 8) total = round(total + x[i]);
      return total;
    };
    const [a, b, c, d, e, g, h, i] = [0, 4, 2, 6, 1, 5, 3, 7].map(lane);
    return round(round(round(a + b) + round(c + d)) + round(round(e + g) + round(h + i)));
  };

  test.each([0, 1, 3, 7, 8, 9, 16, 31, 100, 1001])("laneSum of %i elements", (n) => {
    const x = random(randomStream(6).at(n), n + 5) as Float32Array;
    expect(laneSum(x, 5, n, f)).toBe(folded(x.subarray(5), f));
    const y = Float64Array.from(x);
    expect(laneSum(y, 5, n, (v) => v)).toBe(folded(y.subarray(5), (v) => v));
  });

  /** The sum in float64. */
  const exact = (x: ArrayLike<number>): number => Array.from(x).reduce((a, b) => a + b, 0);

  test.each([4097, 5000, 9001])("%i elements are a long sum: rounded once, near the exact one", (n) => {
    const x = (random(randomStream(6).at(n), n) as Float32Array).map((value) => 3 + value);
    const sum = laneSum(x, 0, n, f);
    expect(Object.is(sum, f(sum))).toBe(true);
    expect(Math.abs(sum / exact(x) - 1)).toBeLessThan(1e-7);
    expect(sum).not.toBe(folded(x, f));
    const out = operand([2], "float32");
    engine.reduce(
      "sum",
      operand(
        [n, 2],
        "float32",
        Array.from(x).flatMap((value) => [value, -value]),
      ),
      out,
      1,
      n,
      2,
    );
    engine
      .view(out)
      .forEach((value, i) => expect(Math.abs(value / exact(x) / (i === 0 ? 1 : -1) - 1)).toBeLessThan(2e-7));
  });

  test("4,096 elements are none", () => {
    const x = random(randomStream(6).at(4096), 4096) as Float32Array;
    expect(laneSum(x, 0, 4096, f)).toBe(folded(x, f));
  });

  test("long products, sums of columns and rows at an index are near the exact ones", () => {
    const n = 5000;
    const [a, b] = [1, 2].map((i) => (random(randomStream(8).at(i), 2 * n) as Float32Array).map((value) => 2 + value));
    const near = (out: Operand, expected: readonly number[]): void =>
      engine.view(out).forEach((value, i) => expect(Math.abs(value / expected[i] - 1)).toBeLessThan(3e-7));
    const product = (i: number, j: number): number =>
      exact(Array.from({ length: n }, (_, k) => a[i * n + k] * b[k * 2 + j]));
    const out = operand([2, 2], "float32", [100, 200, 300, 400]);
    const how = { transposeA: false, transposeB: false, accumulate: true };
    engine.matmul(operand([2, n], "float32", a), operand([n, 2], "float32", b), out, how);
    near(out, [100 + product(0, 0), 200 + product(0, 1), 300 + product(1, 0), 400 + product(1, 1)]);
    const columns = operand([2], "float32");
    const rows = operand([n, 2], "float32", b);
    const unit = { normal: rows, root: operand([n], "float32"), dy: rows };
    engine.layerNormBackward({ ...unit, dShift: columns });
    const column = (j: number): number => exact(b.filter((_, i) => i % 2 === j));
    near(columns, [column(0), column(1)]);
    const table = operand([2, 2], "float32", [1, 2, 3, 4]);
    engine.scatterAdd(rows, operand([n], "int32", new Int32Array(n).fill(1)), table, 1, 2);
    near(table, [1, 2, 3 + column(0), 4 + column(1)]);
  });

  test("the order matters to these numbers", () => {
    const x = random(randomStream(6).at(1001), 1001) as Float32Array;
    expect(folded(x, f)).not.toBe(x.reduce((a, b) => f(a + b), 0));
  });

  test("over the last axis in lanes, over others in order of index", () => {
    const [outer, n, inner] = [3, 21, 2];
    const x = random(randomStream(7), outer * n * inner) as Float32Array;
    const out = operand([outer, inner], "float32");
    engine.reduce("sum", operand([outer, n, inner], "float32", x), out, outer, n, inner);
    const column = (o: number, i: number): number[] => Array.from({ length: n }, (_, k) => x[(o * n + k) * inner + i]);
    expect(Array.from(engine.view(out))).toEqual(
      [0, 1, 2].flatMap((o) => [0, 1].map((i) => column(o, i).reduce((a, b) => f(a + b), 0))),
    );
    const rows = operand([6], "float32");
    engine.reduce("sum", operand([6, 21], "float32", x), rows, 6, 21, 1);
    expect(Array.from(engine.view(rows))).toEqual(
      Array.from({ length: 6 }, (_, o) => folded(x.subarray(o * 21, o * 21 + 21), f)),
    );
  });

  test("running sums round at each step", () => {
    const x = random(randomStream(8), 50) as Float32Array;
    const out = operand([50], "float32");
    engine.cumulativeSum(operand([50], "float32", x), out, 1, 50, 1, { exclusive: false, reverse: false });
    let total = 0;
    expect(Array.from(engine.view(out))).toEqual(Array.from(x, (v) => (total = f(total + v))));
  });

  test("a row of softmax or cross entropy does not depend on the rows beside it", () => {
    const x = random(randomStream(9), 4 * 19);
    const run = (rows: number, from: number): TypedArray[] => {
      const logits = operand([rows, 19], "float32", x.subarray(from * 19, (from + rows) * 19));
      const [y, z, p] = [0, 1, 2].map(() => operand([rows, 19], "float32"));
      const loss = operand([rows], "float32");
      engine.softmax(logits, y, false);
      engine.softmax(logits, z, true);
      engine.crossEntropy(logits, operand([rows], "int32", new Int32Array(rows).fill(3)), loss, p);
      return [y, z, p, loss].map((o) => engine.view(o));
    };
    const all = run(4, 0);
    for (let row = 0; row < 4; row++) {
      run(1, row).forEach((one, i) => expect(one).toEqual(all[i].subarray(row * one.length, (row + 1) * one.length)));
    }
  });
});

describe("views inside a block", () => {
  test("an offset is honoured by every family of kernels", () => {
    const whole = operand([10], "float32", [9, 9, 1, 2, 3, 4, 9, 9, 9, 9]);
    const x: Operand = { ...whole, offset: 2, shape: [2, 2] };
    const out = operand([2, 2], "float32");
    engine.unary("neg", x, out);
    expect(Array.from(engine.view(out))).toEqual([-1, -2, -3, -4]);
    engine.binary("add", x, x, out);
    expect(Array.from(engine.view(out))).toEqual([2, 4, 6, 8]);
    engine.matmul(x, x, out, { transposeA: false, transposeB: false, accumulate: false });
    expect(Array.from(engine.view(out))).toEqual([7, 10, 15, 22]);
    engine.copyStrided(x, { offset: 0, strides: [1, 2] }, out, { offset: 0, strides: [2, 1] }, [2, 2]);
    expect(Array.from(engine.view(out))).toEqual([1, 3, 2, 4]);
    const target: Operand = { ...whole, offset: 6, shape: [4] };
    engine.fill(target, 0);
    expect(Array.from(engine.view(whole))).toEqual([9, 9, 1, 2, 3, 4, 0, 0, 0, 0]);
  });
});

describe("memory", () => {
  test("this test run poisons fresh memory", () => {
    expect(Array.from(engine.view(operand([2], "float32")))).toEqual([NaN, NaN]);
    expect(Array.from(engine.view(operand([2], "float64")))).toEqual([NaN, NaN]);
  });

  test("a freed block is reused for the same dtype and length, poisoned again", () => {
    const own = referenceEngine();
    const x = { block: own.allocate("float32", 7), offset: 0, shape: [7], dtype: "float32" as const };
    const array = own.view(x);
    own.fill(x, 3);
    own.free(x.block);
    expect(own.stats()).toEqual({ liveBlocks: 0, liveBytes: 0 });
    const other = { ...x, block: own.allocate("float64", 7), dtype: "float64" as const };
    expect(own.view(other)).not.toBe(array);
    const again = { ...x, block: own.allocate("float32", 7) };
    expect(own.view(again)).toBe(array);
    expect(own.view(again)[0]).toBeNaN();
    expect(own.stats()).toEqual({ liveBlocks: 2, liveBytes: 28 + 56 });
  });

  test("a block without elements is our own bug", () => {
    const alien: Operand = { block: { dtype: "float32", length: 1 }, offset: 0, shape: [1], dtype: "float32" };
    expect(() => engine.view(alien)).toThrow("internal: a block that JavaScript can't read reached a reference kernel");
  });

  test("read gives a copy", async () => {
    const x = operand([2], "float32", [1, 2]);
    const copy = await engine.read(x);
    engine.fill(x, 0);
    expect(Array.from(copy)).toEqual([1, 2]);
  });
});
