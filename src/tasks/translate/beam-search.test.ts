import { describe, expect, test } from "vitest";
import { log, type RandomStream, randomStream } from "../../base/index.ts";
import { type BeamSearchOptions, beamSearch, coverageOf, type Hypothesis, lengthPenaltyOf } from "./beam-search.ts";

const SOURCE = 3;

/** A model that gives each beginning probabilities and attention of its own. */
function randomModel(vocabulary: number, random: RandomStream) {
  const after = (tokens: readonly number[]): { logProbabilities: number[]; attention: number[] } => {
    const own = tokens.reduce((stream, token) => stream.at(token), random.named("from here"));
    const draw = (n: number): number[] => {
      const weights = Array.from({ length: n }, () => own.uniform() + 0.01);
      const total = weights.reduce((sum, w) => sum + w, 0);
      return weights.map((w) => w / total);
    };
    return { logProbabilities: draw(vocabulary).map((p) => log(p)), attention: draw(SOURCE) };
  };
  const step: BeamSearchOptions<string>["step"] = (beginnings) =>
    beginnings.map(({ tokens, state }) => {
      expect(state).toBe(tokens.slice(0, -1).join("-"));
      return { ...after(tokens), state: tokens.join("-") };
    });
  return { after, step };
}

type Case = { vocabulary: number; maxLength: number; end: number; alpha: number; beta: number };

/** Every hypothesis there is, with its score by the formula. */
function everyHypothesis(after: ReturnType<typeof randomModel>["after"], c: Case): Hypothesis[] {
  const found: Hypothesis[] = [];
  const visit = (tokens: number[], logProbability: number, attention: number[][]): void => {
    const done = (finished: boolean, total: number, rows: number[][]): void => {
      const penalty = ((5 + tokens.length) / 6) ** c.alpha;
      const coverage = Array.from({ length: SOURCE }, (_, i) =>
        Math.log(
          Math.min(
            1,
            rows.reduce((sum, row) => sum + row[i], 0),
          ),
        ),
      ).reduce((sum, x) => sum + x, 0);
      found.push({
        tokens,
        logProbability: total,
        finished,
        attention: rows,
        score: total / penalty + (c.beta === 0 ? 0 : c.beta * coverage),
      });
    };
    if (tokens.length === c.maxLength) return done(false, logProbability, attention);
    const next = after(tokens);
    next.logProbabilities.forEach((p, token) => {
      const rows = [...attention, next.attention];
      if (token === c.end) done(true, logProbability + p, rows);
      else visit([...tokens, token], logProbability + p, rows);
    });
  };
  visit([], 0, []);
  return found.sort((a, b) => b.score - a.score);
}

/**
 * The search as its definition has it: all that follows from what is kept, sorted by score.
 * Coverage counts only once a hypothesis has ended.
 */
function bestBySorting(after: ReturnType<typeof randomModel>["after"], c: Case, beams: number): Hypothesis[] {
  const coverage = (rows: Hypothesis["attention"]): number => (c.beta === 0 ? 0 : c.beta * coverageOf(rows));
  let kept: Hypothesis[] = [{ tokens: [], score: 0, logProbability: 0, finished: false, attention: [] }];
  for (let length = 0; length < c.maxLength; length++) {
    kept = kept
      .flatMap((one) => {
        if (one.finished) return [one];
        const next = after(one.tokens);
        return next.logProbabilities.map((p, token): Hypothesis => {
          const finished = token === c.end;
          const tokens = finished ? one.tokens : [...one.tokens, token];
          const attention = [...one.attention, next.attention];
          const logProbability = one.logProbability + p;
          const score = logProbability / ((5 + tokens.length) / 6) ** c.alpha + (finished ? coverage(attention) : 0);
          return { tokens, score, logProbability, finished, attention };
        });
      })
      .sort((a, b) => b.score - a.score)
      .slice(0, beams);
  }
  return kept
    .map((one) => (one.finished ? one : { ...one, score: one.score + coverage(one.attention) }))
    .sort((a, b) => b.score - a.score);
}

/** The state of each beginning names it, so that the model sees a mixed-up one. */
const search = (step: ReturnType<typeof randomModel>["step"], c: Case, beams: number, n = 1): Hypothesis[] =>
  beamSearch({
    start: "",
    step,
    beams,
    nBest: n,
    maxLength: c.maxLength,
    end: c.end,
    lengthPenalty: c.alpha,
    coveragePenalty: c.beta,
  });

function randomCase(random: RandomStream): Case {
  const vocabulary = 2 + random.integer(3);
  return {
    vocabulary,
    maxLength: 1 + random.integer(vocabulary === 4 ? 3 : 4),
    end: random.integer(vocabulary),
    alpha: random.integer(2) * random.uniform() * 2,
    beta: random.integer(2) * random.uniform(),
  };
}

