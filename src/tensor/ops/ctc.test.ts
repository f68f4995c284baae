/**
 * CTC loss against PyTorch (`test/golden/make_ctc.py`), against the sum over all paths, and its
 * edges.
 */
import { describe, expect, test } from "vitest";
import { randomStream, type RandomStream } from "../../base/index.ts";
import { readGoldens } from "../../../test/helpers/golden-training.ts";
import { ctcLogProbability, ctcLoss, grad, logSoftmax, mul, sum, type Tensor, tensor, valueAndGrad } from "../index.ts";

type Result = { readonly losses: readonly (number | null)[]; readonly gradients: readonly (number | null)[] };
type Golden = {
  readonly name: string;
  readonly logits: { readonly shape: number[]; readonly data: number[] };
  readonly weights: { readonly data: number[] };
  readonly blank: number;
  readonly lengths: number[];
  readonly targets: number[][];
  readonly plain: Result;
  readonly zeroInfinity: Result;
};

const goldens = readGoldens<Golden>("ctc");

/** Largest difference; null is what is not finite. */
function difference(got: ArrayLike<number>, expected: readonly (number | null)[]): number {
  expect(got.length).toBe(expected.length);
  return expected.reduce<number>((worst, value, i) => {
    if (value === null) return Number.isFinite(got[i]) ? Infinity : worst;
    return Math.max(worst, Number.isNaN(got[i]) ? Infinity : Math.abs(got[i] - value) / Math.max(1, Math.abs(value)));
  }, 0);
}

test("there are 8 goldens", () => expect(goldens.length).toBe(8));

describe.each(goldens)("$name", (golden) => {
  test.each([
    ["float64", 1e-10],
    ["float32", 2e-5],
  ] as const)("PyTorch's values and gradients in %s", (dtype, tolerance) => {
    for (const zeroInfinity of [false, true]) {
      const { blank, lengths, targets, weights } = golden;
      const logits = tensor(Float64Array.from(golden.logits.data), { shape: golden.logits.shape, dtype });
      const { gradients, result } = valueAndGrad(() => {
        const losses = ctcLoss(logits, targets, { blank, lengths, zeroInfinity });
        return { value: sum(mul(losses, tensor(weights.data, { dtype }))), losses };
      }, logits);
      const expected = golden[zeroInfinity ? "zeroInfinity" : "plain"];
      expect(difference(result.losses.values(), expected.losses)).toBeLessThan(tolerance);
      expect(difference(gradients.values(), expected.gradients)).toBeLessThan(tolerance);
    }
  });
});

/** The labels of a path: repeated classes merged, then blanks left out. */
const collapse = (path: readonly number[], blank: number): number[] =>
  path.filter((c, t) => c !== blank && (t === 0 || path[t - 1] !== c));

function* allPaths(steps: number, classes: number): Generator<number[]> {
  for (let n = 0; n < classes ** steps; n++)
    yield Array.from({ length: steps }, (_, t) => Math.floor(n / classes ** t) % classes);
}

/** -log P and its gradient: by each path's probability and the classes on it. */
function byPaths(
  x: readonly number[][],
  target: readonly number[],
  blank: number,
): { loss: number; gradient: number[][] } {
  const probabilities = x.map((row) => {
    const total = row.reduce((a, b) => a + Math.exp(b), 0);
    return row.map((value) => Math.exp(value) / total);
  });
  const classes = x[0]?.length ?? 1;
  const counts = x.map((row) => row.map(() => 0));
  let total = 0;
  for (const path of allPaths(x.length, classes)) {
    if (collapse(path, blank).join() !== target.join()) continue;
    const p = path.reduce((product, c, t) => product * probabilities[t][c], 1);
    total += p;
    path.forEach((c, t) => (counts[t][c] += p));
  }
  return {
    loss: -Math.log(total),
    gradient: counts.map((row, t) => row.map((count, c) => probabilities[t][c] - count / total)),
  };
}

const randomTarget = (random: RandomStream, length: number, classes: number, blank: number): number[] =>
  Array.from({ length }, () => (blank + 1 + random.integer(classes - 1)) % classes);

