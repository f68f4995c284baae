/** @file Deliberate bugs in beam search, and in the search and alignment of CTC. */
import { type Mutant, mutantsIn } from "./mutant.ts";

const beam = mutantsIn(
  "search",
  "src/tasks/translate/beam-search.ts",
  [
    ["length penalty of 6 + length", "((5 + length) / 6) ** alpha", "((6 + length) / 6) ** alpha"],
    ["length penalty multiplied", ": logProbability / grown;", ": logProbability * grown;"],
    ["length penalty forgotten while it searches", ": logProbability / grown;", ": logProbability;"],
    [
      "length penalty forgotten at the end",
      "? logProbability / lengthPenaltyOf(length, lengthPenalty) +",
      "? logProbability +",
    ],
    [
      "length penalty of the length before",
      "lengthPenaltyOf(length + 1, lengthPenalty)",
      "lengthPenaltyOf(length, lengthPenalty)",
    ],
    [
      "end token counts as length",
      "lengthPenaltyOf(length, lengthPenalty) +",
      "lengthPenaltyOf(length + 1, lengthPenalty) +",
    ],
    [
      "penalised score carried on",
      "hypothesis.logProbability + logProbabilities[token]",
      "hypothesis.score + logProbabilities[token]",
    ],
    ["coverage above 1", "log(Math.min(sum, 1))", "log(sum)"],
    ["coverage without logarithm", "log(Math.min(sum, 1))", "Math.min(sum, 1)"],
    [
      "coverage with the wrong sign",
      "coveragePenalty === 0 ? 0 : coveragePenalty * coverageOf",
      "coveragePenalty === 0 ? 0 : -coveragePenalty * coverageOf",
    ],
    [
      "coverage not weighted",
      "coveragePenalty === 0 ? 0 : coveragePenalty * coverageOf",
      "coveragePenalty === 0 ? 0 : coverageOf",
    ],
    [
      "coverage without the end token's attention",
      "covered(attention === undefined ? [] : [...hypothesis.attention, attention])",
      "covered(hypothesis.attention)",
    ],
    [
      "coverage of finished hypotheses twice",
      "score: finished ? score : score + covered(attention),",
      "score: score + covered(attention),",
    ],
    ["coverage of unfinished hypotheses never", "score: finished ? score : score + covered(attention),", "score,"],
    ["finished hypotheses lost", "        best.offer(hypothesis.score, { hypothesis });\n", ""],
    [
      "search ends with the first finished hypothesis",
      "if (open.length === 0) break;",
      "if (open.length < kept.length) break;",
    ],
    ["one token too few", "length < maxLength; length++", "length < maxLength - 1; length++"],
    ["one token too many", "length < maxLength; length++", "length <= maxLength; length++"],
    ["impossible tokens kept", "        if (logProbability === -Infinity) continue;\n", ""],
    [
      "end token among the tokens",
      "tokens: finished ? hypothesis.tokens : [...hypothesis.tokens, token],",
      "tokens: [...hypothesis.tokens, token],",
    ],
    ["state before the token", "state: answer.state,", "state: hypothesis.state,"],
    ["attention of the last token only", "[...hypothesis.attention, answer.attention],", "[answer.attention],"],
    ["not sorted again after the coverage of all is known", "    .sort((a, b) => b.score - a.score)\n", ""],
    ["all hypotheses returned", "    .slice(0, nBest);", "    .slice(0, beams);"],
    ["one beam too few", "new Best<S>(beams)", "new Best<S>(Math.max(1, beams - 1))"],
    ["one beam too many", "new Best<S>(beams)", "new Best<S>(beams + 1)"],
    ["of equal scores, the last is in front", "if (kept[middle].score >= score)", "if (kept[middle].score > score)"],
    [
      "of equal scores, the higher token wins",
      `!(score > kept[kept.length - 1].score)) return;
    let low = 0;
    let high = kept.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (kept[middle].score >= score)`,
      `!(score >= kept[kept.length - 1].score)) return;
    let low = 0;
    let high = kept.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (kept[middle].score > score)`,
    ],
    ["last hypothesis never replaced", "let high = kept.length;", "let high = kept.length - 1;"],
  ],
  ["src/tasks/translate/beam-search.test.ts"],
);

const DECODING = "src/tasks/transcribe/ctc-decoding.ts";
const CTC = ["src/tasks/transcribe/ctc-decoding.test.ts"];

