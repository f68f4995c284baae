import { dtypeError, isFloat, normalizeAxis, sameShape, shapeError, sizeOf, valueError } from "../../base/index.ts";
import { currentEngine, onEachReplay } from "../../engine/index.ts";
import { tensor, zeros } from "../create.ts";
import { record, sumSoFar } from "../tape.ts";
import { allocate, type Tensor } from "../tensor.ts";
import { reshape } from "./move.ts";

/** Throws TypeError unless `indices` is int32, RangeError unless every element is in [0, size). */
export function checkIndices(where: string, indices: Tensor, size: number): void {
  if (indices.dtype !== "int32") throw dtypeError(where, "int32", indices.dtype);
  onEachReplay([indices], (ids) => {
    for (let i = 0; i < ids.length; i++) {
      if (ids[i] < 0 || ids[i] >= size) throw valueError(where, `indices in [0, ${size})`, ids[i]);
    }
  });
}

/**
 * Elements of x at int32 `indices` along `axis` (default 0): with x [V, D] and indices [T, B] this
 * is an embedding look-up [T, B, D]. Throws RangeError if an index is out of range.
 */
export function gather(x: Tensor, indices: Tensor, axis = 0): Tensor {
  const at = normalizeAxis("gather", axis, x.rank);
  checkIndices("gather", indices, x.shape[at]);
  const head = x.shape.slice(0, at);
  const tail = x.shape.slice(at + 1);
  const outer = sizeOf(head);
  const inner = sizeOf(tail);
  const out = allocate(x.dtype, [...head, ...indices.shape, ...tail]);
  currentEngine().gather(x, indices, out, outer, inner);
  return record([x], [out], (dy) => {
    const sum = sumSoFar(x);
    if (dy === undefined || sum === undefined) return [dy && scatterAdd(dy, indices, x.shape[at], at)];
    currentEngine().scatterAdd(dy, indices, sum, outer, inner);
    return [sum];
  });
}

/**
 * The transpose of `gather`: adds each slice of x at its index to a zero tensor with `size`
 * elements along `axis` (default 0). x has the shape of a result of `gather`.
 */
export function scatterAdd(x: Tensor, indices: Tensor, size: number, axis = 0): Tensor {
  const at = normalizeAxis("scatterAdd", axis, x.rank - indices.rank + 1);
  checkIndices("scatterAdd", indices, size);
  if (!isFloat(x.dtype)) throw dtypeError("scatterAdd", "float32 or float64", x.dtype);
  if (!sameShape(x.shape.slice(at, at + indices.rank), indices.shape)) {
    throw shapeError("scatterAdd", `the indices' shape [${indices.shape.join(", ")}] at axis ${at}`, x.shape);
  }
  const tail = x.shape.slice(at + indices.rank);
  const out = zeros([...x.shape.slice(0, at), size, ...tail], x.dtype);
  currentEngine().scatterAdd(x, indices, out, sizeOf(x.shape.slice(0, at)), sizeOf(tail));
  return record([x], [out], (dy) => [dy && gather(dy, indices, at)]);
}

/** One element per row: x [..., V] at int32 `indices` [...] along the last axis. */
export function takeLast(x: Tensor, indices: Tensor): Tensor {
  const n = x.shape[x.rank - 1];
  if (!sameShape(indices.shape, x.shape.slice(0, -1))) {
    throw shapeError("takeLast", `indices [${x.shape.slice(0, -1).join(", ")}]`, indices.shape);
  }
  checkIndices("takeLast", indices, n);
  const flat = allocate("int32", [indices.size]);
  onEachReplay([indices, flat], (ids, places) => {
    for (let row = 0; row < ids.length; row++) places[row] = row * n + ids[row];
  });
  return reshape(gather(reshape(x, [sizeOf(x.shape)]), flat), indices.shape);
}

/** One time step per row: row b of the result [B, ...] is x[steps[b], b] for x [T, B, ...]. */
export function takeSteps(x: Tensor, steps: Int32Array): Tensor {
  const [time, batch] = x.shape;
  if (steps.length !== batch) throw shapeError("takeSteps", `${batch} steps`, [steps.length]);
  const rows = tensor(steps.map((t, b) => t * batch + b));
  return gather(reshape(x, [time * batch, ...x.shape.slice(2)]), rows);
}
