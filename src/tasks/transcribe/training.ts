/** @file A transcriber with its recordings, as `trainOn` wants it. */
import { carryOut, inPieces, type MaybeSignal, type Pieces, type WithoutSignal, type WithSignal } from "#platform";
import { checkInteger, checkNumber, DataError, type RandomStream, randomStream, sentence } from "../../base/index.ts";
import { batchesInOrder, exampleBatches, largestBatch } from "../../data/index.ts";
import { describeBatch } from "../largest-example.ts";
import { characterErrorRate, wordErrorRate } from "../../metrics/index.ts";
import { ctcLogProbability, ctcLoss, mean, mul, tensor } from "../../tensor/index.ts";
import type { OwnTask } from "../../train/index.ts";
import { BLANK, ctcGreedy } from "./ctc-decoding.ts";
import { checkSamples, type Features } from "./features.ts";
import { stepProbabilities } from "./answers.ts";
import type { Transcriber, Utterance } from "./model.ts";

/** A recording as it is trained on. */
export type HeardUtterance = {
  readonly heard: Features;
  readonly labels: Int32Array;
  readonly text: string;
  /** The recording's name, for messages. */
  readonly place: string;
};

/** Distortions while training, of scaled frames. SpecAugment (Park et al. 2019) without time warping, and noise. */
export type Augmentation = {
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
  /** Held out: after it the loss, the character and the word error rate are reported. Default: none. */
  readonly validation?: readonly Utterance[];
  /** Default 16. */
  readonly batchSize?: number;
  /** Of the order of the batches. Default 0. */
  readonly seed?: number;
  readonly augment?: Augmentation;
};

/** On held-out recordings. */
export type TranscriptMeasures = {
  /** Mean of -log P(text) / max(1, characters). */
  readonly loss: number;
  readonly characterErrorRate: number;
  readonly wordErrorRate: number;
};

/**
 * What `trainOn` needs. The loss is the mean over the batch of -log P(text) / max(1, characters), as PyTorch's `CTCLoss`.
 *
 * Throws DataError, which names the recording, for a character that the alphabet lacks, for samples that are not finite, and for a text with more characters
 * than the recording has steps (a smaller `timeReduction` or hop helps).
 */
export function transcriberTask(
  model: Transcriber,
  { training, validation = [], batchSize = 16, seed = 0, augment = {} }: TranscriberTaskOptions,
): OwnTask<readonly HeardUtterance[]> {
  const where = "transcriberTask";
  checkInteger(`${where} batchSize`, batchSize, 1);
  for (const [name, value] of Object.entries(augment)) checkNumber(`${where} augment ${name}`, value, 0);
  if (training.length === 0) throw new DataError(sentence(where, "at least one recording to train on", "none"));
  const examples = training.map((one, i) => heardUtterance(model, one, `training[${i}]`));
  const held = validation.map((one, i) => heardUtterance(model, one, `validation[${i}]`));
  const order = randomStream(seed).named("shuffle");
  return {
    parameters: model.parameters(),
    batches: (index) => exampleBatches(examples, { batchSize, lengthOf, random: order.at(index) }),
    loss(batch, { random }) {
      const noisy = random.named("augment");
      const { inputs, lengths } = model.batch(batch.map(({ heard }, i) => distorted(heard, augment, noisy.at(i))));
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
        const { loss, texts: _texts, ...measures } = await inPieces(measure(model, held, batchSize), signal);
        return { loss, measures };
      },
    }),
    fingerprint: {
      model: model.configuration(),
      training: hashOf(examples),
      validation: hashOf(held),
      batchSize,
      seed,
      augment: { ...augment },
    },
  };
}

