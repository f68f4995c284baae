import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type FloatDType } from "../base/index.ts";
import { grad, ones, sum, type Tensor, tensor, zeros } from "../tensor/index.ts";
import { sequenceLoss, type SequenceLossOptions } from "./sequence-loss.ts";

type Stored = { readonly shape: readonly number[]; readonly data: readonly number[] };
type Reduction = "tt" | "tf" | "ft" | "ff";
type LossCase = {
  readonly name: string;
  readonly kind: string;
  readonly logits: Stored;
  readonly targets: Stored;
  readonly weights: Stored;
  readonly results: Readonly<Record<Reduction, Stored>>;
  readonly gradients: Readonly<Record<Reduction, Stored>>;
};

const file = JSON.parse(readFileSync(new URL("../../test/golden/data/losses.json", import.meta.url), "utf8")) as {
  cases: LossCase[];
};
const cases = file.cases.filter(({ kind }) => kind === "sequenceLoss");

const floats = ({ shape, data }: Stored, dtype: FloatDType = "float64"): Tensor =>
  tensor(Float64Array.from(data), { shape, dtype });
const integers = ({ shape, data }: Stored): Tensor => tensor(Int32Array.from(data), { shape });

/** Averages over time, then over the batch, as in the names of the golden results. */
const reductions: Readonly<Record<Reduction, SequenceLossOptions>> = {
  tt: {},
  tf: { averageAcrossBatch: false },
  ft: { averageAcrossTimesteps: false },
  ff: { averageAcrossTimesteps: false, averageAcrossBatch: false },
};

function expectClose(got: Tensor, expected: Stored, limit: number): void {
  expect(got.shape).toEqual(expected.shape);
  got.values().forEach((x: number, i: number) => expect(Math.abs(x - expected.data[i])).toBeLessThanOrEqual(limit));
}

describe("sequenceLoss equals TensorFlow's", () => {
  const all = cases.flatMap((golden) =>
    (Object.keys(reductions) as Reduction[]).map((reduction) => [golden.name, reduction, golden] as const),
  );
  test.each(all)("%s, %s", (_name, reduction, golden) => {
    for (const [dtype, limit] of [
      ["float64", 1e-12],
      ["float32", 2e-6],
    ] as const) {
      const [logits, weights] = [floats(golden.logits, dtype), floats(golden.weights, dtype)];
      const loss = (x: Tensor): Tensor => sequenceLoss(x, integers(golden.targets), weights, reductions[reduction]);
      expectClose(loss(logits), golden.results[reduction], limit);
      expectClose(
        grad((x) => sum(loss(x)), logits),
        golden.gradients[reduction],
        limit,
      );
    }
  });

  test("there are goldens", () => expect(cases.length).toBeGreaterThanOrEqual(9));
});

describe("sequenceLoss", () => {
  const targets = tensor([[1, 1, 1]], { dtype: "int32" });

  test("of the tutorial's numbers", () => {
    const logits = tensor([
      [
        [0.2, 0.7],
        [0.6, 0.2],
        [0.2, 0.9],
      ],
    ]);
    expect(sequenceLoss(logits, targets, ones([1, 3])).item()).toBeCloseTo(0.5967595, 6);
  });

  test("of equal scores is the logarithm of the number of classes", () => {
    expect(sequenceLoss(zeros([1, 3, 5]), targets, ones([1, 3])).item()).toBeCloseTo(Math.log(5), 6);
  });

  test("of weights that are all zero is 0, and so is its gradient", () => {
    const logits = tensor([
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
    ]);
    expect(sequenceLoss(logits, targets, zeros([1, 3])).item()).toBe(0);
    expect(
      grad((x) => sequenceLoss(x, targets, zeros([1, 3])), logits)
        .values()
        .every((g: number) => g === 0),
    ).toBe(true);
  });

  test("divides by the sum of the weights, so halving them all changes nothing", () => {
    const logits = tensor([
      [
        [1, 2],
        [0, 4],
        [5, 6],
      ],
    ]);
    const [whole, half] = [1, 0.5].map((w) => sequenceLoss(logits, targets, tensor([[w, w, w]])).item());
    expect(half).toBeCloseTo(whole, 6);
  });

  test("takes another loss per position", () => {
    const softmaxLossFunction = (_logits: Tensor, given: Tensor): Tensor => ones(given.shape);
    expect(sequenceLoss(zeros([1, 3, 5]), targets, ones([1, 3]), { softmaxLossFunction }).item()).toBe(1);
  });

  test("refuses shapes that do not agree and targets outside the classes", () => {
    expect(() => sequenceLoss(zeros([3, 5]), targets, ones([1, 3]))).toThrow(
      "sequenceLoss: expected logits [B, T, classes], got [3, 5]",
    );
    expect(() => sequenceLoss(zeros([1, 4, 5]), targets, ones([1, 4]))).toThrow(
      "sequenceLoss: expected targets [1, 4], got [1, 3]",
    );
    expect(() => sequenceLoss(zeros([1, 3, 5]), targets, ones([3, 1]))).toThrow(
      "sequenceLoss: expected weights [1, 3], got [3, 1]",
    );
    expect(() => sequenceLoss(zeros([1, 3, 1]), targets, ones([1, 3]))).toThrow(RangeError);
  });
});
