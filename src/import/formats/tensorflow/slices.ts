/** @file Partitioned variables: several slices make one. */
import { FormatError, formatShape, sameShape, sentence } from "../../../base/index.ts";
import { bytesOfElement, type ElementType } from "../../element-types.ts";
import { bytesOfTensor } from "../../stored-tensor.ts";
import { type BundleEntry, type Extent, sliceKey } from "./bundle.ts";
import type { DataFiles } from "./data-files.ts";

/** A slice: its entry, and where it begins and how long it is along each axis. */
export type Part = {
  readonly entry: BundleEntry;
  readonly starts: readonly number[];
  readonly sizes: readonly number[];
};

/**
 * The slices of a variable. Throws FormatError where they are not there, overlap, or leave
 * something out.
 */
export function partsOf(
  where: string,
  key: string,
  entry: BundleEntry & { readonly type: ElementType },
  slices: ReadonlyMap<string, BundleEntry>,
): Part[] {
  const { shape, type } = entry;
  const parts = entry.slices.map((extents) => {
    const slice = slices.get(sliceKey(key, extents));
    return partOf(where, extents, entry, slice);
  });
  // slices that have as many numbers as the whole, and no two of which overlap, are all of it
  checkSize(
    where,
    parts.reduce((sum, { sizes }) => sum + bytesOfTensor(type, sizes), 0),
    bytesOfTensor(type, shape),
  );
  if (parts.some((one, i) => parts.some((other, k) => k < i && overlap(one, other))))
    throw new FormatError(sentence(where, "slices that do not overlap", "some that do"));
  return parts;
}

function partOf(
  where: string,
  extents: readonly Extent[],
  { shape, type }: { readonly shape: readonly number[]; readonly type: ElementType },
  slice: BundleEntry | undefined,
): Part {
  const starts = extents.map(({ start }) => start);
  const sizes = extents.map(({ length }, axis) => (length < 0 ? shape[axis] : length));
  const isInside =
    extents.length === shape.length && starts.every((start, axis) => start >= 0 && start + sizes[axis] <= shape[axis]);
  if (!isInside)
    throw new FormatError(
      sentence(where, `slices of ${formatShape(shape)}`, `one of ${formatShape(sizes)} at ${formatShape(starts)}`),
    );
  if (slice === undefined || slice.type !== type || !sameShape(slice.shape, sizes))
    throw new FormatError(sentence(where, `a slice of ${formatShape(sizes)} at ${formatShape(starts)}`, "none"));
  checkSize(where, slice.size, bytesOfTensor(type, sizes));
  return { entry: slice, starts, sizes };
}

const overlap = (a: Part, b: Part): boolean =>
  a.starts.every((start, axis) => start < b.starts[axis] + b.sizes[axis] && b.starts[axis] < start + a.sizes[axis]);

function checkSize(where: string, size: number, expected: number): void {
  if (size !== expected) throw new FormatError(sentence(where, `${expected} bytes of numbers`, String(size)));
}

/** The bytes of a variable from those of its slices. */
export function joined(
  { bytesOf }: DataFiles,
  where: string,
  { type, shape }: { readonly type: ElementType; readonly shape: readonly number[] },
  parts: readonly Part[],
): Uint8Array {
  const each = bytesOfElement(type);
  const whole = new Uint8Array(bytesOfTensor(type, shape));
  for (const { entry, starts, sizes } of parts) {
    const bytes = bytesOf(where, entry);
    const run = (sizes.at(-1) ?? 1) * each;
    if (run === 0) continue;
    for (let from = 0, row = 0; from < bytes.length; from += run, row++)
      whole.set(bytes.subarray(from, from + run), each * placeOf(row, starts, sizes, shape));
  }
  return whole;
}

/** The index in the whole where a row of a slice begins: a run along the last axis. */
function placeOf(row: number, starts: readonly number[], sizes: readonly number[], shape: readonly number[]): number {
  const last = shape.length - 1;
  let place = starts[last] ?? 0;
  let step = shape[last] ?? 1;
  let rest = row;
  for (let axis = last - 1; axis >= 0; axis--) {
    place += (starts[axis] + (rest % sizes[axis])) * step;
    rest = Math.floor(rest / sizes[axis]);
    step *= shape[axis];
  }
  return place;
}