test("500 random batches are the sums over all paths", () => {
  let rows = 0;
  const seen = { empty: 0, impossible: 0, noSteps: 0, repeats: 0 };
  for (let i = 0; i < 500; i++) {
    const random = randomStream(7).at(i);
    const steps = 1 + random.integer(5);
    const classes = 2 + random.integer(3);
    const batch = 1 + random.integer(3);
    const blank = random.integer(classes);
    const lengths = Array.from({ length: batch }, () => random.integer(steps + 1));
    const targets = lengths.map((n) => randomTarget(random, random.integer(Math.min(n, 3) + 2), classes, blank));
    const data = Float64Array.from({ length: steps * batch * classes }, () => 2 * random.normal());
    const logits = tensor(data, { shape: [steps, batch, classes] });
    const { gradients, result } = valueAndGrad(() => {
      const losses = ctcLoss(logits, targets, { blank, lengths });
      return { value: sum(losses), losses };
    }, logits);
    const losses = result.losses.values();
    const values = gradients.values();
    for (let b = 0; b < batch; b++) {
      rows++;
      const at = (t: number): number => (t * batch + b) * classes;
      const x = Array.from({ length: lengths[b] }, (_, t) => Array.from(data.subarray(at(t), at(t) + classes)));
      const { loss, gradient } = byPaths(x, targets[b], blank);
      if (targets[b].length === 0) seen.empty++;
      if (loss === Infinity) seen.impossible++;
      if (lengths[b] === 0) seen.noSteps++;
      if (targets[b].some((label, j) => j > 0 && label === targets[b][j - 1])) seen.repeats++;
      if (loss === Infinity) expect(losses[b]).toBe(Infinity);
      else expect(Math.abs(losses[b] - loss)).toBeLessThan(1e-10);
      for (let t = 0; t < steps; t++)
        for (let c = 0; c < classes; c++) {
          const got = values[at(t) + c];
          if (t >= lengths[b]) expect(got).toBe(0);
          else if (loss === Infinity) expect(got).toBeNaN();
          else expect(Math.abs(got - gradient[t][c])).toBeLessThan(1e-10);
        }
    }
  }
  expect(rows).toBeGreaterThan(900);
  for (const [what, count] of Object.entries(seen)) expect(count, what).toBeGreaterThan(50);
});

test("logits of ±1e4 give a finite loss, and log-probabilities are not changed", () => {
  const logits = tensor([[[1e4, -1e4, 0]], [[-1e4, 1e4, 0]]], { dtype: "float64" });
  expect(ctcLoss(logits, [[2]], { blank: 1 }).item()).toBe(10000);
  const some = tensor([[[0.3, -1, 2]], [[0.1, 0.7, -0.4]]], { dtype: "float64" });
  const direct = ctcLoss(some, [[1]], { blank: 0 }).item();
  expect(ctcLoss(logSoftmax(some), [[1]], { blank: 0 }).item()).toBeCloseTo(direct, 14);
  const p = logSoftmax(some).values() as Float64Array;
  expect(ctcLogProbability(p, [1], { classes: 3, blank: 0 })).toBeCloseTo(-direct, 14);
});

test("what does not fit is refused, with its place", () => {
  const x = tensor([[[0, 0, 0]]], { dtype: "float64" });
  const one = (targets: number[][], options = {}): Tensor => ctcLoss(x, targets, { blank: 0, ...options });
  expect(() => one([[1], [1]])).toThrow("ctcLoss targets: expected 1 rows, got [2]");
  expect(() => one([[0]])).toThrow("ctcLoss targets[0][0]: expected a label that is not the blank, got 0");
  expect(() => one([[3]])).toThrow("ctcLoss targets[0][0]: expected an integer in [0, 2], got 3");
  expect(() => one([[1]], { blank: 3 })).toThrow("ctcLoss blank: expected an integer in [0, 2], got 3");
  expect(() => one([[1]], { lengths: [2] })).toThrow("ctcLoss lengths[0]: expected an integer in [0, 1], got 2");
  expect(() => ctcLoss(tensor([[1]]), [[1]], { blank: 0 })).toThrow("ctcLoss: expected logits [T, B, C], got [1, 1]");
  const twice = (): Tensor => grad((y) => sum(grad((z) => sum(ctcLoss(z, [[1]], { blank: 0 })), y)), x);
  expect(twice).toThrow("ctcLoss: expected a first derivative");
});
