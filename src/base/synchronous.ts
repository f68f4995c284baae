import { kindError } from "./errors.ts";

/** Functions whose call gives what comes later: a promise or a generator. */
const LATER = new Set<unknown>(["AsyncFunction", "GeneratorFunction", "AsyncGeneratorFunction"]);

const HINT = "Await before it, or inside call it once for each part that does not wait";

/**
 * What `f` gives, which must be there when it returns. Throws TypeError for what is no function,
 * for an async function and a generator before it is called, and for a function that returns a
 * promise or a generator: what comes after its first `await` would run when the caller has long
 * gone on.
 */
export function runNow<A extends readonly unknown[], R>(where: string, f: (...inputs: A) => R, ...inputs: A): R {
  checkSynchronous(where, f);
  const result = f(...inputs);
  if (!isLater(result)) return result;
  // nobody will wait for it; what it fails with is no second error
  if (result instanceof Promise) result.catch(() => {});
  throw kindError(where, "a synchronous function", result, HINT);
}

/** Throws TypeError for what is no function, for an async function and a generator. */
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
