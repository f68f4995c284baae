import { gruBackward, gruForward, gruUnits } from "./gru";
import { loadTile } from "./instance";
import { layerNorm, layerNormBackward } from "./layer-norm";
import { crossEntropy, crossEntropyBackward } from "./loss";
import { lstmBackward, lstmForward, lstmUnits } from "./lstm";
import { optimize } from "./optimizer";
import { projectedGradients, weightGradients } from "./panels";
import { serve, spread } from "./pool";
import { packMatrix, product, productBatch, productRow } from "./products";
import { rnnBackward, rnnForward, rnnUnits } from "./rnn";

export { activationBackward, binary, binaryScalar, columnSums, fill, gather, longScatterAdd, maskSequence, move, reverseSequence, scatterAdd, transpose, unary } from "./elementwise";
export { setTile, setUp, spareBytes } from "./instance";
export { softmax, softmaxBackward } from "./loss";
export { gateBytes } from "./panels";
export { jobArguments, ready, resetPool } from "./pool";
export { allFinite, extremes, rowSums, sumOfSquares } from "./sums";

/** The part of `thread` in a job. src/engine/wasm/kernels.ts has the same numbers. */
export function run(kernel: i32, thread: i32, threads: i32): void {
  loadTile();
  switch (kernel) {
    case 0: return packMatrix(thread, threads);
    case 1: return product(thread, threads);
    case 2: return productRow(thread, threads);
    case 3: return rnnForward(thread, threads);
    case 4: return rnnBackward(thread, threads);
    case 5: return lstmForward(thread, threads);
    case 6: return lstmBackward(thread, threads);
    case 7: return gruForward(thread, threads);
    case 8: return gruBackward(thread, threads);
    case 9: return weightGradients(thread, threads);
    case 10: return crossEntropy(thread, threads);
    case 11: return crossEntropyBackward(thread, threads);
    case 12: return optimize(thread, threads);
    case 13: return lstmUnits(thread, threads);
    case 14: return layerNorm(thread, threads);
    case 15: return layerNormBackward(thread, threads);
    case 16: return rnnUnits(thread, threads);
    case 17: return gruUnits(thread, threads);
    case 18: return productBatch(thread, threads);
    case 19: return projectedGradients(thread, threads);
  }
}

/** A worker's life. */
export function work(thread: i32): void {
  serve(thread, run);
}

/** A job on several threads; see `spread`. */
export function dispatch(kernel: i32, threads: i32, workers: i32, patience: i32, maySleep: i32): i32 {
  return spread(kernel, threads, workers, patience, maySleep, run);
}
