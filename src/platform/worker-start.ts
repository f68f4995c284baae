/** What a worker of the thread pool is started with. */
export type WorkerStart = {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** Its private scratch memory, an address. */
  readonly scratch: number;
  /** Its number, from 1. */
  readonly thread: number;
};

export type WorkerHandle = {
  /** Ends the worker, whatever it is doing. */
  stop(): void;
};

/**
 * A worker's whole life: its own instance of the kernels on the shared memory, waiting for jobs
 * until it is ended. Node starts workers from its text, so it may name nothing outside.
 */
export function serve({ module, memory, scratch, thread }: WorkerStart): void {
  const instance = new WebAssembly.Instance(module, { env: { memory } });
  const { setUp, work } = instance.exports as Record<string, (...args: number[]) => void>;
  setUp(scratch);
  work(thread);
}