/** FNV-1a, twice, over the texts and the bits of the frames: to see that a resumed run has the same data. */
function hashOf(examples: readonly HeardUtterance[]): string {
  let [a, b] = [0x811c9dc5, 0x9747b28c];
  const take = (word: number): void => {
    a = Math.imul(a ^ word, 0x01000193);
    // the upper bits come down
    b = Math.imul(b ^ (b >>> 15) ^ word, 0x01000193);
  };
  for (const { heard, labels } of examples) {
    for (const size of [heard.frames, labels.length]) take(size);
    for (const label of labels) take(label);
    const { buffer, byteOffset, length } = heard.data;
    for (const bits of new Uint32Array(buffer, byteOffset, length)) take(bits);
  }
  return [a, b].map((x) => (x >>> 0).toString(16).padStart(8, "0")).join("");
}

/**
 * Loss and error rates of the best paths on recordings with their texts. With `signal` the answer is a promise, which rejects with the signal's reason when
 * that aborts.
 */
export function evaluateTranscriber(
  model: Transcriber,
  utterances: readonly Utterance[],
  options: EvaluateOptions & WithSignal,
): Promise<TranscriberEvaluation>;
export function evaluateTranscriber(
  model: Transcriber,
  utterances: readonly Utterance[],
  options?: EvaluateOptions & WithoutSignal,
): TranscriberEvaluation;
export function evaluateTranscriber(
  model: Transcriber,
  utterances: readonly Utterance[],
  { signal, ...options }: EvaluateOptions & MaybeSignal = {},
): TranscriberEvaluation | Promise<TranscriberEvaluation> {
  return carryOut(evaluateInPieces(model, utterances, options), signal);
}

const lengthOf = ({ heard }: HeardUtterance): number => heard.frames;

type EvaluateOptions = {
  /** Recordings that are computed together. Default 16. */
  readonly batchSize?: number;
};

type TranscriberEvaluation = TranscriptMeasures & { readonly texts: readonly string[] };

function* evaluateInPieces(
  model: Transcriber,
  utterances: readonly Utterance[],
  { batchSize = 16 }: EvaluateOptions,
): Pieces<TranscriberEvaluation> {
  const held: HeardUtterance[] = [];
  for (const [i, one] of utterances.entries()) {
    held.push(heardUtterance(model, one, `recording ${i}`));
    yield;
  }
  return yield* measure(model, held, batchSize);
}

function* measure(
  model: Transcriber,
  held: readonly HeardUtterance[],
  batchSize: number,
): Pieces<TranscriberEvaluation> {
  let loss = 0;
  const texts: string[] = [];
  for (const batch of batchesInOrder(held, { batchSize, lengthOf })) {
    stepProbabilities(
      model,
      batch.map(({ heard }) => heard),
    ).forEach((steps, b) => {
      const { labels } = batch[b];
      loss -= ctcLogProbability(steps.data, labels, steps) / Math.max(1, labels.length);
      texts.push(model.textOf(ctcGreedy(steps).labels));
    });
    yield;
  }
  const references = held.map(({ text }) => text);
  return {
    loss: loss / held.length,
    characterErrorRate: characterErrorRate(references, texts),
    wordErrorRate: wordErrorRate(references, texts),
    texts,
  };
}

function heardUtterance(model: Transcriber, { samples, text, name }: Utterance, place: string): HeardUtterance {
  const where = name ?? place;
  checkSamples(where, samples);
  const unknown = [...text].find((character) => !model.vocabulary.has(character));
  if (unknown !== undefined)
    throw new DataError(sentence(where, "characters of the alphabet", JSON.stringify(unknown)));
  const labels = model.labelsOf(text);
  const heard = model.hear(samples);
  const needed = labels.length + labels.filter((label, i) => i > 0 && label === labels[i - 1]).length;
  const steps = model.stepsOf(heard.frames);
  if (needed > steps) {
    const hint = "Use a smaller time reduction or hop, or leave it out";
    throw new DataError(sentence(where, `at least ${needed} steps for its text`, String(steps), hint));
  }
  return { heard, labels, text, place: where };
}

function distorted(heard: Features, augment: Augmentation, random: RandomStream): Features {
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
