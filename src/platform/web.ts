/**
 * @file The web's side of what differs between Node and the web; `node.ts` exports the same names.
 * The web means pages, workers, service workers, extension backgrounds and worklets, each of which
 * lacks some of a page's features. A feature is looked up where it is used, so loading this file
 * neither waits nor throws.
 */
import { kernelBytes } from "./kernel-bytes.ts";
import { type Pacing, pacingWith } from "./pacing.ts";
import { Sha256 } from "./own-sha256.ts";
import type { ParentLink, WorkerEvents, WorkerLink } from "./worker-link.ts";
import type { WorkerHandle, WorkerStart } from "./worker-start.ts";

export type * from "./types.ts";
export type { WorkerHandle, WorkerStart } from "./worker-start.ts";
export { atOnce } from "./pacing.ts";

/** Features that a page or worker may have. */
const host = globalThis as Partial<
  Pick<
    typeof globalThis,
    | "MessageChannel"
    | "Worker"
    | "crossOriginIsolated"
    | "crypto"
    | "document"
    | "navigator"
    | "performance"
    | "setTimeout"
  >
>;

/** Milliseconds since an arbitrary start; monotonic if the host has a monotonic clock. */
export const now = (): number => host.performance?.now() ?? Date.now();

/**
 * Lets rendering, input and messages run before the returned promise resolves. Without channels and
 * timers there are none, and it resolves at once.
 */
export const yieldToHost = (): Promise<void> =>
  new Promise((resolve) => {
    if (host.MessageChannel === undefined) {
      if (host.setTimeout === undefined) resolve();
      else host.setTimeout(resolve);
      return;
    }
    const { port1, port2 } = new host.MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });

const pacing = pacingWith(now, yieldToHost);

/** A clock, started now, that tells a long asynchronous call when to yield. */
export const pacer: Pacing["pacer"] = pacing.pacer;

/** Runs a long call in pieces, between which the host runs. */
export const inPieces: Pacing["inPieces"] = pacing.inPieces;

/** Runs a long call at once or, with a signal, in pieces. */
export const carryOut: Pacing["carryOut"] = pacing.carryOut;

/** Bytes hashed at a time in JavaScript, which takes some 20 milliseconds. */
const HASH_PIECE = 2 ** 20;

/**
 * SHA-256 in lower-case hexadecimal. The bytes must not change meanwhile. Secure pages (https or
 * localhost) leave it to the browser; elsewhere it is computed in JavaScript, in pieces, between
 * which the host runs.
 */
