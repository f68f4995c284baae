/**
 * @file Linear-chain conditional random fields (Lafferty, McCallum and Pereira 2001), as the top of
 * a tagger (Lample et al. 2016). Letters: T time steps, B rows, K tags. The score of a path y
 * through a row of n steps is
 *
 * start[y_0] + Σ_t emissions[t, b, y_t] + Σ_t transitions[y_t-1, y_t] + end[y_n-1]
 *
 * and its probability is e^score divided by the sum of e^score over all K^n paths. All is computed
 * in float64, in logarithms, row by row, so a row gives the same numbers alone and in any batch.
 */
import {
  checkInteger,
  DataError,
  dtypeError,
  exp,
  isFloat,
  log,
  sameShape,
  sentence,
  shapeError,
  type TypedArray,
  valueError,
} from "../../base/index.ts";
import { onEachReplay } from "../../engine/index.ts";
import { isRecording, record, secondDerivativeError } from "../tape.ts";
import { allocate, commonDtype, type Tensor } from "../tensor.ts";

/** Scores of a CRF beside the emissions, and the lengths of its rows. */
export type CrfScores = {
  /** [K, K]: score of a transition from the row's tag to the column's. */
  readonly transitions: Tensor;
  /** [K]: score of beginning with a tag. Default: zeros. */
  readonly start?: Tensor | undefined;
  /** [K]: score of ending with a tag. Default: zeros. */
  readonly end?: Tensor | undefined;
  /** Number of steps of each row, 0 … T. Default: T. Later steps have no effect, even if NaN. */
  readonly lengths?: readonly number[] | Int32Array | undefined;
};

/** Flags for which tags may follow each other: 1 for allowed, 0 for forbidden. */
export type CrfConstraints = {
  /** K·K flags, row-major: from the row's tag to the column's. */
  readonly transitions: ArrayLike<number>;
  /** K flags: tags that may come first. */
  readonly start: ArrayLike<number>;
  /** K flags: tags that may come last. */
  readonly end: ArrayLike<number>;
};

/** Options of `crfViterbi`. */
export type CrfViterbiOptions = CrfScores & {
  /** Constraints that all returned paths satisfy. Default: none. */
  readonly constraints?: CrfConstraints | undefined;
};

/** A path of tags through a row. */
export type CrfPath = {
  /** Tag of each step. */
  readonly tags: Int32Array;
  /**
   * Score of the path, not normalised: its log-probability is `score` minus the row's
   * `crfLogNormalizer`.
   */
  readonly score: number;
};

/** The sizes of a CRF and its scores, in float64. */
type Chain = {
  readonly tags: number;
  readonly rows: number;
  readonly lengths: Int32Array;
  readonly transitions: Float64Array;
  readonly start: Float64Array;
  readonly end: Float64Array;
  readonly emissions: Float64Array;
};

type Sizes = Pick<Chain, "tags" | "rows" | "lengths"> & { readonly steps: number };

/**
 * Log-probability of `tags` (int32 [T, B]) in each row: [B], in the dtype of the emissions [T, B,
 * K]. Gradients flow to emissions, transitions, start and end. A row of length 0 has only the empty
 * path, with log-probability 0. The formulas are those of TensorFlow Addons' `crf_log_likelihood`,
 * with start and end scores.
 *
 * Throws TypeError for wrong dtypes, RangeError for wrong shapes, lengths and tags outside [0, K),
 * UnsupportedError if its gradient is differentiated.
 */
export function crfLogLikelihood(emissions: Tensor, tags: Tensor, scores: CrfScores): Tensor {
  const where = "crfLogLikelihood";
  const sizes = checkSizes(where, emissions, scores);
  if (!sameShape(tags.shape, emissions.shape.slice(0, 2)))
    throw shapeError(where, `tags [${sizes.steps}, ${sizes.rows}]`, tags.shape);
  if (tags.dtype !== "int32") throw dtypeError(`${where} tags`, "int32", tags.dtype);
  const operands = operandsOf(emissions, scores);
  const out = allocate(emissions.dtype, [sizes.rows]);
  onEachReplay([tags, out, ...operands], (ids, values, ...views) => {
    const chain = chainOf(sizes, scores, views);
    checkTags(where, chain, ids as Int32Array);
    for (let row = 0; row < chain.rows; row++) {
      values[row] = pathScore(chain, row, ids as Int32Array) - logNormalizer(chain, row, forward(chain, row));
    }
  });
  return record(operands, [out], (dy) => {
    if (dy === undefined) return [];
    if (isRecording([dy, ...operands])) throw secondDerivativeError(where);
    const gradients = operands.map(({ dtype, shape }) => allocate(dtype, shape));
    onEachReplay([tags, dy, ...operands, ...gradients], (ids, upstream, ...rest) => {
      const chain = chainOf(sizes, scores, rest.slice(0, operands.length));
      const sums = gradientsOf(chain, ids as Int32Array, upstream);
      const views = rest.slice(operands.length);
      const present = [
        sums.emissions,
        sums.transitions,
        ...(scores.start ? [sums.start] : []),
        ...(scores.end ? [sums.end] : []),
      ];
      views.forEach((view, i) => view.set(present[i]));
    });
    return gradients;
  });
}

