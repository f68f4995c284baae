import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DataError, randomStream } from "../base/index.ts";
import { contiguousBatches, shuffledWindows, slidingWindows, splitTail } from "./index.ts";

const range = (n: number): Int32Array => Int32Array.from({ length: n }, (_, i) => i);
const sizes = fc.record({ B: fc.integer({ min: 1, max: 5 }), T: fc.integer({ min: 1, max: 6 }), extra: fc.nat(60) });

describe("contiguousBatches", () => {
  test("rows go on from batch to batch, and what is unused is counted", () => {
    fc.assert(
      fc.property(sizes, ({ B, T, extra }) => {
        const ids = range(B * T + 1 + extra);
        const batches = contiguousBatches(ids, { batchSize: B, sequenceLength: T });
        const used = new Set<number>();
        for (let k = 0; k < batches.count; k++) {
          const { inputs, targets } = batches.at(k);
          expect(inputs.length).toBe(T * B);
          for (let i = 0; i < T * B; i++) {
            expect(targets[i]).toBe(inputs[i] + 1);
            used.add(inputs[i]).add(targets[i]);
            if (i >= B) expect(inputs[i]).toBe(inputs[i - B] + 1);
          }
          if (k > 0) {
            const before = batches.at(k - 1).targets;
            for (let b = 0; b < B; b++) expect(inputs[b]).toBe(before[(T - 1) * B + b]);
          }
        }
        expect(batches.unusedTokens).toBe(ids.length - used.size);
        expect(batches.unusedTokens).toBeLessThan(B * T);
      }),
      { seed: 1 },
    );
  });

  test("time-major layout", () => {
    const { inputs, targets } = contiguousBatches(range(9), { batchSize: 2, sequenceLength: 2 }).at(1);
    expect([...inputs]).toEqual([2, 6, 3, 7]);
    expect([...targets]).toEqual([3, 7, 4, 8]);
  });

  test("too little text, wrong index", () => {
    const make = (n: number) => contiguousBatches(range(n), { batchSize: 3, sequenceLength: 4 });
    expect(() => make(12)).toThrow(DataError);
    expect(() => make(12)).toThrow(/at least 13 tokens .*, got 12/);
    expect(make(13).count).toBe(1);
    for (const index of [-1, 1, 0.5]) expect(() => make(13).at(index)).toThrow(RangeError);
    expect(() => contiguousBatches([1, 2] as unknown as Int32Array, { batchSize: 1, sequenceLength: 1 })).toThrow(
      TypeError,
    );
  });
});

describe("shuffledWindows", () => {
  test("every window at most once, all of one epoch but the remainder; unused tokens are counted", () => {
    fc.assert(
      fc.property(sizes, ({ B, T, extra }) => {
        const ids = range(B * T + 1 + extra);
        const batches = shuffledWindows(ids, { batchSize: B, sequenceLength: T, random: randomStream(extra) });
        const starts = new Set<number>();
        const used = new Set<number>();
        for (let k = 0; k < batches.count; k++) {
          const { inputs, targets } = batches.at(k);
          for (let b = 0; b < B; b++) {
            expect(inputs[b] % T).toBe(0);
            starts.add(inputs[b]);
            for (let t = 0; t < T; t++) {
              expect(inputs[t * B + b]).toBe(inputs[b] + t);
              expect(targets[t * B + b]).toBe(inputs[b] + t + 1);
              used.add(inputs[b] + t).add(inputs[b] + t + 1);
            }
          }
        }
        expect(starts.size).toBe(batches.count * B);
        expect(batches.count).toBe(Math.floor(Math.floor((ids.length - 1) / T) / B));
        expect(batches.unusedTokens).toBe(ids.length - used.size);
      }),
      { seed: 2 },
    );
  });

  test("the order depends on the stream only", () => {
    const order = (epoch: number): number[] => {
      const random = randomStream(7).named("shuffle").at(epoch);
      const batches = shuffledWindows(range(101), { batchSize: 1, sequenceLength: 2, random });
      return Array.from({ length: 50 }, (_, k) => batches.at(k).inputs[0]);
    };
    expect(order(0)).toEqual(order(0));
    expect(order(0)).not.toEqual(order(1));
    expect(order(0)).not.toEqual(order(0).toSorted((a, b) => a - b));
  });

  test("too little text", () => {
    const random = randomStream(1);
    expect(() => shuffledWindows(range(12), { batchSize: 3, sequenceLength: 4, random })).toThrow(/at least 13 tokens/);
  });
});

describe("splitTail", () => {
  test("parts are in order and together everything", () => {
    const { train, validation, test: last } = splitTail(range(100), { validation: 0.29, test: 0.07 });
    expect([train.length, validation.length, last.length]).toEqual([64, 29, 7]);
    expect([...train, ...validation, ...last]).toEqual([...range(100)]);
    expect(train.buffer).toBe(last.buffer);
  });

  test("rows are not cut", () => {
    const parts = splitTail(new Float64Array(33), { validation: 0.5, features: 3 });
    expect([parts.train.length, parts.validation.length]).toEqual([18, 15]);
    expect(() => splitTail(new Float64Array(10), { features: 3 })).toThrow(RangeError);
  });

  test("fractions", () => {
    expect(() => splitTail(range(9), { validation: 0.5, test: 0.5 })).toThrow(RangeError);
    expect(() => splitTail(range(9), { validation: -0.1 })).toThrow(RangeError);
    expect(splitTail(range(5)).validation.length).toBe(0);
  });
});

describe("slidingWindows", () => {
  const series = Float32Array.from({ length: 20 }, (_, i) => i); // 10 rows of 2

  test("inputs, then targets", () => {
    const windows = slidingWindows(series, { inputLength: 3, horizon: 2, stride: 2, features: 2 });
    expect([windows.count, windows.unusedRows, windows.start(2)]).toEqual([3, 1, 4]);
    const { inputs, targets, inputShape, targetShape } = windows.batch([2, 0]);
    expect([...inputs]).toEqual([8, 9, 10, 11, 12, 13, 0, 1, 2, 3, 4, 5]);
    expect([...targets]).toEqual([14, 15, 16, 17, 6, 7, 8, 9]);
    expect([inputShape, targetShape]).toEqual([
      [2, 3, 2],
      [2, 2, 2],
    ]);
    expect(inputs).toBeInstanceOf(Float32Array);
  });

  test("time-major", () => {
    const { inputs, inputShape } = slidingWindows(series, { inputLength: 3, features: 2, timeMajor: true }).batch([
      2, 0,
    ]);
    expect([...inputs]).toEqual([4, 5, 0, 1, 6, 7, 2, 3, 8, 9, 4, 5]);
    expect(inputShape).toEqual([3, 2, 2]);
  });

  test("limits", () => {
    expect(slidingWindows(series, { inputLength: 19 }).count).toBe(1);
    expect(() => slidingWindows(series, { inputLength: 20 })).toThrow(DataError);
    expect(() => slidingWindows(series, { inputLength: 20 })).toThrow(/at least 21 rows .*got 20/);
    expect(() => slidingWindows(series, { inputLength: 3, features: 3 })).toThrow(RangeError);
    expect(() => slidingWindows(series, { inputLength: 19 }).batch([1])).toThrow(RangeError);
    expect(slidingWindows(series, { inputLength: 19 }).batch([]).inputs.length).toBe(0);
  });
});
