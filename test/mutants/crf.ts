/** @file Deliberate bugs in the linear-chain CRF: likelihood, gradient, marginals, Viterbi and n-best paths. */
import { type Mutant, mutantsIn } from "./mutant.ts";

const FILE = "src/tensor/ops/crf.ts";
const TESTS = ["src/tensor/ops/crf.test.ts"];

const likelihood = mutantsIn(
  "crf",
  FILE,
  [
    ["score without start", "let score = start[last] + emissions", "let score = emissions"],
    ["score without end", "return score + end[last];", "return score;"],
    ["score with the end of the first tag", "return score + end[last];", "return score + end[ids[row]];"],
    ["score with transitions transposed", "transitions[last * tags + id]", "transitions[id * tags + last]"],
    [
      "score of tags that lie row by row",
      "const id = ids[t * rows + row];\n    score",
      "const id = ids[row * steps + t];\n    score",
    ],
    [
      "score of the padding too",
      "  const steps = lengths[row];\n  if (steps === 0) return 0;\n  let last",
      "  const steps = Math.max(...lengths);\n  if (steps === 0) return 0;\n  let last",
    ],
    ["largest for the sum", "return max + log(total);", "return max;"],
    ["sum not shifted back", "return max + log(total);", "return log(total);"],
    [
      "sum overflows",
      "for (let i = 0; i < count; i++) if (values[i] > max) max = values[i];\n  if (max === -Infinity) return max;",
      "max = 0;",
    ],
    ["sum of nothing possible is NaN", "  if (max === -Infinity) return max;\n", ""],
    ["forward without start", "alpha[k] = start[k] + emissions[here + k];", "alpha[k] = emissions[here + k];"],
    [
      "forward with transitions transposed",
      "alpha[before + i] + transitions[i * tags + k]",
      "alpha[before + i] + transitions[k * tags + i]",
    ],
    [
      "forward: best way for the sum (Viterbi)",
      "alpha[t * tags + k] = logSum(terms, tags) +",
      "alpha[t * tags + k] = Math.max(...terms) +",
    ],
    [
      "forward through emissions that lie row by row",
      "const here = (t * rows + row) * tags;\n    const before",
      "const here = (row * steps + t) * tags;\n    const before",
    ],
    ["normaliser without end", "alpha[(steps - 1) * tags + k] + score", "alpha[(steps - 1) * tags + k]"],
    [
      "end alone taken for start",
      "start: next(start !== undefined), end: next(end !== undefined)",
      "start: rest[0] ?? new Float64Array(sizes.tags), end: rest[1] ?? new Float64Array(sizes.tags)",
    ],
    [
      "end before start",
      "start: next(start !== undefined), end: next(end !== undefined)",
      "end: next(end !== undefined), start: next(start !== undefined)",
    ],
  ],
  TESTS,
);

