/**
 * @file Beam search over plain functions: for any model that gives the next token's probabilities.
 */
import { carryOut, type MaybeSignal, type Pieces, type WithoutSignal, type WithSignal } from "#platform";
import { checkOptions, checkInteger, checkNumber, DataError, log, NotFiniteError } from "../../base/index.ts";

/** A beginning that the search asks to continue. */
export type Beginning<S> = { readonly tokens: readonly number[]; readonly state: S };

/** Scores of what follows a beginning. */
export type Continuation<S> = {
  /** Natural logarithm of the probability of each token; -Infinity for one that can't follow. */
  readonly logProbabilities: ArrayLike<number>;
  /** State to continue from, whichever token is chosen. */
  readonly state: S;
  /**
   * Attention to each source position for this token. Needed for a coverage penalty.
   */
  readonly attention?: ArrayLike<number>;
};

export type BeamSearchOptions<S> = {
  /** State before the first token. */
  readonly start: S;
  /** Continues all beginnings, at most `beams`, in their order. */
  readonly step: (beginnings: readonly Beginning<S>[]) => readonly Continuation<S>[];
  /** Hypotheses that are kept after each step. 1 is greedy search. */
  readonly beams: number;
  /** Most tokens of a hypothesis, without the end token. */
  readonly maxLength: number;
  /** The token that ends a hypothesis. */
  readonly end: number;
  /** α. Default 0: none. */
  readonly lengthPenalty?: number | undefined;
  /** β. Default 0: none. */
  readonly coveragePenalty?: number | undefined;
  /** Hypotheses to return, at most `beams`. Default 1. */
  readonly nBest?: number | undefined;
};

export type Hypothesis = {
  /** Without the end token. */
  readonly tokens: readonly number[];
  /** Score by which hypotheses are ranked: log probability with both penalties. */
  readonly score: number;
  /** Sum over the tokens, with the end token where it is finished. */
  readonly logProbability: number;
  /** Whether it ends with the end token, and not for its length. */
  readonly finished: boolean;
  /**
   * Attention of each token, and then of the end token where it is finished; empty without
   * attention.
   */
  readonly attention: readonly ArrayLike<number>[];
};

type Live<S> = Omit<Hypothesis, "score"> & { readonly state: S; readonly score: number };

/**
 * ((5 + length) / 6)^α (Wu et al. 2016, equation 14). The end token doesn't count, as in
 * TensorFlow's `BeamSearchDecoder`.
 */
export const lengthPenaltyOf = (length: number, alpha: number): number => ((5 + length) / 6) ** alpha;

/**
 * Σ_i log(min(Σ_j p_ij, 1)) over source positions i and target tokens j, at most 0 (Wu et al. 2016,
 * equation 14, without its β). -Infinity when a position was never attended to.
 */
export function coverageOf(attention: readonly ArrayLike<number>[]): number {
  let total = 0;
  const positions = attention[0]?.length ?? 0;
  for (let i = 0; i < positions; i++) {
    let sum = 0;
    for (const row of attention) sum += row[i];
    total += log(Math.min(sum, 1));
  }
  return total;
}

/**
 * The best hypotheses, best first, with score = log P / lp + β·cp (Wu et al. 2016, equation 14): lp
 * = ((5 + length) / 6)^α, cp as in `coverageOf`.
 *
 * While it searches, finished hypotheses stay among the `beams` and compete with the others by this
 * score; the coverage of those that are not finished isn't known, so it is left out, as in
 * TensorFlow. Hypotheses that reach `maxLength` stand as they are. Of equal scores, the one that
 * comes first in the beam, and then the lower token, wins. With at least as many beams as there are
 * hypotheses, the search is exhaustive.
 *
 * With `signal` the answer is a promise, which rejects with the signal's reason when that aborts.
 *
 * Throws RangeError for options, NotFiniteError when the model gives NaN, DataError without
 * attention for a coverage penalty.
 */
export function beamSearch<S>(options: BeamSearchOptions<S> & WithSignal): Promise<Hypothesis[]>;
export function beamSearch<S>(options: BeamSearchOptions<S> & WithoutSignal): Hypothesis[];
export function beamSearch<S>({
  signal,
  ...options
}: BeamSearchOptions<S> & MaybeSignal): Hypothesis[] | Promise<Hypothesis[]> {
  checkOptions("beamSearch", arguments[0], "start step beams maxLength end lengthPenalty coveragePenalty nBest signal");
  return carryOut(searchInPieces(options), signal);
}

