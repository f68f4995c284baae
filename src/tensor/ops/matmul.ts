import {
  broadcastShapes,
  checkOptions,
  dtypeError,
  formatShape,
  isFloat,
  sameShape,
  shapeError,
  sizeOf,
} from "../../base/index.ts";
import { currentEngine } from "../../engine/index.ts";
import { record, sumSoFar } from "../tape.ts";
import { allocate, commonDtype, type Tensor } from "../tensor.ts";
import { broadcastTo } from "./broadcast.ts";
import { reshape } from "./move.ts";

/** Options of `matmul`, both false by default. */
export type MatmulOptions = { readonly transposeA?: boolean | undefined; readonly transposeB?: boolean };

/**
 * Matrix product over the last two axes: [..., M, K] · [..., K, N] = [..., M, N]. Leading axes
 * broadcast; a rank-2 `b` serves every leading index of `a`. `transposeA` and `transposeB` (default
 * false) swap the last two axes of a and b. Throws RangeError if ranks are below 2 or the inner
 * sizes differ, TypeError unless both are floating point.
 */
export function matmul(a: Tensor, b: Tensor, { transposeA = false, transposeB = false }: MatmulOptions = {}): Tensor {
  checkOptions("matmul", arguments[2], "transposeA transposeB");
  const dtype = commonDtype("matmul", a, b);
  if (!isFloat(dtype)) throw dtypeError("matmul", "float32 or float64", dtype);
  if (a.rank < 2 || b.rank < 2) throw shapeError("matmul", "two tensors of rank >= 2", a.rank < 2 ? a.shape : b.shape);
  const k = a.shape[a.rank - (transposeA ? 2 : 1)];
  const bK = b.shape[b.rank - (transposeB ? 1 : 2)];
  if (k !== bK) {
    throw shapeError(
      "matmul",
      `inner size ${k} (from ${formatShape(a.shape)}${transposeA ? " transposed" : ""})`,
      b.shape,
    );
  }
  if (b.rank === 2 && a.rank > 2 && !transposeA) {
    // one tall product instead of many small ones
    const rows = sizeOf(a.shape.slice(0, -1));
    const n = b.shape[transposeB ? 0 : 1];
    return reshape(product(reshape(a, [rows, k]), b, transposeA, transposeB, dtype), [...a.shape.slice(0, -1), n]);
  }
  const leading = broadcastShapes("matmul", a.shape.slice(0, -2), b.shape.slice(0, -2));
  const fit = (x: Tensor): Tensor =>
    sameShape(x.shape.slice(0, -2), leading) ? x : broadcastTo(x, [...leading, ...x.shape.slice(-2)]);
  return product(fit(a), fit(b), transposeA, transposeB, dtype);
}

function product(a: Tensor, b: Tensor, transposeA: boolean, transposeB: boolean, dtype: Tensor["dtype"]): Tensor {
  const m = a.shape[a.rank - (transposeA ? 1 : 2)];
  const n = b.shape[b.rank - (transposeB ? 2 : 1)];
  const out = allocate(dtype, [...a.shape.slice(0, -2), m, n]);
  currentEngine().matmul(a, b, out, { transposeA, transposeB, accumulate: false });
  return record([a, b], [out], (dy) => {
    if (dy === undefined) return [];
    // C = A·B: dA = dC·Bᵀ, dB = Aᵀ·dC, each transposed once more if the operand was
    const da = transposeA ? gradientOf(a, b, dy, transposeB, true) : gradientOf(a, dy, b, false, !transposeB);
    const db = transposeB ? gradientOf(b, dy, a, true, transposeA) : gradientOf(b, a, dy, !transposeA, false);
    return [da, db];
  });
}

/**
 * The gradient left·right of `input`, which has the shape of the product, added to one that it
 * already has.
 */
function gradientOf(input: Tensor, left: Tensor, right: Tensor, transposeA: boolean, transposeB: boolean): Tensor {
  const sum = sumSoFar(input);
  if (sum === undefined) return product(left, right, transposeA, transposeB, input.dtype);
  currentEngine().matmul(left, right, sum, { transposeA, transposeB, accumulate: true });
  return sum;
}
