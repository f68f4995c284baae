/** @file What differs between Node and the web, Node's side. `web.ts` has the same names. */
import { readFileSync } from "node:fs";
import { availableParallelism, freemem } from "node:os";
// the global one is not there in Jest's jsdom
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

/** Tells a long asynchronous call when to rest. Starts the clock. */
export const pacer: Pacing["pacer"] = pacing.pacer;

/** Runs a long call in pieces. */
export const inPieces: Pacing["inPieces"] = pacing.inPieces;

/** Runs a long call at once, or with a signal in pieces. */
export const carryOut: Pacing["carryOut"] = pacing.carryOut;

/** Bytes that are hashed at once: a few milliseconds. */
const HASH_PIECE = 4 * 2 ** 20;

/**
 * SHA-256 in hexadecimal, lower case. Large inputs are hashed in pieces, between which the host
 * runs; they must not change meanwhile.
 */
export async function sha256(bytes: Uint8Array): Promise<string> {
  // loaded where it is needed, since that takes 9 ms, and not by `import()`, which tests in Jest
  // don't have
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

/** Where this runs, for reports. */
export const hostName = (): string => `Node ${process.versions.node}`;

/** Processors that threads can use. */
export const cores = (): number => availableParallelism();

/**
 * Bytes that this process may still take before the machine, or the limit of its container, is
 * full.
 */
export const availableMemory = (): number =>
  // not there before Node 20.13
  (process as { availableMemory?: () => number }).availableMemory?.() ?? freemem();

/** Whether memory can be shared with workers. */
export const canShare = true;

/** What to do where workers, memory that they share, or enough of it can't be had. */
export const advice = {
  workers: "UNROLLED_THREADS=1 asks for one thread",
  training: "Keep the package unrolled outside of the bundle (external), or train on this thread",
  sharing: "UNROLLED_THREADS=1 asks for one thread",
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
 * Where this code lies: of the sources, of the build, or of what a bundler has made of it.
 * Undefined in some bundles. In a variable, since bundlers look for files where they see `new
 * URL("…", import.meta.url)`.
 */
const here: string | undefined = import.meta.url;

/**
 * The file of a build. It is read faster than the text is unpacked. Throws where this code has been
 * bundled without it.
 */
const kernelFile = (build: string): Uint8Array<ArrayBuffer> => readFileSync(new URL(`../kernels/${build}.wasm`, here));

/**
 * A build of the kernels. `revectorize` asks for 256-bit operations. Throws the reason where there
 * is none or this Node can't run it.
 */
export function kernelModule(build: string, { revectorize }: { readonly revectorize: boolean }): WebAssembly.Module {
  // V8 reads these flags when a module is compiled; versions that don't know one print an error for
  // it, so each is guarded
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

/** The whole of a worker of the pool, so that no bundler has to find a file for it. */
const poolWorker = (): string => `(${serve.toString()})(require("node:worker_threads").workerData)`;

/**
 * A worker that waits for jobs and does not keep the process alive. `failed` is told, once, when it
 * ends by itself.
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
 * The file of the worker that trains: beside this code, or, where this has been bundled without it,
 * in the package that the program could import. Modules and `Worker` are taken so that no bundler
 * sees what is looked for: some carry along all files that it could be.
 */
function trainingFile(): string {
  // the sources' own place, or that of the build
  const file = here?.endsWith(".ts") ? "../tasks/language-model/worker/training-worker.ts" : "./training-worker.js";
  const { existsSync } = process.getBuiltinModule("node:fs");
  const path = process.getBuiltinModule("node:path");
  const { fileURLToPath } = process.getBuiltinModule("node:url");
  const beside = here?.startsWith("file:") ? path.join(path.dirname(fileURLToPath(here)), file) : "";
  if (beside !== "" && existsSync(beside)) return beside;
  const { createRequire } = process.getBuiltinModule("node:module");
  // an executable with the program inside has no script, and then this is how it was called
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

/**
 * A worker with this package in it, which serves `trainInWorker`. Throws where its file can't be
 * found.
 */
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

/** To whoever has started this worker; undefined in the main thread. */
export function parentLink(): ParentLink | undefined {
  const port = parentPort;
  if (port === null) return undefined;
  return {
    post: (value, transfer = []) => port.postMessage(value, transfer),
    listen: (heard) => void port.on("message", heard),
  };
}
