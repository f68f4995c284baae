/** @file Resizing by the nearest elements, or linearly between them. */
import { checkChoice, checkInteger, checkNumber, checkOptions, kindError, misuseError } from "../../base/index.ts";
import { tensor } from "../create.ts";
import type { Tensor } from "../tensor.ts";
import { add, mul } from "./arithmetic.ts";
import { gather } from "./gather.ts";

/** Place in x of an element of the result, by ONNX's names. */
export type ResizeCoordinates =
  | "half_pixel"
  | "half_pixel_symmetric"
  | "pytorch_half_pixel"
  | "align_corners"
  | "asymmetric"
  | "tf_half_pixel_for_nn";

/** Rounding of a place to the nearest element, by ONNX's names. */
export type ResizeRounding = "round_prefer_floor" | "round_prefer_ceil" | "floor" | "ceil";

/** Options of `resize`: `sizes` or `scales`, each with a number for each axis. */
export type ResizeOptions = {
  /** Sizes of the result. */
  readonly sizes?: readonly number[] | undefined;
  /** Factors of the sizes, which are rounded down. */
  readonly scales?: readonly number[] | undefined;
  /** Whether elements are taken, or interpolated between their neighbours. Default "nearest". */
  readonly mode?: "nearest" | "linear" | undefined;
  /** Place in x of an element of the result. Default "half_pixel". */
  readonly coordinates?: ResizeCoordinates | undefined;
  /** Rounding of a place in mode "nearest". Default "round_prefer_floor". */
  readonly nearest?: ResizeRounding | undefined;
};

const COORDINATES: readonly ResizeCoordinates[] = [
  "half_pixel",
  "half_pixel_symmetric",
  "pytorch_half_pixel",
  "align_corners",
  "asymmetric",
  "tf_half_pixel_for_nn",
];
const ROUNDINGS: readonly ResizeRounding[] = ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"];

/**
 * x in another size, axis by axis, as ONNX `Resize`. Places outside of x are its first or last
 * element. Throws RangeError unless exactly one of `sizes` and `scales` has a number for each axis,
 * or if an axis without elements would grow.
 */
export function resize(x: Tensor, options: ResizeOptions): Tensor {
  checkOptions("resize", arguments[1], "sizes scales mode coordinates nearest");
  const { sizes, scales, mode = "nearest", coordinates = "half_pixel", nearest = "round_prefer_floor" } = options;
  checkChoice("resize mode", mode, ["nearest", "linear"]);
  checkChoice("resize coordinates", coordinates, COORDINATES);
  checkChoice("resize nearest", nearest, ROUNDINGS);
  const given = sizes ?? scales;
  if (given === undefined || (sizes !== undefined && scales !== undefined))
    throw kindError("resize", "either sizes or scales", options);
  if (given.length !== x.rank) throw misuseError("resize", `${x.rank} numbers, one for each axis`, `${given.length}`);
  let y = x;
  given.forEach((value, axis) => {
    const n = x.shape[axis];
    const count = sizes ? checkInteger("resize sizes", value) : Math.floor(n * checkNumber("resize scales", value, 0));
    if (n === 0 && count > 0) throw misuseError("resize", `elements to read at axis ${axis}`, "none");
    const scale = sizes ? count / n : value;
    if (count === n && scale === 1) return;
    const places = Float64Array.from({ length: count }, (_, i) => placeOf(i, n, count, scale, coordinates));
    y = mode === "nearest" ? nearestAlong(y, axis, places, nearest) : linearAlong(y, axis, places);
  });
  return y;
}

/** The place in n elements of element i of `count`. */
function placeOf(i: number, n: number, count: number, scale: number, coordinates: ResizeCoordinates): number {
  switch (coordinates) {
    case "asymmetric":
      return i / scale;
    case "align_corners":
      return count === 1 ? 0 : (i * (n - 1)) / (count - 1);
    case "pytorch_half_pixel":
      return count > 1 ? (i + 0.5) / scale - 0.5 : 0;
    case "tf_half_pixel_for_nn":
      return (i + 0.5) / scale;
    case "half_pixel_symmetric":
      return (n / 2) * (1 - count / (scale * n)) + (i + 0.5) / scale - 0.5;
    default:
      return (i + 0.5) / scale - 0.5;
  }
}

function rounded(x: number, how: ResizeRounding): number {
  switch (how) {
    case "floor":
      return Math.floor(x);
    case "ceil":
      return Math.ceil(x);
    case "round_prefer_ceil":
      return Math.floor(x + 0.5);
    default:
      return Math.ceil(x - 0.5);
  }
}

const inside = (i: number, n: number): number => Math.min(n - 1, Math.max(0, i));

function nearestAlong(x: Tensor, axis: number, places: Float64Array, nearest: ResizeRounding): Tensor {
  const n = x.shape[axis];
  return gather(x, tensor(Int32Array.from(places, (place) => inside(rounded(place, nearest), n))), axis);
}

function linearAlong(x: Tensor, axis: number, places: Float64Array): Tensor {
  const n = x.shape[axis];
  const at = places.map((place) => inside(place, n));
  const low = Int32Array.from(at, (place) => Math.floor(place));
  const high = low.map((i) => inside(i + 1, n));
  const shape = x.shape.map((_, i) => (i === axis ? places.length : 1));
  const part = (ids: Int32Array, share: (place: number) => number): Tensor =>
    mul(gather(x, tensor(ids), axis), tensor(at.map(share), { shape, dtype: x.dtype }));
  return add(
    part(low, (place) => 1 - (place - Math.floor(place))),
    part(high, (place) => place - Math.floor(place)),
  );
}
