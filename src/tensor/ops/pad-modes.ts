/** @file Padding by elements of the tensor itself, cropping, and repetition. */
import { checkChoice, checkInteger, checkOptions, kindError, shapeError, type Shape } from "../../base/index.ts";
import { tensor } from "../create.ts";
import type { Tensor } from "../tensor.ts";
import { broadcastTo } from "./broadcast.ts";
import { gather } from "./gather.ts";
import { pad, reshape, slice } from "./move.ts";

/** Content of added elements: see `padWith`. */
export type PadMode = "constant" | "edge" | "reflect" | "wrap";

/** Options of `padWith`. */
export type PadWithOptions = {
  /**
   * Content of added elements: one value, the nearest element, the mirror image without the first
   * and last element, or the other end. Default "constant".
   */
  readonly mode?: PadMode | undefined;
  /** Value of added elements in mode "constant". Default 0. */
  readonly value?: number | undefined;
};

/**
 * x with `[before, after]` elements added on each axis, as ONNX `Pad` and `numpy.pad`. Negative
 * numbers crop: in mode "constant" first, in others with the elements outside still reflected or
 * repeated. Throws RangeError if more is cropped than there is, or an axis without elements would
 * be repeated.
 */
export function padWith(
  x: Tensor,
  padding: readonly (readonly [number, number])[],
  { mode = "constant", value = 0 }: PadWithOptions = {},
): Tensor {
  checkOptions("padWith", arguments[2], "mode value");
  checkChoice("padWith mode", mode, ["constant", "edge", "reflect", "wrap"]);
  if (!Array.isArray(padding)) throw kindError("padWith", "pairs [before, after]", padding);
  if (padding.length !== x.rank) throw shapeError("padWith", `${x.rank} pairs [before, after]`, [padding.length]);
  for (const side of padding.flat()) checkInteger("padWith", side, -Number.MAX_SAFE_INTEGER);
  const shape = x.shape.map((n, i) => n + padding[i][0] + padding[i][1]);
  if (shape.some((n) => n < 0)) throw shapeError("padWith", "at most as many elements to crop as there are", shape);
  if (mode === "constant") return padConstant(x, padding, value);
  return padding.reduce((y, [before, after], axis) => padAxis(y, axis, before, after, mode), x);
}

function padConstant(x: Tensor, padding: readonly (readonly [number, number])[], value: number): Tensor {
  const shape = x.shape.map((n, i) => n + padding[i][0] + padding[i][1]);
  // first and last places of the elements of x that stay
  const first = shape.map((n, i) => Math.min(n, Math.max(0, padding[i][0])));
  const end = shape.map((n, i) => Math.max(first[i], Math.min(n, padding[i][0] + x.shape[i])));
  const begin = x.shape.map((n, i) => Math.min(n, Math.max(0, first[i] - padding[i][0])));
  const size = end.map((place, i) => place - first[i]);
  const more = shape.map((n, i): [number, number] => [first[i], n - end[i]]);
  return pad(slice(x, begin, size), more, value);
}

function padAxis(x: Tensor, axis: number, before: number, after: number, mode: PadMode): Tensor {
  if (before === 0 && after === 0) return x;
  const n = x.shape[axis];
  const count = n + before + after;
  if (n === 0 && count > 0) throw shapeError("padWith", `elements to repeat at axis ${axis}`, x.shape);
  const period = mode === "wrap" ? n : Math.max(1, 2 * n - 2);
  const places = Int32Array.from({ length: count }, (_, i) => {
    const at = i - before;
    if (mode === "edge") return Math.min(n - 1, Math.max(0, at));
    const inside = ((at % period) + period) % period;
    return inside < n ? inside : period - inside;
  });
  return gather(x, tensor(places), axis);
}

/** x repeated along each axis, as `numpy.tile` and ONNX `Tile`: one number for each axis. */
export function tile(x: Tensor, repeats: readonly number[]): Tensor {
  if (!Array.isArray(repeats)) throw kindError("tile", "a number of repeats for each axis", repeats);
  if (repeats.length !== x.rank) throw shapeError("tile", `${x.rank} numbers of repeats`, [repeats.length]);
  for (const times of repeats) checkInteger("tile", times);
  const apart: Shape = x.shape.flatMap((n) => [1, n]);
  const whole = x.shape.flatMap((n, i) => [repeats[i], n]);
  return reshape(
    broadcastTo(reshape(x, apart), whole),
    x.shape.map((n, i) => n * repeats[i]),
  );
}
