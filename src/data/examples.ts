/**
 * @file Independent examples, such as sentences or recordings: split, and grouped into batches of
 * similar length.
 */
import { checkOptions, checkInteger, checkNumber, DataError, type RandomStream, sentence } from "../base/index.ts";
import { bucketByLength } from "./batch.ts";

/**
 * Splits examples at random into training and validation. `validation` is the fraction to hold out,
 * in [0, 1), rounded down, but at least one example unless it is 0. Each part keeps the order of
 * the examples. Throws DataError if no example is left for training.
 */
export function splitExamples<E>(
  examples: readonly E[],
  { validation, random }: { readonly validation: number; readonly random: RandomStream },
): { readonly training: E[]; readonly validation: E[] } {
  checkOptions("splitExamples", arguments[1], "validation random");
  const where = "splitExamples";
  checkNumber(`${where} validation`, validation, 0, 1 - 2 ** -24);
  const count = validation === 0 ? 0 : Math.max(1, Math.floor(examples.length * validation));
  if (examples.length - count < 1)
    throw new DataError(sentence(where, `more than ${count} examples to train on`, `${examples.length} in all`));
  const heldOut = new Set(random.permutation(examples.length).slice(0, count));
  const part = (isHeldOut: boolean): E[] => examples.filter((_, i) => heldOut.has(i) === isHeldOut);
  return { training: part(false), validation: part(true) };
}

/** Options of `exampleBatches`. */
export type ExampleBatchOptions<E> = {
  /** Most examples in a batch. Long ones come in smaller batches: see `MOST_STEPS`. */
  readonly batchSize: number;
  /**
   * Number of steps of an example. Examples of similar length share a batch, which keeps padding
   * small.
   */
  readonly lengthOf: (example: E) => number;
  /**
   * Stream that shuffles examples of similar length, and the order of the batches. Default: sorted
   * by length.
   */
  readonly random?: RandomStream | undefined;
};

/**
 * Most time steps in a batch, padding included: 32 examples of 2,048 steps. Each takes 4 to 10 KiB
 * with 64 units, so a training step needs some 0.5 GiB. A longer example gets a batch of its own.
 */
export const MOST_STEPS = 65_536;

/** Most rows of `steps` time steps that a batch may have. */
export const mostRows = (batchSize: number, steps: number): number =>
  Math.max(1, Math.min(batchSize, Math.floor(MOST_STEPS / Math.max(1, steps))));

/**
 * The batch with the most time steps, padding included; among equals, the one with the longest
 * example.
 */
export function largestBatch<E>(batches: readonly (readonly E[])[], lengthOf: (example: E) => number): readonly E[] {
  let [largest, most, longest]: [readonly E[], number, number] = [[], -1, -1];
  for (const batch of batches) {
    const length = longestOf(batch, lengthOf);
    const steps = length * batch.length;
    if (steps > most || (steps === most && length > longest)) [largest, most, longest] = [batch, steps, length];
  }
  return largest;
}

const longestOf = <E>(batch: readonly E[], lengthOf: (example: E) => number): number =>
  batch.reduce((longest, example) => Math.max(longest, lengthOf(example)), 0);

/**
 * All examples in order, in batches of at most `batchSize` examples and `MOST_STEPS` time steps. A
 * longer example gets a batch of its own.
 */
export function batchesInOrder<E>(
  examples: readonly E[],
  { batchSize, lengthOf }: Pick<ExampleBatchOptions<E>, "batchSize" | "lengthOf">,
): E[][] {
  const batches: E[][] = [];
  let batch: E[] = [];
  let longest = 0;
  for (const example of examples) {
    const padded = Math.max(longest, lengthOf(example));
    if (batch.length > 0 && (batch.length >= batchSize || padded * (batch.length + 1) > MOST_STEPS)) {
      batches.push(batch);
      [batch, longest] = [[], 0];
    }
    batch.push(example);
    longest = Math.max(longest, lengthOf(example));
  }
  if (batch.length > 0) batches.push(batch);
  return batches;
}

/**
 * All examples, each once, in batches of similar length. The same stream gives the same batches.
 */
export function exampleBatches<E>(
  examples: readonly E[],
  { batchSize, lengthOf, random }: ExampleBatchOptions<E>,
): E[][] {
  checkInteger("exampleBatches batchSize", batchSize, 1);
  const { batches } = bucketByLength(examples.map(lengthOf), {
    batchSize,
    maxSteps: MOST_STEPS,
    ...(random && { random }),
  });
  return batches.map((batch) => Array.from(batch, (i) => examples[i]));
}
