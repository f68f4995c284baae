/**
 * @file Optimizers, clipping and schedules against TF1, Keras and PyTorch: `test/golden/data`,
 * formulas in `test/golden/README.md`.
 */
import { afterAll, describe, expect, test } from "vitest";
import {
  type ClipCase,
  clipError,
  type OptimizerCase,
  optimizerError,
  readGoldens,
  type ScheduleCase,
  scheduleError,
} from "../../test/helpers/golden-training.ts";

const figures = new Map<string, number>();
const note = (family: string, value: number): number => {
  figures.set(family, Math.max(figures.get(family) ?? 0, value));
  return value;
};

/** GOLDEN_FIGURES=1 prints the largest error of each family. */
afterAll(() => {
  if (process.env["GOLDEN_FIGURES"])
    console.log(Object.fromEntries([...figures].map(([name, value]) => [name, value.toExponential(1)])));
});

describe.each([
  ["optimizers", 42],
  ["rate-drop", 9],
] as const)("%s", (file, count) => {
  const all = readGoldens<OptimizerCase>(file);
  test("has all cases", () => expect(all.length).toBe(count));

  test.each(all)("$name", (golden) => {
    expect(Object.keys(golden.trajectory).length).toBe(3);
    const { type } = golden.optimizer;
    expect(note(`${type} float64`, optimizerError(golden, "float64"))).toBeLessThan(1e-13);
    expect(note(`${type} float32`, optimizerError(golden, "float32"))).toBeLessThan(1e-6);
  });
});

describe("clipping", () => {
  test.each(readGoldens<ClipCase>("clipping"))("$name", (golden) => {
    expect(note("clipping", clipError(golden))).toBeLessThan(1e-14);
  });
});

describe("schedules", () => {
  test.each(readGoldens<ScheduleCase>("schedules"))("$name", (golden) => {
    expect(golden.values.length).toBe(60);
    const { dtype } = golden;
    expect(note(`schedules ${dtype}`, scheduleError(golden))).toBeLessThan(dtype === "float32" ? 2e-7 : 1e-14);
  });
});
