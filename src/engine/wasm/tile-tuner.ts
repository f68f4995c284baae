import { environment, now } from "#platform";
import type { EngineReport } from "../engine.ts";
import { jobs, type Kernels } from "./kernels.ts";
import { BYTES, type LinearMemory } from "./linear-memory.ts";

/** Rows and columns of the sums that the inner loop of a matrix product keeps in registers. */
export type Tile = { readonly rows: number; readonly columns: number };

/** A product that takes some 20 microseconds: rows, length of the sums, columns. */
const [M, K, N] = [60, 256, 64];

/**
 * Milliseconds of trying, at least; without an improvement, before it ends; and at most. V8 first runs kernels in a quick translation, and replaces it after
 * some calls, later on a busy machine.
 */
const [SHORTEST, STEADY, LONGEST] = [8, 4, 80];

/** How many times as fast as its first call a tile has to become before it counts as replaced. */
const REPLACED = 2;

/** How many times as fast as the likeliest tile another has to be. */
const CLEARLY = 1.2;

const nameOf = ({ rows, columns }: Tile): string => `${rows}x${columns}`;

/**
 * Finds the tile that is the fastest here, and correct. Results do not depend on the tile, so it can be chosen late: the first large job pays for the
 * trial, and programs without one do not. A tile whose product of small integers is not exact is out.
 */
export class TileTuner {
  readonly #kernels: Kernels;
  readonly #memory: LinearMemory;
  readonly #tiles: readonly Tile[];
  #why = "";
  #chosen: Tile;
  isDone: boolean;

  constructor(kernels: Kernels, memory: LinearMemory, tiles: readonly Tile[]) {
    this.#kernels = kernels;
    this.#memory = memory;
    this.#tiles = tiles;
    this.isDone = tiles.length === 1;
    [this.#chosen] = tiles;
    this.#why = this.isDone ? "asked for" : "expected to be the fastest; the first large product tries others";
    if (this.isDone && environment("UNROLLED_TILE") !== undefined) this.#why = "UNROLLED_TILE";
    this.#use(this.#chosen);
  }

  /** For the engine's report. */
  get choice(): EngineReport["choices"][number] {
    return { what: "tile", chosen: nameOf(this.#chosen), why: this.#why };
  }

  #use(tile: Tile): void {
    this.#chosen = tile;
    this.#kernels.setTile(tile.columns, tile.rows);
  }

  choose(): void {
    this.isDone = true;
    const blocks = [M * K, K * N, K * N, M * N].map((length) => this.#memory.allocate("float32", length));
    const [a, b, panels, c] = blocks;
    // whole numbers of at most 4: every sum is exact in float32
    for (const x of [a, b]) x.data.forEach((_, i) => (x.data[i] = ((i * 7919) % 9) - 4));
    const list = new Float64Array(this.#memory.memory.buffer, this.#kernels.jobArguments(), 16);
    const run = (job: number, ...values: number[]): void => {
      list.set(values);
      this.#kernels.run(job, 0, 1);
    };
    const product = (): number => {
      run(jobs.packMatrix, b.pointer, N * BYTES, BYTES, K, N, panels.pointer, 0, K);
      const begin = now();
      run(jobs.product, c.pointer, N * BYTES, a.pointer, K * BYTES, BYTES, panels.pointer, M, K, N, 1);
      return now() - begin;
    };
    const trials = this.#tiles.map((tile) => ({ tile, first: 0, best: Infinity, isExact: true }));
    const start = now();
    let improved = start;
    const isReplaced = (): boolean => trials.every(({ first, best }) => best * REPLACED < first);
    for (
      let time = start;
      time - start < LONGEST && (time - start < SHORTEST || time - improved < STEADY || !isReplaced());
      time = now()
    ) {
      for (const trial of trials) {
        this.#use(trial.tile);
        const took = product();
        if (trial.first === 0) trial.first = took;
        if (took < 0.8 * trial.best) improved = now();
        trial.best = Math.min(trial.best, took);
      }
    }
    for (const trial of trials) {
      this.#use(trial.tile);
      product();
      trial.isExact = isProduct(a.data, b.data, c.data);
    }
    for (const block of blocks) this.#memory.free(block);
    const usable = trials.filter(({ isExact }) => isExact);
    // in the quick translation all are about equally slow: then the order of the list decides
    const [likely = trials[0]] = usable;
    const fastest = usable.reduce((a, b) => (b.best < a.best ? b : a), likely);
    this.#use((isReplaced() && fastest.best * CLEARLY < likely.best ? fastest : likely).tile);
    this.#why = trials
      .map(({ tile, best, isExact }) => {
        const speed = `${((2 * M * K * N) / best / 1e6).toFixed(0)} GFLOP/s`;
        return `${nameOf(tile)}: ${isExact ? speed : "wrong results"}`;
      })
      .join(", ");
  }
}

/** Whether the first and last rows of c are those of a·b. */
function isProduct(a: ArrayLike<number>, b: ArrayLike<number>, c: ArrayLike<number>): boolean {
  for (const i of [0, 1, 2, 3, 4, 5, M - 2, M - 1]) {
    for (let j = 0; j < N; j++) {
      let sum = 0;
      for (let p = 0; p < K; p++) sum += a[i * K + p] * b[p * N + j];
      if (c[i * N + j] !== sum) return false;
    }
  }
  return true;
}
