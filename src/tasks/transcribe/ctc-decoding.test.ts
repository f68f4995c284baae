/** Searches and alignments against all labellings and all paths of small cases. */
import { expect, test } from "vitest";
import { randomStream, type RandomStream } from "../../base/index.ts";
import { ctcLogProbability, logSoftmax, tensor } from "../../tensor/index.ts";
import { ctcAlign, ctcBeamSearch, ctcGreedy, type StepProbabilities } from "./ctc-decoding.ts";

function randomSteps(random: RandomStream): StepProbabilities & { readonly T: number } {
  const T = 1 + random.integer(5);
  const classes = 2 + random.integer(3);
  const logits = Float64Array.from({ length: T * classes }, () => 1.5 * random.normal());
  const data = logSoftmax(tensor(logits, { shape: [T, classes] })).values() as Float64Array;
  return { T, data, classes, blank: random.integer(classes) };
}

const numbersOf = (n: number, length: number, base: number): number[] =>
  Array.from({ length }, (_, i) => Math.floor(n / base ** i) % base);

const collapse = (path: readonly number[], blank: number): number[] =>
  path.filter((c, t) => c !== blank && (t === 0 || path[t - 1] !== c));

const probabilityOf = ({ data, classes }: StepProbabilities, path: readonly number[]): number =>
  path.reduce((sum, c, t) => sum + data[t * classes + c], 0);

test("200 random cases: a wide beam finds the best of all labellings, also with a language model", () => {
  for (let i = 0; i < 200; i++) {
    const random = randomStream(11).at(i);
    const steps = randomSteps(random);
    const { T, classes, blank, data } = steps;
    const table = Float64Array.from({ length: (classes + 1) * classes }, () => random.normal());
    const scoreNext = (before: readonly number[], label: number): number =>
      table[((before.at(-1) ?? -1) + 1) * classes + label];
    for (const model of [undefined, scoreNext]) {
      let best: { score: number; labels: number[] } = { score: -Infinity, labels: [] };
      for (let length = 0; length <= T; length++) {
        for (let n = 0; n < classes ** length; n++) {
          const labels = numbersOf(n, length, classes);
          if (labels.includes(blank)) continue;
          const language =
            model === undefined ? 0 : labels.reduce((sum, c, k) => sum + model(labels.slice(0, k), c), 0);
          const score = ctcLogProbability(data, labels, { classes, blank }) + language;
          if (score > best.score) best = { score, labels };
        }
      }
      const found = ctcBeamSearch(steps, { beams: 5000, scoreNext: model });
      expect([...found.labels]).toEqual(best.labels);
      expect(Math.abs(found.logProbability - best.score)).toBeLessThan(1e-10);
    }
  }
});

/**
 * The search over a table of labellings: probabilities of the paths that end in a blank and in the
 * last label.
 */
function searchByTable(
  { T, data, classes, blank }: ReturnType<typeof randomSteps>,
  beam: number,
  scoreNext: (prefix: readonly number[], label: number) => number,
): { labels: readonly number[]; score: number } {
  type Entry = { labels: readonly number[]; inBlank: number; inLabel: number };
  const scoreOf = ({ labels, inBlank, inLabel }: Entry): number =>
    labels.reduce((sum, c, k) => sum + scoreNext(labels.slice(0, k), c), Math.log(inBlank + inLabel));
  let kept: Entry[] = [{ labels: [], inBlank: 1, inLabel: 0 }];
  for (let t = 0; t < T; t++) {
    const p = Array.from(data.subarray(t * classes, (t + 1) * classes), (x) => Math.exp(x));
    const next = new Map<string, Entry>();
    const add = (labels: readonly number[], inBlank: number, inLabel: number): void => {
      const known = next.get(labels.join());
      next.set(labels.join(), {
        labels,
        inBlank: (known?.inBlank ?? 0) + inBlank,
        inLabel: (known?.inLabel ?? 0) + inLabel,
      });
    };
    for (const { labels, inBlank, inLabel } of kept) {
      const last = labels.at(-1);
      add(labels, (inBlank + inLabel) * p[blank], last === undefined ? 0 : inLabel * p[last]);
      p.forEach((chance, c) => {
        if (c !== blank) add([...labels, c], 0, (c === last ? inBlank : inBlank + inLabel) * chance);
      });
    }
    kept = [...next.values()]
      .filter(({ inBlank, inLabel }) => inBlank + inLabel > 0)
      .sort((a, b) => scoreOf(b) - scoreOf(a))
      .slice(0, beam);
  }
  return { labels: kept[0].labels, score: scoreOf(kept[0]) };
}

