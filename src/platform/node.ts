/** @file Node's side of what differs between Node and the web; `web.ts` exports the same names. */
import { readFileSync } from "node:fs";
import { availableParallelism, freemem } from "node:os";
// Jest's jsdom lacks the global one
import { setImmediate } from "node:timers";
import { setFlagsFromString } from "node:v8";
import { parentPort, Worker } from "node:worker_threads";
import { kernelBytes } from "./kernel-bytes.ts";
import { type Pacing, pacingWith } from "./pacing.ts";
import type { ParentLink, WorkerEvents, WorkerLink } from "./worker-link.ts";
import { serve, type WorkerHandle, type WorkerStart } from "./worker-start.ts";

export type * from "./types.ts";
export type { WorkerHandle, WorkerStart } from "./worker-start.ts";
export { atOnce } from "./pacing.ts";

/** Milliseconds since an arbitrary start, monotonic. */
export const now = (): number => performance.now();

/** Lets timers, signals and I/O run before the returned promise resolves. */
export const yieldToHost = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const pacing = pacingWith(now, yieldToHost);

/** A clock, started now, that tells a long asynchronous call when to yield. */
export const pacer: Pacing["pacer"] = pacing.pacer;

/** Runs a long call in pieces, between which the host runs. */
export const inPieces: Pacing["inPieces"] = pacing.inPieces;

/** Runs a long call at once or, with a signal, in pieces. */
export const carryOut: Pacing["carryOut"] = pacing.carryOut;

/** Bytes hashed at a time, which takes a few milliseconds. */
const HASH_PIECE = 4 * 2 ** 20;

/**
 * SHA-256 in lower-case hexadecimal. Large inputs are hashed in pieces, between which the host
 * runs. The bytes must not change meanwhile.
 */
export async function sha256(bytes: Uint8Array): Promise<string> {
  // loaded on first use, because that takes 9 ms; not by `import()`, which tests in Jest lack
  const { createHash } = process.getBuiltinModule("node:crypto");
  const hash = createHash("sha256");
  for (let at = 0; at < bytes.length; at += HASH_PIECE) {
    if (at > 0) await yieldToHost();
    hash.update(bytes.subarray(at, at + HASH_PIECE));
  }
  return hash.digest("hex");
}

/** The value of an environment variable, or undefined. */
export const environment = (name: string): string | undefined => process.env[name];

/** Name and version of the host, for reports. */
export const hostName = (): string => `Node ${process.versions.node}`;

/** Number of processors that threads can use. */
export const cores = (): number => availableParallelism();

/**
 * Bytes of memory that this process may still use, within the machine or the limit of its
 * container.
 */
export const availableMemory = (): number =>
  // Node has this since 20.13
  (process as { availableMemory?: () => number }).availableMemory?.() ?? freemem();

/** Whether memory can be shared with workers. */
export const canShare = true;

/**
 * Advice for errors: how to get workers, shared memory, enough memory, or permission to compile
 * WebAssembly.
 */
export const advice = {
  workers: "UNROLLED_THREADS=1 selects one thread",
  training: "Keep the package unrolled outside of the bundle (external), or train on this thread",
  sharing: "UNROLLED_THREADS=1 selects one thread",
  memory:
    "Raise the limit of the address space (ulimit -v, 12 GB are enough), or run node --disable-wasm-trap-handler, which needs less",
  policy: "Run Node without what forbids WebAssembly (--jitless, --disallow-code-generation-from-strings)",
} as const;

/** Whether the calling thread may sleep while it waits for workers. */
export const maySleep = true;

const major = Number(process.versions.node.split(".")[0]);

/** Whether V8 can pack neighbouring 128-bit operations into 256-bit ones. */
export const canRevectorize: boolean = major >= 24;

/**
 * The URL of this code: in the sources, in the build or in a bundle; undefined in some bundles. It
 * is a variable because bundlers look for files wherever they see `new URL("…", import.meta.url)`.
 */
const here: string | undefined = import.meta.url;

/**
 * The bytes of a build of the kernels, from its file: faster than unpacking the text. Throws if
 * this code was bundled without the file.
 */
const kernelFile = (build: string): Uint8Array<ArrayBuffer> => readFileSync(new URL(`../kernels/${build}.wasm`, here));

/**
 * A build of the kernels, compiled. `revectorize` asks for 256-bit operations. Throws if there is
 * no such build or this Node can't run it.
 */
export function kernelModule(build: string, { revectorize }: { readonly revectorize: boolean }): WebAssembly.Module {
  // V8 reads these flags when it compiles a module. Versions print an error for flags that they
  // don't know, so each is guarded
  if (build.startsWith("relaxed") && major < 22) setFlagsFromString("--experimental-wasm-relaxed-simd");
  if (canRevectorize) setFlagsFromString(`--${revectorize ? "" : "no-"}experimental-wasm-revectorize`);
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = kernelFile(build);
  } catch {
    bytes = kernelBytes(build);
  }
  return new WebAssembly.Module(bytes);
}

/** The source text of a pool worker, complete, so that no bundler has to find a file for it. */
const poolWorker = (): string => `(${serve.toString()})(require("node:worker_threads").workerData)`;

/**
 * A worker of the thread pool, waiting for jobs. It does not keep the process alive. Calls `failed`
 * once if the worker ends by itself.
 */
export function startWorker(start: WorkerStart, failed: (reason: string) => void): WorkerHandle {
  const worker = new Worker(poolWorker(), { eval: true, workerData: start, name: `unrolled ${start.thread}` });
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

/**
 * The file of the training worker: beside this code or, if this was bundled without it, in the
 * installed package. Modules and `Worker` are loaded so that no bundler sees the path: some bundle
 * every file that it could be.
 */
function trainingFile(): string {
  // in the sources, or in the build
  const file = here?.endsWith(".ts") ? "../tasks/language-model/worker/training-worker.ts" : "./training-worker.js";
  const { existsSync } = process.getBuiltinModule("node:fs");
  const path = process.getBuiltinModule("node:path");
  const { fileURLToPath } = process.getBuiltinModule("node:url");
  const beside = here?.startsWith("file:") ? path.join(path.dirname(fileURLToPath(here)), file) : "";
  if (beside !== "" && existsSync(beside)) return beside;
  const { createRequire } = process.getBuiltinModule("node:module");
  // a single executable has no script: this is then its name on the command line
  const [, script = ""] = process.argv;
  for (const place of [here ?? "", path.isAbsolute(script) ? script : process.execPath]) {
    try {
      const manifest = createRequire(place).resolve("unrolled/package.json");
      return manifest.replace(/package\.json$/, "dist/node/training-worker.js");
    } catch {
      // not installed there
    }
  }
  throw new Error("its file is not in the bundle");
}

/** A worker that runs this package for `trainInWorker`. Throws if its file can't be found. */
export function startTrainingWorker({ message, failed }: WorkerEvents): WorkerLink {
  const threads = process.getBuiltinModule("node:worker_threads");
  const worker = new threads.Worker(trainingFile(), { name: "unrolled training" });
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

/** The link to the thread that started this worker; undefined in the main thread. */
export function parentLink(): ParentLink | undefined {
  const port = parentPort;
  if (port === null) return undefined;
  return {
    post: (value, transfer = []) => port.postMessage(value, transfer),
    listen: (onMessage) => void port.on("message", onMessage),
  };
}
