import { arithmetic, mul, sub, type Value } from "./arithmetic.ts";
import { equal, lessEqual, where } from "./compare.ts";
import { log } from "./elementwise.ts";
import type { Tensor } from "../tensor.ts";

/**
 * Power a^b, element by element with broadcasting. The gradient with respect to b is zero where a
 * <= 0.
 */
export const pow: (a: Value, b: Value) => Tensor = arithmetic("pow", (dy, a, b, y) => [
  // a^0 is constant, also at a = 0 where a^-1 is infinite
  () => mul(dy, mul(b, pow(a, where(equal(b, 0), 1, sub(b, 1))))),
  () => mul(dy, mul(y, log(where(lessEqual(a, 0), 1, a)))),
]);
