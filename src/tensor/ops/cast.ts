import { type DType, isFloat } from "../../base/index.ts";
import { currentEngine } from "../../engine/index.ts";
import { record } from "../tape.ts";
import { allocate, type Tensor } from "../tensor.ts";

/**
 * Converts x to another dtype: to int32 by rounding towards zero, to bool as `x != 0`. Gradients
 * flow between float types.
 */
export function cast(x: Tensor, dtype: DType): Tensor {
  if (x.dtype === dtype) return x;
  const y = allocate(dtype, x.shape);
  currentEngine().cast(x, y);
  return record([x], [y], (dy) => [dy && isFloat(dtype) && isFloat(x.dtype) ? cast(dy, x.dtype) : undefined]);
}
