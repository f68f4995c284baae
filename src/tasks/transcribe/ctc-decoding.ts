/**
 * @file From the log-probabilities of each step to a labelling. Letters: T time steps, C classes, S
 * labels.
 */
import { carryOut, type MaybeSignal, type Pieces, type WithoutSignal, type WithSignal } from "#platform";
import { checkOptions, checkInteger, DataError, exp, log1p, sentence, shapeError } from "../../base/index.ts";

/** A transcriber's class for "no character"; characters have their id in the vocabulary plus 1. */
export const BLANK = 0;

/**
 * Log-probabilities of the classes at each step, [T, C] row-major, and the class that means "no
 * label".
 */
export type StepProbabilities = { readonly data: Float64Array; readonly classes: number; readonly blank: number };

/** Labels, and the log-probability of how they were found. */
export type Labelling = { readonly labels: Int32Array; readonly logProbability: number };

function stepsOf(where: string, { data, classes, blank }: StepProbabilities): number {
  checkInteger(`${where} blank`, blank, 0, classes - 1);
  if (data.length % classes !== 0) throw shapeError(where, `probabilities [T, ${classes}]`, [data.length]);
  return data.length / classes;
}

/**
 * The labels of the most probable path, with that path's log-probability: the best class of each
 * step, merged, without blanks (Graves et al. 2006).
 */
export function ctcGreedy(steps: StepProbabilities): Labelling {
  const { data, classes, blank } = steps;
  const T = stepsOf("ctcGreedy", steps);
  const labels: number[] = [];
  let logProbability = 0;
  for (let t = 0, last = blank; t < T; t++) {
    let best = 0;
    for (let c = 1; c < classes; c++) if (data[t * classes + c] > data[t * classes + best]) best = c;
    logProbability += data[t * classes + best];
    if (best !== blank && best !== last) labels.push(best);
    last = best;
  }
  return { labels: Int32Array.from(labels), logProbability };
}

export type BeamOptions = {
  /** Labellings that are kept from step to step. */
  readonly beams: number;
  /**
   * Score that `label` after `prefix` adds to the log-probability: a language model's, weighted.
   * Default: 0.
   */
  readonly scoreNext?: ((prefix: readonly number[], label: number) => number) | undefined;
};

/**
 * A labelling as the way from the empty one, with the probability of the paths that give it by
 * their last class.
 */
type Prefix = {
  readonly parent: Prefix | undefined;
  readonly label: number;
  /** Sum of the language model's scores over the whole labelling. */
  readonly extra: number;
  readonly next: Map<number, Prefix>;
  inBlank: number;
  inLabel: number;
  nextInBlank: number;
  nextInLabel: number;
};

const prefix = (parent: Prefix | undefined, label: number, extra: number): Prefix => {
  const none = -Infinity;
  return { parent, label, extra, next: new Map(), inBlank: none, inLabel: none, nextInBlank: none, nextInLabel: none };
};

const addLogs = (a: number, b: number): number => {
  const [low, high] = a < b ? [a, b] : [b, a];
  return low === -Infinity ? high : high + log1p(exp(low - high));
};

function labelsOf(end: Prefix): number[] {
  const labels: number[] = [];
  for (let at = end; at.parent !== undefined; at = at.parent) labels.push(at.label);
  return labels.toReversed();
}

/**
 * The most probable labelling that a search over prefixes finds (Graves and Jaitly 2014; Hannun et
 * al. 2014): the paths that give the same labels are summed, and only the best `beams` prefixes go
 * on. With a beam that holds all prefixes it is the best of all labellings. `logProbability` has
 * the language model in it. Ties go to the prefix that was found first. With `signal` the answer is
 * a promise, which rejects with the signal's reason when that aborts.
 */
export function ctcBeamSearch(steps: StepProbabilities, options: BeamOptions & WithSignal): Promise<Labelling>;
export function ctcBeamSearch(steps: StepProbabilities, options: BeamOptions & WithoutSignal): Labelling;
export function ctcBeamSearch(
  steps: StepProbabilities,
  { signal, ...options }: BeamOptions & MaybeSignal,
): Labelling | Promise<Labelling> {
  checkOptions("ctcBeamSearch", arguments[1], "beams scoreNext signal");
  return carryOut(ctcSearchInPieces(steps, options), signal);
}

