import { checkOptions, dtypeError, isFloat, shapeError, sizeOf } from "../../base/index.ts";
import { currentEngine } from "../../engine/index.ts";
import { isRecording, record, sumSoFar } from "../tape.ts";
import { allocate, commonDtype, type Tensor } from "../tensor.ts";
import { sum } from "./broadcast.ts";
import { matmul } from "./matmul.ts";
import { reshape } from "./move.ts";

/** Options of `linear`. */
export type LinearOptions = {
  /** Whether the kernel is stored transposed, as [N, K]. Default false. */
  readonly transposeKernel?: boolean | undefined;
};

/**
 * Linear map x·kernel + bias over the last axis, as one op: x [..., K], kernel [K, N] and bias [N]
 * give [..., N]. Gives the same numbers as `add(matmul(x, kernel), bias)`. Throws RangeError if the
 * sizes differ, TypeError unless all have one floating-point dtype.
 */
export function linear(
  x: Tensor,
  kernel: Tensor,
  bias: Tensor,
  { transposeKernel = false }: LinearOptions = {},
): Tensor {
  checkOptions("linear", arguments[3], "transposeKernel");
  const dtype = commonDtype("linear", x, kernel, bias);
  if (!isFloat(dtype)) throw dtypeError("linear", "float32 or float64", dtype);
  const inner = x.shape[x.rank - 1];
  const [k, n] = transposeKernel ? kernel.shape.toReversed() : kernel.shape;
  if (x.rank < 1 || kernel.rank !== 2 || inner !== k)
    throw shapeError("linear", `a kernel ${transposeKernel ? `[N, ${inner}]` : `[${inner}, N]`}`, kernel.shape);
  if (bias.rank !== 1 || bias.shape[0] !== n) throw shapeError("linear", `a bias [${n}]`, bias.shape);
  const rows = sizeOf(x.shape.slice(0, -1));
  const engine = currentEngine();
  const flat = x.view([rows, k], x.offset);
  const out = allocate(dtype, [...x.shape.slice(0, -1), n]);
  const flatOut = out.view([rows, n], 0);
  engine.matmul(flat, kernel, flatOut, { transposeA: false, transposeB: transposeKernel, accumulate: false });
  engine.binary("add", flatOut, bias, flatOut);
  const wantsX = isRecording([x]);
  return record([x, kernel, bias], [out], (dy) => {
    if (dy === undefined) return [];
    if (isRecording([dy, x, kernel])) return composedGradients(x, kernel, dy, transposeKernel);
    const flatDy = dy.view([rows, n], dy.offset);
    const dx = wantsX ? allocate(dtype, x.shape) : undefined;
    const kernelSum = sumSoFar(kernel);
    const dKernel = kernelSum ?? allocate(dtype, kernel.shape);
    const dBias = allocate(dtype, [n]);
    if (dx)
      engine.matmul(flatDy, kernel, dx.view([rows, k], 0), {
        transposeA: false,
        transposeB: !transposeKernel,
        accumulate: false,
      });
    const [left, right] = transposeKernel ? [flatDy, flat] : [flat, flatDy];
    engine.matmul(left, right, dKernel, {
      transposeA: true,
      transposeB: false,
      accumulate: kernelSum !== undefined,
    });
    engine.reduce("sum", flatDy, dBias, 1, rows, n);
    return [dx, dKernel, dBias];
  });
}

/** The gradients computed with ops, which can be differentiated again. */
function composedGradients(x: Tensor, kernel: Tensor, dy: Tensor, transposeKernel: boolean): readonly Tensor[] {
  const k = x.shape[x.rank - 1];
  const n = dy.shape[dy.rank - 1];
  const rows = sizeOf(x.shape.slice(0, -1));
  const flat = reshape(x, [rows, k]);
  const flatDy = reshape(dy, [rows, n]);
  const dx = reshape(matmul(flatDy, kernel, { transposeB: !transposeKernel }), x.shape);
  const [left, right] = transposeKernel ? [flatDy, flat] : [flat, flatDy];
  return [dx, matmul(left, right, { transposeA: true }), sum(flatDy, 0)];
}
