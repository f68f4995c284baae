/**
 * @file How fast the engine is here, for `unrolled doctor`: half a second for each number of
 * threads.
 */
import { rest } from "../terminal/interruptible.ts";
import {
  engineReport,
  type LanguageModel,
  languageModel,
  matmul,
  randomStream,
  randomTensor,
  scope,
  train,
  useThreads,
} from "unrolled";

/** Sizes that are measured. */
export const SIZES = {
  /** [m, k]·[k, n]. */
  product: { m: 256, k: 512, n: 1024 },
  /** A language model of one LSTM layer. */
  step: { hiddenSize: 128, sequenceLength: 64, batchSize: 32 },
} as const;

export type Speed = {
  readonly threads: number;
  /** Speed of a float32 matrix product, in 10⁹ multiplications and additions per second. */
  readonly gflops: number;
  /** Time of a whole training step: forward, backward, clipping and Adam. */
  readonly stepMilliseconds: number;
};

/**
 * Milliseconds of the product's measurement, and of the warm-up before it. Training steps get twice
 * as many.
 */
const PERIOD = 100;
/** Milliseconds after which workers that have not started are no longer waited for. */
const PATIENCE = 3000;

/**
 * Speeds on one thread and, if that is more, on `threads`. The workers are running afterwards, or
 * the engine's report says why not.
 */
export async function measureSpeed(threads: number): Promise<Speed[]> {
  const product = productTimer();
  const model = makeModel();
  const counts = threads > 1 ? [1, threads] : [1];
  const speeds: Speed[] = [];
  for (const count of counts) {
    useThreads(count);
    await startThreads(count, product);
    await repeat(product);
    const gflops = gflopsOf(median(await repeat(product)));
    speeds.push({ threads: count, gflops, stepMilliseconds: await stepTime(model) });
  }
  return speeds;
}

function gflopsOf(milliseconds: number): number {
  const { m, k, n } = SIZES.product;
  return (2 * m * k * n) / milliseconds / 1e6;
}

/** A function that computes the product and returns its milliseconds. */
function productTimer(): () => number {
  const { m, k, n } = SIZES.product;
  const random = randomStream(0);
  const spread = { kind: "uniform", low: -1, high: 1 } as const;
  const [a, b] = [randomTensor([m, k], random.named("a"), spread), randomTensor([k, n], random.named("b"), spread)];
  return () => {
    const start = performance.now();
    scope(() => void matmul(a, b));
    return performance.now() - start;
  };
}

/** Runs `f` again and again for a while; what it returned. */
async function repeat(f: () => number): Promise<number[]> {
  const end = performance.now() + PERIOD;
  const results: number[] = [];
  while (performance.now() < end) {
    results.push(f());
    await rest();
  }
  return results;
}

/**
 * Runs `f` until `count` threads are there, or will not come: they start with the first large job,
 * which does not wait for them.
 */
async function startThreads(count: number, f: () => number): Promise<void> {
  const end = performance.now() + PATIENCE;
  const isWaiting = (): boolean => !haveStarted(count) && engineReport().threads === count;
  for (f(); isWaiting() && performance.now() < end; f()) await new Promise(setImmediate);
}

/**
 * Whether the next large job will run on `count` threads. An engine whose workers can't be started
 * continues with one.
 */
export const haveStarted = (count: number): boolean => engineReport().running === count;

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

function makeModel(): LanguageModel {
  const letters = Array.from({ length: 64 }, (_, i) => String.fromCharCode(48 + i)).join("");
  const { hiddenSize, sequenceLength, batchSize } = SIZES.step;
  return languageModel({
    corpus: letters.repeat(Math.ceil((2 * sequenceLength * batchSize) / letters.length)),
    hiddenSize,
  });
}

/** Milliseconds of a step, of which the first is warm-up. */
async function stepTime(model: LanguageModel): Promise<number> {
  const { sequenceLength, batchSize } = SIZES.step;
  const times: number[] = [];
  let end = Infinity;
  for await (const event of train(model, { sequenceLength, batchSize, validation: 0, steps: 10_000 })) {
    await rest();
    if (event.kind !== "step") continue;
    times.push((sequenceLength * batchSize * 1000) / event.tokensPerSecond);
    if (times.length === 1) end = performance.now() + 2 * PERIOD;
    else if (performance.now() > end) break;
  }
  return median(times.slice(1));
}
