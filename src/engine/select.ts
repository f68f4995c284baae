import { advice, canRevectorize, canShare, cores, environment, kernelModule } from "#platform";
import {
  type Ambient,
  checkChoice,
  checkInteger,
  context,
  sentence,
  UnsupportedError,
  valueError,
  warnOnce,
} from "../base/index.ts";
import type { Engine, EngineReport } from "./engine.ts";
import { referenceEngine } from "./reference/index.ts";
import { type Tile, warnOfOneThread, wasmEngine } from "./wasm/index.ts";

/** Most threads that can be requested: more would be a mistake, and each takes some megabytes. */
export const MOST_THREADS = 1024;

const started = context.engine as Ambient<Engine | undefined>;
const substitute = context.substitute as Ambient<Engine | undefined>;

/**
 * The engine that tensors live on, started at the first call. Only this file knows every engine.
 * Environment variables override the choice:
 *
 * - `UNROLLED_ENGINE=wasm|reference`. Default: WebAssembly if the kernels can be loaded.
 * - `UNROLLED_NUMERICS=portable|fma`: rounding after every multiply and add, as the reference does,
 *   or fused multiply-add. Default: fused if available.
 * - `UNROLLED_THREADS=n`. Default: one per processor if memory can be shared.
 * - `UNROLLED_REVECTORIZE=on|off`: 256-bit operations. Default: on if V8 has them.
 * - `UNROLLED_TILE=6x16|…`: rows and columns of the tiles of matrix products. Default: the fastest
 *   of two or three, tried at the first large product.
 */
export function currentEngine(): Engine {
  return substitute.value ?? (started.value ??= start());
}

/** Runs `f` with `engine` as the current engine; undefined restores the default one. */
export const withEngine = <R>(engine: Engine | undefined, f: () => R): R => substitute.with(engine, f);

const choice = <T extends string>(name: string, among: readonly T[], otherwise: T): T =>
  checkChoice(name, (environment(name) ?? otherwise) as T, among);

type Choices = EngineReport["choices"][number][];

/** A build of the kernels that does not run on this host. */
type Failure = { readonly build: string; readonly error: unknown };

/** The distinct reasons, each with the builds that failed for it. */
function reasonsOf(failures: readonly Failure[]): string {
  const builds = new Map<string, string[]>();
  for (const { build, error } of failures) {
    const reason = error instanceof UnsupportedError ? error.message : String(error);
    builds.set(reason, [...(builds.get(reason) ?? []), build]);
  }
  return [...builds].map(([reason, names]) => `${names.join(", ")}: ${reason}`).join("; ");
}

function adviceFor(reason: string): string {
  if (/by embedder/i.test(reason))
    return "This host compiles no WebAssembly at run time, as edge runtimes do not: run it in Node or in a browser";
  if (/content.security.policy|unsafe-eval|EvalError|code generation/i.test(reason)) return advice.policy;
  if (/cannot reserve|memory/i.test(reason)) return advice.memory;
  return "They need WebAssembly with SIMD: Node 20.19 or newer without --jitless, or a browser of 2023 or later";
}

function start(): Engine {
  const wanted = choice("UNROLLED_ENGINE", ["auto", "wasm", "reference"], "auto");
  const numerics = choice("UNROLLED_NUMERICS", ["auto", "fma", "portable"], "auto");
  const threads = threadsFrom("UNROLLED_THREADS");
  if (wanted === "reference") return referenceEngine();
  const failures: Failure[] = [];
  const engine = startWasm(numerics, threads, failures);
  if (engine !== undefined) return engine;
  const why = reasonsOf(failures);
  if (wanted === "auto" && numerics !== "fma") {
    warnOnce(
      `the WebAssembly kernels do not run here, so everything is computed by the slow reference engine (${why}). ${adviceFor(why)}; UNROLLED_ENGINE=reference selects it`,
    );
    const reference = referenceEngine();
    const fallback = { what: "engine", chosen: "reference", why };
    return { ...reference, report: () => ({ ...reference.report(), choices: [fallback] }) };
  }
  throw new UnsupportedError(
    sentence("engine", numerics === "fma" ? "relaxed SIMD" : "WebAssembly kernels", `none (${why})`, adviceFor(why)),
  );
}

