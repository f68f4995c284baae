import { dtypeError, sameShape, shapeError, type TypedArray } from "../base/index.ts";
import { everyTime } from "../engine/index.ts";
import { write } from "./create.ts";
import type { Tensor } from "./tensor.ts";

/**
 * Overwrites a parameter's elements in place: the one exception to "tensors are immutable", for
 * optimizers, loading and carried state. Throws RangeError when the sizes differ, TypeError when
 * the dtypes do.
 */
export function assign(parameter: Tensor, values: Tensor | TypedArray): void {
  if (ArrayBuffer.isView(values)) {
    if (values.length !== parameter.size) throw shapeError("assign", `${parameter.size} values`, [values.length]);
    write(parameter, values);
    return;
  }
  if (!sameShape(values.shape, parameter.shape))
    throw shapeError("assign", `shape [${parameter.shape.join(", ")}]`, values.shape);
  if (values.dtype !== parameter.dtype) throw dtypeError("assign", parameter.dtype, values.dtype);
  everyTime([parameter, values], (to, from) => to.set(from));
}
