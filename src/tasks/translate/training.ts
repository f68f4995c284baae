/** @file How a translator is trained. */
import { inPieces, type Pieces } from "#platform";
import { checkInteger, DataError, type RandomStream, randomStream, sentence } from "../../base/index.ts";
import { exampleBatches, largestBatch, padSequences } from "../../data/index.ts";
import { describeBatch } from "../largest-example.ts";
import type { JsonValue } from "../../formats/index.ts";
import { runSequence, sampleToken } from "../../rnn/index.ts";
import {
  gather,
  mean,
  reshape,
  scope,
  sparseSoftmaxCrossEntropy,
  stack,
  type Tensor,
  tensor,
  withoutGradient,
} from "../../tensor/index.ts";
import type { OwnTask } from "../../train/index.ts";
import { type ScheduledSampling, teacherProbability } from "./scheduled-sampling.ts";
import type { Encoded, Pair, Translator } from "./model.ts";

export type TranslatorTaskOptions = {
  readonly training: readonly Pair[];
  /** Held-out pairs. Default: none, and no evaluations. */
  readonly validation?: readonly Pair[];
  /** Default 32. */
  readonly batchSize?: number;
  /** Of the order of the batches. Default 0. */
  readonly seed?: number;
  /** Default: the decoder always reads the true tokens (teacher forcing). */
  readonly scheduledSampling?: ScheduledSampling | undefined;
};

/** Ids of pairs, time-major and padded. */
export type TranslationBatch = {
  readonly source: Int32Array;
  readonly sourceLengths: Int32Array;
  /** [T, B]: what the decoder reads. */
  readonly inputs: Int32Array;
  /** [T, B]: what it has to say. */
  readonly targets: Int32Array;
  readonly targetLengths: Int32Array;
  /** Its number among all batches of the training, counted from 0. */
  readonly index: number;
};

type Example = { readonly source: Int32Array; readonly target: Int32Array; readonly place: string };

/**
 * Training of a translator, for `trainOn`. The loss is the mean cross entropy per target token, the end included; evaluations report it with `perplexity`
 * on held-out pairs, always with the true tokens as inputs.
 * Throws DataError without training pairs, RangeError and TypeError for options.
 */
