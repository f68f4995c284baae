import { canRevectorize, canShare, environment, kernelModule } from "#platform";
import { checkChoice, checkInteger, sentence, UnsupportedError, valueError, warnOnce } from "../base/index.ts";
import type { Engine, EngineReport } from "./engine.ts";
import { referenceEngine } from "./reference/index.ts";
import { type Tile, wasmEngine } from "./wasm/index.ts";

/** Threads that can be asked for: more would be a mistake, and each takes some megabytes. */
export const MOST_THREADS = 1024;

let current: Engine | undefined;
let substitute: Engine | undefined;

/**
 * The engine that tensors live on, started when first asked for. The only place that knows every engine. Environment variables force a choice:
 *
 * - `UNROLLED_ENGINE=wasm|reference`. Default: WebAssembly where the kernels can be loaded.
 * - `UNROLLED_NUMERICS=portable|fma`: rounding after every multiply and add, as the reference does, or fused. Default: fused where there is.
 * - `UNROLLED_THREADS=n`. Default: one for each processor, where memory can be shared.
 * - `UNROLLED_REVECTORIZE=on|off`: 256-bit operations. Default: on where V8 has them.
 * - `UNROLLED_TILE=6x16|…`: rows and columns of the tiles of matrix products. Default: the fastest of two or three, tried at the first large product.
 */
export function currentEngine(): Engine {
  return substitute ?? (current ??= start());
}

/** Runs `f` with another engine as the current one, or again with the usual one. */
export function withEngine<R>(engine: Engine | undefined, f: () => R): R {
  const saved = substitute;
  substitute = engine;
  try {
    return f();
  } finally {
    substitute = saved;
  }
}

const choice = <T extends string>(name: string, among: readonly T[], otherwise: T): T =>
  checkChoice(name, (environment(name) ?? otherwise) as T, among);

type Choices = EngineReport["choices"][number][];

function start(): Engine {
  const wanted = choice("UNROLLED_ENGINE", ["auto", "wasm", "reference"], "auto");
  const numerics = choice("UNROLLED_NUMERICS", ["auto", "fma", "portable"], "auto");
  const threads = threadsFrom("UNROLLED_THREADS");
  if (wanted === "reference") return referenceEngine();
  const choices: Choices = [];
  const engine = startWasm(numerics, threads, choices);
  if (engine !== undefined) return engine;
  if (wanted === "auto" && numerics !== "fma") {
    const why = choices.map(({ what, why: reason }) => `${what}: ${reason}`).join("; ");
    warnOnce(
      `the WebAssembly kernels do not run here, so everything is computed by the slow reference engine (${why})`,
    );
    const reference = referenceEngine();
    const fallback = { what: "engine", chosen: "reference", why };
    return { ...reference, report: () => ({ ...reference.report(), choices: [fallback] }) };
  }
  throw new UnsupportedError(
    sentence("engine", numerics === "fma" ? "relaxed SIMD" : "WebAssembly kernels", "none on this platform"),
  );
}

function startWasm(
  numerics: "auto" | "fma" | "portable",
  threads: number | undefined,
  choices: Choices,
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
        const settings = { module, shared, fused, tiles, threads, choices };
        const engine = wasmEngine(settings);
        choices.push(
          {
            what: "build",
            chosen: `${name}${memory}`,
            why: fused ? "fused multiply-add" : "rounds like the reference",
          },
          {
            what: "256-bit operations",
            chosen: revectorize ? "on" : "off",
            why: canRevectorize ? (wide === "auto" ? "V8 has them" : "UNROLLED_REVECTORIZE") : "not to be had here",
          },
        );
        return engine;
      } catch (error) {
        choices.push({ what: "build", chosen: "none", why: `${name}${memory}: ${String(error)}` });
      }
    }
  }
  return undefined;
}

/**
 * Twelve sums of 256 or of 128 bits with fused multiply-add; without, a register is needed for the product. Which is fastest depends on whether V8 packs
 * two vectors into one, on how many registers the processor has, and on the compiler: that of Node 20 loads everything early, and has registers for eight
 * sums. So all are tried, the likeliest first, unless one is asked for.
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
