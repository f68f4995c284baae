/** @file Deliberate bugs in the CTC loss and its gradient. */
import { type Mutant, mutantsIn } from "./mutant.ts";

const FILE = "src/tensor/ops/ctc.ts";
const TESTS = ["src/tensor/ops/ctc.test.ts"];

const batch = mutantsIn(
  "ctc",
  FILE,
  [
    ["logits not normalised", "const shift = largest + log(total);", "const shift = largest;"],
    [
      "softmax overflows",
      "for (let c = 0; c < classes; c++) largest = Math.max(largest, x[from + c]);",
      "largest = 0;",
    ],
    ["rows of a batch lie one after the other", "const from = at + t * stride;", "const from = at + t * classes;"],
    ["lengths ignored", "steps: rowSteps[b],", "steps,"],
    ["targets of the next row", "latticeOf(p, rowTargets[b], row)", "latticeOf(p, rowTargets[(b + 1) % batch], row)"],
    ["gradient not cleared behind a row's length", "    dx?.fill(0);\n", ""],
    ["loss of an impossible target always 0", "isImpossible && zeroInfinity ? 0 : -found", "isImpossible ? 0 : -found"],
    [
      "loss of an impossible target always Infinity",
      "y[b] = isImpossible && zeroInfinity ? 0 : -found.logProbability;",
      "y[b] = -found.logProbability;",
    ],
    [
      "gradient of an impossible target always NaN",
      "dx !== undefined && !(isImpossible && zeroInfinity)",
      "dx !== undefined",
    ],
    [
      "gradient of an impossible target always 0",
      "dx !== undefined && !(isImpossible && zeroInfinity)",
      "dx && !isImpossible",
    ],
    ["gradient from above ignored", "mul(gradient, expandDims(dLoss, -1))", "gradient"],
  ],
  TESTS,
);

const forward = mutantsIn(
  "ctc",
  FILE,
  [
    ["no blank after the last label", "new Int32Array(2 * labels.length + 1)", "new Int32Array(2 * labels.length)"],
    ["blank between equal labels left out", " && states[s] !== states[s - 2];", ";"],
    ["blank is never left out", "s >= 2 && s % 2 === 1 &&", "s > states.length &&"],
    ["first label follows a state before the beginning", "=> s >= 2 && s % 2", "=> s >= 1 && s % 2"],
    ["largest for the sum of three", "return largest + log(share(a", "return largest + 0 * log(share(a"],
    ["sum of two of three", " + share(c - largest));", ");"],
    [
      "largest for the sum of two",
      "return a > b ? a + log1p(exp(b - a)) : b + log1p(exp(a - b));",
      "return Math.max(a, b);",
    ],
    ["small terms left out too early", "const NOTHING = -40;", "const NOTHING = -10;"],
    ["row without steps gives any target", "labels.length === 0 ? 0 : -Infinity", "0"],
    ["row without steps gives not even the empty target", "labels.length === 0 ? 0 : -Infinity", "-Infinity"],
    ["no path begins with a blank", "  alpha[0] = p[states[0]];\n", ""],
    ["no path begins with a label", "  if (L > 1) alpha[1] = p[states[1]];\n", ""],
    ["states too late to reach the end, one too many", "L - 2 * (steps - t))", "L - 2 * (steps - t) + 1)"],
    ["states too early to be reached, one too many", "Math.min(L, 2 * t + 2)", "Math.min(L, 2 * t + 1)"],
    [
      "label after a label lasts one step",
      "addThreeLogs(alpha[at], alpha[at - 1], alpha[at - 2])",
      "addLogs(alpha[at - 1], alpha[at - 2])",
    ],
    [
      "label never follows the blank before it",
      "addThreeLogs(alpha[at], alpha[at - 1], alpha[at - 2])",
      "addLogs(alpha[at], alpha[at - 2])",
    ],
    ["blank after a label lasts one step", "? addLogs(alpha[at], alpha[at - 1])", "? alpha[at - 1]"],
    ["first blank lasts one step", "          : alpha[at];", "          : -Infinity;"],
    [
      "probabilities of the step before",
      "= sum + p[t * classes + states[s]];",
      "= sum + p[(t - 1) * classes + states[s]];",
    ],
    ["paths end with a blank", "addLogs(alpha[last + L - 1], alpha[last + L - 2])", "alpha[last + L - 1]"],
    ["paths end with a label", "addLogs(alpha[last + L - 1], alpha[last + L - 2])", "alpha[last + L - 2]"],
    [
      "larger of both ends for their sum",
      "addLogs(alpha[last + L - 1], alpha[last + L - 2])",
      "Math.max(alpha[last + L - 1], alpha[last + L - 2])",
    ],
    ["empty target ends at the step before too", "L === 1 ? alpha[last] : addLogs", "addLogs"],
  ],
  TESTS,
);

const backward = mutantsIn(
  "ctc",
  FILE,
  [
    [
      "gradient with the logarithm of the softmax",
      "exp(p[t * classes + c]) - expected[c]",
      "p[t * classes + c] - expected[c]",
    ],
    ["gradient of log-probabilities, not logits", "exp(p[t * classes + c]) - expected[c]", "-expected[c]"],
    ["expected counts not normalised", "beta[s] - logProbability)", "beta[s])"],
    ["last state of a class for the sum of its states", "expected[states[s]] += exp(", "expected[states[s]] = exp("],
    ["expected counts carried to the step before", "    expected.fill(0);\n", ""],
    ["no ending with a blank, backward", "  beta[L - 1] = 0;\n", ""],
    ["no ending with a label, backward", "  if (L > 1) beta[L - 2] = 0;\n", ""],
    [
      "backward with the probabilities of the step before",
      "const emission = t * classes;",
      "const emission = (t - 1) * classes;",
    ],
    ["next state without its probability, backward", "later[s + 1] + p[emission + states[s + 1]]", "later[s + 1]"],
    ["blank left out by the rule for the state itself, backward", "canSkip(states, s + 2)\n", "canSkip(states, s)\n"],
    [
      "label after the blank that is left out has the blank's probability",
      "later[s + 2] + p[emission + states[s + 2]]",
      "later[s + 2] + p[emission + states[s + 1]]",
    ],
    ["state behind the last, backward", "s + 2 < L &&", "s + 2 <= L &&"],
    ["last blank not entered, backward", "const next = s + 1 < L ?", "const next = s + 2 < L ?"],
    [
      "label lasts one step, backward",
      "addThreeLogs(stay, next, later[s + 2]",
      "addThreeLogs(-Infinity, next, later[s + 2]",
    ],
    ["largest for the sum, backward", ": addLogs(stay, next);", ": Math.max(stay, next);"],
    [
      "NaN for the whole batch where one target is impossible",
      "dx.fill(NaN, at + t * stride, at + t * stride + classes)",
      "dx.fill(NaN, t * stride, (t + 1) * stride)",
    ],
  ],
  TESTS,
);

export const ctcMutants: readonly Mutant[] = [...batch, ...forward, ...backward];