/**
 * Logarithm of the sum of e^score over all paths of each row, [B]; 0 for a row of length 0. The
 * result is a constant, without gradient. Throws as `crfLogLikelihood`.
 */
export function crfLogNormalizer(emissions: Tensor, scores: CrfScores): Float64Array {
  const chain = readChain("crfLogNormalizer", emissions, scores);
  return Float64Array.from({ length: chain.rows }, (_, row) => logNormalizer(chain, row, forward(chain, row)));
}

/**
 * Probability of each tag at each step over all paths, [T, B, K] (forward-backward; Rabiner 1989);
 * 0 on padding. The result is a constant, without gradient. Throws as `crfLogLikelihood`.
 */
export function crfMarginals(emissions: Tensor, scores: CrfScores): Tensor {
  const sizes = checkSizes("crfMarginals", emissions, scores);
  const operands = operandsOf(emissions, scores);
  const out = allocate(emissions.dtype, emissions.shape);
  onEachReplay([out, ...operands], (values, ...views) => {
    const chain = chainOf(sizes, scores, views);
    const { tags, rows, lengths } = chain;
    values.fill(0);
    for (let row = 0; row < rows; row++) {
      const alpha = forward(chain, row);
      const beta = backward(chain, row);
      const z = logNormalizer(chain, row, alpha);
      for (let t = 0; t < lengths[row]; t++) {
        for (let k = 0; k < tags; k++)
          values[(t * rows + row) * tags + k] = exp(alpha[t * tags + k] + beta[t * tags + k] - z);
      }
    }
  });
  return out;
}

/**
 * The path with the highest score through each row (Viterbi 1967); among equals, the one whose
 * later tags are smaller. Throws as `crfLogLikelihood`, and DataError if the constraints leave no
 * path.
 */
export const crfViterbi = (emissions: Tensor, options: CrfViterbiOptions): CrfPath[] =>
  crfBestPaths(emissions, 1, options).map(([best]) => best);

/**
 * The `count` best paths of each row, best first; fewer if the row has fewer. Throws as
 * `crfViterbi`.
 */
export function crfBestPaths(
  emissions: Tensor,
  count: number,
  { constraints, ...scores }: CrfViterbiOptions,
): CrfPath[][] {
  const where = "crfBestPaths";
  checkInteger(`${where} count`, count, 1);
  const chain = readChain(where, emissions, scores);
  const allowed = constraints && checkConstraints(where, constraints, chain.tags);
  return Array.from({ length: chain.rows }, (_, row) => {
    const paths = bestPaths(chain, row, count, allowed);
    if (paths.length === 0)
      throw new DataError(sentence(where, "constraints that leave a path", `none for row ${row}`));
    return paths;
  });
}

// helpers

function checkSizes(where: string, emissions: Tensor, { transitions, start, end, lengths }: CrfScores): Sizes {
  if (emissions.rank !== 3) throw shapeError(where, "emissions [T, B, K]", emissions.shape);
  if (!isFloat(emissions.dtype)) throw dtypeError(`${where} emissions`, "float32 or float64", emissions.dtype);
  const [steps, rows, tags] = emissions.shape;
  if (tags < 1) throw shapeError(where, "emissions of at least one tag", emissions.shape);
  for (const [name, x, shape] of [
    ["transitions", transitions, [tags, tags]],
    ["start", start, [tags]],
    ["end", end, [tags]],
  ] as const) {
    if (x === undefined) continue;
    if (!sameShape(x.shape, shape)) throw shapeError(where, `${name} [${shape.join(", ")}]`, x.shape);
    commonDtype(where, emissions, x);
  }
  if (lengths !== undefined && lengths.length !== rows)
    throw shapeError(`${where} lengths`, `one for each of ${rows} rows`, [lengths.length]);
  const checked = new Int32Array(rows).fill(steps);
  if (lengths !== undefined)
    for (let row = 0; row < rows; row++)
      checked[row] = checkInteger(`${where} length of row ${row}`, lengths[row], 0, steps);
  return { steps, rows, tags, lengths: checked };
}

