import { type Shape, type TypedArray } from "../base/index.ts";

/** Most rows or columns that are printed in full; of more, the first and last three. */
const FEW = 12;

/** The elements as aligned nested brackets, numbers with up to 8 digits, long axes shortened. */
export function formatArray(data: TypedArray, shape: Shape): string {
  const texts = Array.from(visible(data, shape), formatNumber);
  const width = Math.max(0, ...texts.map((text) => text.length));
  let next = 0;
  const lines = (axis: number, indent: string): string => {
    if (axis === shape.length) return texts[next++].padStart(width);
    const parts: string[] = [];
    for (const index of shownIndices(shape[axis])) parts.push(index === -1 ? "…" : lines(axis + 1, `${indent} `));
    const last = axis === shape.length - 1;
    return `[${parts.join(last ? ", " : `,${"\n".repeat(shape.length - 1 - axis)}${indent} `)}]`;
  };
  return lines(0, "");
}

function shownIndices(n: number): number[] {
  if (n <= FEW) return Array.from({ length: n }, (_, i) => i);
  return [0, 1, 2, -1, n - 3, n - 2, n - 1];
}

function* visible(data: TypedArray, shape: Shape, axis = 0, at = 0): Generator<number> {
  if (axis === shape.length) {
    yield data[at];
    return;
  }
  let step = 1;
  for (let rest = axis + 1; rest < shape.length; rest++) step *= shape[rest];
  for (const index of shownIndices(shape[axis]))
    if (index !== -1) yield* visible(data, shape, axis + 1, at + index * step);
}

function formatNumber(x: number): string {
  if (Number.isInteger(x) && Math.abs(x) < 1e9) return String(x);
  if (!Number.isFinite(x)) return String(x);
  const size = Math.abs(x);
  return size >= 1e-4 && size < 1e6
    ? x.toFixed(Math.max(0, 8 - Math.max(1, Math.ceil(Math.log10(size)))))
    : x.toExponential(5);
}
