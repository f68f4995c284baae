import type { EngineReport } from "unrolled";

/** One thing that the engine decided when it started. */
export type Choice = {
  readonly what: string;
  readonly chosen: string;
  readonly why: string;
  /** The environment variable that decides otherwise, with its values. */
  readonly variable: string;
};

const variables: Readonly<Record<string, string>> = {
  engine: "UNROLLED_ENGINE=wasm|reference",
  numerics: "UNROLLED_NUMERICS=fma|portable",
  threads: "UNROLLED_THREADS=n",
  build: "",
  "256-bit operations": "UNROLLED_REVECTORIZE=on|off",
  tile: "UNROLLED_TILE=6x16|6x8|…",
};

/**
 * The engine's choices, the ones that are known by their results first. `environment` is the
 * process's.
 */
export function choicesOf(
  { name, numerics, threads, choices }: EngineReport,
  environment: Readonly<Record<string, string | undefined>>,
): Choice[] {
  const because = (variable: string, otherwise: string): string =>
    environment[variable] === undefined ? otherwise : variable;
  const isWasm = name === "wasm";
  const build = choices.find(({ what, chosen }) => what === "build" && chosen !== "none")?.chosen ?? "";
  const first = [
    { what: "engine", chosen: name, why: because("UNROLLED_ENGINE", "WebAssembly kernels run here") },
    {
      what: "numerics",
      chosen: numerics,
      why:
        numerics === "fma"
          ? "fused multiply-add: fast, equal to itself only"
          : because("UNROLLED_NUMERICS", isWasm ? "no relaxed SIMD here" : "as the reference engine rounds"),
    },
    {
      what: "threads",
      chosen: String(threads),
      why: build.endsWith("-threads")
        ? because("UNROLLED_THREADS", "one for each processor")
        : because("UNROLLED_THREADS", isWasm ? "memory can't be shared here" : "the reference engine has one"),
    },
  ];
  // what the engine says itself comes before what is concluded here; why it has threads it says
  // only where they did not start
  const isTold = (what: string): boolean => what !== "threads" || threads === 1;
  const told = first.map((row) => choices.find(({ what }) => what === row.what && isTold(what)) ?? row);
  const rest = choices.filter(({ what }) => !first.some((row) => row.what === what));
  return [...told, ...rest].map((row) => ({ ...row, variable: variables[row.what] ?? "" }));
}
