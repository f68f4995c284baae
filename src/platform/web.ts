/**
 * @file What differs between Node and the web, the web's side. `node.ts` has the same names. The
 * web is pages, workers, service workers, the background of extensions and worklets, which lack
 * more or less of what a page has: what may be missing is looked for where it is used, and nothing
 * here waits or throws when it is loaded.
 */
import { kernelBytes } from "./kernel-bytes.ts";
import { type Pacing, pacingWith } from "./pacing.ts";
import { Sha256 } from "./own-sha256.ts";
import type { ParentLink, WorkerEvents, WorkerLink } from "./worker-link.ts";
import type { WorkerHandle, WorkerStart } from "./worker-start.ts";

export type * from "./types.ts";
export type { WorkerHandle, WorkerStart } from "./worker-start.ts";
export { atOnce } from "./pacing.ts";

/** What a place on the web may have. */
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

/** Milliseconds since an arbitrary start, monotonic where there is a clock that is. */
export const now = (): number => host.performance?.now() ?? Date.now();

/**
 * Lets rendering, input and messages run before the returned promise resolves; a place without
 * channels and timers has none of these.
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

/** Tells a long asynchronous call when to rest. Starts the clock. */
export const pacer: Pacing["pacer"] = pacing.pacer;

/** Runs a long call in pieces. */
export const inPieces: Pacing["inPieces"] = pacing.inPieces;

/** Runs a long call at once, or with a signal in pieces. */
export const carryOut: Pacing["carryOut"] = pacing.carryOut;

/** Bytes that are hashed at once where the host does not do it: some 20 milliseconds. */
const HASH_PIECE = 2 ** 20;

/**
 * SHA-256 in hexadecimal, lower case; the bytes must not change meanwhile. Browsers compute it
 * beside the page where it is secure (https or localhost); elsewhere it is computed here, in
 * pieces, between which the host runs.
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
  // memory that is shared with workers is refused by browsers
  const own = bytes.buffer instanceof ArrayBuffer ? (bytes as Uint8Array<ArrayBuffer>) : bytes.slice();
  const digest = new Uint8Array(await subtle.digest("SHA-256", own));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

type Variables = Readonly<Record<string, string>>;

/** Where the variables are, which every thread has for itself. */
const settings = globalThis as { unrolledEnvironment?: Variables };

/**
 * A page has no environment variables. An object stands in for them, as in
 * `globalThis.unrolledEnvironment = { UNROLLED_NUMERICS: "portable" }`. It must be there before the
 * first tensor is made, since the engine starts then.
 */
export const environment = (name: string): string | undefined => settings.unrolledEnvironment?.[name];

/** Where this runs, for reports. */
export const hostName = (): string => host.navigator?.userAgent ?? "a place without a name";

/** Processors that threads can use. */
export const cores = (): number => host.navigator?.hardwareConcurrency ?? 1;

/** Bytes that may still be taken: a page is not told. */
export const availableMemory = (): number => Infinity;

/**
 * Whether memory can be shared with workers: only on pages that are isolated from other origins,
 * and where there are workers.
 */
export const canShare: boolean = host.crossOriginIsolated === true && host.Worker !== undefined;

const WORKERS =
  'Serve the files of unrolled/dist/workers from the page\'s own origin, and name their folder before the first tensor: globalThis.unrolledEnvironment = { UNROLLED_WORKERS: "/workers" }';

/** What to do where workers, memory that they share, or enough of it can't be had. */
export const advice: Readonly<Record<"workers" | "training" | "sharing" | "memory" | "policy", string>> = {
  workers: `${WORKERS}; or ask for one thread: { UNROLLED_THREADS: "1" }`,
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
 * A build of the kernels. Throws the reason where this browser can't run it, or the page's policy
 * forbids it.
 */
export const kernelModule = (build: string, _options: { readonly revectorize: boolean }): WebAssembly.Module =>
  new WebAssembly.Module(kernelBytes(build));

/** The worker's file in the folder that `UNROLLED_WORKERS` names, or undefined. */
function ownWorker(file: string): Worker | undefined {
  const folder = environment("UNROLLED_WORKERS");
  return folder === undefined ? undefined : new Worker(`${folder.replace(/\/$/, "")}/${file}`, { type: "module" });
}

/** How a worker is started that says with an error, or an event of one, that it can't be. */
function started(file: string, start: () => Worker): Worker {
  try {
    return ownWorker(file) ?? start();
  } catch (error) {
    throw new Error(`${file} (${(error as Error).message})`, { cause: error });
  }
}

/**
 * A worker that waits for jobs. `failed` is told, once, when it ends by itself. Throws where it
 * can't be started.
 */
export function startWorker(start: WorkerStart, failed: (reason: string) => void): WorkerHandle {
  // bundlers look for just these words, and for options that are written out
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

/**
 * A worker with this package in it, which serves `trainInWorker`. Throws where it can't be started.
 */
export function startTrainingWorker({ message, failed }: WorkerEvents): WorkerLink {
  const worker = started(
    "training.js",
    () => new Worker(new URL("./workers/training.js", import.meta.url), { type: "module", name: "unrolled-training" }),
  );
  // before any other message
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

/** To whoever has started this worker; undefined in a page. */
export function parentLink(): ParentLink | undefined {
  if (host.document !== undefined) return undefined;
  return {
    post: (value, transfer = []) => postMessage(value, { transfer: [...transfer] }),
    listen(heard) {
      let isFirst = true;
      addEventListener("message", ({ data }) => {
        if (isFirst) settings.unrolledEnvironment = data as Variables;
        else heard(data);
        isFirst = false;
      });
    },
  };
}
