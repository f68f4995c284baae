/** @file Deliberate bugs in the measures of predictions. */
import { type Mutant, mutantsIn } from "./mutant.ts";

const edits = mutantsIn(
  "metrics",
  "src/metrics/edit-distance.ts",
  [
    ["edits: substitution costs two", "=== hypothesis[j - 1] ? 0 : 1)", "=== hypothesis[j - 1] ? 0 : 2)"],
    [
      "edits: beginning of the reference free",
      "nextCost[first - 1] = i <= band ? i : FAR;",
      "nextCost[first - 1] = 0;",
    ],
    ["edits: items one apart", "reference[i - 1] === hypothesis[j - 1]", "reference[i] === hypothesis[j]"],
    [
      "edits: deletion from the wrong row",
      "[cost[j] + 1, nextCost[j - 1] + 1]",
      "[cost[j - 1] + 1, nextCost[j - 1] + 1]",
    ],
    [
      "edits: insertions and deletions swapped",
      "return { distance, substitutions: distance - insertions - deletions, insertions, deletions };",
      "return { distance, substitutions: distance - insertions - deletions, insertions: deletions, deletions: insertions };",
    ],
    ["edits: deletions of the beginning not counted", "    nextDeleted[first - 1] = i;\n", ""],
    [
      "edits: insertions are what the hypothesis is longer",
      "const insertions = deletions + hypothesis.length - reference.length;",
      "const insertions = Math.max(0, hypothesis.length - reference.length);",
    ],
    [
      "edits: insertion and deletion for a substitution",
      "best === across ? deleted[j - 1] :",
      "best === across && best < Math.min(above, before) ? deleted[j - 1] :",
    ],
    [
      "edits: substitution first, whatever came before",
      "if (best === above && deleted",
      "if (best === above && best < across && deleted",
    ],
    ["error rate: UTF-16 units for characters", "(text) => [...text]);", '(text) => text.split(""));'],
    ["error rate: words by single spaces", 'text.split(/\\s+/u).filter((word) => word !== "")', 'text.split(" ")'],
    ["error rate: empty words count", 'text.split(/\\s+/u).filter((word) => word !== "")', "text.split(/\\s+/u)"],
    ["error rate: divided by the hypotheses", "items += expected.length;", "items += itemsOf(hypotheses[i]).length;"],
    [
      "error rate: mean of the texts' rates",
      "itemsOf(hypotheses[i])).distance;\n    items += expected.length;",
      "itemsOf(hypotheses[i])).distance / expected.length;\n    items += 1;",
    ],
    [
      "error rate: 0 without characters in the references",
      "edits === 0 ? 0 : edits / items",
      "items === 0 ? 0 : edits / items",
    ],
    ["error rate: NaN without any character", "return edits === 0 ? 0 : edits / items;", "return edits / items;"],
  ],
  ["src/metrics/edit-distance.test.ts"],
);

