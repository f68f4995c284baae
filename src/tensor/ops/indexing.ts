/** @file Elements at indices along an axis or along several, and the largest ones. */
import {
  checkChoice,
  checkInteger,
  checkOptions,
  dtypeError,
  formatShape,
  normalizeAxis,
  sameShape,
  type Shape,
  shapeError,
  sizeOf,
  stridesOf,
} from "../../base/index.ts";
import { onEachReplay } from "../../engine/index.ts";
import { allocate, commonDtype, type Tensor } from "../tensor.ts";
import { tensor } from "../create.ts";
import { add } from "./arithmetic.ts";
import { where } from "./compare.ts";
import { checkIndices, gather, scatterAdd } from "./gather.ts";
import { concat, reshape } from "./move.ts";

/** Options of `scatterElements` and `scatterNd`. */
export type ScatterOptions = {
  /**
   * Whether updates replace elements, of several the last one, or are added to them. Default
   * "none".
   */
  readonly reduction?: "none" | "add" | undefined;
};

/** int32 of the shape of `indices`, each the flat place of its element in a tensor of `shape`. */
function placesAlong(where: string, shape: Shape, indices: Tensor, axis: number): Tensor {
  if (indices.rank !== shape.length || indices.shape.some((n, i) => i !== axis && n > shape[i]))
    throw shapeError(where, `indices within ${formatShape(shape)} but for axis ${axis}`, indices.shape);
  checkIndices(where, indices, shape[axis]);
  const places = allocate("int32", [indices.size]);
  const [own, strides] = [stridesOf(indices.shape), stridesOf(shape)];
  onEachReplay([indices, places], (ids, to) => {
    for (let i = 0; i < to.length; i++) {
      let at = ids[i] * strides[axis];
      for (let a = 0; a < own.length; a++)
        if (a !== axis) at += (Math.floor(i / own[a]) % indices.shape[a]) * strides[a];
      to[i] = at;
    }
  });
  return places;
}

/**
 * Elements of x at int32 `indices` along `axis` (default 0), each in its own row: y[i][j] =
 * x[indices[i][j]][j] for two axes and axis 0. Indices have the rank of x, and y their shape. As
 * ONNX `GatherElements`, without negative indices. Throws RangeError if an index is out of range.
 */
export function gatherElements(x: Tensor, indices: Tensor, axis = 0): Tensor {
  const at = normalizeAxis("gatherElements", axis, x.rank);
  const places = placesAlong("gatherElements", x.shape, indices, at);
  return reshape(gather(reshape(x, [x.size]), places), indices.shape);
}

/**
 * x with `updates`, which have the shape of `indices`, at the elements that `gatherElements` reads.
 * As ONNX `ScatterElements`. Throws RangeError if an index is out of range.
 */
export function scatterElements(
  x: Tensor,
  indices: Tensor,
  updates: Tensor,
  axis = 0,
  options: ScatterOptions = {},
): Tensor {
  checkOptions("scatterElements", arguments[4], "reduction");
  const at = normalizeAxis("scatterElements", axis, x.rank);
  if (!sameShape(updates.shape, indices.shape))
    throw shapeError("scatterElements", `updates ${formatShape(indices.shape)}`, updates.shape);
  const places = placesAlong("scatterElements", x.shape, indices, at);
  return scatterRows("scatterElements", x, places, updates, 1, options);
}

/** x with updates at flat places of rows of `inner` elements. */
function scatterRows(
  where: string,
  x: Tensor,
  places: Tensor,
  updates: Tensor,
  inner: number,
  { reduction = "none" }: ScatterOptions,
): Tensor {
  checkChoice(`${where} reduction`, reduction, ["none", "add"]);
  commonDtype(where, x, updates);
  const count = inner === 0 ? 0 : x.size / inner;
  const rows = reshape(x, [count, inner]);
  const added = reshape(updates, [places.size, inner]);
  if (reduction === "add") return reshape(add(rows, scatterAdd(added, places, count)), x.shape);
  const sources = allocate("int32", [count]);
  onEachReplay([places, sources], (ids, to) => {
    for (let i = 0; i < count; i++) to[i] = i;
    for (let i = 0; i < ids.length; i++) to[ids[i]] = count + i;
  });
  return reshape(gather(concat([rows, added]), sources), x.shape);
}