/** `ctcBeamSearch` as a generator that yields after each step. */
export function* ctcSearchInPieces(steps: StepProbabilities, { beams, scoreNext }: BeamOptions): Pieces<Labelling> {
  const { data, classes, blank } = steps;
  const T = stepsOf("ctcBeamSearch", steps);
  checkInteger("ctcBeamSearch beams", beams, 1);
  const root = prefix(undefined, blank, 0);
  root.inBlank = 0;
  let kept = [root];
  for (let t = 0; t < T; t++) {
    const reached = new Set<Prefix>();
    for (const from of kept) {
      const whole = addLogs(from.inBlank, from.inLabel);
      reached.add(from);
      from.nextInBlank = addLogs(from.nextInBlank, whole + data[t * classes + blank]);
      if (from.parent !== undefined)
        from.nextInLabel = addLogs(from.nextInLabel, from.inLabel + data[t * classes + from.label]);
      for (let c = 0; c < classes; c++) {
        if (c === blank) continue;
        // the same label again is another one only after a blank
        const before = c === from.label ? from.inBlank : whole;
        if (before === -Infinity || data[t * classes + c] === -Infinity) continue;
        const to = extended(from, c, scoreNext);
        to.nextInLabel = addLogs(to.nextInLabel, before + data[t * classes + c]);
        reached.add(to);
      }
    }
    for (const one of reached) {
      [one.inBlank, one.inLabel] = [one.nextInBlank, one.nextInLabel];
      [one.nextInBlank, one.nextInLabel] = [-Infinity, -Infinity];
    }
    const ranked = [...reached].sort((a, b) => total(b) - total(a));
    for (const lost of ranked.slice(beams)) [lost.inBlank, lost.inLabel] = [-Infinity, -Infinity];
    kept = ranked.slice(0, beams);
    yield;
  }
  return { labels: Int32Array.from(labelsOf(kept[0])), logProbability: total(kept[0]) };
}

const total = ({ inBlank, inLabel, extra }: Prefix): number => addLogs(inBlank, inLabel) + extra;

function extended(from: Prefix, label: number, scoreNext: BeamOptions["scoreNext"]): Prefix {
  const known = from.next.get(label);
  if (known !== undefined) return known;
  const extra = from.extra + (scoreNext === undefined ? 0 : scoreNext(labelsOf(from), label));
  const made = prefix(from, label, extra);
  from.next.set(label, made);
  return made;
}

/**
 * The most probable path that gives `labels` (Viterbi 1967): for each step the index of the label
 * that it belongs to, or -1 for a blank. Throws DataError when no path gives them, as when there
 * are fewer steps than labels.
 */
export function ctcAlign(steps: StepProbabilities, labels: ArrayLike<number>): Int32Array {
  const where = "ctcAlign";
  const { data, classes, blank } = steps;
  const T = stepsOf(where, steps);
  for (let i = 0; i < labels.length; i++) checkInteger(`${where} labels[${i}]`, labels[i], 0, classes - 1);
  const L = 2 * labels.length + 1;
  const classOf = (s: number): number => (s % 2 === 0 ? blank : labels[(s - 1) / 2]);
  const from = new Int8Array(T * L);
  let best = new Float64Array(L).fill(-Infinity);
  best[0] = 0; // before the first step, as if after a blank
  for (let t = 0; t < T; t++) {
    const next = new Float64Array(L).fill(-Infinity);
    for (let s = 0; s < L; s++) {
      let back = 0;
      if (s >= 1 && best[s - 1] > best[s]) back = 1;
      if (s >= 3 && s % 2 === 1 && classOf(s) !== classOf(s - 2) && best[s - 2] > best[s - back]) back = 2;
      next[s] = best[s - back] + data[t * classes + classOf(s)];
      from[t * L + s] = back;
    }
    best = next;
  }
  let s = L > 1 && best[L - 2] > best[L - 1] ? L - 2 : L - 1;
  if (best[s] === -Infinity)
    throw new DataError(sentence(where, `steps for ${labels.length} labels`, `${T}`, "No path gives them"));
  const path = new Int32Array(T);
  for (let t = T - 1; t >= 0; t--) {
    path[t] = s % 2 === 0 ? -1 : (s - 1) / 2;
    s -= from[t * L + s];
  }
  return path;
}
