import { checkOptions, dtypeError, normalizeAxis, sizeOf } from "../../base/index.ts";
import { currentEngine } from "../../engine/index.ts";
import { record } from "../tape.ts";
import { allocate, type Tensor } from "../tensor.ts";

/** Options of `cumulativeSum`, both false by default. */
export type CumulativeSumOptions = { readonly exclusive?: boolean | undefined; readonly reverse?: boolean };

/**
 * Running sum along `axis` (default 0). `exclusive` excludes the element itself; `reverse` sums
 * from the end. Throws TypeError for bool.
 */
export function cumulativeSum(
  x: Tensor,
  axis = 0,
  { exclusive = false, reverse = false }: CumulativeSumOptions = {},
): Tensor {
  checkOptions("cumulativeSum", arguments[2], "exclusive reverse");
  if (x.dtype === "bool") throw dtypeError("cumulativeSum", "numbers", x.dtype, "Convert with cast(x, dtype)");
  const along = normalizeAxis("cumulativeSum", axis, x.rank);
  const out = allocate(x.dtype, x.shape);
  const outer = sizeOf(x.shape.slice(0, along));
  const inner = sizeOf(x.shape.slice(along + 1));
  currentEngine().cumulativeSum(x, out, outer, x.shape[along], inner, { exclusive, reverse });
  return record([x], [out], (dy) => [dy && cumulativeSum(dy, along, { exclusive, reverse: !reverse })]);
}