describe("200 random models", () => {
  const all = Array.from({ length: 200 }, (_, i) => randomStream(7).at(i));

  test("with enough beams it is exhaustive search: same hypotheses, same scores, same order", () => {
    for (const random of all) {
      const c = randomCase(random.named("case"));
      const { after, step } = randomModel(c.vocabulary, random.named("model"));
      const expected = everyHypothesis(after, c);
      const got = search(step, c, expected.length, expected.length);
      expect(got.map(({ tokens }) => tokens)).toEqual(expected.map(({ tokens }) => tokens));
      got.forEach((hypothesis, i) => {
        expect(hypothesis.score).toBeCloseTo(expected[i].score, 10);
        expect(hypothesis.logProbability).toBeCloseTo(expected[i].logProbability, 10);
        expect(hypothesis.finished).toBe(expected[i].finished);
        expect(hypothesis.attention).toEqual(expected[i].attention);
      });
    }
  });

  test("one beam is greedy search", () => {
    for (const random of all) {
      const c = { ...randomCase(random.named("case")), alpha: 0, beta: 0, maxLength: 6 };
      const { after, step } = randomModel(c.vocabulary, random.named("model"));
      const tokens: number[] = [];
      let finished = false;
      while (tokens.length < c.maxLength && !finished) {
        const { logProbabilities } = after(tokens);
        const best = logProbabilities.indexOf(Math.max(...logProbabilities));
        finished = best === c.end;
        if (!finished) tokens.push(best);
      }
      expect(search(step, c, 1)[0]).toMatchObject({ tokens, finished });
    }
  });

  test("a few beams keep the best of all that follows from them, sorted", () => {
    let unlike = 0;
    for (const random of all) {
      const c = { ...randomCase(random.named("case")), maxLength: 4 };
      const { after, step } = randomModel(c.vocabulary, random.named("model"));
      const [best] = bestBySorting(after, c, 1000);
      for (const beams of [1, 2, 3, 5]) {
        const expected = bestBySorting(after, c, beams);
        const got = search(step, c, beams, beams);
        expect(got.map(({ tokens, finished }) => ({ tokens, finished }))).toEqual(
          expected.map(({ tokens, finished }) => ({ tokens, finished })),
        );
        got.forEach(({ score }, i) => expect(score).toBeCloseTo(expected[i].score, 10));
        expect(search(step, c, beams)).toEqual(got.slice(0, 1));
        if (expected[0].score < best.score) unlike++;
      }
    }
    expect(unlike).toBeGreaterThan(50);
  });

  test("more beams are never worse when they reach everything, and few find one of the hypotheses there are", () => {
    for (const random of all.slice(0, 60)) {
      const c = randomCase(random.named("case"));
      const { after, step } = randomModel(c.vocabulary, random.named("model"));
      const expected = everyHypothesis(after, c);
      const [found] = search(step, c, 2);
      const same = expected.find(
        ({ tokens, finished }) => finished === found.finished && tokens.join() === found.tokens.join(),
      );
      expect(found.score).toBeCloseTo(same?.score ?? NaN, 10);
      expect(found.score).toBeLessThanOrEqual(expected[0].score + 1e-12);
    }
  });
});

test("penalties by hand (Wu et al. 2016, equation 14)", () => {
  expect(lengthPenaltyOf(1, 0.7)).toBe(1);
  expect(lengthPenaltyOf(7, 1)).toBe(2);
  expect(lengthPenaltyOf(7, 0)).toBe(1);
  // 0.75 of the first position, more than all of the second
  expect(
    coverageOf([
      [0.5, 0.5],
      [0.25, 0.75],
    ]),
  ).toBeCloseTo(Math.log(0.75), 12);
  expect(coverageOf([[1, 0]])).toBe(-Infinity);
});

test("of equal scores, the lower token wins", () => {
  const step = () => [{ logProbabilities: [-1, -1, -1], state: 0 }];
  expect(beamSearch({ start: 0, step, beams: 1, maxLength: 2, end: 2 })[0].tokens).toEqual([0, 0]);
  const all = beamSearch({ start: 0, step, beams: 3, maxLength: 1, end: 2, nBest: 3 });
  expect(all.map(({ tokens }) => tokens)).toEqual([[0], [1], []]);
});

test("what can't follow is never given, even where beams are left", () => {
  const step = () => [{ logProbabilities: [-1, -Infinity, -2], state: 0 }];
  const all = beamSearch({ start: 0, step, beams: 3, maxLength: 1, end: 2, nBest: 3 });
  expect(all.map(({ tokens }) => tokens)).toEqual([[0], []]);
});

test("refuses options, NaN, and a coverage penalty without attention", () => {
  const search = (more: Partial<BeamSearchOptions<number>>, p = -1) =>
    beamSearch({
      start: 0,
      step: (all) => all.map(() => ({ logProbabilities: [p, p], state: 0 })),
      beams: 2,
      maxLength: 2,
      end: 0,
      ...more,
    });
  expect(() => search({ beams: 0 })).toThrow("beamSearch beams: expected an integer >= 1, got 0");
  expect(() => search({ nBest: 3 })).toThrow(RangeError);
  expect(() => search({ lengthPenalty: -1 })).toThrow(RangeError);
  expect(() => search({}, NaN)).toThrow("beamSearch: expected log probabilities, got NaN. The model has diverged");
  expect(() => search({ coveragePenalty: 1 })).toThrow("expected attention for a coverage penalty");
});
