/**
 * @file The inner loops of the matrix product, one function for each tile shape. A tile keeps rows x columns sums in registers; each step reads
 * one packed row of b and one number of each row of a.
 *
 * They are written for what V8 makes of them; without the three things below a core that starts four instructions a cycle gets 57 GFLOP/s of its 85
 * (Cascade Lake, 256 bits), with them 75 to 79:
 * - Neighbouring vectors stand next to each other in the text, so that V8 can pack two of 128 bits into one of 256.
 * - A turn of the loop is several steps, each with an exit of its own behind it: no steps are left over, and an optimizer can't move one step's sums into
 *   the next one's, which would need more registers than there are.
 * - V8 adds the constant offset of a broadcast to the address of the memory before each use. The loads in front of the loop, whose values nobody needs,
 *   make it do so once, and keep the sums in registers. They are from the panel, whose first row is long enough; a may end with its first number.
 */
import { constants } from "./jobs.ts";

const count = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const lines = (parts: readonly string[]): string => parts.join("\n");

export type TileOptions = {
  /** `rows`: rows of a are aRow bytes apart, each contiguous. `packed`: a is [k][rows]. */
  readonly a: "rows" | "packed";
  /** Steps of k per turn of the loop. */
  readonly unroll: number;
};

/**
 * c [count * rows, columns] = from [count * rows, columns] + a [count * rows, k] · panel [k, columns], `count` tiles under each other; count and k > 0.
 * Strides in bytes; `from` may be c. Packed tiles of a lie one after the other.
 */
export function tileSource(rows: number, columns: number, { a, unroll }: TileOptions): string {
  const vectors = columns / 4;
  const r = count(rows);
  const v = count(vectors);
  const isPacked = a === "packed";
  const each = (f: (i: number, j: number) => string): string => lines(r.flatMap((i) => v.map((j) => f(i, j))));
  const read = (i: number, u: number): string => (isPacked ? `a, ${4 * i}` : `a${i}, ${4 * u}`);
  // one pointer moves at each step and tells the end, the others move at the last step of a turn
  const stepPointer = isPacked ? "a" : "b";
  const stepBytes = isPacked ? 4 * rows : 4 * columns;
  const turn = isPacked ? [`    b += ${4 * columns * unroll};`] : r.map((i) => `    a${i} += ${4 * unroll};`);
  const step = (u: number): string =>
    lines([
      ...v.map((j) => `    const b${u}_${j} = v128.load(b, ${16 * j + (isPacked ? 4 * columns * u : 0)});`),
      ...r.flatMap((i) => [
        `    const x${u}_${i} = v128.load32_splat(${read(i, u)});`,
        ...v.map((j) => `    s${i}_${j} = multiplyAdd(x${u}_${i}, b${u}_${j}, s${i}_${j});`),
      ]),
      ...(u === unroll - 1 ? turn : []),
      `    ${stepPointer} += ${stepBytes};`,
      `    if (${stepPointer} == end) break;`,
    ]);
  const offsets = count(isPacked ? rows : unroll).slice(1);
  return `
export function ${tileName(rows, columns, a)}(
  count: i32, from: usize, fromRow: usize, c: usize, cRow: usize, a: usize, ${isPacked ? "" : "aRow: usize, "}panel: usize, k: i32,
): void {
${isPacked ? "" : `  const end = panel + <usize>k * ${stepBytes};`}
${lines(offsets.map((i) => `  v128.load32_splat(panel, ${4 * i});`))}
  for (; count > 0; count--) {
${isPacked ? "" : lines(r.map((i) => `  let a${i} = a + ${i} * aRow;`))}
${each((i, j) => `  let s${i}_${j} = v128.load(from + ${i} * fromRow, ${16 * j});`)}
  let b = panel;
${isPacked ? `  const end = a + <usize>k * ${stepBytes};` : ""}
  while (true) {
${lines(count(unroll).map(step))}
  }
${each((i, j) => `  v128.store(c + ${i} * cRow, s${i}_${j}, ${16 * j});`)}
  from += ${rows} * fromRow;
  c += ${rows} * cRow;
${isPacked ? "" : `  a += ${rows} * aRow;`}
  }
}
`;
}

export const tileName = (rows: number, columns: number, a: TileOptions["a"]): string => `tile${rows}x${columns}${a}`;

export const multiplyAddSource = `
/** x * y + sum: fused in the relaxed build, rounded twice in the portable one. */
// @ts-ignore: decorator
@inline
function multiplyAdd(x: v128, y: v128, sum: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? f32x4.relaxed_madd(x, y, sum) : f32x4.add(sum, f32x4.mul(x, y));
}
`;

const TALLEST = 6;
const UNROLL = 4;

/** Every tile of one panel width, and the function that picks one by its number of rows. */
function family(columns: number): string {
  const heights = count(TALLEST).map((i) => i + 1);
  const pick = (a: TileOptions["a"], strides: string): string =>
    lines(
      heights.map(
        (rows) => `    case ${rows}:
      return ${tileName(rows, columns, a)}(count, from, fromRow, c, cRow, a, ${strides}panel, k);`,
      ),
    );
  return `${lines(
    heights.flatMap((rows) =>
      (["rows", "packed"] as const).map((a) => tileSource(rows, columns, { a, unroll: UNROLL })),
    ),
  )}
/** a's rows are aRow bytes apart, each contiguous. */
export function tile${columns}(
  rows: i32, count: i32, from: usize, fromRow: usize, c: usize, cRow: usize, a: usize, aRow: usize, panel: usize, k: i32,
): void {
  switch (rows) {
${pick("rows", "aRow, ")}
  }
}

/** a is [k][rows]. */
export function packedTile${columns}(
  rows: i32, count: i32, from: usize, fromRow: usize, c: usize, cRow: usize, a: usize, panel: usize, k: i32,
): void {
  switch (rows) {
${pick("packed", "")}
  }
}
`;
}

/** The whole source file. */
export const tilesSource = (): string =>
  `// Generated by kernels/tools/tiles.ts; not in git.\n${multiplyAddSource}${family(constants.NARROWEST)}${family(constants.WIDEST)}`;
