import {
  checkInteger,
  checkNumber,
  DataError,
  kindError,
  NotFiniteError,
  type RandomStream,
  randomStream,
  sentence,
  valueError,
} from "../base/index.ts";
import { contiguousBatches, shuffledWindows, splitTail, type TokenBatches } from "../data/index.ts";
import { encodeCorpus, evaluate, type Evaluation, type LanguageModel } from "../model/index.ts";
import { useThreads } from "../engine/index.ts";
import { adam, clipByGlobalNorm, type Optimizer, type OptimizerState, type Schedule } from "../optim/index.ts";
import { carryInto } from "../rnn/index.ts";
import { scope } from "../tensor/index.ts";
import { now, yieldToHost } from "#platform";
import { checkMemory } from "./memory-plan.ts";
import { resetRows, trainStep } from "./train-step.ts";

export type TrainOptions = {
  /** Text to learn, or its token ids. Default: the corpus that the model was made with. */
  readonly corpus?: string | Uint8Array | Int32Array;
  /** Time steps per batch: how far gradients reach back. Default 50. */
  readonly sequenceLength?: number;
  /** Rows per batch. Default 32. */
  readonly batchSize?: number;
  /** Stop after this many steps. Default: `epochs` decides. */
  readonly steps?: number;
  /** Stop after this many passes over the training text. Default 50, unless `steps` or `seconds` is given. */
  readonly epochs?: number;
  /** Stop when this many seconds have passed. Default: no limit. */
  readonly seconds?: number;
  /** Default Adam with learning rate 2e-3. */
  readonly optimizer?: Optimizer;
  /** Learning rate of each step, counted from 0. Default: the optimizer's own. */
  readonly schedule?: Schedule;
  /** Gradients are scaled down to this global norm. Default 5; Infinity turns it off. */
  readonly clipNorm?: number;
  /** Part of the text, at its end, that is kept for evaluation. Default 0.05. */
  readonly validation?: number;
  /** Evaluate after this many steps, and at the end. Default: at the end of each epoch. */
  readonly evaluateEvery?: number;
  /**
   * false (default): rows run on through the text and their state is carried from batch to batch, as in char-rnn. true: windows in
   * a new random order each epoch, each from a zero state.
   */
  readonly shuffle?: boolean;
  /**
   * Probability that a row begins a batch with a zero state although its text runs on. Default 0.05: without any, a long run never sees the
   * beginning of a text again, and later samples badly from a short prime. 0 is what char-rnn does.
   */
  readonly resetState?: number;
  /** Of shuffling and dropout. Default: the model's. */
  readonly seed?: number;
  /** As `useThreads`, before the first step. Default: as it is, which at first is one for each processor. */
  readonly threads?: number;
  /** Ends training after the step that is running. */
  readonly signal?: AbortSignal;
};

type Progress = {
  /** Steps done, from 1. */
  readonly step: number;
  /** Steps planned, undefined when only time limits the run. */
  readonly steps: number | undefined;
  /** Passes over the training text so far, a fraction. */
  readonly epoch: number;
  /** Seconds since the start. */
  readonly seconds: number;
};

/** What `train` tells. `loss` is the mean cross entropy per token in nats. */
export type TrainEvent =
  | (Progress & {
      readonly kind: "step";
      readonly loss: number;
      /** Global norm of the gradients before clipping. */
      readonly gradientNorm: number;
      readonly learningRate: number | undefined;
      readonly tokensPerSecond: number;
      /** The loss or a gradient was not finite, and the parameters were left as they were. */
      readonly skipped: boolean;
    })
  | (Progress & Evaluation & { readonly kind: "evaluation" })
  | (Progress & { readonly kind: "end"; readonly loss: number; readonly reason: "done" | "time" | "aborted" });

/** After so many steps in a row that had to be skipped, training stops. */
const MAX_SKIPPED = 10;

/**
 * Trains a language model on its corpus; an async iterator of events, one for each step and evaluation, then `end`. The model's parameters
 * change in place, so it can be used between any two events; leaving the loop early stops the training.
 *
 * Throws (when first advanced) DataError for a text that is too short, RangeError for options; NotFiniteError after 10 steps in a row whose
 * loss or gradient was not finite: none of them has touched the parameters. Throws UnsupportedError before the first step when the run needs more memory
 * than the engine can have.
 */