test("200 random cases: a narrow beam keeps what a search over a table of labellings keeps", () => {
  let lost = 0;
  for (let i = 0; i < 200; i++) {
    const random = randomStream(13).at(i);
    const steps = randomSteps(random);
    const table = Float64Array.from({ length: 25 }, () => random.normal());
    // of all labels before, in their order
    const language = (before: readonly number[], label: number): number =>
      table[before.reduce((hash, c) => (3 * hash + c + 1) % 25, label)];
    for (const scoreNext of [undefined, language]) {
      const wide = ctcBeamSearch(steps, { beams: 5000, scoreNext });
      for (const beams of [1, 2, 3, 5]) {
        const found = ctcBeamSearch(steps, { beams, scoreNext });
        const { labels, score } = searchByTable(steps, beams, scoreNext ?? (() => 0));
        expect([...found.labels]).toEqual(labels);
        expect(Math.abs(found.logProbability - score)).toBeLessThan(1e-10);
        if (found.labels.join() !== wide.labels.join()) lost++;
      }
    }
  }
  expect(lost).toBeGreaterThan(50);
});

test("of labellings that are equally probable, the one found first wins", () => {
  const steps = { data: new Float64Array(3).fill(Math.log(1 / 3)), classes: 3, blank: 0 };
  expect([...ctcBeamSearch(steps, { beams: 3 }).labels]).toEqual([]);
  const unlikely = { ...steps, data: Float64Array.of(-9, -1, -1) };
  expect([...ctcBeamSearch(unlikely, { beams: 3 }).labels]).toEqual([1]);
});

test("200 random cases: greedy is the best path, alignment the best path of its labels", () => {
  for (let i = 0; i < 200; i++) {
    const random = randomStream(12).at(i);
    const steps = randomSteps(random);
    const { T, classes, blank } = steps;
    const target = collapse(numbersOf(random.integer(classes ** T), T, classes), blank);
    let best = { score: -Infinity, path: [] as number[] };
    let aligned = { score: -Infinity, path: [] as number[] };
    for (let n = 0; n < classes ** T; n++) {
      const path = numbersOf(n, T, classes);
      const score = probabilityOf(steps, path);
      if (score > best.score) best = { score, path };
      if (collapse(path, blank).join() === target.join() && score > aligned.score) aligned = { score, path };
    }
    const greedy = ctcGreedy(steps);
    expect([...greedy.labels]).toEqual(collapse(best.path, blank));
    expect(greedy.logProbability).toBeCloseTo(best.score, 12);
    const found = [...ctcAlign(steps, target)];
    expect(found.map((k) => (k < 0 ? blank : target[k]))).toEqual(aligned.path);
    // labels come one after the other
    expect([...new Set(found.filter((k) => k >= 0))]).toEqual(target.map((_, k) => k));
  }
});

test("no steps, and labels that don't fit", () => {
  const none = { data: new Float64Array(0), classes: 3, blank: 0 };
  expect(ctcGreedy(none)).toEqual({ labels: new Int32Array(0), logProbability: 0 });
  expect(ctcBeamSearch(none, { beams: 2 })).toEqual({ labels: new Int32Array(0), logProbability: 0 });
  expect(ctcAlign(none, [])).toEqual(new Int32Array(0));
  expect(() => ctcAlign(none, [1])).toThrow("ctcAlign: expected steps for 1 labels, got 0. No path gives them");
  const two = { data: new Float64Array(6).fill(-1), classes: 3, blank: 0 };
  expect(() => ctcAlign(two, [1, 1])).toThrow("No path gives them");
});
