/** @file What differs between Node and the web, Node's side. `web.ts` has the same names. */
import { readFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";

/** Milliseconds since an arbitrary start, monotonic. */
export const now = (): number => performance.now();

/** Lets timers, signals and I/O run before the returned promise resolves. */
export const yieldToHost = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** The value of an environment variable, or undefined. */
export const environment = (name: string): string | undefined => process.env[name];

/** A build of the kernels, or undefined where it is missing or this Node can't run it. */
export function kernelModule(build: "simd" | "relaxed"): WebAssembly.Module | undefined {
  if (build === "relaxed") allowRelaxedSimd();
  try {
    return new WebAssembly.Module(readFileSync(new URL(`../kernels/${build}.wasm`, import.meta.url)));
  } catch {
    return undefined;
  }
}

/** V8 reads these flags when a module is compiled; versions that don't know one print an error for it, so each is guarded. */
function allowRelaxedSimd(): void {
  const major = Number(process.versions.node.split(".")[0]);
  if (major < 22) setFlagsFromString("--experimental-wasm-relaxed-simd");
  // packs neighbouring 128-bit operations into 256-bit ones
  if (major >= 24) setFlagsFromString("--experimental-wasm-revectorize");
}
