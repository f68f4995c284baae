import { advice, maySleep, startWorker, type WorkerHandle, type WorkerStart } from "#platform";
import { sentence, UnsupportedError, warnOnce } from "../../base/index.ts";
import type { EngineReport } from "../engine.ts";
import type { Kernels } from "./kernels.ts";

/** Seconds that the others, once done, wait for a worker. */
const PATIENCE = 60;

/** Purpose of the threads, for the report. */
const FOR = "for large kernels";

/**
 * Threads that share the memory and run one job at a time. They start with the first job, sleep
 * between jobs, and do not keep the process alive. Until all have started, or if they can't be
 * started, jobs run on the caller's thread, with the same results.
 */
export class Pool {
  readonly #kernels: Kernels;
  readonly #start: (thread: number) => WorkerStart;
  #threads: number;
  #workers: WorkerHandle[] = [];
  #failure: string | undefined;
  /** Whether these workers have run a job. */
  #haveWorked = false;
  #why = FOR;

  /** `start` returns the first message to a worker; it is called once for each. */
  constructor(kernels: Kernels, threads: number, start: (thread: number) => WorkerStart) {
    this.#kernels = kernels;
    this.#threads = threads;
    this.#start = start;
  }

  get threads(): number {
    return this.#threads;
  }

  /** Number of threads from the next job on. Workers that have started stay. */
  set threads(threads: number) {
    this.#threads = threads;
    this.#why = FOR;
  }

  /** Entry of the engine's report. */
  get choice(): EngineReport["choices"][number] {
    return { what: "threads", chosen: String(this.#threads), why: this.#why };
  }

  /** Number of threads for the next job: 1 until all workers have started. */
  get running(): number {
    return this.#workers.length > 0 && this.#kernels.ready() === this.#workers.length ? this.#threads : 1;
  }

  /**
   * Runs a job on all threads. Throws UnsupportedError if a worker that has run jobs before has
   * died.
   */
  run(job: number): void {
    if (this.#failure !== undefined) this.#fail(this.#failure);
    if (this.#workers.length < this.#threads - 1) this.#grow();
    const workers = this.#workers.length;
    if (workers === 0 || this.#kernels.ready() < workers) {
      this.#kernels.run(job, 0, 1);
      return;
    }
    this.#haveWorked = true;
    if (this.#kernels.dispatch(job, this.#threads, workers, PATIENCE, Number(maySleep)) === 0)
      this.#giveUp(`one that has not answered for ${PATIENCE} seconds`);
  }

  #grow(): void {
    try {
      for (let thread = this.#workers.length + 1; thread < this.#threads; thread++) {
        this.#workers.push(
          startWorker(this.#start(thread), (reason) => {
            this.#failure ??= reason;
            if (!this.#haveWorked) warn(reason);
          }),
        );
      }
    } catch (error) {
      this.#withdraw((error as Error).message);
    }
  }

  #fail(reason: string): void {
    if (this.#haveWorked) this.#giveUp(reason);
    this.#withdraw(reason);
  }

  #end(): void {
    for (const worker of this.#workers) worker.stop();
    this.#workers = [];
    this.#failure = undefined;
    this.#haveWorked = false;
    this.#kernels.resetPool();
  }

  /**
   * Ends all workers and uses only the caller's thread from now on: workers that could not start
   * once would not start later.
   */
  #withdraw(reason: string): void {
    this.#end();
    this.#threads = 1;
    this.#why = `workers can't be started: ${reason}`;
    warn(reason);
  }

  /** Ends all workers; the next job runs on fresh ones. */
  #giveUp(got: string): never {
    this.#end();
    throw new UnsupportedError(
      sentence("threads", "workers that finish their jobs", got, "The step was lost; the next one starts new workers"),
    );
  }
}

function warn(reason: string): void {
  warnOnce(`large kernels run on one thread, since workers can't be started: ${reason}. ${advice.workers}`);
}
