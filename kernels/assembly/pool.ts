// Jobs on several threads. What a kernel needs to know lies in shared memory, further up in the same page: see kernels/tools/jobs.ts.

/** Raised for each job; workers sleep on it. */
const EPOCH: usize = 64;
/** Workers that have finished their part of the job. */
const DONE: usize = 128;
/** Workers that have started. */
const READY: usize = 192;
const JOB: usize = 256;
const THREADS: usize = 260;

/** Turns of a waiting loop before the thread goes to sleep: some 30 microseconds. */
const SPIN: i32 = 10000;
const SECOND: i64 = 1000000000;
/** Turns of the loop of a thread that may not sleep, in a second or more. */
const TURNS_PER_SECOND: i64 = 100000000;

/** First of the items that belong to `thread`, when `n` are shared evenly; its last is before the next thread's first. */
// @ts-ignore: decorator
@inline
export function share(n: i32, thread: i32, threads: i32): i32 {
  return <i32>((<i64>n * thread) / threads);
}

export type Run = (job: i32, thread: i32, threads: i32) => void;

/** A worker's life: waits for a job, does its part, says so. Ends with a job whose number is negative. */
export function serve(thread: i32, run: Run): void {
  if (ASC_FEATURE_THREADS) {
    // jobs begin after all workers are ready: what was before is over
    let seen = atomic.load<i32>(EPOCH);
    atomic.add<i32>(READY, 1);
    while (true) {
      let turns = 0;
      while (atomic.load<i32>(EPOCH) == seen) {
        if (++turns >= SPIN) atomic.wait<i32>(EPOCH, seen, -1);
      }
      seen = atomic.load<i32>(EPOCH);
      const job = atomic.load<i32>(JOB);
      if (job < 0) return;
      const threads = atomic.load<i32>(THREADS);
      if (thread < threads) run(job, thread, threads);
      atomic.add<i32>(DONE, 1);
      atomic.notify(DONE, 1);
    }
  } else {
    // never called; it uses what the loop uses, so that the builds number their functions alike and
    // pack together: the compiler numbers functions by how often they are used
    run(0, thread, 1);
  }
}

/** Runs a job on `threads` threads, this one among them; `workers` are waiting. 0 when one of them has not answered for `patience` seconds. */
export function spread(job: i32, threads: i32, workers: i32, patience: i32, maySleep: i32, run: Run): i32 {
  if (ASC_FEATURE_THREADS) {
    atomic.store<i32>(JOB, job);
    atomic.store<i32>(THREADS, threads);
    atomic.store<i32>(DONE, 0);
    atomic.add<i32>(EPOCH, 1);
    atomic.notify(EPOCH, workers);
    if (job < 0) return 1;
    run(job, 0, threads);
    let turns: i64 = 0;
    let slept = 0;
    while (true) {
      const done = atomic.load<i32>(DONE);
      if (done == workers) return 1;
      turns++;
      if (!maySleep && turns > patience * TURNS_PER_SECOND) return 0;
      if (turns < SPIN || !maySleep) continue;
      if (atomic.wait<i32>(DONE, done, SECOND) == AtomicWaitResult.TIMED_OUT && ++slept >= patience) return 0;
    }
  }
  run(job, 0, 1);
  return 1;
}

/** Workers that wait for jobs. */
export function ready(): i32 {
  return i32.load(READY);
}

/** Before workers are started anew: one of the old that still waits finds the end, not an old job. */
export function resetPool(): void {
  if (ASC_FEATURE_THREADS) {
    atomic.store<i32>(JOB, -1);
    atomic.add<i32>(EPOCH, 1);
    atomic.notify(EPOCH, -1);
  }
  i32.store(READY, 0);
}
