/**
 * @file The reference engine: plain TypeScript in float64 or float32. It defines what every kernel
 * computes.
 */
import { answersAtOnce } from "../answers.ts";
import { arrayOf, isPoisoned, Memory } from "./memory.ts";
import { activationBackward, binary, cast, unary, where } from "./elementwise.ts";
import { gruBackward, gruForward } from "./gru.ts";
import { layerNorm, layerNormBackward } from "./layer-norm.ts";
import { lstmBackward, lstmForward } from "./lstm.ts";
import { matmul } from "./matmul.ts";
import { copyStrided, gather, maskSequence, reverseSequence, scatterAdd } from "./move.ts";
import { optimizerUpdate } from "./optimizer.ts";
import {
  crossEntropy,
  crossEntropyBackward,
  cumulativeSum,
  isAllFinite,
  reduce,
  softmax,
  softmaxBackward,
  sumOfSquares,
} from "./reduce.ts";
import { rnnBackward, rnnForward } from "./rnn.ts";
import type { Engine } from "../engine.ts";

export { isPoisoned } from "./memory.ts";

/** All kernels, on any memory that JavaScript can access. */
export const referenceKernels: Omit<
  Engine,
  "name" | "numerics" | "allocate" | "free" | "stats" | "report" | "useThreads"
> = {
  view: arrayOf,
  read: (operand) => Promise.resolve(arrayOf(operand).slice()),
  unary,
  activationBackward,
  binary,
  where,
  cast,
  fill: (out, value) => void arrayOf(out).fill(value),
  copyStrided,
  matmul,
  reduce,
  cumulativeSum,
  softmax,
  softmaxBackward,
  crossEntropy,
  crossEntropyBackward,
  layerNorm,
  layerNormBackward,
  gather,
  scatterAdd,
  reverseSequence,
  maskSequence,
  rnnForward,
  rnnBackward,
  lstmForward,
  lstmBackward,
  gruForward,
  gruBackward,
  optimizerUpdate,
  sumOfSquares,
  isAllFinite,
  ask: (questions) => answersAtOnce(referenceKernels, questions),
};

/** A new reference engine. `UNROLLED_POISON=1` fills fresh memory with NaN. */
export function referenceEngine(): Engine {
  const memory = new Memory(isPoisoned());
  return {
    ...referenceKernels,
    name: "reference",
    numerics: "portable",
    allocate: (dtype, length) => memory.allocate(dtype, length),
    free: (block) => memory.free(block),
    stats: () => memory.stats(),
    report: () => ({
      name: "reference",
      numerics: "portable",
      threads: 1,
      running: 1,
      bytes: memory.stats().liveBytes,
      choices: [],
    }),
    useThreads: () => undefined,
  };
}