const SPANS = ["src/metrics/spans.test.ts"];
const spans = [
  ...mutantsIn(
    "metrics",
    "src/metrics/span-f1.ts",
    [
      ["spans: label doesn't matter", "`${start} ${end} ${label}`", "`${start} ${end}`"],
      ["spans: end doesn't matter", "`${start} ${end} ${label}`", "`${start} ${label}`"],
      ["spans: start doesn't matter", "`${start} ${end} ${label}`", "`${end} ${label}`"],
      [
        "spans: precision and recall swapped",
        "return { precision, recall, f1, support: gold };",
        "return { precision: recall, recall: precision, f1, support: gold };",
      ],
      ["spans: mean of precision and recall for F1", "(2 * correct) / (found + gold)", "(precision + recall) / 2"],
      [
        "spans: macro over the labels of the gold only",
        "scores.reduce((sum, score) => sum + score[name], 0) / scores.length",
        "scores.reduce((sum, score) => sum + score[name], 0) / scores.filter(({ support }) => support > 0).length",
      ],
      [
        "spans: macro F1 of the mean precision and recall",
        'f1: mean("f1"),',
        'f1: (2 * mean("precision") * mean("recall")) / (mean("precision") + mean("recall")),',
      ],
      [
        "spans: micro as macro",
        "micro: scoreOf(total),",
        'micro: { precision: mean("precision"), recall: mean("recall"), f1: mean("f1"), support: total.gold },',
      ],
      [
        "spans: found ones without gold not counted",
        "countsOf(span.label).found++;\n      if (known.has(keyOf(span))) countsOf",
        "if (known.size > 0) countsOf(span.label).found++;\n      if (known.has(keyOf(span))) countsOf",
      ],
      ["spans: labels not in alphabetical order", "(a < b ? -1 : 1)", "(a < b ? 1 : -1)"],
      [
        "tokens: mean of the sentences' accuracies",
        "all += tags.length;\n    correct += tags.filter((tag, t) => tag === predicted[i][t]).length;",
        "all += 1;\n    correct += tags.filter((tag, t) => tag === predicted[i][t]).length / Math.max(1, tags.length);",
      ],
      ["tokens: NaN without any", "all === 0 ? 0 : correct / all", "correct / all"],
    ],
    SPANS,
  ),
  ...mutantsIn(
    "metrics",
    "src/metrics/spans.ts",
    [
      [
        "tags: B continues a span of its label",
        'const isNew = "BS".includes(prefix) ||',
        'const isNew = prefix === "S" ||',
      ],
      [
        "tags: S continues a span of its label",
        'const isNew = "BS".includes(prefix) ||',
        'const isNew = prefix === "B" ||',
      ],
      ["tags: E ends nothing", ' || "ES".includes(previous) || open', " || open"],
      ["tags: S ends nothing", '"ES".includes(previous)', 'previous === "E"'],
      ["tags: label doesn't matter", " || open?.label !== label;", " || open === undefined;"],
      [
        "tags: O doesn't end a span",
        "if (prefix === OUTSIDE || isNew) close(at);",
        "if (prefix !== OUTSIDE && isNew) close(at);",
      ],
      ["tags: I alone is no span", "if (prefix !== OUTSIDE && isNew) open", 'if ("BS".includes(prefix)) open'],
      ["tags: one token begins with B", 'if (scheme === "BIOES" && end - start === 1) return "S";\n', ""],
      ["tags: last token inside", 'scheme === "BIOES" && at === end - 1 ? "E" : "I"', '"I"'],
      ["tags: E behind the last token", "at === end - 1 ?", "at === end ?"],
    ],
    SPANS,
  ),
];

const classification = mutantsIn(
  "metrics",
  "src/metrics/classification.ts",
  [
    ["classes: matrix transposed", "counts[at(label)][at(predicted[i])]++", "counts[at(predicted[i])][at(label)]++"],
    [
      "classes: precision and recall swapped",
      "precision: ratio(right, predicted),\n    recall: ratio(right, actual),",
      "precision: ratio(right, actual),\n    recall: ratio(right, predicted),",
    ],
    ["classes: 0/0 is NaN", "whole === 0 ? 0 : part / whole", "part / whole"],
    ["classes: macro over the classes that occur", "labels.map(() => 1)", "support.map((n) => (n > 0 ? 1 : 0))"],
    ["classes: weighted by predictions", "weighted: averaged(support),", "weighted: averaged(predicted),"],
    [
      "classes: micro as macro",
      "micro: measures(total(right), total(predicted), total(support)),",
      "micro: averaged(labels.map(() => 1)),",
    ],
    [
      "classes: labels not sorted",
      "[...new Set([...actual, ...predicted])].toSorted()",
      "[...new Set([...actual, ...predicted])]",
    ],
    [
      "classes: labels of the actual ones only",
      "[...new Set([...actual, ...predicted])].toSorted()",
      "[...new Set(actual)].toSorted()",
    ],
    ["AUC: ties count nothing", "rankSum += (from + 1 + to) / 2;", "rankSum += from + 1;"],
    ["AUC: ties count whole", "rankSum += (from + 1 + to) / 2;", "rankSum += to;"],
    ["AUC: ranks from 0", "rankSum += (from + 1 + to) / 2;", "rankSum += (from + to) / 2;"],
    ["AUC: ranks from 0 among the positives", "(positives * (positives + 1)) / 2", "(positives * (positives - 1)) / 2"],
  ],
  ["src/metrics/classification.test.ts"],
);