const gradient = mutantsIn(
  "crf",
  FILE,
  [
    ["backward without end", "beta[t * tags + i] = end[i];", "beta[t * tags + i] = 0;"],
    [
      "backward with transitions transposed",
      "terms[k] = transitions[i * tags + k]",
      "terms[k] = transitions[k * tags + i]",
    ],
    [
      "backward with the emissions of the step itself",
      "const after = ((t + 1) * rows + row) * tags;",
      "const after = (t * rows + row) * tags;",
    ],
    ["backward without emissions", " + emissions[after + k] + beta[(t + 1)", " + beta[(t + 1)"],
    ["backward one step only", " + emissions[after + k] + beta[(t + 1) * tags + k];", " + emissions[after + k];"],
    [
      "marginals by the forward pass only",
      "exp(alpha[t * tags + k] + beta[t * tags + k] - z);\n      }\n    }\n  });",
      "exp(alpha[t * tags + k] - z);\n      }\n    }\n  });",
    ],
    ["marginals of padding not cleared", "    values.fill(0);\n", ""],
    ["gradient with the wrong sign", "((k === id ? 1 : 0) - expected)", "(expected - (k === id ? 1 : 0))"],
    ["gradient from above ignored", "const weight = upstream[row];", "const weight = 1;"],
    ["gradient from above of the first row", "const weight = upstream[row];", "const weight = upstream[0];"],
    ["gradient from above squared in the transitions", "-= weight * exp(pair);", "-= weight * weight * exp(pair);"],
    ["gradient from above ignored in the expected transitions", "-= weight * exp(pair);", "-= exp(pair);"],
    ["gradient from above ignored in the transitions that are seen", "* tags + id] += weight;", "* tags + id] += 1;"],
    [
      "transitions that are seen not counted",
      "      sums.transitions[ids[(t - 1) * rows + row] * tags + id] += weight;\n",
      "",
    ],
    [
      "transitions that are seen transposed",
      "ids[(t - 1) * rows + row] * tags + id]",
      "id * tags + ids[(t - 1) * rows + row]]",
    ],
    ["pairs not normalised", "const from = alpha[(t - 1) * tags + i] - z;", "const from = alpha[(t - 1) * tags + i];"],
    [
      "pairs with both tags of one step",
      "const from = alpha[(t - 1) * tags + i] - z;",
      "const from = alpha[t * tags + i] - z;",
    ],
    ["pairs without the second emission", "+ emissions[here + k] + beta[t * tags + k];", "+ beta[t * tags + k];"],
    ["pairs without what follows", "+ emissions[here + k] + beta[t * tags + k];", "+ emissions[here + k];"],
    [
      "expected transitions of the last step only",
      "sums.transitions[i * tags + k] -= weight",
      "sums.transitions[i * tags + k] = -weight",
    ],
    ["start's gradient of the last row only", "sums.start[k] += difference;", "sums.start[k] = difference;"],
    ["start's gradient of all steps", "if (t === 0) sums.start", "sums.start"],
    ["end's gradient of all steps", "if (t === steps - 1) sums.end", "sums.end"],
    [
      "end's gradient only where all steps count",
      "if (t === steps - 1) sums.end",
      "if (t === ids.length / rows - 1) sums.end",
    ],
    ["end's gradient taken for start's", "...(scores.start ? [sums.start] : []),", "sums.start,"],
  ],
  TESTS,
);

const paths = mutantsIn(
  "crf",
  FILE,
  [
    ["best path without start", "score: start[tag] + emissions[row", "score: emissions[row"],
    ["best path without end", "link.score + end[tag]", "link.score"],
    [
      "best path with transitions transposed",
      "const step = transitions[from * tags + tag] + own;",
      "const step = transitions[tag * tags + from] + own;",
    ],
    [
      "best path through the emissions of the first row",
      "const own = emissions[(t * rows + row) * tags + tag];",
      "const own = emissions[t * rows * tags + tag];",
    ],
    ["start may break the constraints", "allowed && !allowed.start[tag] ? [] : [{", "false ? [] : [{"],
    ["end may break the constraints", "if (allowed && !allowed.end[tag]) continue;", ""],
    ["transitions may break the constraints", "if (allowed && !allowed.transitions[from * tags + tag]) continue;", ""],
    ["constraints transposed", "!allowed.transitions[from * tags + tag]", "!allowed.transitions[tag * tags + from]"],
    [
      "one way to each tag for the n best",
      "keepBest(best, count, tag, before.score + step, before)",
      "keepBest(best, 1, tag, before.score + step, before)",
    ],
    ["one path too many", "  if (best.length > count) best.pop();\n", ""],
    [
      "of equal paths the last is in front",
      "while (at > 0 && score > best[at - 1].score) at--;",
      "while (at > 0 && score >= best[at - 1].score) at--;",
    ],
    [
      "of equal paths the one with the larger tags",
      `!(score > best[count - 1].score)) return;
  let at = best.length;
  while (at > 0 && score > best[at - 1].score) at--;`,
      `!(score >= best[count - 1].score)) return;
  let at = best.length;
  while (at > 0 && score >= best[at - 1].score) at--;`,
    ],
    ["path of all rows' length", "tags: tagsOf(link, steps)", "tags: tagsOf(link, Math.max(...lengths))"],
  ],
  TESTS,
);

export const crfMutants: readonly Mutant[] = [...likelihood, ...gradient, ...paths];
