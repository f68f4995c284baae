import { environment, now } from "#platform";
import { sentence, UnsupportedError } from "../../base/index.ts";
import type { EngineReport } from "../engine.ts";
import { BYTES } from "./address.ts";
import { type Job, jobs, WIDEST } from "./generated/jobs.ts";
import type { Kernels } from "./kernels.ts";
import type { LinearMemory, WasmBlock } from "./linear-memory.ts";
import { jobIn } from "./workspace.ts";

/**
 * A tile: rows and columns of the sums that the inner loop of a matrix product keeps in registers.
 */
export type Tile = { readonly rows: number; readonly columns: number };

/** Rows, length of the sums and columns of a product that takes some 20 microseconds. */
const [M, K, N] = [60, 256, 64];

/**
 * Duration of the trial in milliseconds: the least; the time without improvement that ends it; the
 * most. V8 first compiles kernels quickly, and replaces that code after some calls, later on a busy
 * machine.
 */
const [SHORTEST, STEADY, LONGEST] = [8, 4, 80];

/** Speedup over its first call from which a tile's code counts as replaced. */
const REPLACED = 2;

/** Speedup over the likeliest tile that another must show to be chosen. */
const CLEARLY = 1.2;

const nameOf = ({ rows, columns }: Tile): string => `${rows}x${columns}`;

/** Number of first and last rows of a product that are checked. */
const ROWS = 12;

type Shape3 = readonly [m: number, k: number, n: number];

/**
 * Products for the check at the start, with a whole tile of each width. They are small, because the
 * code that they run must be compiled first.
 */
const FIRST: readonly Shape3[] = [[6, 5, 21]];

/**
 * Products for the check after the trial: lower tiles and other widths, a packed and not, sums of
 * one block and of two.
 */
const ALL: readonly Shape3[] = [...FIRST, [11, 257, 9], [23, 3, 261], [M, K, N]];

/**
 * Finds the fastest correct tile on this machine. Results do not depend on the tile, so it is
 * chosen late: only programs with large jobs pay for the trial. A tile is rejected if its product
 * of small integers is not exact, at the start or after the trial, when V8 has replaced its code.
 */
export class TileTuner {
  readonly #kernels: Kernels;
  readonly #memory: LinearMemory;
  readonly #tiles: readonly Tile[];
  #why = "";
  #chosen: Tile;
  isDone: boolean;

  /** Throws UnsupportedError if no tile is exact. */
  constructor(kernels: Kernels, memory: LinearMemory, tiles: readonly Tile[]) {
    this.#kernels = kernels;
    this.#memory = memory;
    this.#tiles = tiles.filter((tile) => this.#isExact(tile, FIRST));
    this.isDone = this.#tiles.length === 1;
    if (this.#tiles.length === 0) throw wrongResults(tiles);
    [this.#chosen] = this.#tiles;
    const isForced = environment("UNROLLED_TILE") !== undefined;
    if (this.#tiles.length < tiles.length) this.#why = "others give wrong results";
    else this.#why = this.isDone ? "requested" : "expected to be the fastest; the first large product tries others";
    if (this.isDone && isForced) this.#why = "UNROLLED_TILE";
    this.#use(this.#chosen);
  }

  /** Entry of the engine's report. */
  get choice(): EngineReport["choices"][number] {
    return { what: "tile", chosen: nameOf(this.#chosen), why: this.#why };
  }

  #use(tile: Tile): void {
    this.#chosen = tile;
    this.#kernels.setTile(tile.columns, tile.rows);
  }

  #isExact(tile: Tile, shapes: readonly Shape3[]): boolean {
    this.#use(tile);
    return shapes.every(([m, k, n]) => {
      const trial = new TrialProduct(this.#kernels, this.#memory, m, k, n);
      const isExact = trial.isExact();
      trial.free();
      return isExact;
    });
  }

  choose(): void {
    this.isDone = true;
    const product = new TrialProduct(this.#kernels, this.#memory, M, K, N);
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
        const took = product.run();
        if (trial.first === 0) trial.first = took;
        if (took < 0.8 * trial.best) improved = now();
        trial.best = Math.min(trial.best, took);
      }
    }
    product.free();
    for (const trial of trials) trial.isExact = this.#isExact(trial.tile, ALL);
    const usable = trials.filter(({ isExact }) => isExact);
    if (usable.length === 0) throw wrongResults(this.#tiles);
    // in quickly compiled code all are about equally slow: the order of the list decides
    const [likely] = usable;
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

const wrongResults = (tiles: readonly Tile[]): UnsupportedError =>
  new UnsupportedError(
    sentence(
      "engine",
      "exact products of small integers",
      `wrong ones with ${tiles.map(nameOf).join(", ")}`,
      "UNROLLED_ENGINE=reference computes without WebAssembly",
    ),
  );

/**
 * A product c [m, n] = a [m, k] · b [k, n] of integers of at most 4: every sum is exact in float32.
 */
class TrialProduct {
  readonly #kernels: Kernels;
  readonly #memory: LinearMemory;
  readonly #sizes: Shape3;
  readonly #blocks: readonly WasmBlock[];

  constructor(kernels: Kernels, memory: LinearMemory, m: number, k: number, n: number) {
    this.#kernels = kernels;
    this.#memory = memory;
    this.#sizes = [m, k, n];
    const panels = k * Math.ceil(n / WIDEST) * WIDEST;
    this.#blocks = [m * k, k * n, panels, m * n].map((length) => memory.allocate("float32", length));
    for (const { data } of this.#blocks.slice(0, 2)) data.forEach((_, i) => (data[i] = ((i * 7919) % 9) - 4));
  }

  /** Computes the product with the current tile. Returns the milliseconds of the product alone. */
  run(): number {
    const [m, k, n] = this.#sizes;
    const [a, b, packed, c] = this.#blocks.map(({ pointer }) => pointer);
    this.#run(jobs.packMatrix, { b, bRow: n * BYTES, bColumn: BYTES, k, n, to: packed, first: 0, rows: k });
    const begin = now();
    const left = { a, aRow: k * BYTES, aSum: BYTES };
    this.#run(jobs.product, { c, cRow: n * BYTES, ...left, packed, m, k, n, fresh: true, sums: 0 });
    return now() - begin;
  }

  #run<Arguments>(job: Job<Arguments>, args: NoInfer<Arguments>): void {
    const words = job(args);
    jobIn(this.#memory).set(words);
    this.#kernels.run(words[0], 0, 1);
  }

  /** Whether another run with the current tile is exact. */
  isExact(): boolean {
    const [m, k, n] = this.#sizes;
    // the block may hold the results of an earlier trial
    this.#blocks[3].data.fill(NaN);
    this.run();
    const [a, b, , c] = this.#blocks.map(({ data }) => data);
    for (let i = 0; i < m; i++) {
      // skip the middle rows, which are like the first
      if (i === ROWS && m > 2 * ROWS) i = m - ROWS;
      for (let j = 0; j < n; j++) {
        let sum = 0;
        for (let p = 0; p < k; p++) sum += a[i * k + p] * b[p * n + j];
        if (c[i * n + j] !== sum) return false;
      }
    }
    return true;
  }

  free(): void {
    for (const block of this.#blocks) this.#memory.free(block);
  }
}
