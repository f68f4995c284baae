/** Floats are 4 bytes: so are token ids. */
const BYTES = 4;

/** Pieces of the engine's memory start at multiples of so many bytes. */
const ALIGNMENT = 64;

/** What a piece takes: an eighth of a power of two, as in engine/wasm/linear-memory.ts. */
function roundUp(bytes: number): number {
  const step = Math.max(ALIGNMENT, 2 ** (Math.floor(Math.log2(bytes)) - 3));
  return Math.ceil(bytes / step) * step;
}

/**
 * Counts what the engine's memory would grow to without taking any. As there, a piece that was freed serves the next one of the same size and no
 * other, and nothing goes back to the system.
 */
export class MemoryLedger {
  /** How many freed pieces there are of each size. */
  readonly #free = new Map<number, number>();
  /** Sizes of the pieces in use. */
  readonly #taken: number[] = [];
  #bytes = 0;

  /** All that was ever taken, in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** One piece of each of these lengths, in elements of 4 bytes. */
  take(...lengths: readonly number[]): void {
    for (const length of lengths) {
      const size = roundUp(length * BYTES);
      const free = this.#free.get(size) ?? 0;
      if (free > 0) this.#free.set(size, free - 1);
      else this.#bytes += size;
      this.#taken.push(size);
    }
  }

  /** Runs `f`, then frees what it took. */
  within(f: () => void): void {
    const start = this.#taken.length;
    f();
    for (const size of this.#taken.splice(start)) this.#free.set(size, (this.#free.get(size) ?? 0) + 1);
  }
}