const prefixes = mutantsIn(
  "search",
  DECODING,
  [
    ["greedy: equal labels not merged", "if (best !== blank && best !== last)", "if (best !== blank)"],
    ["greedy: blanks are labels", "if (best !== blank && best !== last)", "if (best !== last)"],
    ["greedy: equal labels merged over a blank", "    last = best;\n", "    if (best !== blank) last = best;\n"],
    ["greedy: labels merged before the first class is seen", "last = blank; t < T", "last = 0; t < T"],
    [
      "greedy: probability of the labels only",
      "    logProbability += data[t * classes + best];\n    if",
      "    if (best !== blank) logProbability += data[t * classes + best];\n    if",
    ],
    [
      "prefix: most probable path for the sum",
      "const whole = addLogs(from.inBlank, from.inLabel);",
      "const whole = Math.max(from.inBlank, from.inLabel);",
    ],
    ["prefix: larger for the sum of paths", "high + log1p(exp(low - high))", "high"],
    [
      "prefix: blank only after a blank",
      "addLogs(from.nextInBlank, whole + data[t * classes + blank])",
      "addLogs(from.nextInBlank, from.inBlank + data[t * classes + blank])",
    ],
    [
      "prefix: label lasts from a blank too",
      "from.inLabel + data[t * classes + from.label]",
      "whole + data[t * classes + from.label]",
    ],
    ["prefix: same label again without a blank", "c === from.label ? from.inBlank : whole", "whole"],
    ["prefix: other labels only after a blank", "c === from.label ? from.inBlank : whole", "from.inBlank"],
    [
      "prefix: rule for the same label turned round",
      "c === from.label ? from.inBlank : whole",
      "c === from.label ? whole : from.inBlank",
    ],
    [
      "prefix: last way to a labelling for the sum",
      "to.nextInLabel = addLogs(to.nextInLabel, before",
      "to.nextInLabel = addLogs(-Infinity, before",
    ],
    ["prefix: kept ones not kept without a new label", "      reached.add(from);\n", ""],
    [
      "prefix: probabilities of all steps added",
      "      [one.nextInBlank, one.nextInLabel] = [-Infinity, -Infinity];\n",
      "",
    ],
    ["prefix: same labels on two ways not joined", "  if (known !== undefined) return known;\n", ""],
    ["prefix: language model of the last label only", "from.extra + (scoreNext", "0 * from.extra + (scoreNext"],
    [
      "prefix: language model with the label itself in front",
      "scoreNext(labelsOf(from), label)",
      "scoreNext([...labelsOf(from), label], label)",
    ],
    ["prefix: language model reads backward", "return labels.toReversed();", "return labels;"],
    [
      "prefix: language model in the result only",
      "[...reached].sort((a, b) => total(b) - total(a))",
      "[...reached].sort((a, b) => addLogs(b.inBlank, b.inLabel) - addLogs(a.inBlank, a.inLabel))",
    ],
    [
      "prefix: language model not in the result",
      "logProbability: total(kept[0]) }",
      "logProbability: addLogs(kept[0].inBlank, kept[0].inLabel) }",
    ],
    [
      "prefix: one too many kept",
      `of ranked.slice(beams)) [lost.inBlank, lost.inLabel] = [-Infinity, -Infinity];
    kept = ranked.slice(0, beams);`,
      `of ranked.slice(beams + 1)) [lost.inBlank, lost.inLabel] = [-Infinity, -Infinity];
    kept = ranked.slice(0, beams + 1);`,
    ],
    ["prefix: one too few kept", "kept = ranked.slice(0, beams);", "kept = ranked.slice(0, Math.max(1, beams - 1));"],
    ["prefix: of equal ones the last", "[...reached].sort(", "[...reached].reverse().sort("],
  ],
  CTC,
);

const alignment = mutantsIn(
  "search",
  DECODING,
  [
    ["align: blank between equal labels left out", " && classOf(s) !== classOf(s - 2) && best", " && best"],
    [
      "align: blank is never left out",
      "if (s >= 3 && s % 2 === 1 && classOf(s)",
      "if (s >= L && s % 2 === 1 && classOf(s)",
    ],
    [
      "align: blank left out even where it is better",
      "&& best[s - 2] > best[s - back]) back = 2;",
      "&& best[s - 2] > best[s]) back = 2;",
    ],
    ["align: first label can't be left out", "if (s >= 3 && s % 2", "if (s > 3 && s % 2"],
    [
      "align: probability of the state before",
      "data[t * classes + classOf(s)]",
      "data[t * classes + classOf(s - back)]",
    ],
    ["align: ends with a blank", "L > 1 && best[L - 2] > best[L - 1] ? L - 2 : L - 1", "L - 1"],
    ["align: ends with a label", "L > 1 && best[L - 2] > best[L - 1] ? L - 2 : L - 1", "Math.max(0, L - 2)"],
    [
      "align: state of the step before",
      "    path[t] = s % 2 === 0 ? -1 : (s - 1) / 2;\n    s -= from[t * L + s];",
      "    s -= from[t * L + s];\n    path[t] = s % 2 === 0 ? -1 : (s - 1) / 2;",
    ],
    ["align: back through the wrong row", "s -= from[t * L + s];", "s -= from[Math.max(0, t - 1) * L + s];"],
    ["align: updated in place", "    const next = new Float64Array(L).fill(-Infinity);\n", "    const next = best;\n"],
  ],
  CTC,
);

export const searchMutants: readonly Mutant[] = [...beam, ...prefixes, ...alignment];
