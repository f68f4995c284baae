import { sizeOf } from "../../base/index.ts";
import type { Block, Operand, Recorder } from "../engine.ts";
import { LONG_SUM } from "../reference/long-sums.ts";
import { type Address, BYTES } from "./address.ts";
import { JOB, type Job, jobs, LONGEST_JOB, NARROWEST } from "./generated/jobs.ts";
import { type Kernels, notedKernels } from "./kernels.ts";
import { addressOf, type LinearMemory, pointerOf } from "./linear-memory.ts";
import type { Pool } from "./pool.ts";

/** An object that chooses the tile of matrix products before the first large one. */
type Tuner = { readonly isDone: boolean; choose(): void };

/**
 * Layout of op(b) [k, n] inside a matrix: element (p, j) is `row * p + column * j` elements from
 * the start.
 */
export type Packing = { readonly k: number; readonly n: number; readonly row: number; readonly column: number };

/** Whether a sum of n float32 is kept in float64; see kernels/assembly/sums.ts. */
export const isLongSum = (n: number): boolean => n > LONG_SUM;

/**
 * Operations, some 10 microseconds of them, below which a second thread costs more than it saves.
 */
const WORTH_SHARING = 500_000;

/** Operations from which on finding the fastest tile first pays off. */
const WORTH_TUNING = 20_000_000;

/** A view of the job's arguments, valid until the memory grows. */
export const jobIn = ({ memory }: Pick<LinearMemory, "memory">): Int32Array =>
  new Int32Array(memory.buffer, JOB, LONGEST_JOB);

/** The kernels with their threads, and the scratch memory of one call. */
export class Workspace {
  readonly kernels: Kernels;
  readonly #memory: LinearMemory;
  readonly #pool: Pool | undefined;
  readonly #tuner: Tuner;
  readonly #recorder: Recorder | undefined;
  #job: Int32Array;
  #scratch: Block[] = [];

  /** `pool` is absent if there can be no threads. */
  constructor(kernels: Kernels, memory: LinearMemory, pool: Pool | undefined, tuner: Tuner, recorder?: Recorder) {
    this.kernels = kernels;
    this.#memory = memory;
    this.#pool = pool;
    this.#tuner = tuner;
    this.#recorder = recorder;
    this.#job = jobIn(memory);
  }

  /** A workspace that records what it runs, and whose scratch memory belongs to the recording. */
  recordedBy(recorder: Recorder): Workspace {
    return new Workspace(notedKernels(this.kernels, recorder), this.#memory, this.#pool, this.#tuner, recorder);
  }

  /**
   * Runs `f`, which does about `operations` multiplications and additions, and frees its scratch
   * memory afterwards. The tile of products does not change meanwhile.
   */
  within(operations: number, f: () => void): void {
    if (operations >= WORTH_TUNING && !this.#tuner.isDone) this.#tuner.choose();
    try {
      f();
    } finally {
      for (const block of this.#scratch) (this.#recorder ?? this.#memory).free(block);
      this.#scratch.length = 0;
    }
  }

  /**
   * Runs a job, on several threads if it has enough `operations` (roughly: multiplications and
   * additions).
   */
  run<Arguments>(job: Job<Arguments>, operations: number, args: NoInfer<Arguments>): void {
    const words = job(args);
    this.#run(words, operations);
    this.#recorder?.note(() => this.#run(words, operations));
  }

  #run(words: readonly number[], operations: number): void {
    // growing detaches the views of unshared memory
    if (this.#job.length === 0) this.#job = jobIn(this.#memory);
    const list = this.#job;
    for (let i = 0; i < words.length; i++) list[i] = words[i];
    if (this.isShared(operations)) this.#pool?.run(words[0]);
    else this.kernels.run(words[0], 0, 1);
  }

  /** Whether a job of so many operations would run on several threads. */
  isShared(operations: number): boolean {
    return operations >= WORTH_SHARING && this.#pool !== undefined && this.#pool.threads > 1;
  }

  /** Address of `length` float32, of unspecified content. */
  scratch(length: number): Address {
    const block = (this.#recorder ?? this.#memory).allocate("float32", length);
    this.#scratch.push(block);
    return addressOf(block);
  }

  /** Address of `length` float64, of unspecified content. */
  doubles(length: number): Address {
    return this.scratch(2 * length);
  }

  /** Number of floats of a packed [k, n] matrix. */
  packedLength(k: number, n: number): number {
    return Math.ceil(n / NARROWEST) * NARROWEST * k;
  }

  /** Packs the matrix at `from` into panels, and returns their address. */
  pack(from: Address, packing: Packing): Address {
    const to = this.scratch(this.packedLength(packing.k, packing.n));
    this.packInto(to, from, packing, 0, packing.k);
    return to;
  }

  /** Packs the matrix at `from` into panels at `to` of `rows` rows, from row `first` on. */
  packInto(to: Address, from: Address, { k, n, row, column }: Packing, first: number, rows: number): void {
    // moving an element takes about as long as four operations
    this.run(jobs.packMatrix, 4 * k * n, {
      b: from,
      bRow: row * BYTES,
      bColumn: column * BYTES,
      k,
      n,
      to,
      first,
      rows,
    });
  }

  /** to = from, or 0 if `from` is absent. */
  copyOrClear(from: Operand | undefined, to: Operand): void {
    if (from === undefined) this.kernels.fill(pointerOf(to), sizeOf(to.shape), 0);
    else this.copy(from, to);
  }

  /** to = from, float32 of the same size. */
  copy(from: Operand, to: Operand): void {
    this.kernels.move(pointerOf(to), pointerOf(from), sizeOf(to.shape) * BYTES);
  }
}