/** The leading axes that indices [..., k] count, the flat places that they mean, and the rest. */
function placesNd(where: string, shape: Shape, indices: Tensor): { places: Tensor; lead: Shape; rest: Shape } {
  if (indices.dtype !== "int32") throw dtypeError(where, "int32", indices.dtype);
  const k = indices.shape[indices.rank - 1];
  if (indices.rank === 0 || k > shape.length)
    throw shapeError(where, `indices [..., k] with k at most ${shape.length}`, indices.shape);
  const lead = indices.shape.slice(0, -1);
  const strides = stridesOf(shape.slice(0, k));
  const places = allocate("int32", [sizeOf(lead)]);
  onEachReplay([indices, places], (ids, to) => {
    for (let i = 0; i < to.length; i++) {
      let at = 0;
      for (let axis = 0; axis < k; axis++)
        at += checkInteger(`${where} index`, ids[i * k + axis], 0, shape[axis] - 1) * strides[axis];
      to[i] = at;
    }
  });
  return { places, lead, rest: shape.slice(k) };
}

/**
 * Elements or slices of x at int32 `indices` [..., k], each of which counts the first k axes: [...,
 * ...rest]. As ONNX `GatherND` without batch dimensions and negative indices. Throws RangeError if
 * an index is out of range.
 */
export function gatherNd(x: Tensor, indices: Tensor): Tensor {
  const { places, lead, rest } = placesNd("gatherNd", x.shape, indices);
  const rows = reshape(x, [sizeOf(x.shape.slice(0, x.rank - rest.length)), ...rest]);
  return reshape(gather(rows, places), [...lead, ...rest]);
}

/**
 * x with `updates` at the elements or slices that `gatherNd` reads; updates have its shape. As ONNX
 * `ScatterND`. Throws RangeError if an index is out of range.
 */
export function scatterNd(x: Tensor, indices: Tensor, updates: Tensor, options: ScatterOptions = {}): Tensor {
  checkOptions("scatterNd", arguments[3], "reduction");
  const { places, lead, rest } = placesNd("scatterNd", x.shape, indices);
  if (!sameShape(updates.shape, [...lead, ...rest]))
    throw shapeError("scatterNd", `updates ${formatShape([...lead, ...rest])}`, updates.shape);
  return scatterRows("scatterNd", x, places, updates, sizeOf(rest), options);
}

/** Options of `topK`. */
export type TopKOptions = {
  /** Whether the largest elements are taken, or the smallest. Default true. */
  readonly largest?: boolean | undefined;
};

/**
 * The k largest elements along `axis` (default: the last), in descending order, and their int32
 * indices; of equal ones, the first. NaN is the largest. Throws RangeError if there are fewer.
 */
export function topK(
  x: Tensor,
  k: number,
  axis = -1,
  { largest = true }: TopKOptions = {},
): { values: Tensor; indices: Tensor } {
  checkOptions("topK", arguments[3], "largest");
  const at = normalizeAxis("topK", axis, x.rank);
  const n = x.shape[at];
  checkInteger("topK k", k, 0, n);
  const indices = allocate("int32", x.shape.with(at, k));
  const inner = sizeOf(x.shape.slice(at + 1));
  onEachReplay([x, indices], (from, to) => {
    const order = new Int32Array(n);
    const outer = inner * n === 0 ? 0 : from.length / (inner * n);
    for (let row = 0; row < outer * inner; row++) {
      const [o, i] = [Math.floor(row / inner), row % inner];
      const value = (j: number): number => from[(o * n + j) * inner + i];
      for (let j = 0; j < n; j++) order[j] = j;
      order.sort((a, b) => (largest ? compare(value(b), value(a)) : compare(value(a), value(b))) || a - b);
      for (let j = 0; j < k; j++) to[(o * k + j) * inner + i] = order[j];
    }
  });
  return { values: gatherElements(x, indices, at), indices };
}

/** Order of numbers, in which NaN is the largest. */
function compare(a: number, b: number): number {
  if (a !== a || b !== b) return Number(a !== a) - Number(b !== b);
  return a < b ? -1 : Number(a > b);
}

/** Options of `trilu`. */
export type TriluOptions = {
  /** Whether elements above the diagonal stay, or those below it. Default true. */
  readonly upper?: boolean | undefined;
  /** Diagonal between them: positive numbers are above the main one. Default 0. */
  readonly diagonal?: number | undefined;
};

/**
 * The upper or lower triangle of matrices x [..., M, N], with zeros elsewhere; the diagonal stays.
 * As ONNX `Trilu`. Throws RangeError unless x has rank >= 2.
 */
export function trilu(x: Tensor, { upper = true, diagonal = 0 }: TriluOptions = {}): Tensor {
  checkOptions("trilu", arguments[1], "upper diagonal");
  if (x.rank < 2) throw shapeError("trilu", "matrices [..., M, N]", x.shape);
  checkInteger("trilu diagonal", diagonal, -Number.MAX_SAFE_INTEGER);
  const [m, n] = x.shape.slice(-2);
  const stays = Uint8Array.from({ length: m * n }, (_, i) => {
    const above = (i % n) - Math.floor(i / n) - diagonal;
    return Number(upper ? above >= 0 : above <= 0);
  });
  return where(tensor(stays, { shape: [m, n] }), x, 0);
}
