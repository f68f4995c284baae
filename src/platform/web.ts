/** @file What differs between Node and the web, the web's side. `node.ts` has the same names. */
import { sentence, UnsupportedError } from "../base/index.ts";
import type { ParentLink, WorkerEvents, WorkerLink } from "./worker-link.ts";
import type { WorkerHandle, WorkerStart } from "./worker-start.ts";

export type { ParentLink, WorkerEvents, WorkerLink } from "./worker-link.ts";
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

/**
 * SHA-256 in hexadecimal, lower case; the bytes must not change meanwhile. Browsers compute it beside the page, and only in a secure context
 * (https or localhost): elsewhere this throws UnsupportedError.
 */
export async function sha256(bytes: Uint8Array): Promise<string> {
  const subtle = (globalThis.crypto as Crypto | undefined)?.subtle as SubtleCrypto | undefined;
  if (subtle === undefined) {
    throw new UnsupportedError(
      sentence("sha256", "a secure context (a page from https or localhost)", "a page that has no crypto.subtle"),
    );
  }
  // memory that is shared with workers is refused by browsers
  const own = bytes.buffer instanceof ArrayBuffer ? (bytes as Uint8Array<ArrayBuffer>) : bytes.slice();
  const digest = new Uint8Array(await subtle.digest("SHA-256", own));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

type Variables = Readonly<Record<string, string>>;

/** A worker that trains is named so, and after it come the variables of the page, as JSON: the kernels are loaded before any message can come. */
const TRAINING = "unrolled training ";

function variables(): Variables | undefined {
  const { name = "", unrolledEnvironment } = globalThis as { name?: string; unrolledEnvironment?: Variables };
  if (typeof document !== "undefined" || !name.startsWith(TRAINING)) return unrolledEnvironment;
  return JSON.parse(name.slice(TRAINING.length)) as Variables;
}

/**
 * A page has no environment variables. An object stands in for them, as in `globalThis.unrolledEnvironment = { UNROLLED_NUMERICS: "portable" }`.
 * It must be there before the package is first imported, since the kernels are loaded then.
 */
export const environment = (name: string): string | undefined => variables()?.[name];

/** Where this runs, for reports. */
export const hostName = (): string => navigator.userAgent;

/** Processors that threads can use. */
export const cores = (): number => navigator.hardwareConcurrency;

/**
 * Whether memory can be shared with workers: only on pages that are isolated from other origins, and where this package comes from the page's
 * own, since no worker may come from another.
 */
export const canShare: boolean =
  globalThis.crossOriginIsolated && typeof Worker === "function" && new URL(import.meta.url).origin === location.origin;

/** Whether the calling thread may sleep while it waits for workers: a page's main thread may not. */
export const maySleep: boolean = typeof document === "undefined";

/** Whether the engine can pack neighbouring 128-bit operations into 256-bit ones: a page can't ask for it. */
export const canRevectorize = false;

/** Written out one by one: that is how bundlers find the files. */
const files: Readonly<Record<string, () => URL>> = {
  relaxed: () => new URL("../kernels/relaxed.wasm", import.meta.url),
  "relaxed-threads": () => new URL("../kernels/relaxed-threads.wasm", import.meta.url),
  simd: () => new URL("../kernels/simd.wasm", import.meta.url),
  "simd-threads": () => new URL("../kernels/simd-threads.wasm", import.meta.url),
};

/** The smallest module with a fused multiplication: (func (param v128) (result v128) f32x4.relaxed_madd of the parameter, three times). */
const FUSED = [
  [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
  [0x01, 0x06, 0x01, 0x60, 0x01, 0x7b, 0x01, 0x7b],
  [0x03, 0x02, 0x01, 0x00],
  [0x0a, 0x0d, 0x01, 0x0b, 0x00, 0x20, 0x00, 0x20, 0x00, 0x20, 0x00, 0xfd, 0x85, 0x02, 0x0b],
].flat();

/** The one build that the engine will ask for, so that no other is downloaded; undefined where it needs none. */
function wantedBuild(): string | undefined {
  if (environment("UNROLLED_ENGINE") === "reference") return undefined;
  const numerics = environment("UNROLLED_NUMERICS");
  const fused = numerics !== "portable" && WebAssembly.validate(new Uint8Array(FUSED));
  if (numerics === "fma" && !fused) return undefined;
  const threads = canShare && environment("UNROLLED_THREADS") !== "1";
  return `${fused ? "relaxed" : "simd"}${threads ? "-threads" : ""}`;
}

async function load(build: string): Promise<WebAssembly.Module | undefined> {
  try {
    // not compileStreaming, which insists on a server that knows the media type of WebAssembly
    return await WebAssembly.compile(await (await fetch(files[build]())).arrayBuffer());
  } catch {
    return undefined;
  }
}

const loaded = wantedBuild();
const module = loaded === undefined ? undefined : await load(loaded);

/** A build of the kernels, or undefined where it was not loaded or this browser can't run it. */
export const kernelModule = (
  build: string,
  _options: { readonly revectorize: boolean },
): WebAssembly.Module | undefined => (build === loaded ? module : undefined);

/** A worker that waits for jobs. `failed` is told, once, when it ends by itself. */
export function startWorker(start: WorkerStart, failed: (reason: string) => void): WorkerHandle {
  const worker = new Worker(new URL("./web-worker.js", import.meta.url), {
    type: "module",
    name: `unrolled ${start.thread}`,
  });
  worker.addEventListener("error", (event) => {
    // one whose file could not be loaded, which is another kind of event, has no part in any job: the pool goes on without threads
    if (event instanceof ErrorEvent) failed(`a worker that died: ${event.message}`);
  });
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker, not a window
  worker.postMessage(start);
  return { stop: () => worker.terminate() };
}

/** A worker with this package in it, which serves `trainInWorker`. */
export function startTrainingWorker({ message, failed }: WorkerEvents): WorkerLink {
  const worker = new Worker(new URL("../train/training-worker.js", import.meta.url), {
    type: "module",
    name: TRAINING + JSON.stringify(variables() ?? {}),
  });
  worker.addEventListener("message", ({ data }) => message(data));
  worker.addEventListener("error", (event) =>
    failed(
      event instanceof ErrorEvent
        ? `one that died: ${event.message}`
        : "one whose files can't be loaded (workers see no import map: a bundler is needed)",
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
  if (typeof document !== "undefined") return undefined;
  return {
    post: (value, transfer = []) => postMessage(value, { transfer: [...transfer] }),
    listen: (heard) => addEventListener("message", ({ data }) => heard(data)),
  };
}
