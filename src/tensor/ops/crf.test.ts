import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type RandomStream, randomStream } from "../../base/index.ts";
import {
  capture,
  type CrfConstraints,
  crfBestPaths,
  crfLogLikelihood,
  crfLogNormalizer,
  crfMarginals,
  crfViterbi,
  grad,
  mul,
  sum,
  type Tensor,
  tensor,
  valueAndGrad,
} from "../index.ts";

type Case = {
  readonly T: number;
  readonly B: number;
  readonly K: number;
  readonly lengths: number[];
  readonly emissions: Float64Array;
  readonly transitions: Float64Array;
  readonly start: Float64Array;
  readonly end: Float64Array;
  readonly tags: Int32Array;
  readonly weights: Float64Array;
};

function randomCase(random: RandomStream): Case {
  const T = random.integer(6);
  const B = 1 + random.integer(3);
  const K = 1 + random.integer(4);
  const scale = [0.1, 1, 5, 40][random.integer(4)];
  const draw = (n: number): Float64Array => Float64Array.from({ length: n }, () => random.normal() * scale);
  return {
    T,
    B,
    K,
    lengths: Array.from({ length: B }, () => random.integer(T + 1)),
    emissions: draw(T * B * K),
    transitions: draw(K * K),
    start: draw(K),
    end: draw(K),
    // few different tags, so that they repeat
    tags: Int32Array.from({ length: T * B }, () => random.integer(Math.min(K, 2))),
    weights: draw(B),
  };
}

/** Every path of n steps over K tags. */
function* paths(n: number, K: number): Generator<number[]> {
  if (n === 0) yield [];
  else for (const head of paths(n - 1, K)) for (let k = 0; k < K; k++) yield [...head, k];
}

function scoreOf({ B, K, emissions, transitions, start, end }: Case, b: number, path: readonly number[]): number {
  if (path.length === 0) return 0;
  let score = start[path[0]] + end[path[path.length - 1]];
  path.forEach((k, t) => (score += emissions[(t * B + b) * K + k] + (t > 0 ? transitions[path[t - 1] * K + k] : 0)));
  return score;
}

type Summed = { z: number; ll: number; marginals: Float64Array; best: number; gradients: Float64Array[] };

/**
 * Log-likelihood, marginals, and the expected count of each score, by a sum over all paths with
 * their probabilities.
 */
function bruteForce(given: Case, b: number): Summed {
  const { T, B, K, lengths, tags } = given;
  const n = lengths[b];
  const all = [...paths(n, K)].map((path) => ({ path, score: scoreOf(given, b, path) }));
  const best = Math.max(...all.map(({ score }) => score));
  const z = best + Math.log(all.reduce((total, { score }) => total + Math.exp(score - best), 0));
  const marginals = new Float64Array(T * K);
  const gradients = [T * B * K, K * K, K, K].map((size) => new Float64Array(size));
  const count = (path: readonly number[], p: number): void => {
    if (path.length === 0) return;
    gradients[2][path[0]] += p;
    gradients[3][path[path.length - 1]] += p;
    path.forEach((k, t) => {
      gradients[0][(t * B + b) * K + k] += p;
      if (t > 0) gradients[1][path[t - 1] * K + k] += p;
    });
  };
  for (const { path, score } of all) {
    const p = Math.exp(score - z);
    path.forEach((k, t) => (marginals[t * K + k] += p));
    count(path, -p);
  }
  const own = Array.from({ length: n }, (_, t) => tags[t * B + b]);
  count(own, 1);
  return { z, ll: scoreOf(given, b, own) - z, marginals, best, gradients };
}

const tensorsOf = ({ T, B, K, ...given }: Case): Record<"emissions" | "transitions" | "start" | "end", Tensor> => ({
  emissions: tensor(given.emissions, { shape: [T, B, K] }),
  transitions: tensor(given.transitions, { shape: [K, K] }),
  start: tensor(given.start),
  end: tensor(given.end),
});

function expectClose(got: ArrayLike<number>, expected: ArrayLike<number>, where: string, tolerance = 1e-10): void {
  expect(got.length, where).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(got[i] - expected[i]);
    if (!(difference <= tolerance * Math.max(1, Math.abs(expected[i]))))
      expect.fail(`${where}[${i}]: expected ${expected[i]}, got ${got[i]}`);
  }
}

const CASES = 500;

