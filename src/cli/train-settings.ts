/** @file What the options of `unrolled train` mean for the library's `train`. */
import {
  charRnn,
  contiguousBatches,
  type Optimizer,
  optimizers,
  type Schedule,
  splitTail,
  torchRnn,
  type TrainOptions,
} from "unrolled";
import type { TrainCommandOptions } from "./train-options.ts";

/** Throws DataError for a text that is too short for one step. */
export function stepsPerEpoch(ids: Int32Array, { validation, batchSize, sequenceLength }: TrainCommandOptions): number {
  return contiguousBatches(splitTail(ids, { validation }).train, { batchSize, sequenceLength }).count;
}

/** Steps: whole epochs that are 100 steps or more, but no more than 1,000 steps. */
const defaultEvaluateEvery = (perEpoch: number): number =>
  perEpoch >= 1000 ? 1000 : Math.ceil(100 / perEpoch) * perEpoch;

export function settingsOf(
  options: TrainCommandOptions,
  corpus: Int32Array,
  perEpoch: number,
  signal: AbortSignal,
): TrainOptions {
  const { sequenceLength, batchSize, clipNorm, validation, seed, steps, epochs, seconds, threads } = options;
  const schedule = scheduleOf(options, perEpoch);
  return {
    corpus,
    sequenceLength,
    batchSize,
    clipNorm,
    validation,
    seed,
    signal,
    evaluateEvery: options.evaluateEvery ?? defaultEvaluateEvery(perEpoch),
    optimizer: optimizerOf(options),
    shuffle: options.shuffle === true,
    ...(schedule && { schedule }),
    ...(steps !== undefined && { steps }),
    ...(epochs !== undefined && { epochs }),
    ...(seconds !== undefined && { seconds }),
    ...(threads !== undefined && { threads }),
  };
}

function optimizerOf({ optimizer, learningRate, rmspropDecay: decay }: TrainCommandOptions): Optimizer {
  if (optimizer === "rmsprop" && decay !== undefined) return optimizers.rmsprop({ learningRate, decay });
  return optimizers[optimizer]({ learningRate });
}

/** The learning rate by step, or undefined for a constant one. */
function scheduleOf(options: TrainCommandOptions, stepsPerEpoch: number): Schedule | undefined {
  const { learningRate: initial, learningRateDecay: decay, learningRateDecayAfter: after } = options;
  const every = options.learningRateDecayEvery;
  if (every !== undefined) return torchRnn({ initial, every, factor: decay ?? 0.5, stepsPerEpoch });
  if (decay === undefined && after === undefined) return undefined;
  return charRnn({ initial, decay: decay ?? 0.97, decayAfterEpochs: after ?? 10, stepsPerEpoch });
}
