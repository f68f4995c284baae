/**
 * @file Examples that stand for themselves, such as sentences or recordings: split, and put into
 * batches of similar length.
 */
import { checkInteger, checkNumber, DataError, type RandomStream, sentence } from "../base/index.ts";
import { bucketByLength } from "./batch.ts";

/**
 * Two parts, chosen at random: `validation` is the share that is held out, in [0, 1), rounded down
 * but at least one example where it isn't 0. The order inside each part is that of the examples.
 * Throws DataError when nothing is left to train on.
 */
export function splitExamples<E>(
  examples: readonly E[],
  { validation, random }: { readonly validation: number; readonly random: RandomStream },
): { readonly training: E[]; readonly validation: E[] } {
  const where = "splitExamples";
  checkNumber(`${where} validation`, validation, 0, 1 - 2 ** -24);
  const count = validation === 0 ? 0 : Math.max(1, Math.floor(examples.length * validation));
  if (examples.length - count < 1)
    throw new DataError(sentence(where, `more than ${count} examples to train on`, `${examples.length} in all`));
  const held = new Set(random.permutation(examples.length).slice(0, count));
  const part = (isHeld: boolean): E[] => examples.filter((_, i) => held.has(i) === isHeld);
  return { training: part(false), validation: part(true) };
}

export type ExampleBatchOptions<E> = {
  /** Largest number of examples in a batch. Long ones come in smaller batches: see `MOST_STEPS`. */
  readonly batchSize: number;
  /** Steps of an example. Examples of similar length share a batch, so that padding is small. */
  readonly lengthOf: (example: E) => number;
  /**
   * Shuffles: which of similar length share a batch, and the order of the batches. Default: by
   * length.
   */
  readonly random?: RandomStream | undefined;
};

/**
 * Time steps of a batch at most, padding included: 32 examples of 2,048 steps. Each takes 4 to 10
 * KiB with 64 units, so that a step needs some 0.5 GiB. An example that is longer comes alone.
 */
export const MOST_STEPS = 65_536;

/** Rows of `steps` time steps that a batch may have. */
export const mostRows = (batchSize: number, steps: number): number =>
  Math.max(1, Math.min(batchSize, Math.floor(MOST_STEPS / Math.max(1, steps))));

/**
 * Of batches the one with most time steps, padding included; of equal ones the one with the longest
 * example.
 */
export function largestBatch<E>(batches: readonly (readonly E[])[], lengthOf: (example: E) => number): readonly E[] {
  let [largest, most, longest]: [readonly E[], number, number] = [[], -1, -1];
  for (const batch of batches) {
    const own = longestOf(batch, lengthOf);
    const steps = own * batch.length;
    if (steps > most || (steps === most && own > longest)) [largest, most, longest] = [batch, steps, own];
  }
  return largest;
}

const longestOf = <E>(batch: readonly E[], lengthOf: (example: E) => number): number =>
  batch.reduce((longest, example) => Math.max(longest, lengthOf(example)), 0);

/**
 * All examples in their order, in batches of at most `batchSize` and, but for one example alone,
 * `MOST_STEPS` time steps.
 */
export function batchesInOrder<E>(
  examples: readonly E[],
  { batchSize, lengthOf }: Pick<ExampleBatchOptions<E>, "batchSize" | "lengthOf">,
): E[][] {
  const batches: E[][] = [];
  let batch: E[] = [];
  let longest = 0;
  for (const example of examples) {
    const own = Math.max(longest, lengthOf(example));
    if (batch.length > 0 && (batch.length >= batchSize || own * (batch.length + 1) > MOST_STEPS)) {
      batches.push(batch);
      [batch, longest] = [[], 0];
    }
    batch.push(example);
    longest = Math.max(longest, lengthOf(example));
  }
  if (batch.length > 0) batches.push(batch);
  return batches;
}

/** All examples, each once, in batches. The same stream gives the same batches. */
export function exampleBatches<E>(
  examples: readonly E[],
  { batchSize, lengthOf, random }: ExampleBatchOptions<E>,
): E[][] {
  checkInteger("exampleBatches batchSize", batchSize, 1);
  const { batches } = bucketByLength(examples.map(lengthOf), {
    batchSize,
    mostSteps: MOST_STEPS,
    ...(random && { random }),
  });
  return batches.map((batch) => Array.from(batch, (i) => examples[i]));
}
