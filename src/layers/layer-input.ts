/** @file What a layer reads, checked under the layer's own name. */
import { type DType, dtypeError, kindError, shapeError } from "../base/index.ts";
import { Tensor } from "../tensor/index.ts";

export type LayerInput = {
  readonly dtype: DType;
  /** Size of the last axis. Default: any. */
  readonly features?: number;
};

/** Throws TypeError or RangeError for what a layer can't read. */
export function checkLayerInput(name: string, x: Tensor, { dtype, features }: LayerInput): void {
  if (!(x instanceof Tensor)) throw kindError(`${name} input`, "a tensor", x);
  if (features !== undefined && x.shape.at(-1) !== features)
    throw shapeError(`${name} input`, `[..., ${features}]`, x.shape);
  if (x.dtype !== dtype) throw dtypeError(`${name} input`, dtype, x.dtype, `cast(x, "${dtype}") converts it`);
}
