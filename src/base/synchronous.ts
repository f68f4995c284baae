import { kindError } from "./errors.ts";

/** Classes of functions that return a promise or a generator. */
const LATER = new Set<unknown>(["AsyncFunction", "GeneratorFunction", "AsyncGeneratorFunction"]);

const HINT = "Await before it, or inside call it once for each part that does not wait";

/**
 * Calls `f` and returns its result, which may be neither a promise nor a generator: code after its
 * first `await` would run long after the caller has finished. Throws TypeError for anything but a
 * function; for an async function or a generator, before calling it; and for a function that
 * returns a promise or a generator.
 */
export function runNow<A extends readonly unknown[], R>(where: string, f: (...inputs: A) => R, ...inputs: A): R {
  checkSynchronous(where, f);
  const result = f(...inputs);
  if (!isLater(result)) return result;
  // nobody awaits this promise; a rejection must not become a second, unhandled error
  if (result instanceof Promise) result.catch(() => {});
  throw kindError(where, "a synchronous function", result, HINT);
}

/** Throws TypeError unless `f` is a function, and neither async nor a generator. */
export function checkSynchronous(where: string, f: unknown): void {
  if (typeof f !== "function") throw kindError(where, "a function", f);
  const tag = (f as { readonly [Symbol.toStringTag]?: unknown })[Symbol.toStringTag];
  if (LATER.has(tag)) throw kindError(where, "a synchronous function", f, HINT);
}

function isLater(result: unknown): boolean {
  if (typeof result !== "object" || result === null) return false;
  if ("then" in result && typeof result.then === "function") return true;
  return (Symbol.iterator in result || Symbol.asyncIterator in result) && "next" in result;
}
