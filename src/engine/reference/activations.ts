/** @file Activations, and their derivatives as functions of the activation's value y. */
import { sigmoid, sigmoid32, tanh, tanh32 } from "../../base/index.ts";
import type { ActivationName } from "../engine.ts";
import type { Round } from "./rounding.ts";

/** A function of one number. */
export type Scalar = (x: number) => number;

const hard = (slope: number, round: Round): Scalar => {
  const factor = round(slope);
  return (x) => Math.min(1, Math.max(0, round(round(x * factor) + 0.5)));
};

const HARD_SLOPE = 1 / 6;
const HARD_SLOPE_02 = 0.2;

/** The activation, computed in the precision to which `round` rounds. */
export function activationFunction(name: ActivationName, round: Round): Scalar {
  const single = round === Math.fround;
  switch (name) {
    case "sigmoid":
      return single ? sigmoid32 : sigmoid;
    case "tanh":
      return single ? tanh32 : tanh;
    case "relu":
      return (x) => (x < 0 ? 0 : x);
    case "linear":
      return (x) => x;
    case "softsign":
      return (x) => round(x / round(1 + Math.abs(x)));
    case "hardSigmoid":
      return hard(HARD_SLOPE, round);
    case "hardSigmoid02":
      return hard(HARD_SLOPE_02, round);
    default:
      return name satisfies never;
  }
}

/** The derivative of the activation as a function of the activation's value. */
export function activationDerivative(name: ActivationName, round: Round): Scalar {
  switch (name) {
    case "sigmoid":
      return (y) => round(y * round(1 - y));
    case "tanh":
      return (y) => round(1 - round(y * y));
    case "relu":
      return (y) => (y > 0 ? 1 : 0);
    case "linear":
      return () => 1;
    case "softsign":
      return (y) => {
        const d = round(1 - Math.abs(y));
        return round(d * d);
      };
    case "hardSigmoid":
      return (y) => (y > 0 && y < 1 ? round(HARD_SLOPE) : 0);
    case "hardSigmoid02":
      return (y) => (y > 0 && y < 1 ? round(HARD_SLOPE_02) : 0);
    default:
      return name satisfies never;
  }
}
