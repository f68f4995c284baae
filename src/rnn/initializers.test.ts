import { describe, expect, test } from "vitest";
import { randomStream } from "../base/index.ts";
import type { Tensor } from "../tensor/index.ts";
import {
  type Cell,
  glorotNormal,
  gruCell,
  lstmCell,
  orthogonal,
  type Parameters,
  rnnCell,
  truncatedNormal,
} from "./index.ts";

const INPUTS = 30;
const UNITS = 20;

const built = (cell: Cell): Parameters => {
  cell.build(INPUTS, { dtype: "float64", random: randomStream(1) });
  return cell.parameters();
};
const numbers = (x: Tensor): number[] => Array.from(x.values());
const largest = (x: Tensor): number => Math.max(...numbers(x).map(Math.abs));

/** Uniform over ±limit: never beyond, close to it somewhere, variance limit²/3. */
function expectUniform(x: Tensor, limit: number): void {
  expect(largest(x)).toBeLessThanOrEqual(limit);
  expect(largest(x)).toBeGreaterThan(limit * (1 - 20 / x.size));
  const variance = numbers(x).reduce((sum, v) => sum + v * v, 0) / x.size;
  expect(Math.abs(variance / (limit ** 2 / 3) - 1)).toBeLessThan(4 / Math.sqrt(x.size));
}

describe("initial values", () => {
  test("tf1: the Glorot limit is that of the concatenated kernel", () => {
    expectUniform(built(lstmCell({ units: UNITS }))["kernel"], Math.sqrt(6 / (INPUTS + UNITS + 4 * UNITS)));
    expectUniform(built(rnnCell({ units: UNITS }))["kernel"], Math.sqrt(6 / (INPUTS + UNITS + UNITS)));
    expectUniform(built(gruCell({ units: UNITS }))["gates/kernel"], Math.sqrt(6 / (INPUTS + UNITS + 2 * UNITS)));
  });

  test("tf1: biases are zero, but those of a gru's gates are one", () => {
    expect(new Set(numbers(built(lstmCell({ units: UNITS }))["bias"]))).toEqual(new Set([0]));
    const gru = built(gruCell({ units: UNITS }));
    expect(numbers(gru["gates/bias"])).toEqual(Array(2 * UNITS).fill(1));
    expect(numbers(gru["candidate/bias"])).toEqual(Array(UNITS).fill(0));
  });

  test.each([
    ["rnn", 1, rnnCell],
    ["lstm", 4, lstmCell],
    ["gru", 3, gruCell],
  ] as const)("keras %s: a Glorot kernel and a recurrent kernel with orthonormal rows", (_name, gates, make) => {
    const p = built(make({ units: UNITS, dialect: "keras" }) as unknown as Cell);
    expectUniform(p["kernel"], Math.sqrt(6 / (INPUTS + gates * UNITS)));
    expect(p["recurrent_kernel"].shape).toEqual([UNITS, gates * UNITS]);
    const rows = p["recurrent_kernel"].toArray() as number[][];
    rows.forEach((a, i) =>
      rows.forEach((b, j) => {
        const product = a.reduce((sum, v, k) => sum + v * b[k], 0);
        expect(Math.abs(product - (i === j ? 1 : 0))).toBeLessThan(1e-12);
      }),
    );
  });

  test("keras lstm: the bias is one at the forget gate", () => {
    const bias = numbers(built(lstmCell({ units: UNITS, dialect: "keras" }))["bias"]);
    expect(bias).toEqual([...Array(UNITS).fill(0), ...Array(UNITS).fill(1), ...Array(2 * UNITS).fill(0)]);
  });

  test.each([
    ["rnn", rnnCell],
    ["lstm", lstmCell],
    ["gru", gruCell],
  ] as const)("torch %s: every parameter within 1/sqrt(H)", (_name, make) => {
    const p = built(make({ units: UNITS, dialect: "torch" }) as unknown as Cell);
    expect(Object.keys(p)).toEqual(["weight_ih", "weight_hh", "bias_ih", "bias_hh"]);
    for (const value of Object.values(p)) expect(largest(value)).toBeLessThanOrEqual(1 / Math.sqrt(UNITS));
    for (const name of ["weight_ih", "weight_hh"]) expectUniform(p[name], 1 / Math.sqrt(UNITS));
    expect(largest(p["bias_hh"])).toBeGreaterThan(0);
  });

  test("tall matrices have orthonormal columns", () => {
    const rows = orthogonal([7, 3], randomStream(2), "float64").toArray() as number[][];
    for (const i of [0, 1, 2]) {
      for (const j of [0, 1, 2]) {
        expect(rows.reduce((sum, row) => sum + row[i] * row[j], 0)).toBeCloseTo(i === j ? 1 : 0, 12);
      }
    }
  });

  test("truncated normals stay within two deviations and Glorot's keep their variance", () => {
    expect(largest(truncatedNormal(0.5)([1000], randomStream(1), "float64"))).toBeLessThanOrEqual(1);
    const x = numbers(glorotNormal([100, 200], randomStream(1), "float64"));
    const variance = x.reduce((sum, v) => sum + v * v, 0) / x.length;
    expect(Math.abs(variance / (2 / 300) - 1)).toBeLessThan(0.04);
  });

  test("a parameter's values do not depend on which others there are, or on the dtype", () => {
    const plain = built(lstmCell({ units: UNITS }))["kernel"];
    expect(numbers(built(lstmCell({ units: UNITS, peepholes: true }))["kernel"])).toEqual(numbers(plain));
    const cell = lstmCell({ units: UNITS });
    cell.build(INPUTS, { random: randomStream(1) });
    expect(numbers(cell.parameters()["kernel"])).toEqual(numbers(plain).map(Math.fround));
  });

  test("a cell's own seed wins over the stream it is built with", () => {
    const kernels = [5, 5, 6].map((seed) => numbers(built(lstmCell({ units: UNITS, seed }))["kernel"]));
    expect(kernels[0]).toEqual(kernels[1]);
    expect(kernels[0]).not.toEqual(kernels[2]);
    expect(kernels[0]).not.toEqual(numbers(built(lstmCell({ units: UNITS }))["kernel"]));
  });

  test("parameters of an unbuilt cell are refused", () => {
    expect(() => lstmCell({ units: 2 }).parameters()).toThrow(
      "lstmCell: expected parameters, got none yet. Run it on an input, or call build(inputSize)",
    );
  });
});