const operandsOf = (emissions: Tensor, { transitions, start, end }: CrfScores): Tensor[] => [
  emissions,
  transitions,
  ...(start ? [start] : []),
  ...(end ? [end] : []),
];

/** The chain from views of the operands, in the order of `operands`. */
function chainOf(sizes: Sizes, { start, end }: CrfScores, views: readonly TypedArray[]): Chain {
  const [emissions, transitions, ...rest] = views.map((view) => Float64Array.from(view));
  const next = (isThere: boolean): Float64Array =>
    isThere ? (rest.shift() as Float64Array) : new Float64Array(sizes.tags);
  return { ...sizes, emissions, transitions, start: next(start !== undefined), end: next(end !== undefined) };
}

function readChain(where: string, emissions: Tensor, scores: CrfScores): Chain {
  const sizes = checkSizes(where, emissions, scores);
  return chainOf(
    sizes,
    scores,
    operandsOf(emissions, scores).map((x) => x.values()),
  );
}

/** Checks the tags of valid steps; padding may hold anything. */
function checkTags(where: string, { tags, rows, lengths }: Chain, ids: Int32Array): void {
  for (let row = 0; row < rows; row++) {
    for (let t = 0; t < lengths[row]; t++) {
      const id = ids[t * rows + row];
      if (id < 0 || id >= tags) throw valueError(`${where} tag at step ${t} of row ${row}`, `one in [0, ${tags})`, id);
    }
  }
}

function pathScore(
  { tags, rows, lengths, emissions, transitions, start, end }: Chain,
  row: number,
  ids: Int32Array,
): number {
  const steps = lengths[row];
  if (steps === 0) return 0;
  let last = ids[row];
  let score = start[last] + emissions[row * tags + last];
  for (let t = 1; t < steps; t++) {
    const id = ids[t * rows + row];
    score += transitions[last * tags + id] + emissions[(t * rows + row) * tags + id];
    last = id;
  }
  return score + end[last];
}

/** log Σ e^x over the first `count` values; -Infinity if all are -Infinity. */
function logSum(values: Float64Array, count: number): number {
  let max = -Infinity;
  for (let i = 0; i < count; i++) if (values[i] > max) max = values[i];
  if (max === -Infinity) return max;
  let total = 0;
  for (let i = 0; i < count; i++) total += exp(values[i] - max);
  return max + log(total);
}

/** α[t, k]: log of the sum over all paths that end at tag k at step t, its emission included. */
function forward({ tags, rows, lengths, emissions, transitions, start }: Chain, row: number): Float64Array {
  const steps = lengths[row];
  const alpha = new Float64Array(steps * tags);
  const terms = new Float64Array(tags);
  for (let t = 0; t < steps; t++) {
    const here = (t * rows + row) * tags;
    const before = (t - 1) * tags;
    for (let k = 0; k < tags; k++) {
      if (t === 0) {
        alpha[k] = start[k] + emissions[here + k];
        continue;
      }
      for (let i = 0; i < tags; i++) terms[i] = alpha[before + i] + transitions[i * tags + k];
      alpha[t * tags + k] = logSum(terms, tags) + emissions[here + k];
    }
  }
  return alpha;
}

/** β[t, k]: log of the sum over all continuations from tag k at step t to the end. */
function backward({ tags, rows, lengths, emissions, transitions, end }: Chain, row: number): Float64Array {
  const steps = lengths[row];
  const beta = new Float64Array(steps * tags);
  const terms = new Float64Array(tags);
  for (let t = steps - 1; t >= 0; t--) {
    const after = ((t + 1) * rows + row) * tags;
    for (let i = 0; i < tags; i++) {
      if (t === steps - 1) {
        beta[t * tags + i] = end[i];
        continue;
      }
      for (let k = 0; k < tags; k++)
        terms[k] = transitions[i * tags + k] + emissions[after + k] + beta[(t + 1) * tags + k];
      beta[t * tags + i] = logSum(terms, tags);
    }
  }
  return beta;
}

function logNormalizer({ tags, lengths, end }: Chain, row: number, alpha: Float64Array): number {
  const steps = lengths[row];
  if (steps === 0) return 0;
  return logSum(
    Float64Array.from(end, (score, k) => alpha[(steps - 1) * tags + k] + score),
    tags,
  );
}