function startWasm(
  numerics: "auto" | "fma" | "portable",
  threads: number | undefined,
  failures: Failure[],
): Engine | undefined {
  const wide = choice("UNROLLED_REVECTORIZE", ["auto", "on", "off"], "auto");
  if (wide === "on" && !canRevectorize)
    throw new UnsupportedError(sentence("UNROLLED_REVECTORIZE", "256-bit operations", "none on this platform"));
  const revectorize = canRevectorize && wide !== "off";
  const memories = [...(canShare && threads !== 1 ? ["-threads"] : []), ""];
  const classes = ["relaxed", "simd"].filter((name) => numerics !== (name === "relaxed" ? "portable" : "fma"));
  for (const memory of memories) {
    for (const name of classes) {
      const fused = name === "relaxed";
      const tiles = tilesFrom("UNROLLED_TILE", revectorize, fused);
      const shared = memory !== "";
      try {
        const module = kernelModule(`${name}${memory}`, { revectorize });
        const choices: Choices = failures.map((failure) => ({
          what: "build",
          chosen: "none",
          why: reasonsOf([failure]),
        }));
        const engine = wasmEngine({ module, shared, fused, tiles, threads, choices });
        warnOfLostThreads(threads, shared, failures);
        choices.push(
          {
            what: "build",
            chosen: `${name}${memory}`,
            why: fused ? "fused multiply-add" : "rounds like the reference",
          },
          {
            what: "256-bit operations",
            chosen: revectorize ? "on" : "off",
            why: canRevectorize ? (wide === "auto" ? "V8 has them" : "UNROLLED_REVECTORIZE") : "not supported here",
          },
        );
        return engine;
      } catch (error) {
        failures.push({ build: `${name}${memory}`, error });
      }
    }
  }
  return undefined;
}

/** Warns that without shared memory there is one thread only. */
function warnOfLostThreads(threads: number | undefined, shared: boolean, failures: readonly Failure[]): void {
  if (shared || threads === 1) return;
  if (!canShare) {
    warnOfOneThread(threads ?? 1);
  } else if ((threads ?? cores()) > 1) {
    const why = reasonsOf(failures);
    warnOnce(`all runs on one thread, since there is no memory to share with workers (${why}). ${adviceFor(why)}`);
  }
}

/**
 * Candidate tiles, the likeliest first; just one if `UNROLLED_TILE` names it. They have twelve sums
 * of 256 or 128 bits with fused multiply-add, fewer without it, since the product needs a register.
 * The fastest depends on whether V8 packs two vectors into one, on the processor's registers, and
 * on the compiler: that of Node 20 loads everything early, which leaves registers for eight sums.
 */
function tilesFrom(name: string, revectorize: boolean, fused: boolean): readonly Tile[] {
  const value = environment(name);
  if (value === undefined) {
    const wide = { rows: fused ? 6 : 5, columns: 16 };
    const narrow = { rows: fused ? 6 : 4, columns: 8 };
    if (revectorize) return [wide, narrow];
    return [narrow, ...(fused ? [{ rows: 4, columns: 8 }] : []), wide];
  }
  const [, rows, columns] = (/^(\d+)x(\d+)$/.exec(value) ?? []).map(Number);
  if (rows === undefined) throw valueError(name, "rows x columns such as 6x16", value);
  checkChoice(`${name} columns`, String(columns), ["8", "16"]);
  return [{ rows: checkInteger(`${name} rows`, rows, 1, 6), columns }];
}

function threadsFrom(name: string): number | undefined {
  const value = environment(name);
  if (value === undefined) return undefined;
  if (!/^\d+$/.test(value)) throw valueError(name, `a whole number from 1 to ${MOST_THREADS}`, value);
  return checkInteger(name, Number(value), 1, MOST_THREADS);
}