export async function* train(
  model: LanguageModel,
  options: TrainOptions = {},
): AsyncGenerator<TrainEvent, void, undefined> {
  const {
    batchSize = 32,
    sequenceLength = 50,
    shuffle = false,
    clipNorm = 5,
    resetState = 0.05,
    signal,
    schedule,
  } = options;
  const { optimizer = adam({ learningRate: 2e-3 }), seed = model.config.seed } = options;
  const limits = checkLimits(options);
  if (clipNorm !== Infinity) checkNumber("train clipNorm", clipNorm, Number.MIN_VALUE);
  checkNumber("train resetState", resetState, 0, 1);
  const random = randomStream(checkInteger("train seed", seed));
  const { training, validation } = splitCorpus(model, options);
  const epochOf = (epoch: number): TokenBatches =>
    shuffle
      ? shuffledWindows(training, { batchSize, sequenceLength, random: random.named("shuffle").at(epoch) })
      : contiguousBatches(training, { batchSize, sequenceLength });
  let batches = epochOf(0);
  const perEpoch = batches.count;
  const steps = limits.steps ?? (limits.epochs === undefined ? undefined : limits.epochs * perEpoch);
  const evaluateEvery = checkInteger("train evaluateEvery", options.evaluateEvery ?? perEpoch, 1);
  if (options.threads !== undefined) useThreads(options.threads);

  const parameters = model.parameters();
  let optimizerState: OptimizerState = optimizer.init(parameters);
  const carried = model.initialState(batchSize);
  checkMemory(model, { batchSize, sequenceLength, clips: clipNorm !== Infinity, validation: validation.length });
  const start = now();
  let step = 0;
  let skipped = 0;
  let loss = NaN;
  let reason: "done" | "time" | "aborted" = "done";
  const progress = (): Progress => ({ step, steps, epoch: step / perEpoch, seconds: (now() - start) / 1000 });

  while (steps === undefined || step < steps) {
    const index = step % perEpoch;
    if (index === 0) {
      if (step > 0 && shuffle) batches = epochOf(step / perEpoch);
      carryInto(carried, undefined);
    }
    resetRows(carried, resetState, random.named("reset").at(step));
    const begin = now();
    const learningRate = schedule?.(step);
    const dropout: RandomStream = random.named("dropout").at(step);
    const result = scope(() => {
      const { state, ...rest } = trainStep(
        model,
        batches.at(index),
        { batchSize, sequenceLength, state: carried, random: dropout },
        (gradients) => {
          const clipped = clipByGlobalNorm(gradients, clipNorm);
          if (clipped.finite)
            optimizerState = optimizer.update(parameters, clipped.gradients, optimizerState, { learningRate });
          return clipped;
        },
      );
      carryInto(carried, shuffle || rest.skipped ? undefined : state);
      return rest;
    });
    step++;
    loss = result.loss;
    skipped = result.skipped ? skipped + 1 : 0;
    yield {
      kind: "step",
      ...progress(),
      loss,
      gradientNorm: result.gradientNorm,
      learningRate,
      tokensPerSecond: (batchSize * sequenceLength * 1000) / (now() - begin),
      skipped: result.skipped,
    };
    if (skipped >= MAX_SKIPPED) {
      const got = `${skipped} in a row that were not, up to step ${step}`;
      throw new NotFiniteError(
        sentence("train", "steps with a finite loss and gradient", got, "Lower the learning rate or clipNorm"),
      );
    }
    await yieldToHost();
    if (signal?.aborted) reason = "aborted";
    else if (limits.seconds !== undefined && now() - start >= limits.seconds * 1000) reason = "time";
    if (reason !== "done") break;
    if (validation.length > 1 && step % evaluateEvery === 0 && step !== steps) {
      yield { kind: "evaluation", ...progress(), ...evaluate(model, validation) };
    }
  }
  if (validation.length > 1 && reason !== "aborted")
    yield { kind: "evaluation", ...progress(), ...evaluate(model, validation) };
  yield { kind: "end", ...progress(), loss, reason };
}

type Limits = { steps: number | undefined; epochs: number | undefined; seconds: number | undefined };

const DEFAULT_EPOCHS = 50;

function checkLimits({ steps, epochs, seconds }: TrainOptions): Limits {
  if (steps !== undefined && epochs !== undefined) throw valueError("train", "steps or epochs", "both");
  if (steps !== undefined) checkInteger("train steps", steps, 1);
  if (epochs !== undefined) checkInteger("train epochs", epochs, 1);
  if (seconds !== undefined) checkNumber("train seconds", seconds, 0);
  return {
    steps,
    seconds,
    epochs: epochs ?? (steps === undefined && seconds === undefined ? DEFAULT_EPOCHS : undefined),
  };
}

function splitCorpus(model: LanguageModel, options: TrainOptions): { training: Int32Array; validation: Int32Array } {
  const { corpus = model.corpus } = options;
  const ids =
    typeof corpus === "string" || corpus instanceof Uint8Array ? encodeCorpus(model.vocabulary, corpus) : corpus;
  if (ids === undefined) throw kindError("train", "a corpus (in the model or in the options)", undefined);
  if (ids.length === 0) throw new DataError(sentence("train corpus", "at least one token", "none"));
  const { train: training, validation } = splitTail(ids, { validation: options.validation ?? 0.05 });
  return { training, validation };
}
