import { dtypeError, sameShape, shapeError, type TypedArray } from "../base/index.ts";
import { currentEngine } from "../engine/index.ts";
import type { Tensor } from "./tensor.ts";

/**
 * Overwrites a parameter's elements in place: the one exception to "tensors are immutable", for optimizers, loading and
 * carried state. Throws RangeError when the sizes differ, TypeError when the dtypes do.
 */
export function assign(parameter: Tensor, values: Tensor | TypedArray): void {
  const engine = currentEngine();
  if (ArrayBuffer.isView(values)) {
    if (values.length !== parameter.size) throw shapeError("assign", `${parameter.size} values`, [values.length]);
    engine.view(parameter).set(values);
    return;
  }
  if (!sameShape(values.shape, parameter.shape))
    throw shapeError("assign", `shape [${parameter.shape.join(", ")}]`, values.shape);
  if (values.dtype !== parameter.dtype) throw dtypeError("assign", parameter.dtype, values.dtype);
  engine.view(parameter).set(engine.view(values));
}