/**
 * Writes the gradients: observed minus expected counts, times each row's gradient of the result.
 */
function gradientsOf(
  chain: Chain,
  ids: Int32Array,
  upstream: TypedArray,
): Pick<Chain, "emissions" | "transitions" | "start" | "end"> {
  const { tags, rows, lengths, emissions, transitions } = chain;
  const sums = {
    emissions: new Float64Array(emissions.length),
    transitions: new Float64Array(tags * tags),
    start: new Float64Array(tags),
    end: new Float64Array(tags),
  };
  for (let row = 0; row < rows; row++) {
    const steps = lengths[row];
    const weight = upstream[row];
    if (steps === 0) continue;
    const alpha = forward(chain, row);
    const beta = backward(chain, row);
    const z = logNormalizer(chain, row, alpha);
    for (let t = 0; t < steps; t++) {
      const here = (t * rows + row) * tags;
      const id = ids[t * rows + row];
      for (let k = 0; k < tags; k++) {
        const expected = exp(alpha[t * tags + k] + beta[t * tags + k] - z);
        const difference = weight * ((k === id ? 1 : 0) - expected);
        sums.emissions[here + k] = difference;
        if (t === 0) sums.start[k] += difference;
        if (t === steps - 1) sums.end[k] += difference;
      }
      if (t === 0) continue;
      sums.transitions[ids[(t - 1) * rows + row] * tags + id] += weight;
      for (let i = 0; i < tags; i++) {
        const from = alpha[(t - 1) * tags + i] - z;
        for (let k = 0; k < tags; k++) {
          const pair = from + transitions[i * tags + k] + emissions[here + k] + beta[t * tags + k];
          sums.transitions[i * tags + k] -= weight * exp(pair);
        }
      }
    }
  }
  return sums;
}

function checkConstraints(where: string, constraints: CrfConstraints, tags: number): CrfConstraints {
  for (const [name, size] of [
    ["transitions", tags * tags],
    ["start", tags],
    ["end", tags],
  ] as const) {
    const { length } = constraints[name];
    if (length !== size) throw shapeError(`${where} constraints.${name}`, `${size} flags`, [length]);
  }
  return constraints;
}

/** The end of a path: its last tag, its score so far, and the link before it. */
type Link = { readonly tag: number; readonly score: number; readonly before: Link | undefined };

/**
 * The best `count` links to each tag, step by step. -Infinity is a score like any other: only
 * constraints exclude paths.
 */
function bestPaths(chain: Chain, row: number, count: number, allowed: CrfConstraints | undefined): CrfPath[] {
  const { tags, rows, lengths, emissions, transitions, start, end } = chain;
  const steps = lengths[row];
  if (steps === 0) return [{ tags: new Int32Array(0), score: 0 }];
  let links: Link[][] = Array.from({ length: tags }, (_, tag) =>
    allowed && !allowed.start[tag] ? [] : [{ tag, score: start[tag] + emissions[row * tags + tag], before: undefined }],
  );
  for (let t = 1; t < steps; t++) {
    const previous = links;
    links = Array.from({ length: tags }, (_, tag) => {
      const own = emissions[(t * rows + row) * tags + tag];
      const best: Link[] = [];
      for (let from = 0; from < tags; from++) {
        if (allowed && !allowed.transitions[from * tags + tag]) continue;
        const step = transitions[from * tags + tag] + own;
        for (const before of previous[from]) keepBest(best, count, tag, before.score + step, before);
      }
      return best;
    });
  }
  const last: Link[] = [];
  for (let tag = 0; tag < tags; tag++) {
    if (allowed && !allowed.end[tag]) continue;
    for (const link of links[tag]) keepBest(last, count, tag, link.score + end[tag], link.before);
  }
  return last.map((link) => ({ tags: tagsOf(link, steps), score: link.score }));
}

/**
 * Inserts a link into a list sorted from the best; among equal scores the earlier one stays in
 * front.
 */
function keepBest(best: Link[], count: number, tag: number, score: number, before: Link | undefined): void {
  if (best.length === count && !(score > best[count - 1].score)) return;
  let at = best.length;
  while (at > 0 && score > best[at - 1].score) at--;
  best.splice(at, 0, { tag, score, before });
  if (best.length > count) best.pop();
}

function tagsOf(link: Link, steps: number): Int32Array {
  const tags = new Int32Array(steps);
  let at: Link | undefined = link;
  for (let t = steps - 1; at !== undefined; t--, at = at.before) tags[t] = at.tag;
  return tags;
}