const forecast = mutantsIn(
  "metrics",
  "src/metrics/forecast.ts",
  [
    [
      "forecast: missing values count as 0",
      "    count++;\n  }\n  return sum / count;",
      "    count++;\n  }\n  return sum / actual.length;",
    ],
    ["forecast: missing values not left out", "    if (Number.isNaN(actual[i])) continue;\n", ""],
    ["MASE: period ignored", "training[i + period] - training[i]", "training[i + 1] - training[i]"],
    [
      "MASE: one difference too few",
      "{ length: training.length - period }",
      "{ length: training.length - period - 1 }",
    ],
    [
      "MASE: scaled by the values that are forecast",
      "training[i + period] - training[i])",
      "training[i + period] - (forecast[i] ?? 0))",
    ],
    ["sMAPE: divided by the sum with its sign", "Math.abs(y) + Math.abs(forecast[i])", "Math.abs(y + forecast[i])"],
    ["sMAPE: NaN where both are 0", "size === 0 ? 0 : (2 *", "size < 0 ? 0 : (2 *"],
    [
      "pinball: level turned round",
      "Math.max(level * (y - predicted[i]), (level - 1) * (y - predicted[i]))",
      "Math.max((1 - level) * (y - predicted[i]), -level * (y - predicted[i]))",
    ],
    ["coverage: upper bound outside", "y <= upper[i]", "y < upper[i]"],
    ["coverage: lower bound outside", "lower[i] <= y", "lower[i] < y"],
    ["CRPS: samples not sorted", "Float64Array.from(samples).toSorted()", "Float64Array.from(samples)"],
    ["CRPS: ranks one off", "(2 * i + 1 - count) * sorted[i]", "(2 * i - count) * sorted[i]"],
    ["CRPS: spread not halved", "spread / (count * (fair", "(2 * spread) / (count * (fair"],
    ["CRPS: always fair", "fair ? count - 1 : count", "count - 1"],
    ["CRPS: never fair", "fair ? count - 1 : count", "count"],
    [
      "CRPS: one sample is NaN",
      "(count === 1 ? 0 : spread / (count * (fair ? count - 1 : count)))",
      "spread / (count * (fair ? count - 1 : count))",
    ],
  ],
  ["src/metrics/forecast.test.ts"],
);

const TRANSLATION = ["src/metrics/translation-metrics.test.ts"];
const translation = [
  ...mutantsIn(
    "metrics",
    "src/metrics/ngrams.ts",
    [["n-grams: counts not clipped", "Math.min(count, others.get(gram) ?? 0)", "others.has(gram) ? count : 0"]],
    TRANSLATION,
  ),
  ...mutantsIn(
    "metrics",
    "src/metrics/bleu.ts",
    [
      ["BLEU: brevity penalty forgotten", ": brevityPenalty * exp(counted", ": exp(counted"],
      ["BLEU: smoothing does not double", "smoothed *= 2;", "smoothed = 2;"],
      ["BLEU: smoothing always", '    if (smoothing === "none") return 0;\n', ""],
      [
        "BLEU: counts of all references added",
        "Math.max(count, result.get(gram) ?? 0)",
        "count + (result.get(gram) ?? 0)",
      ],
      ["BLEU: longer of two closest references", "nearer === 0 && other < best", "nearer === 0 && other > best"],
      ["BLEU: first of two closest references", " || (nearer === 0 && other < best)) best", ") best"],
      ["BLEU: shortest reference", "best === Infinity || nearer < 0 || (nearer === 0 && other < best)", "other < best"],
    ],
    TRANSLATION,
  ),
  ...mutantsIn(
    "metrics",
    "src/metrics/chrf.ts",
    [
      ["chrF: white space counts", 'text.replaceAll(/\\s+/gu, "")', "text"],
      [
        "chrF: beta not squared",
        "(100 * (1 + beta * beta) * p * r) / (beta * beta * p + r)",
        "(100 * (1 + beta) * p * r) / (beta * p + r)",
      ],
      [
        "chrF: orders without n-grams in the mean",
        "precision / orders, recall / orders",
        "precision / order, recall / order",
      ],
      ["chrF: n-grams held against short references", "if (expected.length >= n) own[n - 1]", "own[n - 1]"],
    ],
    TRANSLATION,
  ),
];

export const metricMutants: readonly Mutant[] = [...edits, ...spans, ...classification, ...forecast, ...translation];
