/** @file How a translator is trained. */
import { inPieces } from "#platform";
import { checkOptions, checkInteger, DataError, type RandomStream, randomStream, sentence } from "../../base/index.ts";
import { exampleBatches, largestBatch, shardRows, WHOLE } from "../../data/index.ts";
import { hashOf } from "../data-hash.ts";
import { describeBatch } from "../largest-example.ts";
import type { JsonValue } from "../../formats/index.ts";
import type { OwnTask } from "../../train/index.ts";
import { type ScheduledSampling, teacherProbability } from "./scheduled-sampling.ts";
import { meanLoss } from "./evaluation.ts";
import { batchOf, type Example, examplesOf, lengthOf, tokensOf, type TranslationBatch } from "./inputs.ts";
import { translationLoss } from "./loss.ts";
import type { Pair, Translator } from "./model.ts";

export type TranslatorTaskOptions = {
  readonly training: readonly Pair[];
  /** Held-out pairs. Default: none, and no evaluations. */
  readonly validation?: readonly Pair[] | undefined;
  /** Default 32. */
  readonly batchSize?: number | undefined;
  /** Seed of the order of the batches. Default 0. */
  readonly seed?: number | undefined;
  /** Default: the decoder always reads the true tokens (teacher forcing). */
  readonly scheduledSampling?: ScheduledSampling | undefined;
};

/**
 * Training of a translator, for `trainOn`. The loss is the mean cross entropy per target token, the
 * end included; evaluations report it with `perplexity` on held-out pairs, always with the true
 * tokens as inputs. Throws DataError without training pairs, RangeError and TypeError for options.
 */
export function translatorTask(
  model: Translator,
  { training, validation = [], batchSize = 32, seed = 0, scheduledSampling }: TranslatorTaskOptions,
): OwnTask<TranslationBatch> {
  checkOptions("translatorTask", arguments[1], "training validation batchSize seed scheduledSampling");
  const where = "translatorTask";
  if (training.length === 0) throw new DataError(sentence(where, "at least one pair to train on", "none"));
  checkInteger(`${where} batchSize`, batchSize, 1);
  if (scheduledSampling !== undefined) teacherProbability(scheduledSampling, 0);
  const examples = examplesOf(model, training);
  const held = examplesOf(model, validation);
  const random = randomStream(checkInteger(`${where} seed`, seed));
  const batches = (from: readonly Example[], shuffle?: RandomStream): Example[][] =>
    exampleBatches(from, { batchSize, lengthOf, random: shuffle });
  const perEpoch = batches(examples).length;
  return {
    parameters: model.parameters(),
    batches: (epoch, shard = WHOLE) =>
      batches(examples, random.named("shuffle").at(epoch)).map((batch, i) => {
        const { from, to } = shardRows(batch.length, shard);
        const place = { index: epoch * perEpoch + i, firstRow: from };
        return from === to ? undefined : batchOf(model, batch.slice(from, to), place);
      }),
    loss(batch, context) {
      const teacher = scheduledSampling === undefined ? 1 : teacherProbability(scheduledSampling, batch.index);
      return { value: translationLoss(model, batch, { random: context.random, teacher }), weight: tokensOf(batch) };
    },
    tokens: tokensOf,
    rehearsal() {
      const largest = largestBatch(batches(examples), lengthOf);
      // the attention has a number for each pair of a source and a target token
      const mostAttended = largestBatch(batches(examples), ({ source, target }) => source.length * target.length);
      const heldBatch = largestBatch(batches(held), lengthOf);
      return {
        batches: [largest, mostAttended].map((batch) => batchOf(model, batch)),
        evaluate:
          heldBatch.length === 0 ? undefined : () => void translationLoss(model, batchOf(model, heldBatch)).item(),
        largest: describeBatch(largest, lengthOf, "tokens in both languages"),
        cures: ["batchSize"],
      };
    },
    ...(held.length > 0 && {
      async evaluate(signal) {
        const loss = await inPieces(meanLoss(model, batches(held)), signal);
        return { loss, measures: { perplexity: Math.exp(loss) } };
      },
    }),
    fingerprint: {
      model: model.configuration(),
      pairs: checksum(examples),
      batchSize,
      taskSeed: seed,
      scheduledSampling: (scheduledSampling ?? null) as JsonValue,
    },
  };
}

/** Number of examples, and a hash of all their ids. */
const checksum = (examples: readonly Example[]): string =>
  `${examples.length}-${hashOf(examples.flatMap(({ source, target }) => [source, target])).toString(16)}`;
