import { checkNumber, type FloatDType, type RandomStream, sizeOf } from "../../base/index.ts";
import { tensor } from "../create.ts";
import type { Tensor } from "../tensor.ts";
import { mul } from "./arithmetic.ts";

/**
 * Sets each element to 0 with probability `rate` and divides the others by 1 - rate. Without a
 * random stream, as in evaluation, returns `x` unchanged. Pass a new stream at each step:
 * `random.at(step)`. Throws RangeError for a rate outside [0, 1 - 2^-24].
 */
export function dropout(x: Tensor, rate: number, random: RandomStream | undefined): Tensor {
  checkNumber("dropout rate", rate, 0, 1 - 2 ** -24);
  if (random === undefined || rate === 0) return x;
  const scale = 1 / (1 - rate);
  const mask = new Float64Array(sizeOf(x.shape));
  for (let i = 0; i < mask.length; i++) mask[i] = random.uniform() < rate ? 0 : scale;
  return mul(x, tensor(mask, { shape: x.shape, dtype: x.dtype as FloatDType }));
}