/** `beamSearch` as a generator that yields after each token. */
export function* searchInPieces<S>(options: BeamSearchOptions<S>): Pieces<Hypothesis[]> {
  const where = "beamSearch";
  const { start, step, beams, maxLength, end, lengthPenalty = 0, coveragePenalty = 0, nBest = 1 } = options;
  checkInteger(`${where} beams`, beams, 1);
  checkInteger(`${where} maxLength`, maxLength, 1);
  checkInteger(`${where} end`, end);
  checkInteger(`${where} nBest`, nBest, 1, beams);
  checkNumber(`${where} lengthPenalty`, lengthPenalty, 0);
  checkNumber(`${where} coveragePenalty`, coveragePenalty, 0);
  const covered = (attention: readonly ArrayLike<number>[]): number =>
    coveragePenalty === 0 ? 0 : coveragePenalty * coverageOf(attention);

  let kept: Live<S>[] = [{ tokens: [], state: start, score: 0, logProbability: 0, finished: false, attention: [] }];
  for (let length = 0; length < maxLength; length++) {
    const open = kept.filter(({ finished }) => !finished);
    if (open.length === 0) break;
    const answers = step(open);
    const best = new Best<S>(beams);
    for (const hypothesis of kept) {
      if (hypothesis.finished) {
        best.offer(hypothesis.score, { hypothesis });
        continue;
      }
      const answer = answers[open.indexOf(hypothesis)];
      const { logProbabilities, attention } = answer;
      if (coveragePenalty > 0 && attention === undefined)
        throw new DataError(`${where}: expected attention for a coverage penalty, got none`);
      const grown = lengthPenaltyOf(length + 1, lengthPenalty);
      for (let token = 0; token < logProbabilities.length; token++) {
        if (Number.isNaN(logProbabilities[token]))
          throw new NotFiniteError(`${where}: expected log probabilities, got NaN. The model has diverged`);
        const logProbability = hypothesis.logProbability + logProbabilities[token];
        if (logProbability === -Infinity) continue;
        const score =
          token === end
            ? logProbability / lengthPenaltyOf(length, lengthPenalty) +
              covered(attention === undefined ? [] : [...hypothesis.attention, attention])
            : logProbability / grown;
        best.offer(score, { hypothesis, answer, token, logProbability });
      }
    }
    kept = best.sorted().map(({ score, from }) => extended(from, score, end));
    yield;
  }
  return kept
    .map(({ tokens, score, logProbability, finished, attention }) => ({
      tokens,
      score: finished ? score : score + covered(attention),
      logProbability,
      finished,
      attention,
    }))
    .sort((a, b) => b.score - a.score)
    .slice(0, nBest);
}

type Candidate<S> =
  | { readonly hypothesis: Live<S>; readonly answer?: undefined }
  | {
      readonly hypothesis: Live<S>;
      readonly answer: Continuation<S>;
      readonly token: number;
      readonly logProbability: number;
    };

function extended<S>(from: Candidate<S>, score: number, end: number): Live<S> {
  const { hypothesis } = from;
  if (from.answer === undefined) return hypothesis;
  const { answer, token, logProbability } = from;
  const finished = token === end;
  return {
    tokens: finished ? hypothesis.tokens : [...hypothesis.tokens, token],
    state: answer.state,
    score,
    logProbability,
    finished,
    attention: answer.attention === undefined ? [] : [...hypothesis.attention, answer.attention],
  };
}

/**
 * The candidates with the highest scores, the first of equals; few are kept of many that are
 * offered.
 */
class Best<S> {
  readonly #limit: number;
  readonly #kept: { readonly score: number; readonly from: Candidate<S> }[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  offer(score: number, from: Candidate<S>): void {
    const kept = this.#kept;
    if (kept.length === this.#limit && !(score > kept[kept.length - 1].score)) return;
    let low = 0;
    let high = kept.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (kept[middle].score >= score) low = middle + 1;
      else high = middle;
    }
    kept.splice(low, 0, { score, from });
    if (kept.length > this.#limit) kept.pop();
  }

  sorted(): readonly { readonly score: number; readonly from: Candidate<S> }[] {
    return this.#kept;
  }
}
