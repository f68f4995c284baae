/** @file What differs between Node and the web, Node's side. `web.ts` has the same names. */
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { setFlagsFromString } from "node:v8";
import { parentPort, Worker } from "node:worker_threads";
import type { ParentLink, WorkerEvents, WorkerLink } from "./worker-link.ts";
import type { WorkerHandle, WorkerStart } from "./worker-start.ts";

export type { ParentLink, WorkerEvents, WorkerLink } from "./worker-link.ts";
export type { WorkerHandle, WorkerStart } from "./worker-start.ts";

/** Milliseconds since an arbitrary start, monotonic. */
export const now = (): number => performance.now();

/** Lets timers, signals and I/O run before the returned promise resolves. */
export const yieldToHost = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Bytes that are hashed at once: a few milliseconds. */
const HASH_PIECE = 4 * 2 ** 20;

/** SHA-256 in hexadecimal, lower case. Large inputs are hashed in pieces, between which the host runs; they must not change meanwhile. */
export async function sha256(bytes: Uint8Array): Promise<string> {
  // loaded where it is needed, since that takes 9 ms
  const { createHash } = await import("node:crypto");
  const hash = createHash("sha256");
  for (let at = 0; at < bytes.length; at += HASH_PIECE) {
    if (at > 0) await yieldToHost();
    hash.update(bytes.subarray(at, at + HASH_PIECE));
  }
  return hash.digest("hex");
}

/** The value of an environment variable, or undefined. */
export const environment = (name: string): string | undefined => process.env[name];

/** Where this runs, for reports. */
export const hostName = (): string => `Node ${process.versions.node}`;

/** Processors that threads can use. */
export const cores = (): number => availableParallelism();

/** Whether memory can be shared with workers. */
export const canShare = true;

/** Whether the calling thread may sleep while it waits for workers. */
export const maySleep = true;

const major = Number(process.versions.node.split(".")[0]);

/** Whether V8 can pack neighbouring 128-bit operations into 256-bit ones. */
export const canRevectorize: boolean = major >= 24;

/** A build of the kernels, or undefined where it is missing or this Node can't run it. `revectorize` asks for 256-bit operations. */
export function kernelModule(
  build: string,
  { revectorize }: { readonly revectorize: boolean },
): WebAssembly.Module | undefined {
  // V8 reads these flags when a module is compiled; versions that don't know one print an error for it, so each is guarded
  if (build.startsWith("relaxed") && major < 22) setFlagsFromString("--experimental-wasm-relaxed-simd");
  if (canRevectorize) setFlagsFromString(`--${revectorize ? "" : "no-"}experimental-wasm-revectorize`);
  try {
    return new WebAssembly.Module(readFileSync(new URL(`../kernels/${build}.wasm`, import.meta.url)));
  } catch {
    return undefined;
  }
}

/** Whether this is run from the sources: the build has no .ts. */
const isSource: boolean = import.meta.url.endsWith(".ts");

/** A worker that waits for jobs and does not keep the process alive. `failed` is told, once, when it ends by itself. */
export function startWorker(start: WorkerStart, failed: (reason: string) => void): WorkerHandle {
  const file = new URL(`./node-worker.${isSource ? "ts" : "js"}`, import.meta.url);
  const worker = new Worker(file, { workerData: start, name: `unrolled ${start.thread}` });
  let isStopped = false;
  worker.once("error", (error: Error) => failed(`a worker that died: ${error.message}`));
  worker.once("exit", (code) => {
    if (!isStopped) failed(`a worker that ended with code ${code}`);
  });
  worker.unref();
  return {
    stop: () => {
      isStopped = true;
      void worker.terminate();
    },
  };
}

/** A worker with this package in it, which serves `trainInWorker`. */
export function startTrainingWorker({ message, failed }: WorkerEvents): WorkerLink {
  const file = new URL(`../train/training-worker.${isSource ? "ts" : "js"}`, import.meta.url);
  const worker = new Worker(file, {
    name: "unrolled training",
    // else `#platform` would be the build's
    ...(isSource && { execArgv: ["--conditions=unrolled-source"] }),
  });
  let isEnded = false;
  const end = (reason: string): void => {
    if (!isEnded) failed(reason);
    isEnded = true;
  };
  worker.on("message", message);
  worker.once("error", (error: Error) => end(`one that died: ${error.message}`));
  worker.once("exit", (code) => end(`one that ended with code ${code}`));
  return {
    post: (value, transfer = []) => worker.postMessage(value, transfer),
    hold(isHeld) {
      if (isHeld) worker.ref();
      else worker.unref();
    },
    async stop() {
      isEnded = true;
      await worker.terminate();
    },
  };
}

/** To whoever has started this worker; undefined in the main thread. */
export function parentLink(): ParentLink | undefined {
  const port = parentPort;
  if (port === null) return undefined;
  return {
    post: (value, transfer = []) => port.postMessage(value, transfer),
    listen: (heard) => void port.on("message", heard),
  };
}
