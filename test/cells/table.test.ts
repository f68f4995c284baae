/** What every row of the case table must be able to do beside its arithmetic. */
import { describe, expect, test } from "vitest";
import { leavesOf, randomStream, type Tree } from "../../src/base/index.ts";
import { decodeSafetensors, encodeSafetensors, type StoredArray } from "../../src/formats/index.ts";
import {
  type Cell,
  dropoutWrapper,
  dynamicRnn,
  gateRanges,
  gruCell,
  isGated,
  lstmCell,
  multiRnnCell,
  residualWrapper,
  rnnCell,
} from "../../src/rnn/index.ts";
import { assign, concat, slice, type Tensor } from "../../src/tensor/index.ts";
import { cellCases, decayingUnitCell } from "../cell-cases.ts";
import { builtCell, sameBits, uniformTensor } from "./cell-runs.ts";

const rows = cellCases.map((row) => [row.name, row] as const);

test("names are unique", () => {
  expect(new Set(cellCases.map(({ name }) => name)).size).toBe(cellCases.length);
});

describe("a cell", () => {
  test.each(rows)("%s: rows of a batch do not see each other", (_name, row) => {
    const cell = builtCell(row, 2, "float32");
    const x = uniformTensor([3, 4, row.inputSize], randomStream(1), "float32");
    const together = dynamicRnn(cell, x);
    const alone = [0, 1, 2].map((b) => dynamicRnn(cell, slice(x, [b], [1])));
    expect(sameBits(together.outputs, concat(alone.map(({ outputs }) => outputs)))).toBe(true);
    const states = alone.map(({ state }) => new Map(leavesOf(state as Tree<Tensor>)));
    for (const [path, part] of leavesOf(together.state as Tree<Tensor>)) {
      expect(sameBits(part, concat(states.map((leaves) => leaves.get(path) as Tensor))), path).toBe(true);
    }
  });

  test.each(rows)("%s: shapes are as declared", (_name, row) => {
    const cell = row.make(1);
    const { outputs, state } = dynamicRnn(cell, uniformTensor([3, 4, row.inputSize], randomStream(1), "float64"));
    expect(outputs.shape).toEqual([3, 4, cell.outputSize]);
    expect(outputs.dtype).toBe("float64");
    const sizes = leavesOf(cell.stateSize as Tree<number>).map(([path, size]) => [path, [3, size]]);
    expect(leavesOf(state as Tree<Tensor>).map(([path, part]) => [path, part.shape])).toEqual(sizes);
    expect(Object.keys(cell.parameters()).length).toBeGreaterThan(0);
  });

  test.each(rows)("%s: the seed decides the parameters", (_name, row) => {
    const built = [7, 7, 8].map((seed) => {
      const cell = row.make(seed);
      cell.build(row.inputSize);
      return Object.values(cell.parameters());
    });
    expect(built[0].every((p, i) => sameBits(p, built[1][i]))).toBe(true);
    expect(built[0].every((p, i) => sameBits(p, built[2][i]))).toBe(false);
  });

  test.each(rows)("%s: saved and loaded parameters give the same outputs", (_name, row) => {
    const saved = builtCell(row, 12, "float32");
    const { arrays } = decodeSafetensors(encodeSafetensors(stored(saved)));
    const loaded = builtCell(row, 13, "float32");
    const x = uniformTensor([2, 3, row.inputSize], randomStream(1), "float32");
    expect(sameBits(dynamicRnn(saved, x).outputs, dynamicRnn(loaded, x).outputs)).toBe(false);
    expect(Object.keys(arrays).sort()).toEqual(Object.keys(loaded.parameters()).sort());
    for (const [name, value] of Object.entries(loaded.parameters())) {
      expect(arrays[name].shape).toEqual(value.shape);
      assign(value, arrays[name].data);
    }
    expect(sameBits(dynamicRnn(saved, x).outputs, dynamicRnn(loaded, x).outputs)).toBe(true);
  });
});

test.each(rows.filter(([, { formula }]) => formula))("%s: the outputs are those of its formula", (_name, row) => {
  const cell = builtCell(row, 5, "float64");
  const x = uniformTensor([1, 4, row.inputSize], randomStream(1), "float64", 2);
  const parameters = Object.entries(cell.parameters()).map(([name, p]) => [name, Array.from(p.values())]);
  const [steps] = x.toArray() as number[][][];
  const expected = row.formula?.(Object.fromEntries(parameters), steps).flat() ?? [];
  const outputs = Array.from(dynamicRnn(cell, x).outputs.values());
  expect(outputs).toHaveLength(expected.length);
  outputs.forEach((y, i) => expect(y).toBeCloseTo(expected[i], 12));
});

test.each(rows)("%s: the gates that it declares are in a trace and in their range, zero on padding", (_name, row) => {
  const cell = builtCell(row, 3, "float32");
  const x = uniformTensor([2, 4, row.inputSize], randomStream(1), "float32", 5);
  const { trace } = dynamicRnn(cell, x, { lengths: [4, 1], trace: true });
  const values = new Map(leavesOf(trace as Tree<Tensor>));
  for (const [path, [low, high]] of gateRanges(cell.gates ?? {})) {
    // a cell with a fused sequence shows no gates in its steps
    if (row.random && !values.has(path)) continue;
    const all = values.get(path)?.values() ?? [NaN];
    expect(Math.min(...all), path).toBeGreaterThanOrEqual(low);
    expect(Math.max(...all), path).toBeLessThanOrEqual(high);
    const padding = slice(values.get(path) as Tensor, [1, 1], [1, 3]).values();
    expect(Array.from(padding, Math.abs), path).toEqual(new Array(padding.length).fill(0));
  }
});

test("gates by path, through wrappers and stacks", () => {
  const make = (): Cell =>
    dropoutWrapper(multiRnnCell([lstmCell({ units: 2 }), residualWrapper(decayingUnitCell(2, 1))]), {
      kind: "tf1",
      stateKeep: 0.9,
    });
  expect([...gateRanges(make().gates ?? {}).keys()]).toEqual(["0/i", "0/f", "0/g", "0/o", "1/f"]);
  const { trace } = dynamicRnn(make(), uniformTensor([1, 3, 2], randomStream(1), "float32"), { trace: true });
  expect(leavesOf(trace as Tree<Tensor>).map(([path]) => path)).toContain("1/f");
  expect(isGated(gruCell({ units: 1 }).gates ?? {})).toBe(true);
  expect(isGated(rnnCell({ units: 1 }).gates ?? {})).toBe(false);
  expect([...gateRanges({ f: "hardSigmoid", g: "relu", s: "softsign" })]).toEqual([
    ["f", [0, 1]],
    ["s", [-1, 1]],
  ]);
});

const stored = (cell: Cell): Record<string, StoredArray> =>
  Object.fromEntries(
    Object.entries(cell.parameters()).map(([name, p]) => [name, { dtype: p.dtype, shape: p.shape, data: p.values() }]),
  );
