/** @file What differs between Node and the web, the web's side. `node.ts` has the same names. */
import type { WorkerHandle, WorkerStart } from "./worker-start.ts";

export type { WorkerHandle, WorkerStart } from "./worker-start.ts";

/** Milliseconds since an arbitrary start, monotonic. */
export const now = (): number => performance.now();

/** Lets rendering, input and messages run before the returned promise resolves. */
export const yieldToHost = (): Promise<void> =>
  new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });

/** A page has no environment variables. */
export const environment = (_name: string): string | undefined => undefined;

/** Where this runs, for reports. */
export const hostName = (): string => navigator.userAgent;

/** Processors that threads can use. */
export const cores = (): number => navigator.hardwareConcurrency;

/** Whether memory can be shared with workers: only on pages that are isolated from other origins. */
export const canShare: boolean = globalThis.crossOriginIsolated;

/** Whether the calling thread may sleep while it waits for workers: a page's main thread may not. */
export const maySleep: boolean = typeof document === "undefined";

/** Whether the engine can pack neighbouring 128-bit operations into 256-bit ones: a page can't ask for it. */
export const canRevectorize = false;

async function compile(build: string): Promise<WebAssembly.Module | undefined> {
  try {
    return await WebAssembly.compileStreaming(fetch(new URL(`../kernels/${build}.wasm`, import.meta.url)));
  } catch {
    return undefined;
  }
}

const threads = canShare ? "-threads" : "";
const relaxed = await compile(`relaxed${threads}`);
const simd = relaxed ? undefined : await compile(`simd${threads}`);
const modules: Readonly<Record<string, WebAssembly.Module | undefined>> = {
  [`relaxed${threads}`]: relaxed,
  [`simd${threads}`]: simd,
};

/** A build of the kernels, or undefined where it could not be loaded or this browser can't run it. */
export const kernelModule = (build: string, _options: { readonly revectorize: boolean }): WebAssembly.Module | undefined =>
  modules[build];

/** A worker that waits for jobs. `failed` is told, once, when it ends by itself. */
export function startWorker(start: WorkerStart, failed: (reason: string) => void): WorkerHandle {
  const worker = new Worker(new URL("./web-worker.js", import.meta.url), { type: "module" });
  worker.onerror = (event) => failed(`a worker that died: ${event.message}`);
  worker.postMessage(start);
  return { stop: () => worker.terminate() };
}
