import { dtypeError, sameShape, shapeError, type TypedArray } from "../base/index.ts";
import { onEachReplay } from "../engine/index.ts";
import { write } from "./create.ts";
import type { Tensor } from "./tensor.ts";

/**
 * Overwrites the elements of a parameter in place, for optimizers, loading and carried state: the
 * one exception to "tensors are immutable". Throws RangeError if the shapes or sizes differ,
 * TypeError if the dtypes differ.
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
  onEachReplay([parameter, values], (to, from) => to.set(from));
}
