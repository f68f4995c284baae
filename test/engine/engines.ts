/** @file Every way in which the WebAssembly engine can run here. */
import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import type { Worker } from "node:worker_threads";
import type { Engine, NumericsClass } from "../../src/engine/engine.ts";
import { type Tile, wasmEngine } from "../../src/engine/wasm/index.ts";
import { canRevectorize, kernelModule } from "../../src/platform/node.ts";

export { canRevectorize } from "../../src/platform/node.ts";

export const classes: readonly NumericsClass[] = ["portable", "fma"];

/** Those that the engine chooses from, and one row at a time. */
export const tiles: readonly Tile[] = [
  { columns: 8, rows: 4 },
  { columns: 8, rows: 6 },
  { columns: 16, rows: 5 },
  { columns: 16, rows: 6 },
  { columns: 16, rows: 1 },
];

export type Way = {
  readonly numerics: NumericsClass;
  /** Of several, the engine takes the fastest at its first large product. */
  readonly tiles: readonly Tile[];
  /**
   * Operations of 256 bits. V8 looks at its flag whenever it optimizes a function, and takes modules of the same bytes for one: so a process must
   * stay with one of the two.
   */
  readonly revectorize: boolean;
  readonly threads: number;
};

export const nameOf = ({ numerics, tiles }: Pick<Way, "numerics" | "tiles">): string =>
  `${numerics}, tile ${tiles.map(({ rows, columns }) => `${rows}x${columns}`).join(" or ")}`;

/** An engine that runs that way. With more than one thread its memory is shared. */
export function engineOf({ numerics, tiles: among, revectorize, threads }: Way): Engine {
  // V8 optimizes what is called often, by default after more calls than here
  setFlagsFromString("--wasm-tiering-budget=1000");
  const shared = threads > 1;
  const fused = numerics === "fma";
  const build = `${fused ? "relaxed" : "simd"}${shared ? "-threads" : ""}`;
  const module = kernelModule(build, { revectorize: revectorize && canRevectorize });
  return wasmEngine({ module, shared, fused, tiles: among, threads, choices: [] });
}

/** Runs `job`, a large kernel, which starts the engine's threads, and waits for them. */
export async function untilRunning(engine: Engine, job: () => void): Promise<void> {
  const limit = performance.now() + 20_000;
  for (job(); engine.report().running < engine.report().threads; await sleep(2)) {
    if (performance.now() > limit) throw new Error("the workers did not start within 20 seconds");
  }
}

/** Notes every worker that starts from here on. `end` ends them all. */
export function watchWorkers(): { readonly workers: readonly Worker[]; end(): Promise<void> } {
  const workers: Worker[] = [];
  const note = (worker: Worker): void => void workers.push(worker);
  process.on("worker", note);
  return {
    workers,
    async end() {
      process.off("worker", note);
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}