test(`${CASES} random cases agree with the sum over all paths: losses, gradients, marginals, the best path`, () => {
  let empty = 0;
  for (let i = 0; i < CASES; i++) {
    const given = randomCase(randomStream(7).at(i));
    const { T, B, K, lengths } = given;
    const { emissions, ...scores } = tensorsOf(given);
    const ids = tensor(given.tags, { shape: [T, B] });
    const weights = tensor(given.weights);
    const { result, gradients } = valueAndGrad(
      (x) => {
        const each = crfLogLikelihood(x.emissions, ids, { ...x, lengths });
        return { value: sum(mul(each, weights)), each };
      },
      { emissions, ...scores },
    );
    const rows = Array.from({ length: B }, (_, b) => bruteForce(given, b));
    empty += lengths.filter((n) => n === 0).length;
    expectClose(
      result.each.values(),
      rows.map(({ ll }) => ll),
      `case ${i} log-likelihood`,
    );
    Object.entries(gradients).forEach(([name, gradient], at) => {
      const expected = rows[0].gradients[at].map((_, j) =>
        rows.reduce((total, row, b) => total + given.weights[b] * row.gradients[at][j], 0),
      );
      expectClose(gradient.values(), expected, `case ${i} gradient of ${name}`);
    });
    expectClose(
      crfLogNormalizer(emissions, { ...scores, lengths }),
      rows.map(({ z }) => z),
      `case ${i} normaliser`,
    );
    const marginals = crfMarginals(emissions, { ...scores, lengths }).values();
    const found = crfViterbi(emissions, { ...scores, lengths });
    rows.forEach((row, b) => {
      const own = Array.from({ length: T * K }, (_, j) => marginals[(Math.floor(j / K) * B + b) * K + (j % K)]);
      expectClose(own, row.marginals, `case ${i} marginals of row ${b}`);
      expect(found[b].tags).toHaveLength(lengths[b]);
      expectClose([found[b].score], [row.best], `case ${i} best score of row ${b}`);
      expectClose([scoreOf(given, b, [...found[b].tags])], [row.best], `case ${i} best path of row ${b}`);
    });
  }
  expect(empty).toBeGreaterThan(100);
});

test("constrained decoding gives the best of the paths that are allowed, and n-best the best n in order", () => {
  for (let i = 0; i < 200; i++) {
    const random = randomStream(8).at(i);
    const given = randomCase(random);
    const { B, K, lengths } = given;
    const flags = (n: number): number[] => Array.from({ length: n }, () => (random.uniform() < 0.6 ? 1 : 0));
    // tag 0 is allowed everywhere, so that there is a path
    const constraints: CrfConstraints = {
      transitions: flags(K * K).map((flag, at) => (at % K === 0 || at < K ? 1 : flag)),
      start: flags(K).map((flag, k) => (k === 0 ? 1 : flag)),
      end: flags(K).map((flag, k) => (k === 0 ? 1 : flag)),
    };
    const isAllowed = (path: readonly number[]): boolean =>
      path.length === 0 ||
      (constraints.start[path[0]] === 1 &&
        constraints.end[path[path.length - 1]] === 1 &&
        path.every((k, t) => t === 0 || constraints.transitions[path[t - 1] * K + k] === 1));
    const { emissions, ...scores } = tensorsOf(given);
    const found = crfBestPaths(emissions, 4, { ...scores, lengths, constraints });
    for (let b = 0; b < B; b++) {
      const expected = [...paths(lengths[b], K)]
        .filter(isAllowed)
        .map((path) => scoreOf(given, b, path))
        .toSorted((x, y) => y - x)
        .slice(0, 4);
      expectClose(
        found[b].map(({ score }) => score),
        expected,
        `case ${i} row ${b}`,
      );
      for (const { tags, score } of found[b]) {
        expect(isAllowed([...tags])).toBe(true);
        expectClose([scoreOf(given, b, [...tags])], [score], `case ${i} row ${b} path`);
      }
      expect(new Set(found[b].map(({ tags }) => tags.join()))).toHaveProperty("size", found[b].length);
    }
  }
});

test("constraints that leave no path are an error", () => {
  const constraints = { transitions: [0, 0, 0, 0], start: [1, 1], end: [1, 1] };
  const emissions = tensor(new Float64Array(4), { shape: [2, 1, 2] });
  expect(() =>
    crfViterbi(emissions, { transitions: tensor(new Float64Array(4), { shape: [2, 2] }), constraints }),
  ).toThrow("crfBestPaths: expected constraints that leave a path, got none for row 0");
});

