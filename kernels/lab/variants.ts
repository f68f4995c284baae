/**
 * @file The ladder of matrix products, from the definition to the kernel that ships. Each variant computes c [m, n] += a [m, k] · b [k, n] in
 * float32 with the sum over k in order, and packs its operands first where it wants them packed. Sources are AssemblyScript.
 */
import { multiplyAddSource, tileName, tileSource, type TileOptions } from "../tools/tiles.ts";

export type Variant = {
  readonly name: string;
  /** What changes against the ones before, and why. */
  readonly idea: string;
  /** Exports multiply(c, a, b, m, k, n, scratch), addresses in bytes; m and n are multiples of the tile. */
  readonly source: string;
  /** false: only its speed counts. */
  readonly isProduct?: boolean;
};

const signature =
  "export function multiply(c: usize, a: usize, b: usize, m: i32, k: i32, n: i32, scratch: usize): void";

const naive = `
${signature} {
  for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) {
    let sum = f32.load(c + (<usize>(i * n + j) << 2));
    for (let p = 0; p < k; p++) sum += f32.load(a + (<usize>(i * k + p) << 2)) * f32.load(b + (<usize>(p * n + j) << 2));
    f32.store(c + (<usize>(i * n + j) << 2), sum);
  }
}`;

const rowsOfB = `
${multiplyAddSource}
${signature} {
  for (let i = 0; i < m; i++) for (let p = 0; p < k; p++) {
    const x = v128.load32_splat(a + (<usize>(i * k + p) << 2));
    let from = b + (<usize>(p * n) << 2);
    let to = c + (<usize>(i * n) << 2);
    for (let j = 0; j < n; j += 4) {
      v128.store(to, multiplyAdd(x, v128.load(from), v128.load(to)));
      from += 16;
      to += 16;
    }
  }
}`;

/** Blocks of 256 steps of k over panels of b, and of a where the tile wants it packed. */
function tiled(rows: number, columns: number, options: TileOptions): string {
  const stride = options.a === "packed" ? "" : "<usize>k << 2, ";
  const isPacked = options.a === "packed";
  const from = isPacked ? `left + ((<usize>i * k + <usize>p * ${rows}) << 2)` : "a + (<usize>(i * k + p) << 2)";
  return `
${multiplyAddSource}
${tileSource(rows, columns, options)}
function packB(b: usize, k: i32, n: i32, to: usize): void {
  for (let j = 0; j < n; j += ${columns}) for (let p = 0; p < k; p++) {
    const from = b + (<usize>(p * n + j) << 2);
    for (let q = 0; q < ${columns}; q += 4) v128.store(to + (<usize>q << 2), v128.load(from + (<usize>q << 2)));
    to += ${columns * 4};
  }
}
function packA(a: usize, m: i32, k: i32, to: usize): void {
  for (let i = 0; i < m; i += ${rows}) for (let p = 0; p < k; p++) for (let r = 0; r < ${rows}; r++) {
    f32.store(to, f32.load(a + (<usize>((i + r) * k + p) << 2)));
    to += 4;
  }
}
export function prepare(c: usize, a: usize, b: usize, m: i32, k: i32, n: i32, scratch: usize): void {
  packB(b, k, n, scratch);
  ${isPacked ? "packA(a, m, k, scratch + (<usize>k * n << 2));" : ""}
}
${signature} {
  const left = scratch + (<usize>k * n << 2);
  for (let p = 0; p < k; p += 256) {
    const steps = min(256, k - p);
    for (let j = 0; j < n; j += ${columns}) {
      const panel = scratch + ((<usize>j * k + <usize>p * ${columns}) << 2);
      for (let i = 0; i < m; i += ${rows}) {
        const to = c + (<usize>(i * n + j) << 2);
        ${tileName(rows, columns, options.a)}(1, to, <usize>n << 2, to, <usize>n << 2, ${from}, ${stride}panel, steps);
      }
    }
  }
}`;
}

/** No memory at all: twelve sums of two vectors each, as many multiplications and additions as the core can start. */
const limit = `
${multiplyAddSource}
${signature} {
  const x = v128.load(a);
  const y = v128.load(a, 16);
${Array.from({ length: 24 }, (_, i) => `  let s${i} = v128.load(c, ${16 * i});`).join("\n")}
  // m k n / 96 turns of 24 vectors of four
  for (let p = (m * k * n) / 96; p > 0; p--) {
${Array.from({ length: 24 }, (_, i) => `    s${i} = multiplyAdd(${i % 2 ? "y, y" : "x, x"}, s${i});`).join("\n")}
  }
${Array.from({ length: 24 }, (_, i) => `  v128.store(scratch, s${i}, ${16 * i});`).join("\n")}
}`;

export const variants: readonly Variant[] = [
  { name: "00-limit", idea: "what the core can do: no memory, 24 sums", source: limit, isProduct: false },
  { name: "01-naive", idea: "the definition", source: naive },
  { name: "02-rows-of-b", idea: "four lanes, walking along rows of b", source: rowsOfB },
  {
    name: "03-6x8",
    idea: "b packed; 12 sums of 128 bits stay in registers",
    source: tiled(6, 8, { a: "rows", unroll: 1 }),
  },
  {
    name: "04-4x8",
    idea: "registers to spare where multiply and add are separate, or loads come early",
    source: tiled(4, 8, { a: "rows", unroll: 1 }),
  },
  {
    name: "05-4x16",
    idea: "pairs of 128 bits become 256 where V8 packs them: 8 sums",
    source: tiled(4, 16, { a: "rows", unroll: 1 }),
  },
  { name: "06-5x16", idea: "10 sums of 256 bits", source: tiled(5, 16, { a: "rows", unroll: 1 }) },
  { name: "07-6x16", idea: "12 sums of 256 bits", source: tiled(6, 16, { a: "rows", unroll: 1 }) },
  {
    name: "08-6x16-packed",
    idea: "a packed too: one pointer instead of six",
    source: tiled(6, 16, { a: "packed", unroll: 1 }),
  },
  {
    name: "09-turns",
    idea: "four steps a turn, each with an exit: ships, where packing a is not worth it",
    source: tiled(6, 16, { a: "rows", unroll: 4 }),
  },
  {
    name: "10-packed-turns",
    idea: "both: ships",
    source: tiled(6, 16, { a: "packed", unroll: 4 }),
  },
];
