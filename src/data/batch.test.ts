import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DataError, randomStream } from "../base/index.ts";
import { bucketByLength, padSequences } from "./index.ts";

describe("padSequences", () => {
  const ids = [Int32Array.of(1, 2, 3), Int32Array.of(), Int32Array.of(4)];

  test("ids, both layouts", () => {
    const rows = padSequences(ids, { padValue: -1 });
    expect([...rows.data]).toEqual([1, 2, 3, -1, -1, -1, 4, -1, -1]);
    expect([rows.shape, [...rows.lengths]]).toEqual([
      [3, 3],
      [3, 0, 1],
    ]);
    const columns = padSequences(ids, { timeMajor: true, length: 4 });
    expect([...columns.data]).toEqual([1, 0, 4, 2, 0, 0, 3, 0, 0, 0, 0, 0]);
    expect(columns.shape).toEqual([4, 3]);
  });

  test("rows of features, both layouts", () => {
    const sequences = [
      { data: Float64Array.of(1, 2), features: 2 },
      { data: Float64Array.of(3, 4, 5, 6), features: 2 },
    ];
    const rows = padSequences(sequences, { padValue: 9 });
    expect(rows.data).toEqual(Float64Array.of(1, 2, 9, 9, 3, 4, 5, 6));
    expect(rows.shape).toEqual([2, 2, 2]);
    expect([...padSequences(sequences, { timeMajor: true }).data]).toEqual([1, 2, 3, 4, 0, 0, 5, 6]);
  });

  test("only empty sequences", () => expect(padSequences([Int32Array.of()]).shape).toEqual([1, 0]));

  test("errors", () => {
    expect(() => padSequences([])).toThrow(DataError);
    expect(() => padSequences(ids, { length: 2 })).toThrow(/sequences of at most 2 steps, got 3/);
    const odd = (data: Float32Array, features: number) => [
      { data: new Float32Array(2), features: 2 },
      { data, features },
    ];
    expect(() => padSequences(odd(new Float32Array(3), 3))).toThrow(/sequence 1 of shape \[length, 2\], got \[1, 3\]/);
    expect(() => padSequences(odd(new Float32Array(2), 1))).toThrow(/got \[2, 1\]/);
    expect(() => padSequences(odd(new Float32Array(3), 2))).toThrow(RangeError);
    expect(() => padSequences([Int32Array.of(1), [2] as unknown as Int32Array])).toThrow(TypeError);
    expect(() => padSequences(ids, { padValue: 0.5 })).toThrow(RangeError);
  });
});

describe("bucketByLength", () => {
  const lengthsOf = fc.array(fc.nat(30), { maxLength: 60 });

  test("every index once, full batches but the last of each bucket, padding as reported", () => {
    fc.assert(
      fc.property(
        lengthsOf,
        fc.integer({ min: 1, max: 8 }),
        fc.boolean(),
        fc.boolean(),
        (lengths, batchSize, bounded, shuffled) => {
          const boundaries = bounded ? [5, 10, 20] : undefined;
          const make = () =>
            bucketByLength(lengths, {
              batchSize,
              ...(boundaries && { boundaries }),
              ...(shuffled && { random: randomStream(3) }),
            });
          const { batches, paddingFraction } = make();
          expect(make().batches).toEqual(batches);
          const all = batches.flatMap((batch) => [...batch]);
          expect(all.toSorted((a, b) => a - b)).toEqual(lengths.map((_, i) => i));
          let cells = 0;
          let real = 0;
          for (const batch of batches) {
            expect(batch.length).toBeLessThanOrEqual(batchSize);
            const own = Array.from(batch, (i) => lengths[i]);
            cells += Math.max(...own) * own.length;
            real += own.reduce((a, b) => a + b, 0);
            if (boundaries) {
              const bucket = (n: number) => boundaries.filter((bound) => bound < n).length;
              expect(new Set(own.map(bucket)).size).toBe(1);
            }
          }
          expect(paddingFraction).toBeCloseTo(cells === 0 ? 0 : 1 - real / cells, 12);
          if (!bounded) expect(batches.length).toBe(Math.ceil(lengths.length / batchSize));
        },
      ),
      { seed: 1, numRuns: 300 },
    );
  });

  test("sorting pads little; a stream shuffles", () => {
    const lengths = Array.from({ length: 200 }, (_, i) => (i * 73) % 101);
    expect(bucketByLength(lengths, { batchSize: 8 }).paddingFraction).toBeLessThan(0.05);
    expect([...bucketByLength([3, 1, 2], { batchSize: 2 }).batches[0]]).toEqual([1, 2]);
    const flat = (seed: number) =>
      bucketByLength(lengths, { batchSize: 8, random: randomStream(seed) }).batches.flatMap((b) => [...b]);
    expect(flat(1)).not.toEqual(flat(2));
    const equal = bucketByLength(new Int32Array(40).fill(3), { batchSize: 40, random: randomStream(1) }).batches[0];
    expect([...equal]).not.toEqual([...equal].toSorted((a, b) => a - b));
  });

  test("errors", () => {
    expect(() => bucketByLength([-1], { batchSize: 2 })).toThrow(RangeError);
    expect(() => bucketByLength([1], { batchSize: 0 })).toThrow(RangeError);
    expect(() => bucketByLength([1], { batchSize: 2, boundaries: [3, 3] })).toThrow(RangeError);
  });
});