test("a batch gives each row the bits that it has alone, whatever the padding holds", () => {
  const random = randomStream(9);
  const [T, B, K] = [7, 4, 5];
  const lengths = [7, 0, 1, 4];
  const draw = (n: number): Float32Array => Float32Array.from({ length: n }, () => random.normal());
  const data = draw(T * B * K);
  const tags = Int32Array.from({ length: T * B }, () => random.integer(K));
  const isPadding = (t: number, b: number): boolean => t >= lengths[b];
  const junk = data.map((x, i) => (isPadding(Math.floor(i / (B * K)), Math.floor(i / K) % B) ? Number.NaN : x));
  const junkTags = tags.map((x, i) => (isPadding(Math.floor(i / B), i % B) ? -9 : x));
  const scores = { transitions: tensor(draw(K * K), { shape: [K, K] }), start: tensor(draw(K)), end: tensor(draw(K)) };
  const run = (emissions: Float32Array, ids: Int32Array, rows: number, own: number[]) => {
    const steps = ids.length / rows;
    const x = tensor(emissions, { shape: [steps, rows, K] });
    const y = tensor(ids, { shape: [steps, rows] });
    const f = (e: Tensor): Tensor => crfLogLikelihood(e, y, { ...scores, lengths: own });
    return {
      values: [...f(x).values()],
      gradients: [...grad(({ x: e }: { x: Tensor }) => sum(f(e)), { x }).x.values()],
      marginals: [...crfMarginals(x, { ...scores, lengths: own }).values()],
    };
  };
  const clean = run(data, tags, B, lengths);
  expect(run(junk, junkTags, B, lengths)).toEqual(clean);
  expect(clean.gradients.every((x, i) => !isPadding(Math.floor(i / (B * K)), Math.floor(i / K) % B) || x === 0)).toBe(
    true,
  );
  for (let b = 0; b < B; b++) {
    const n = lengths[b];
    const of = (values: ArrayLike<number>): number[] =>
      Array.from({ length: n * K }, (_, i) => values[(Math.floor(i / K) * B + b) * K + (i % K)]);
    const alone = run(
      Float32Array.from(of(data)),
      Int32Array.from({ length: n }, (_, t) => tags[t * B + b]),
      1,
      [n],
    );
    expect(alone).toEqual({
      values: [clean.values[b]],
      gradients: of(clean.gradients),
      marginals: of(clean.marginals),
    });
  }
});

test("start or end alone counts as with zeros for the other", () => {
  for (let i = 0; i < 50; i++) {
    const given = randomCase(randomStream(10).at(i));
    const { T, B, K, lengths } = given;
    const { emissions, transitions, start, end } = tensorsOf(given);
    const zeros = tensor(new Float64Array(K));
    const ids = tensor(given.tags, { shape: [T, B] });
    const weights = tensor(given.weights);
    const loss = (e: Tensor, scores: Parameters<typeof crfLogLikelihood>[2]): Tensor =>
      sum(mul(crfLogLikelihood(e, ids, { ...scores, lengths }), weights));
    for (const own of [
      { transitions, start },
      { transitions, end },
    ]) {
      const full = { start: zeros, end: zeros, ...own };
      const alone = valueAndGrad((x) => loss(x.emissions, x), { emissions, ...own });
      const whole = valueAndGrad((x) => loss(x.emissions, x), { emissions, ...full });
      expect(alone.value.item()).toBe(whole.value.item());
      const expected: Readonly<Record<string, Tensor>> = whole.gradients;
      for (const [name, gradient] of Object.entries<Tensor>(alone.gradients))
        expect(gradient.values(), name).toEqual(expected[name].values());
      expect(crfViterbi(emissions, { ...own, lengths })).toEqual(crfViterbi(emissions, { ...full, lengths }));
    }
  }
});

test("of equal paths the one whose later tags are smaller comes first", () => {
  const [emissions, transitions] = [
    [3, 1, 3],
    [3, 3],
  ].map((shape) => tensor(new Float64Array(shape.reduce((n, size) => n * size)), { shape }));
  expect([...crfViterbi(emissions, { transitions })[0].tags]).toEqual([0, 0, 0]);
  expect(crfBestPaths(emissions, 5, { transitions })[0].map(({ tags }) => tags.join(""))).toEqual([
    "000",
    "100",
    "200",
    "010",
    "110",
  ]);
  const better = tensor(Float64Array.of(0, 1, 1), { shape: [3] });
  expect([...crfViterbi(emissions, { transitions, start: better, end: better })[0].tags]).toEqual([1, 0, 1]);
});

test("a tag that no way leads to has probability 0", () => {
  const never = -Infinity;
  const scores = {
    transitions: tensor(Float64Array.of(0.5, never, 1, never), { shape: [2, 2] }),
    start: tensor(Float64Array.of(0, never)),
  };
  const emissions = tensor(Float64Array.of(1, 9, 2, 9, 3, 9), { shape: [3, 1, 2] });
  expect(crfLogNormalizer(emissions, scores)[0]).toBeCloseTo(7, 12);
  expect([...crfMarginals(emissions, scores).values()]).toEqual([1, 0, 1, 0, 1, 0]);
  const ids = tensor(new Int32Array(3), { shape: [3, 1] });
  const gradients = grad((x) => sum(crfLogLikelihood(x.emissions, ids, x)), { emissions, ...scores });
  for (const [name, gradient] of Object.entries<Tensor>(gradients))
    expectClose(gradient.values(), new Float64Array(gradient.size), name);
});

