/**
 * @file Connectionist temporal classification (Graves, Fernández, Gomez and Schmidhuber 2006): the
 * probability of a labelling is the sum over all paths that become it when repeated labels are
 * merged and blanks removed.
 *
 * Letters: T time steps, B rows, C classes, S labels of a target; L = 2S + 1 states: the labels
 * with a blank before, between and after them.
 */
import {
  checkOptions,
  checkInteger,
  dtypeError,
  exp,
  isFloat,
  kindError,
  log,
  log1p,
  shapeError,
  type TypedArray,
  valueError,
} from "../../base/index.ts";
import { onEachReplay } from "../../engine/index.ts";
import { isRecording, record, secondDerivativeError } from "../tape.ts";
import { allocate, type Tensor } from "../tensor.ts";
import { mul } from "./arithmetic.ts";
import { expandDims } from "./move.ts";

/** Options of `ctcLoss`. */
export type CtcOptions = {
  /**
   * The class that means "no label". There is no default, because frameworks differ (PyTorch 0,
   * TensorFlow 1 the last class).
   */
  readonly blank: number;
  /** Number of valid steps of each row. Default: T. */
  readonly lengths?: ArrayLike<number> | undefined;
  /**
   * Whether loss and gradient are 0 for a target that no path can produce. Default false: loss
   * Infinity, gradient NaN, as in PyTorch.
   */
  readonly zeroInfinity?: boolean | undefined;
};

/**
 * CTC loss -log P(target | logits) of each row, [B]. Logits [T, B, C] are unnormalised: this op
 * includes a log-softmax, which leaves log-probabilities unchanged. `targets` are the labels of
 * each row, without blanks. Computed in log space and float64, whatever the dtype of the logits.
 *
 * An empty target is the path of blanks only; its loss is 0 in a row without steps. A target needs
 * one step for each label and one for each pair of equal neighbours; with fewer, its probability is
 * zero. Values are those of PyTorch's `CTCLoss(reduction="none")` on log-softmax; "mean" divides
 * each by max(1, S) before averaging. Steps after a row's length have no effect, and gradient zero.
 *
 * Throws RangeError for wrong shapes, lengths outside [0, T], labels outside [0, C) and blanks
 * among them; TypeError for wrong dtypes; UnsupportedError if its gradient is differentiated.
 */
export function ctcLoss(
  logits: Tensor,
  targets: readonly ArrayLike<number>[],
  { blank, lengths, zeroInfinity = false }: CtcOptions,
): Tensor {
  checkOptions("ctcLoss", arguments[2], "blank lengths zeroInfinity");
  const where = "ctcLoss";
  if (logits.rank !== 3) throw shapeError(where, "logits [T, B, C]", logits.shape);
  if (!isFloat(logits.dtype)) throw dtypeError(`${where} logits`, "float32 or float64", logits.dtype);
  const [steps, batch, classes] = logits.shape;
  checkInteger(`${where} blank`, blank, 0, classes - 1);
  checkTargets(where, targets, { batch, classes, blank });
  if (lengths !== undefined && lengths.length !== batch) throw shapeError(where, `${batch} lengths`, [lengths.length]);
  const rowSteps = Int32Array.from({ length: batch }, (_, b) =>
    lengths === undefined ? steps : checkInteger(`${where} lengths[${b}]`, lengths[b], 0, steps),
  );
  const rowTargets = targets.map((labels) => Int32Array.from(labels));

  const loss = allocate(logits.dtype, [batch]);
  const gradient = isRecording([logits]) ? allocate(logits.dtype, logits.shape) : undefined;
  onEachReplay(gradient === undefined ? [logits, loss] : [logits, loss, gradient], (x, y, dx?: TypedArray) => {
    dx?.fill(0);
    for (let b = 0; b < batch; b++) {
      const row: Row = { at: b * classes, stride: batch * classes, steps: rowSteps[b], classes, blank };
      const p = logSoftmaxRow(x, row);
      const found = latticeOf(p, rowTargets[b], row);
      const isImpossible = found.logProbability === -Infinity;
      y[b] = isImpossible && zeroInfinity ? 0 : -found.logProbability;
      if (dx !== undefined && !(isImpossible && zeroInfinity)) writeGradient(dx, p, found, row);
    }
  });
  return record([logits], [loss], (dLoss) => {
    if (dLoss === undefined || gradient === undefined) return [];
    if (isRecording([logits])) throw secondDerivativeError(where);
    return [mul(gradient, expandDims(dLoss, -1))];
  });
}

/**
 * log P(labels) of one sequence, from `logProbabilities` [T, C], row-major, of the classes at each
 * step. -Infinity if no path produces the labels. Throws RangeError as `ctcLoss`.
 */
export function ctcLogProbability(
  logProbabilities: Float64Array,
  labels: ArrayLike<number>,
  { classes, blank }: { readonly classes: number; readonly blank: number },
): number {
  const where = "ctcLogProbability";
  checkInteger(`${where} blank`, blank, 0, classes - 1);
  checkTargets(where, [labels], { batch: 1, classes, blank });
  const row = { at: 0, stride: classes, steps: logProbabilities.length / classes, classes, blank };
  return latticeOf(logProbabilities, Int32Array.from(labels), row).logProbability;
}

/** Layout of a row of a batch: index of its first number, distance from step to step. */
type Row = {
  readonly at: number;
  readonly stride: number;
  readonly steps: number;
  readonly classes: number;
  readonly blank: number;
};

/** The classes of the states, and the forward log-probabilities `alpha` [T, L]. */
type Lattice = { readonly states: Int32Array; readonly alpha: Float64Array; readonly logProbability: number };

