import type { Block, Operand } from "../engine.ts";
import { arrayOf } from "../reference/memory.ts";
import type { Kernels } from "./kernels.ts";
import { BYTES, type LinearMemory, pointerOf } from "./linear-memory.ts";

/** op(b) [k, n] inside a matrix: element (p, j) is `row * p + column * j` elements from the start. */
export type Packing = { readonly k: number; readonly n: number; readonly row: number; readonly column: number };

const PANEL = 8;

/** The kernels and the scratch memory that one call of them needs. */
export class Workspace {
  readonly kernels: Kernels;
  readonly #memory: LinearMemory;
  #held: Block[] = [];

  constructor(kernels: Kernels, memory: LinearMemory) {
    this.kernels = kernels;
    this.#memory = memory;
  }

  /** Runs `f`; what it took as scratch is free again afterwards. */
  within(f: () => void): void {
    try {
      f();
    } finally {
      for (const block of this.#held) this.#memory.free(block);
      this.#held = [];
    }
  }

  /** Address of `length` float32, of unspecified content. */
  scratch(length: number): number {
    const block = this.#memory.allocate("float32", length);
    this.#held.push(block);
    return block.pointer;
  }

  /** Address of the matrix at `from` in panels of eight columns. */
  pack(from: number, { k, n, row, column }: Packing): number {
    const packed = this.scratch(Math.ceil(n / PANEL) * PANEL * k);
    this.kernels.pack8(from, row * BYTES, column * BYTES, k, n, packed);
    return packed;
  }

  /** to = from, which have the same size. */
  copy(from: Operand, to: Operand): void {
    if (from.block !== to.block || pointerOf(from) !== pointerOf(to)) arrayOf(to).set(arrayOf(from));
  }
}