test("scores of -Infinity forbid, and huge ones do not overflow", () => {
  const never = -Infinity;
  const transitions = tensor(Float64Array.of(0, never, 0, 0), { shape: [2, 2] });
  const emissions = tensor(Float64Array.of(1e4, -1e4, -1e4, 1e4, 0, 0), { shape: [3, 1, 2] });
  // 0 → 1 is forbidden: 1 1 and then either, or 0 0 0, or 1 0 0; the sum of the two best, whose
  // scores are 0
  const z = crfLogNormalizer(emissions, { transitions })[0];
  expect(z).toBeCloseTo(Math.log(3), 12);
  const x = { emissions };
  const gradients = grad(
    ({ emissions: e }) => sum(crfLogLikelihood(e, tensor(Int32Array.of(1, 1, 0), { shape: [3, 1] }), { transitions })),
    x,
  );
  expectClose(gradients.emissions.values(), [-1 / 3, 1 / 3, -1 / 3, 1 / 3, 1 / 3, -1 / 3], "gradient");
});

test("a recording repeats it on new values", () => {
  const given = randomCase(randomStream(7).at(3));
  const { T, B, K } = { ...given };
  const { emissions, transitions } = tensorsOf(given);
  const ids = tensor(given.tags, { shape: [T, B] });
  const f = (x: Tensor): Tensor => crfLogLikelihood(x, ids, { transitions });
  const captured = capture((x: Tensor) => grad(({ e }: { e: Tensor }) => sum(f(e)), { e: x }).e);
  const other = tensor(
    given.emissions.map((x) => x * 0.5 + 1),
    { shape: [T, B, K] },
  );
  for (const x of [emissions, other, emissions])
    expect([...captured(x).values()]).toEqual([...grad(({ e }: { e: Tensor }) => sum(f(e)), { e: x }).e.values()]);
});

test("wrong operands are named", () => {
  const emissions = tensor(new Float32Array(12), { shape: [2, 2, 3] });
  const transitions = tensor(new Float32Array(9), { shape: [3, 3] });
  const tags = (...ids: number[]): Tensor => tensor(Int32Array.from(ids), { shape: [2, 2] });
  expect(() => crfLogLikelihood(emissions, tags(0, 0, 3, 0), { transitions })).toThrow(
    "crfLogLikelihood tag at step 1 of row 0: expected one in [0, 3), got 3",
  );
  expect(() => crfLogLikelihood(emissions, tags(0, 0, 0, 0), { transitions: emissions })).toThrow(
    "crfLogLikelihood: expected transitions [3, 3], got [2, 2, 3]",
  );
  expect(() => crfLogLikelihood(emissions, tags(0, 0, 0, 0), { transitions, lengths: [3, 1] })).toThrow(
    "crfLogLikelihood length of row 0: expected an integer in [0, 2], got 3",
  );
  expect(() => crfMarginals(emissions, { transitions: tensor(new Float64Array(9), { shape: [3, 3] }) })).toThrow(
    "crfMarginals: expected float32, got float64",
  );
});

type Numbers = { readonly shape: number[]; readonly data: number[] };
type Golden = Record<
  "emissions" | "transitions" | "start" | "end" | "tags" | "lossWeights" | "logLikelihood",
  Numbers
> & {
  readonly name: string;
  readonly lengths: number[] | Numbers;
  readonly gradients: Record<"emissions" | "transitions" | "start" | "end", Numbers>;
};
const file = new URL("../../../test/golden/data/crf.json", import.meta.url);
const goldens = (JSON.parse(readFileSync(file, "utf8")) as { cases: Golden[] }).cases;

test.each(goldens)("$name, as PyTorch computes it", (golden) => {
  const array = ({ shape, data }: Numbers): Tensor => tensor(Float64Array.from(data), { shape });
  const lengths = Array.isArray(golden.lengths) ? golden.lengths : golden.lengths.data;
  const x = {
    emissions: array(golden.emissions),
    transitions: array(golden.transitions),
    start: array(golden.start),
    end: array(golden.end),
  };
  const tags = tensor(Int32Array.from(golden.tags.data), { shape: golden.tags.shape });
  const { result, gradients } = valueAndGrad((given) => {
    const each = crfLogLikelihood(given.emissions, tags, { ...given, lengths });
    return { value: sum(mul(each, array(golden.lossWeights))), each };
  }, x);
  expectClose(result.each.values(), golden.logLikelihood.data, "log-likelihood", 1e-12);
  for (const name of ["emissions", "transitions", "start", "end"] as const)
    expectClose(gradients[name].values(), golden.gradients[name].data, `gradient of ${name}`, 1e-11);
});
