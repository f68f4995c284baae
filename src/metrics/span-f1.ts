import { shapeError } from "../base/index.ts";
import type { Span } from "./spans.ts";

/** Each in [0, 1]; 0 where there is nothing to divide by, as in seqeval. */
export type F1Score = {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  /** Spans in the gold. */
  readonly support: number;
};

export type SpanF1 = {
  /** Over all spans: what conlleval prints as the overall score. */
  readonly micro: F1Score;
  /** The mean over the labels, each counting the same. `support` is that of all. */
  readonly macro: F1Score;
  /** By label, in alphabetical order. Labels of the gold and of the predictions. */
  readonly labels: Readonly<Record<string, F1Score>>;
};

type Counts = { correct: number; found: number; gold: number };

/**
 * How well spans were found, over all sentences: a span counts as found when its label and both
 * ends are right (conlleval; Tjong Kim Sang and De Meulder 2003). Spans of a sentence don't repeat.
 * Throws RangeError for different numbers of sentences.
 */
export function spanF1(gold: readonly (readonly Span[])[], predicted: readonly (readonly Span[])[]): SpanF1 {
  if (gold.length !== predicted.length)
    throw shapeError("spanF1", `predictions for ${gold.length} sentences`, [predicted.length]);
  const byLabel = new Map<string, Counts>();
  const countsOf = (label: string): Counts => {
    const counts = byLabel.get(label) ?? { correct: 0, found: 0, gold: 0 };
    byLabel.set(label, counts);
    return counts;
  };
  const keyOf = ({ label, start, end }: Span): string => `${start} ${end} ${label}`;
  gold.forEach((spans, i) => {
    const known = new Set(spans.map(keyOf));
    for (const { label } of spans) countsOf(label).gold++;
    for (const span of predicted[i]) {
      countsOf(span.label).found++;
      if (known.has(keyOf(span))) countsOf(span.label).correct++;
    }
  });
  const rows = [...byLabel].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const scores = rows.map(([, counts]) => scoreOf(counts));
  const total = { correct: 0, found: 0, gold: 0 };
  for (const [, counts] of rows) {
    total.correct += counts.correct;
    total.found += counts.found;
    total.gold += counts.gold;
  }
  const mean = (name: "precision" | "recall" | "f1"): number =>
    scores.length === 0 ? 0 : scores.reduce((sum, score) => sum + score[name], 0) / scores.length;
  return {
    micro: scoreOf(total),
    macro: { precision: mean("precision"), recall: mean("recall"), f1: mean("f1"), support: total.gold },
    // not a plain literal: a label may be "__proto__"
    labels: Object.fromEntries(rows.map(([label], i) => [label, scores[i]])),
  };
}

function scoreOf({ correct, found, gold }: Counts): F1Score {
  const precision = found === 0 ? 0 : correct / found;
  const recall = gold === 0 ? 0 : correct / gold;
  const f1 = correct === 0 ? 0 : (2 * correct) / (found + gold);
  return { precision, recall, f1, support: gold };
}

/**
 * The share of tokens whose tag is right; 0 when there are none. Throws RangeError for sentences of
 * different lengths.
 */
export function tokenAccuracy(gold: readonly (readonly string[])[], predicted: readonly (readonly string[])[]): number {
  let correct = 0;
  let all = 0;
  if (gold.length !== predicted.length)
    throw shapeError("tokenAccuracy", `predictions for ${gold.length} sentences`, [predicted.length]);
  gold.forEach((tags, i) => {
    if (predicted[i].length !== tags.length)
      throw shapeError("tokenAccuracy", `${tags.length} tags of sentence ${i}`, [predicted[i].length]);
    all += tags.length;
    correct += tags.filter((tag, t) => tag === predicted[i][t]).length;
  });
  return all === 0 ? 0 : correct / all;
}
