/**
 * @file Activation functions. Derivatives are computed from their values, as in the recurrent
 * kernels.
 */
import { dtypeError, isFloat } from "../../base/index.ts";
import { type ActivationName, currentEngine } from "../../engine/index.ts";
import { ones } from "../create.ts";
import { isRecording, record } from "../tape.ts";
import { allocate, type Tensor } from "../tensor.ts";
import { mul, sub } from "./arithmetic.ts";
import { greater, less, logicalAnd } from "./compare.ts";
import { cast } from "./cast.ts";
import { abs, square, unaryOp } from "./elementwise.ts";

const differentiable: Readonly<Record<ActivationName, (y: Tensor) => Tensor>> = {
  sigmoid: (y) => mul(y, sub(1, y)),
  tanh: (y) => sub(1, square(y)),
  relu: (y) => cast(greater(y, 0), y.dtype),
  linear: (y) => ones(y.shape, y.dtype),
  softsign: (y) => square(sub(1, abs(y))),
  hardSigmoid: (y) => mul(cast(logicalAnd(greater(y, 0), less(y, 1)), y.dtype), 1 / 6),
  hardSigmoid02: (y) => mul(cast(logicalAnd(greater(y, 0), less(y, 1)), y.dtype), 0.2),
};

/**
 * The activation called `name`, element by element. See `ActivationName` for the two hard sigmoids.
 */
export function activate(name: ActivationName, x: Tensor): Tensor {
  if (!isFloat(x.dtype)) throw dtypeError(name, "float32 or float64", x.dtype);
  const y = allocate(x.dtype, x.shape);
  currentEngine().unary(name, x, y);
  return record([x], [y], (dy) => {
    if (dy === undefined) return [];
    // this gradient is itself differentiated: compute it with ops
    if (isRecording([dy, y])) return [mul(dy, differentiable[name](y))];
    const dx = allocate(x.dtype, x.shape);
    currentEngine().activationBackward(name, y, dy, dx);
    return [dx];
  });
}

/** Logistic function 1 / (1 + e^-x). */
export const sigmoid = (x: Tensor): Tensor => activate("sigmoid", x);
/** Hyperbolic tangent. */
export const tanh = (x: Tensor): Tensor => activate("tanh", x);
/** Rectified linear unit max(x, 0). The derivative at 0 is 0. */
export const relu = (x: Tensor): Tensor => activate("relu", x);
/** Softsign x / (1 + |x|). */
export const softsign = (x: Tensor): Tensor => activate("softsign", x);
/** Hard sigmoid of Keras 3: clip(x/6 + 0.5, 0, 1). */
export const hardSigmoid = (x: Tensor): Tensor => activate("hardSigmoid", x);
/** Hard sigmoid of Keras 2 and TensorFlow.js: clip(0.2 x + 0.5, 0, 1). */
export const hardSigmoid02 = (x: Tensor): Tensor => activate("hardSigmoid02", x);
/** Softplus log(1 + e^x), without overflow. */
export const softplus: (x: Tensor) => Tensor = unaryOp("softplus", (dy, x) => mul(dy, sigmoid(x)));
