import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DataError, FormatError } from "../base/index.ts";
import { minMaxScaler, robustScaler, scalerFromJSON, standardScaler } from "./index.ts";

const table = Float64Array.of(1, 10, 5, 2, 20, 5, 3, 60, 5, 6, 70, 5); // 4 rows; the last column is constant
const makers = { standard: standardScaler, minMax: minMaxScaler, robust: robustScaler };

test("statistics", () => {
  expect(standardScaler(table, 3).center).toEqual([3, 40, 5]);
  expect(standardScaler(table, 3).scale).toEqual([Math.sqrt(3.5), Math.sqrt(650), 1]);
  expect([...minMaxScaler(table, 3, { low: -1 }).transform(table)].filter((_, i) => i % 3 !== 1)).toEqual(
    [-1, -1, -0.6, -1, -0.19999999999999996, -1, 1, -1].map((x) => expect.closeTo(x, 12)),
  );
  expect(robustScaler(table, 3).center).toEqual([2.5, 40, 5]);
  expect(robustScaler(table, 3).scale).toEqual([2, 45, 1]);
  expect(robustScaler(table, 3, { lower: 0, upper: 1 }).scale).toEqual([5, 60, 1]);
});

test("a constant column becomes exactly its neutral value", () => {
  const column = new Float64Array(7).fill(0.1);
  expect([...standardScaler(column, 1).transform(column)]).toEqual(new Array(7).fill(0));
  expect([...minMaxScaler(column, 1, { low: 2, high: 3 }).transform(column)]).toEqual(new Array(7).fill(2));
  expect(robustScaler(Float64Array.of(0, 0, 0, 0, 9), 1).scale).toEqual([1]);
});

describe.each(Object.entries(makers))("%s", (kind, make) => {
  test("inverse undoes transform, also after JSON; the kind of array stays", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -1e3, max: 1e3, noNaN: true }), { minLength: 2, maxLength: 40 }),
        (list) => {
          const data = Float64Array.from(list.slice(0, list.length & ~1));
          const scaler = make(data, 2);
          const again = scalerFromJSON(JSON.parse(JSON.stringify(scaler)));
          again.inverse(scaler.transform(data)).forEach((x, i) => expect(x).toBeCloseTo(data[i], 8));
          expect(scaler.inverse(again.transform(data))).toEqual(again.inverse(scaler.transform(data)));
        },
      ),
      { seed: 1 },
    );
    expect(make(table, 3).transform(new Float32Array(3))).toBeInstanceOf(Float32Array);
    expect(make(table, 3).kind).toBe(kind);
  });

  test("pick takes columns", () => {
    const scaler = make(table, 3);
    const whole = scaler.transform(table);
    const picked = scaler.pick([1]).inverse(Float64Array.of(whole[1], whole[4]));
    expect([...picked]).toEqual([expect.closeTo(10, 10), expect.closeTo(20, 10)]);
    expect(() => scaler.pick([3])).toThrow(RangeError);
  });

  test("bad data", () => {
    const bad = table.slice();
    bad[7] = NaN;
    expect(() => make(bad, 3)).toThrow(DataError);
    expect(() => make(bad, 3)).toThrow(`${kind}Scaler: expected finite values, got NaN in row 2, column 1`);
    expect(() => make(table, 3).transform(bad)).toThrow(DataError);
    expect(make(table, 3).inverse(bad)[7]).toBeNaN();
    expect(() => make(new Float64Array(0), 3)).toThrow(DataError);
    expect(() => make(table, 5)).toThrow(RangeError);
    expect(() => make([1, 2] as unknown as Float64Array, 1)).toThrow(TypeError);
    expect(() => make(Float64Array.of(-1.7e308, 1.7e308), 1)).toThrow(DataError);
  });
});

test.each<[string, unknown]>([
  ["null", null],
  ["another kind", { kind: "log", center: [0], scale: [1] }],
  ["a zero scale", { kind: "standard", center: [0], scale: [0] }],
  ["no columns", { kind: "standard", center: [], scale: [] }],
  ["different lengths", { kind: "standard", center: [0], scale: [1, 1] }],
  ["null for a number", { kind: "standard", center: [null], scale: [1] }],
  ["another key", { kind: "standard", center: [0], scale: [1], x: 1 }],
])("scalerFromJSON refuses %s", (_, value) => expect(() => scalerFromJSON(value)).toThrow(FormatError));
