import { start } from "./generated/dispatch";
import { loadTile } from "./instance";
import { serve, spread } from "./pool";

export { activationBackward, binary, binaryScalar, columnSums, fill, gather, longScatterAdd, maskSequence, move, reverseSequence, scatterAdd, transpose, unary } from "./elementwise";
export { setTile, setUp, spareBytes } from "./instance";
export { softmax, softmaxBackward } from "./loss";
export { gateBytes } from "./panels";
export { ready, resetPool } from "./pool";
export { allFinite, extremes, rowSums, sumOfSquares } from "./sums";

/** The part of `thread` in a job. */
export function run(job: i32, thread: i32, threads: i32): void {
  loadTile();
  start(job, thread, threads);
}

/** A worker's life. */
export function work(thread: i32): void {
  serve(thread, run);
}

/** A job on several threads; see `spread`. */
export function dispatch(job: i32, threads: i32, workers: i32, patience: i32, maySleep: i32): i32 {
  return spread(job, threads, workers, patience, maySleep, run);
}