export function translatorTask(
  model: Translator,
  { training, validation = [], batchSize = 32, seed = 0, scheduledSampling }: TranslatorTaskOptions,
): OwnTask<TranslationBatch> {
  const where = "translatorTask";
  if (training.length === 0) throw new DataError(sentence(where, "at least one pair to train on", "none"));
  checkInteger(`${where} batchSize`, batchSize, 1);
  if (scheduledSampling !== undefined) teacherProbability(scheduledSampling, 0);
  const examplesOf = (pairs: readonly Pair[]): Example[] =>
    pairs.map(({ source, target, place }, i) => ({
      source: model.sourceIds(source),
      target: model.targetIds(target),
      place: place ?? `pair ${i + 1}`,
    }));
  const examples = examplesOf(training);
  const held = examplesOf(validation);
  const random = randomStream(checkInteger(`${where} seed`, seed));
  const batches = (from: readonly Example[], shuffle?: RandomStream): Example[][] =>
    exampleBatches(from, { batchSize, lengthOf, random: shuffle });
  const perEpoch = batches(examples).length;
  return {
    parameters: model.parameters(),
    batches: (epoch) =>
      batches(examples, random.named("shuffle").at(epoch)).map((batch, i) =>
        batchOf(model, batch, epoch * perEpoch + i),
      ),
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
        batches: [largest, mostAttended].map((batch) => batchOf(model, batch, 0)),
        evaluate:
          heldBatch.length === 0 ? undefined : () => void translationLoss(model, batchOf(model, heldBatch, 0)).item(),
        largest: describeBatch(largest, lengthOf, "tokens in both languages"),
        cures: ["batchSize"],
      };
    },
    ...(held.length > 0 && {
      async evaluate(signal) {
        const loss = await inPieces(meanLoss(model, batches(held)), signal);
        return { loss, perplexity: Math.exp(loss) };
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

/** Those that the decoder has to say. */
const tokensOf = ({ targetLengths }: TranslationBatch): number => targetLengths.reduce((sum, n) => sum + n, 0);

const lengthOf = ({ source, target }: Example): number => source.length + target.length;

/** What the decoder reads: the start, then all but the last token. */
function startingWith(start: number, target: Int32Array): Int32Array {
  const inputs = new Int32Array(target.length);
  inputs[0] = start;
  inputs.set(target.subarray(0, -1), 1);
  return inputs;
}

function batchOf(model: Translator, examples: readonly Example[], index: number): TranslationBatch {
  const timeMajor = { timeMajor: true };
  const source = padSequences(
    examples.map((example) => example.source),
    timeMajor,
  );
  const targets = padSequences(
    examples.map(({ target }) => target),
    timeMajor,
  );
  const inputs = padSequences(
    examples.map(({ target }) => startingWith(model.start, target)),
    timeMajor,
  );
  return {
    source: source.data,
    sourceLengths: source.lengths,
    inputs: inputs.data,
    targets: targets.data,
    targetLengths: targets.lengths,
    index,
  };
}

export type TranslationLossOptions = {
  /** Turns dropout on and draws the tokens of scheduled sampling; only with it. */
  readonly random?: RandomStream;
  /** Probability of a true token as input. Default 1. */
  readonly teacher?: number;
};

/** Mean cross entropy per target token of a batch, a scalar. Padding has no part in it. */
export function translationLoss(
  model: Translator,
  batch: TranslationBatch,
  { random, teacher = 1 }: TranslationLossOptions = {},
): Tensor {
  const rows = batch.sourceLengths.length;
  const steps = batch.inputs.length / rows;
  const source = tensor(batch.source, { shape: [batch.source.length / rows, rows] });
  const encoded = model.encode(source, batch.sourceLengths, { random });
  const outputs =
    teacher < 1 && random !== undefined
      ? sampledOutputs(model, encoded, batch, { random, teacher })
      : runSequence(model.cell(encoded), model.embed(tensor(batch.inputs, { shape: [steps, rows] })), encoded.state, {
          random: random?.named("decoder"),
          trace: false,
        }).outputs;
  // the decoder also ran over padding, behind which nothing comes: its outputs there are left out
  const places = validPlaces(batch.targetLengths, steps);
  const valid = gather(reshape(outputs, [steps * rows, outputs.shape[2]]), tensor(places));
  const targets = tensor(places.map((place) => batch.targets[place]));
  return mean(sparseSoftmaxCrossEntropy(model.logits(valid), targets));
}

function validPlaces(lengths: Int32Array, steps: number): Int32Array {
  const places: number[] = [];
  for (let t = 0; t < steps; t++)
    for (let row = 0; row < lengths.length; row++) if (t < lengths[row]) places.push(t * lengths.length + row);
  return Int32Array.from(places);
}

/** Outputs [T, B, H] of a decoder that at times reads what it would have said itself. No gradient flows through that choice. */
function sampledOutputs(
  model: Translator,
  encoded: Encoded,
  { inputs }: TranslationBatch,
  { random, teacher }: { readonly random: RandomStream; readonly teacher: number },
): Tensor {
  const cell = model.cell(encoded);
  const rows = encoded.state.alignment.shape[0];
  const outputs: Tensor[] = [];
  let state = encoded.state;
  for (let time = 0; time * rows < inputs.length; time++) {
    const ids = inputs.slice(time * rows, (time + 1) * rows);
    if (time > 0) replaceSome(model, ids, outputs[time - 1], teacher, random.named("schedule").at(time));
    const next = cell.step(model.embed(tensor(ids)), state, { time, random: random.named("decoder") });
    outputs.push(next.output);
    state = next.state;
  }
  return stack(outputs);
}

function replaceSome(model: Translator, ids: Int32Array, before: Tensor, teacher: number, random: RandomStream): void {
  const own = Array.from(ids, () => random.uniform() >= teacher);
  if (!own.includes(true)) return;
  const scores = withoutGradient(() => scope(() => model.logits(before).values()));
  const width = scores.length / ids.length;
  own.forEach((isOwn, row) => {
    if (isOwn) ids[row] = sampleToken(scores.subarray(row * width, (row + 1) * width), random.at(row));
  });
}

/** Over all target tokens. */
function* meanLoss(model: Translator, batches: readonly (readonly Example[])[]): Pieces<number> {
  let total = 0;
  let count = 0;
  for (const examples of batches) {
    const batch = batchOf(model, examples, 0);
    const tokens = tokensOf(batch);
    total += tokens * withoutGradient(() => scope(() => translationLoss(model, batch).item()));
    count += tokens;
    yield;
  }
  return total / count;
}

/** FNV-1a over all ids, with the number of examples. */
function checksum(examples: readonly Example[]): string {
  let hash = 0x811c9dc5;
  for (const { source, target } of examples)
    for (const ids of [source, target]) for (const id of ids) hash = Math.imul(hash ^ id, 0x01000193);
  return `${examples.length}-${(hash >>> 0).toString(16)}`;
}
