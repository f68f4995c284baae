/**
 * @file Learning rate schedules: pure functions of the step, counted from 0, so that a resumed run
 * needs only its step. The value is the learning rate of that step: `optimizer.update(…, {
 * learningRate: schedule(state.step) })`.
 */
import { checkInteger, checkNumber, checkOptions } from "../base/index.ts";
import { cosPi, integerPower, power } from "./power.ts";

/**
 * A function from a step, counted from 0, to its learning rate. Throws TypeError or RangeError
 * unless the step is an integer >= 0.
 */
export type Schedule = (step: number) => number;

const schedule =
  (name: string, rate: Schedule): Schedule =>
  (step) =>
    rate(checkInteger(`${name} step`, step));

/** A schedule with one constant learning rate. */
export function constant(learningRate: number): Schedule {
  checkNumber("constant learningRate", learningRate, 0);
  return schedule("constant", () => learningRate);
}

/** Step decay, initial · factor^⌊step / every⌋: PyTorch's StepLR. */
export function stepDecay({
  initial,
  every,
  factor,
}: {
  readonly initial: number;
  readonly every: number;
  readonly factor: number;
}): Schedule {
  checkOptions("stepDecay", arguments[0], "initial every factor");
  checkNumber("stepDecay initial", initial, 0);
  checkInteger("stepDecay every", every, 1);
  checkNumber("stepDecay factor", factor, 0);
  return schedule("stepDecay", (step) => initial * integerPower(factor, Math.floor(step / every)));
}

/**
 * Exponential decay, initial · decayRate^(step / decaySteps), the exponent floored with `staircase`
 * (default false): TF1's exponential_decay, Keras' ExponentialDecay; with decaySteps 1 PyTorch's
 * ExponentialLR.
 */
export function exponentialDecay({
  initial,
  decaySteps,
  decayRate,
  staircase = false,
}: {
  readonly initial: number;
  readonly decaySteps: number;
  readonly decayRate: number;
  readonly staircase?: boolean;
}): Schedule {
  checkOptions("exponentialDecay", arguments[0], "initial decaySteps decayRate staircase");
  checkNumber("exponentialDecay initial", initial, 0);
  checkInteger("exponentialDecay decaySteps", decaySteps, 1);
  checkNumber("exponentialDecay decayRate", decayRate, Number.MIN_VALUE);
  return schedule("exponentialDecay", (step) => {
    const exponent = step / decaySteps;
    return initial * power(decayRate, staircase ? Math.floor(exponent) : exponent);
  });
}

/**
 * Cosine decay from `initial` to alpha · initial, constant after `decaySteps`: initial · ((1-α) (1
 * + cos(π min(t, n) / n)) / 2 + α). TF1's cosine_decay, Keras' CosineDecay without warm-up.
 */
export function cosineDecay({
  initial,
  decaySteps,
  alpha = 0,
}: {
  readonly initial: number;
  readonly decaySteps: number;
  readonly alpha?: number;
}): Schedule {
  checkOptions("cosineDecay", arguments[0], "initial decaySteps alpha");
  checkNumber("cosineDecay initial", initial, 0);
  checkInteger("cosineDecay decaySteps", decaySteps, 1);
  checkNumber("cosineDecay alpha", alpha, 0, 1);
  return schedule("cosineDecay", (step) => {
    const cosine = 0.5 * (1 + cosPi(Math.min(step, decaySteps) / decaySteps));
    return initial * ((1 - alpha) * cosine + alpha);
  });
}

/**
 * Cosine between `initial` and `minimum` that rises again after `period` steps: minimum + (initial
 * - minimum) (1 + cos(π t / period)) / 2. PyTorch's CosineAnnealingLR (Loshchilov and Hutter 2017,
 * without restarts).
 */
export function cosineAnnealing({
  initial,
  period,
  minimum = 0,
}: {
  readonly initial: number;
  readonly period: number;
  readonly minimum?: number;
}): Schedule {
  checkOptions("cosineAnnealing", arguments[0], "initial period minimum");
  checkNumber("cosineAnnealing initial", initial, 0);
  checkInteger("cosineAnnealing period", period, 1);
  checkNumber("cosineAnnealing minimum", minimum, 0);
  return schedule(
    "cosineAnnealing",
    (step) => minimum + ((initial - minimum) * (1 + cosPi((step % (2 * period)) / period))) / 2,
  );
}

/**
 * Linear warm-up: `after` times a factor that rises from 1/steps in step 0 to 1 in step `steps -
 * 1`. `after` is not shifted in time.
 */
export function warmUp(after: Schedule, { steps }: { readonly steps: number }): Schedule {
  checkOptions("warmUp", arguments[1], "steps");
  checkInteger("warmUp steps", steps, 0);
  return schedule("warmUp", (step) => (step + 1 < steps ? (after(step) * (step + 1)) / steps : after(step)));
}

/**
 * Schedule of char-rnn: the rate is multiplied by `decay` at the end of each epoch from epoch
 * `decayAfterEpochs` on. With the defaults, the 11th epoch is the first with a smaller rate.
 */
export function charRnn({
  initial = 2e-3,
  decay = 0.97,
  decayAfterEpochs = 10,
  stepsPerEpoch,
}: {
  readonly initial?: number;
  readonly decay?: number;
  readonly decayAfterEpochs?: number;
  readonly stepsPerEpoch: number;
}): Schedule {
  checkOptions("charRnn", arguments[0], "initial decay decayAfterEpochs stepsPerEpoch");
  checkNumber("charRnn initial", initial, 0);
  checkNumber("charRnn decay", decay, 0);
  checkInteger("charRnn decayAfterEpochs", decayAfterEpochs);
  checkInteger("charRnn stepsPerEpoch", stepsPerEpoch, 1);
  // epochs are counted from 1
  const first = Math.max(1, decayAfterEpochs);
  return schedule(
    "charRnn",
    (step) => initial * integerPower(decay, Math.max(0, Math.floor(step / stepsPerEpoch) - first + 1)),
  );
}

/**
 * Schedule of torch-rnn: the rate is multiplied by `factor` every `every` epochs. Its train.lua
 * does so *before* the last step of an epoch and counts that step as part of the next epoch. So
 * with `every` 5, the last step of epoch 4 is the first with a smaller rate. (It also loses Adam's
 * state there, which is not imitated.)
 */
export function torchRnn({
  initial = 2e-3,
  every = 5,
  factor = 0.5,
  stepsPerEpoch,
}: {
  readonly initial?: number;
  readonly every?: number;
  readonly factor?: number;
  readonly stepsPerEpoch: number;
}): Schedule {
  checkOptions("torchRnn", arguments[0], "initial every factor stepsPerEpoch");
  checkNumber("torchRnn initial", initial, 0);
  checkInteger("torchRnn every", every, 1);
  checkNumber("torchRnn factor", factor, 0);
  checkInteger("torchRnn stepsPerEpoch", stepsPerEpoch, 1);
  return schedule("torchRnn", (step) => {
    const epoch = Math.floor((step + 1) / stepsPerEpoch) + 1;
    // with `every` 1 the count starts at the end of epoch 1, where `epoch` is 2 already
    const drops = Math.floor(epoch / every) - (every === 1 ? 1 : 0);
    return initial * integerPower(factor, drops);
  });
}
