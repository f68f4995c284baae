// Activations by number.
import { Activation } from "./generated/numbers";
import { sigmoid4, tanh4 } from "./math";

// @ts-ignore: decorator
@inline function c(x: f32): v128 { return f32x4.splat(x); }

/** Slope of the two hard sigmoids: x/6 + 0.5 and 0.2x + 0.5. */
// @ts-ignore: decorator
@inline function hardSlope(kind: i32): v128 { return c(kind == Activation.hardSigmoid ? <f32>(1.0 / 6.0) : <f32>0.2); }

// @ts-ignore: decorator
@inline
export function activate(kind: i32, x: v128, t: usize): v128 {
  if (kind == Activation.sigmoid) return sigmoid4(x, t);
  if (kind == Activation.tanh) return tanh4(x, t);
  if (kind == Activation.linear) return x;
  if (kind == Activation.relu) return v128.andnot(x, f32x4.lt(x, c(0)));
  if (kind == Activation.softsign) return f32x4.div(x, f32x4.add(c(1), f32x4.abs(x)));
  return f32x4.min(c(1), f32x4.max(c(0), f32x4.add(f32x4.mul(x, hardSlope(kind)), c(0.5))));
}

/** The derivative, from the activation's value. */
// @ts-ignore: decorator
@inline
export function slope(kind: i32, y: v128): v128 {
  if (kind == Activation.sigmoid) return f32x4.mul(y, f32x4.sub(c(1), y));
  if (kind == Activation.tanh) return f32x4.sub(c(1), f32x4.mul(y, y));
  if (kind == Activation.linear) return c(1);
  if (kind == Activation.relu) return v128.and(c(1), f32x4.gt(y, c(0)));
  if (kind == Activation.softsign) {
    const d = f32x4.sub(c(1), f32x4.abs(y));
    return f32x4.mul(d, d);
  }
  return v128.and(hardSlope(kind), v128.and(f32x4.gt(y, c(0)), f32x4.lt(y, c(1))));
}
