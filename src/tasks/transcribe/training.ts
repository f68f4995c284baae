/** @file A transcriber with its recordings, as `trainOn` wants it. */
import { inPieces } from "#platform";
import {
  checkOptions,
  checkInteger,
  checkNumber,
  DataError,
  type RandomStream,
  randomStream,
  sentence,
} from "../../base/index.ts";
import { batchesInOrder, exampleBatches, largestBatch, shardBatches, WHOLE } from "../../data/index.ts";
import { bitsOf, twoHashesOf } from "../data-hash.ts";
import { describeBatch } from "../largest-example.ts";
import { ctcLoss, mean, mul, tensor } from "../../tensor/index.ts";
import type { OwnTask } from "../../train/index.ts";
import { BLANK } from "./ctc-decoding.ts";
import type { Features } from "./features.ts";
import { stepProbabilities } from "./answers.ts";
import { measure } from "./evaluation.ts";
import { type HeardUtterance, heardUtterance, lengthOf } from "./inputs.ts";
import type { Transcriber, Utterance } from "./model.ts";

/**
 * Distortions while training, of scaled frames. SpecAugment (Park et al. 2019) without time
 * warping, and noise.
 */
export type SpeechAugmentation = {
  /** Deviation of normal noise on each number. Default 0. */
  readonly noise?: number;
  /** Runs of frames that are silenced in each recording. Default 0. */
  readonly timeMasks?: number;
  /** Longest such run, in frames. Default 10. */
  readonly timeWidth?: number;
  /** Runs of bands that are silenced. Default 0. */
  readonly bandMasks?: number;
  /** Widest such run. Default 6. */
  readonly bandWidth?: number;
};

export type TranscriberTaskOptions = {
  readonly training: readonly Utterance[];
  /**
   * Held out: after it the loss, the character and the word error rate are reported. Default: none.
   */
  readonly validation?: readonly Utterance[] | undefined;
  /** Default 16. */
  readonly batchSize?: number | undefined;
  /** Seed of the order of the batches. Default 0. */
  readonly seed?: number | undefined;
  readonly augment?: SpeechAugmentation | undefined;
};

/**
 * A transcriber with its recordings, for `trainOn`. The loss is the mean of -log P(text) / max(1,
 * characters), as PyTorch's `CTCLoss`.
 *
 * Throws DataError, which names the recording, for a character that the alphabet lacks, for samples
 * that are not finite, and for a text with more characters than the recording has steps (a smaller
 * `timeReduction` or hop helps).
 */
export function transcriberTask(
  model: Transcriber,
  { training, validation = [], batchSize = 16, seed = 0, augment = {} }: TranscriberTaskOptions,
): OwnTask<readonly HeardUtterance[]> {
  checkOptions("transcriberTask", arguments[1], "training validation batchSize seed augment");
  const where = "transcriberTask";
  checkInteger(`${where} batchSize`, batchSize, 1);
  for (const [name, value] of Object.entries(augment)) checkNumber(`${where} augment ${name}`, value, 0);
  if (training.length === 0) throw new DataError(sentence(where, "at least one recording to train on", "none"));
  const examples = training.map((one, i) => heardUtterance(model, one, `training[${i}]`));
  const held = validation.map((one, i) => heardUtterance(model, one, `validation[${i}]`));
  const order = randomStream(seed).named("shuffle");
  return {
    parameters: model.parameters(),
    batches(index, shard = WHOLE) {
      const batches = exampleBatches(examples, { batchSize, lengthOf, random: order.at(index) });
      return shardBatches(
        batches.map((batch) => batch.map((one, row) => ({ ...one, row }))),
        shard,
      );
    },
    loss(batch, { random }) {
      const noisy = random.named("augment");
      const { inputs, lengths } = model.batch(batch.map(({ heard, row }) => distorted(heard, augment, noisy.at(row))));
      const { logits } = model.forward(inputs, { lengths, random });
      const losses = ctcLoss(
        logits,
        batch.map(({ labels }) => labels),
        { blank: BLANK, lengths },
      );
      const value = mean(mul(losses, tensor(batch.map(({ labels }) => 1 / Math.max(1, labels.length)))));
      return { value, weight: batch.length };
    },
    tokens: (batch) => batch.length,
    rehearsal() {
      const largest = largestBatch(exampleBatches(examples, { batchSize, lengthOf }), lengthOf);
      const heldBatch = largestBatch(batchesInOrder(held, { batchSize, lengthOf }), lengthOf);
      const recordings = heldBatch.map(({ heard }) => heard);
      return {
        batches: [largest],
        evaluate: recordings.length === 0 ? undefined : () => void stepProbabilities(model, recordings),
        largest: describeBatch(largest, lengthOf, "frames"),
        cures: ["batchSize"],
      };
    },
    ...(held.length > 0 && {
      evaluate: async (signal) => {
        const { loss, measures } = await inPieces(measure(model, held, batchSize), signal);
        return { loss, measures };
      },
    }),
    fingerprint: {
      model: model.configuration(),
      training: checksum(examples),
      validation: checksum(held),
      batchSize,
      seed,
      augment: { ...augment },
    },
  };
}

function distorted(heard: Features, augment: SpeechAugmentation, random: RandomStream): Features {
  const { noise = 0, timeMasks = 0, timeWidth = 10, bandMasks = 0, bandWidth = 6 } = augment;
  if (noise === 0 && timeMasks === 0 && bandMasks === 0) return heard;
  const { frames, size } = heard;
  const data = noise === 0 ? heard.data.slice() : heard.data.map((x) => x + noise * random.normal());
  /** A run somewhere in [0, length). */
  const run = (length: number, widest: number): [number, number] => {
    const width = random.integer(Math.min(Math.floor(widest), length) + 1);
    const from = random.integer(length - width + 1);
    return [from, from + width];
  };
  for (let i = 0; i < timeMasks; i++) {
    const [from, to] = run(frames, timeWidth);
    data.fill(0, from * size, to * size);
  }
  for (let i = 0; i < bandMasks; i++) {
    const [from, to] = run(size, bandWidth);
    for (let t = 0; t < frames; t++) data.fill(0, t * size + from, t * size + to);
  }
  return { data, frames, size };
}

/** Hashes of the texts and the frames. */
const checksum = (examples: readonly HeardUtterance[]): string =>
  twoHashesOf(
    examples.flatMap(({ heard, labels }) => [[heard.frames, labels.length], labels, bitsOf(heard.data)]),
    // the upper bits come down
    (hash, word) => Math.imul(hash ^ (hash >>> 15) ^ word, 0x01000193),
  );