/** Log-softmax of a row's logits, [T, C], in float64. */
function logSoftmaxRow(x: TypedArray, { at, stride, steps, classes }: Row): Float64Array {
  const out = new Float64Array(steps * classes);
  for (let t = 0; t < steps; t++) {
    const from = at + t * stride;
    let largest = -Infinity;
    for (let c = 0; c < classes; c++) largest = Math.max(largest, x[from + c]);
    let total = 0;
    for (let c = 0; c < classes; c++) total += exp(x[from + c] - largest);
    const shift = largest + log(total);
    for (let c = 0; c < classes; c++) out[t * classes + c] = x[from + c] - shift;
  }
  return out;
}

/** Logarithm of a term relative to the largest below which it adds nothing in float64. */
const NOTHING = -40;

const addLogs = (a: number, b: number): number => {
  if (a === -Infinity) return b;
  if (b === -Infinity) return a;
  if (Math.abs(a - b) > -NOTHING) return Math.max(a, b);
  return a > b ? a + log1p(exp(b - a)) : b + log1p(exp(a - b));
};

/** log(eᵃ + eᵇ + eᶜ). */
function addThreeLogs(a: number, b: number, c: number): number {
  const largest = Math.max(a, b, c);
  if (largest === -Infinity) return largest;
  return largest + log(share(a - largest) + share(b - largest) + share(c - largest));
}

const share = (difference: number): number => (difference === 0 ? 1 : difference < NOTHING ? 0 : exp(difference));

/** The label of state s, with blanks at even states. */
function statesOf(labels: Int32Array, blank: number): Int32Array {
  const states = new Int32Array(2 * labels.length + 1).fill(blank);
  labels.forEach((label, i) => (states[2 * i + 1] = label));
  return states;
}

/**
 * Whether a path can go from state s - 2 to s without the blank between: only if the labels differ.
 */
const canSkip = (states: Int32Array, s: number): boolean => s >= 2 && s % 2 === 1 && states[s] !== states[s - 2];

/** alpha[t, s]: log-probability of all paths that are in state s at step t. */
function latticeOf(p: Float64Array, labels: Int32Array, { steps, classes, blank }: Row): Lattice {
  const states = statesOf(labels, blank);
  const L = states.length;
  const alpha = new Float64Array(steps * L).fill(-Infinity);
  if (steps === 0) return { states, alpha, logProbability: labels.length === 0 ? 0 : -Infinity };
  alpha[0] = p[states[0]];
  if (L > 1) alpha[1] = p[states[1]];
  for (let t = 1; t < steps; t++) {
    const before = (t - 1) * L;
    // states unreachable from the beginning, or from which the end is unreachable, stay -Infinity
    for (let s = Math.max(0, L - 2 * (steps - t)), end = Math.min(L, 2 * t + 2); s < end; s++) {
      const at = before + s;
      const sum = canSkip(states, s)
        ? addThreeLogs(alpha[at], alpha[at - 1], alpha[at - 2])
        : s > 0
          ? addLogs(alpha[at], alpha[at - 1])
          : alpha[at];
      alpha[t * L + s] = sum + p[t * classes + states[s]];
    }
  }
  const last = (steps - 1) * L;
  const logProbability = L === 1 ? alpha[last] : addLogs(alpha[last + L - 1], alpha[last + L - 2]);
  return { states, alpha, logProbability };
}

/**
 * Writes the gradient: softmax minus the expected number of times that a path has the class at the
 * step.
 */
function writeGradient(dx: TypedArray, p: Float64Array, { states, alpha, logProbability }: Lattice, row: Row): void {
  const { at, stride, steps, classes } = row;
  const L = states.length;
  if (logProbability === -Infinity) {
    for (let t = 0; t < steps; t++) dx.fill(NaN, at + t * stride, at + t * stride + classes);
    return;
  }
  // log-probabilities of all endings after step t, for the states of step t
  let beta = new Float64Array(L).fill(-Infinity);
  let later = new Float64Array(L);
  beta[L - 1] = 0;
  if (L > 1) beta[L - 2] = 0;
  const expected = new Float64Array(classes);
  for (let t = steps - 1; t >= 0; t--) {
    expected.fill(0);
    for (let s = 0; s < L; s++) {
      expected[states[s]] += exp(alpha[t * L + s] + beta[s] - logProbability);
    }
    for (let c = 0; c < classes; c++) dx[at + t * stride + c] = exp(p[t * classes + c]) - expected[c];
    if (t === 0) break;
    [later, beta] = [beta, later];
    const emission = t * classes;
    for (let s = 0; s < L; s++) {
      const stay = later[s] + p[emission + states[s]];
      const next = s + 1 < L ? later[s + 1] + p[emission + states[s + 1]] : -Infinity;
      beta[s] =
        s + 2 < L && canSkip(states, s + 2)
          ? addThreeLogs(stay, next, later[s + 2] + p[emission + states[s + 2]])
          : addLogs(stay, next);
    }
  }
}

function checkTargets(
  where: string,
  targets: readonly ArrayLike<number>[],
  { batch, classes, blank }: { readonly batch: number; readonly classes: number; readonly blank: number },
): void {
  if (!Array.isArray(targets)) throw kindError(`${where} targets`, "a list of labels for each row", targets);
  if (targets.length !== batch) throw shapeError(`${where} targets`, `${batch} rows`, [targets.length]);
  targets.forEach((labels: ArrayLike<number>, b) => {
    for (let i = 0; i < labels.length; i++) {
      checkInteger(`${where} targets[${b}][${i}]`, labels[i], 0, classes - 1);
      if (labels[i] === blank)
        throw valueError(`${where} targets[${b}][${i}]`, "a label that is not the blank", labels[i]);
    }
  });
}