export async function sha256(bytes: Uint8Array): Promise<string> {
  const subtle = host.crypto?.subtle as SubtleCrypto | undefined;
  if (subtle === undefined) {
    const hash = new Sha256();
    for (let at = 0; at < bytes.length; at += HASH_PIECE) {
      if (at > 0) await yieldToHost();
      hash.update(bytes.subarray(at, at + HASH_PIECE));
    }
    return hash.digest();
  }
  // browsers refuse memory that is shared with workers
  const unshared = bytes.buffer instanceof ArrayBuffer ? (bytes as Uint8Array<ArrayBuffer>) : bytes.slice();
  const digest = new Uint8Array(await subtle.digest("SHA-256", unshared));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

type Variables = Readonly<Record<string, string>>;

/** The global object, where each thread keeps its own variables. */
const settings = globalThis as { unrolledEnvironment?: Variables };

/**
 * The value of a setting, or undefined. A page has no environment variables; an object replaces
 * them, as in `globalThis.unrolledEnvironment = { UNROLLED_NUMERICS: "portable" }`. Set it before
 * the first tensor is created, because the engine starts then.
 */
export const environment = (name: string): string | undefined => settings.unrolledEnvironment?.[name];

/** Name and version of the host, for reports. */
export const hostName = (): string => host.navigator?.userAgent ?? "a place without a name";

/** Number of processors that threads can use. */
export const cores = (): number => host.navigator?.hardwareConcurrency ?? 1;

/** Bytes of memory that are still available: unknown to a page, so Infinity. */
export const availableMemory = (): number => Infinity;

/**
 * Whether memory can be shared with workers: only on cross-origin isolated pages that have workers.
 */
export const canShare: boolean = host.crossOriginIsolated === true && host.Worker !== undefined;

const WORKERS =
  'Serve the files of unrolled/dist/workers from the page\'s own origin, and name their folder before the first tensor: globalThis.unrolledEnvironment = { UNROLLED_WORKERS: "/workers" }';

/**
 * Advice for errors: how to get workers, shared memory, enough memory, or permission to compile
 * WebAssembly.
 */
export const advice: Readonly<Record<"workers" | "training" | "sharing" | "memory" | "policy", string>> = {
  workers: `${WORKERS}; or use one thread: { UNROLLED_THREADS: "1" }`,
  training: `${WORKERS}; or train on this thread`,
  sharing:
    "Threads need a page that is isolated: the headers Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp, and no service worker",
  memory: "Close other pages, or use a 64-bit browser",
  policy: "Add 'wasm-unsafe-eval' to script-src of the page's Content-Security-Policy",
};

/**
 * Whether the calling thread may sleep while it waits for workers: a page's main thread may not.
 */
export const maySleep: boolean = host.document === undefined;

/**
 * Whether the engine can pack neighbouring 128-bit operations into 256-bit ones: a page can't ask
 * for it.
 */
export const canRevectorize = false;

/**
 * A build of the kernels, compiled. Throws if this browser can't run it or the page's policy
 * forbids it.
 */
export const kernelModule = (build: string, _options: { readonly revectorize: boolean }): WebAssembly.Module =>
  new WebAssembly.Module(kernelBytes(build));

/** A worker from `file` in the folder `UNROLLED_WORKERS`, or undefined if that is not set. */
function hostedWorker(file: string): Worker | undefined {
  const folder = environment("UNROLLED_WORKERS");
  return folder === undefined ? undefined : new Worker(`${folder.replace(/\/$/, "")}/${file}`, { type: "module" });
}

/**
 * Starts a worker: from the folder `UNROLLED_WORKERS`, otherwise with `start`. Throws an error that
 * names the file.
 */
function started(file: string, start: () => Worker): Worker {
  try {
    return hostedWorker(file) ?? start();
  } catch (error) {
    throw new Error(`${file} (${(error as Error).message})`, { cause: error });
  }
}

/**
 * A worker of the thread pool, waiting for jobs. Calls `failed` once if the worker ends by itself.
 * Throws if it can't be started.
 */
export function startWorker(start: WorkerStart, failed: (reason: string) => void): WorkerHandle {
  // bundlers look for exactly these words, with the options as a literal
  const worker = started(
    "pool.js",
    () => new Worker(new URL("./workers/pool.js", import.meta.url), { type: "module", name: "unrolled" }),
  );
  worker.addEventListener("error", (event) => {
    failed(
      event instanceof ErrorEvent ? `a worker that died: ${event.message}` : "a worker whose file can't be loaded",
    );
  });
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker, not a window
  worker.postMessage(start);
  return { stop: () => worker.terminate() };
}

/** A worker that runs this package for `trainInWorker`. Throws if it can't be started. */
export function startTrainingWorker({ message, failed }: WorkerEvents): WorkerLink {
  const worker = started(
    "training.js",
    () => new Worker(new URL("./workers/training.js", import.meta.url), { type: "module", name: "unrolled-training" }),
  );
  // must be the first message: `parentLink` reads it as the settings
  worker.postMessage(settings.unrolledEnvironment ?? {}, { transfer: [] });
  worker.addEventListener("message", ({ data }) => message(data));
  worker.addEventListener("error", (event) =>
    failed(
      event instanceof ErrorEvent
        ? `one that died: ${event.message}`
        : `one whose file can't be loaded. ${advice.training}`,
    ),
  );
  return {
    post: (value, transfer = []) => worker.postMessage(value, { transfer: [...transfer] }),
    hold: () => {},
    stop() {
      worker.terminate();
      return Promise.resolve();
    },
  };
}

/** The link to the thread that started this worker; undefined in a page. */
export function parentLink(): ParentLink | undefined {
  if (host.document !== undefined) return undefined;
  return {
    post: (value, transfer = []) => postMessage(value, { transfer: [...transfer] }),
    listen(onMessage) {
      let isFirst = true;
      addEventListener("message", ({ data }) => {
        if (isFirst) settings.unrolledEnvironment = data as Variables;
        else onMessage(data);
        isFirst = false;
      });
    },
  };
}
