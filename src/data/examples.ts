/** @file Examples that stand for themselves, such as sentences or recordings: split, and put into batches of similar length. */
import { checkInteger, checkNumber, DataError, type RandomStream, sentence } from "../base/index.ts";
import { bucketByLength } from "./batch.ts";

/**
 * Two parts, chosen at random: `validation` is the share that is held out, in [0, 1), rounded down but at least one example where it isn't 0. The order
 * inside each part is that of the examples. Throws DataError when nothing is left to train on.
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
  /** Largest number of examples in a batch. */
  readonly batchSize: number;
  /** Steps of an example. Examples of similar length share a batch, so that padding is small. */
  readonly lengthOf: (example: E) => number;
  /** Shuffles: which of similar length share a batch, and the order of the batches. Default: by length. */
  readonly random?: RandomStream | undefined;
};

/** All examples, each once, in batches. The same stream gives the same batches. */
export function exampleBatches<E>(
  examples: readonly E[],
  { batchSize, lengthOf, random }: ExampleBatchOptions<E>,
): E[][] {
  checkInteger("exampleBatches batchSize", batchSize, 1);
  const { batches } = bucketByLength(examples.map(lengthOf), { batchSize, ...(random && { random }) });
  return batches.map((batch) => Array.from(batch, (i) => examples[i]));
}
