import { arithmetic, type Value } from "./arithmetic.ts";
import { greaterEqual, lessEqual, where } from "./compare.ts";
import type { Tensor } from "../tensor.ts";

/**
 * The larger of a and b, element by element with broadcasting. The gradient of equal elements goes
 * to `a`.
 */
export const maximum: (a: Value, b: Value) => Tensor = arithmetic("maximum", (dy, a, b) => [
  () => where(greaterEqual(a, b), dy, 0),
  () => where(greaterEqual(a, b), 0, dy),
]);
/**
 * The smaller of a and b, element by element with broadcasting. The gradient of equal elements goes
 * to `a`.
 */
export const minimum: (a: Value, b: Value) => Tensor = arithmetic("minimum", (dy, a, b) => [
  () => where(lessEqual(a, b), dy, 0),
  () => where(lessEqual(a, b), 0, dy),
]);

/**
 * x limited to [low, high]; the gradient passes where low <= x <= high, as in `tf.clip_by_value`.
 */
export function clip(x: Tensor, low: number, high: number): Tensor {
  return minimum(maximum(x, low), high);
}
