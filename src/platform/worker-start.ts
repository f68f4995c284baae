/** What a worker of the thread pool is started with. */
export type WorkerStart = {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** Arguments of the kernels' `setUp`. */
  readonly setUp: readonly number[];
  /** Its number, from 1. */
  readonly thread: number;
};

export type WorkerHandle = {
  /** Ends the worker, whatever it is doing. */
  stop(): void;
};

/** A worker's whole life: its own instance of the kernels on the shared memory, waiting for jobs until it is ended. */
export function serve({ module, memory, setUp, thread }: WorkerStart): void {
  const instance = new WebAssembly.Instance(module, { env: { memory } });
  const { setUp: prepare, work } = instance.exports as Record<string, (...args: number[]) => void>;
  prepare(...setUp);
  work(thread);
}
