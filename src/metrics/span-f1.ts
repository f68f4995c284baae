import { shapeError } from "../base/index.ts";
import type { Span } from "./spans.ts";

/** Precision, recall and F1, each in [0, 1]; 0 instead of 0 / 0, as in seqeval. */
export type F1Score = {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  /** Number of gold spans. */
  readonly support: number;
};

/** Scores of predicted spans. */
export type SpanF1 = {
  /** Scores over all spans: the overall score of conlleval. */
  readonly micro: F1Score;
  /** Mean over the labels, unweighted. `support` is the number of all gold spans. */
  readonly macro: F1Score;
  /** Scores by label, in alphabetical order, of all labels in gold and predictions. */
  readonly labels: Readonly<Record<string, F1Score>>;
};

type Counts = { correct: number; found: number; gold: number };

/**
 * Precision, recall and F1 of predicted spans, over all sentences. A span is correct if its label
 * and both ends are (conlleval; Tjong Kim Sang and De Meulder 2003). Spans of a sentence must be
 * distinct. Throws RangeError if the numbers of sentences differ.
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
    // `Object.fromEntries`, because a label may be "__proto__"
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
 * Fraction of tokens whose tag is correct; 0 if there are none. Throws RangeError if sentences
 * differ in length.
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
