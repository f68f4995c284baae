/** The first message to a worker of the thread pool. */
export type WorkerStart = {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** Address of the worker's private scratch memory. */
  readonly scratch: number;
  /** Number of the worker, from 1. */
  readonly thread: number;
};

/** A running worker. */
export type WorkerHandle = {
  /** Ends the worker, even while it computes. */
  stop(): void;
};

/**
 * Runs a worker: instantiates the kernels on the shared memory and waits for jobs until the worker
 * is ended. Node starts workers from this function's text, so it may use nothing outside of it.
 */
export function serve({ module, memory, scratch, thread }: WorkerStart): void {
  const instance = new WebAssembly.Instance(module, { env: { memory } });
  const { setUp, work } = instance.exports as Record<string, (...args: number[]) => void>;
  setUp(scratch);
  work(thread);
}
