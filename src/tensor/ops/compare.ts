/** @file Comparisons (bool results, no gradient) and `where`. */
import { broadcastShapes, dtypeError } from "../../base/index.ts";
import { type ComparisonOp, currentEngine } from "../../engine/index.ts";
import { record } from "../tape.ts";
import { allocate, type Tensor } from "../tensor.ts";
import { broadcastBinary, pair, type Value } from "./arithmetic.ts";
import { sumTo } from "./broadcast.ts";

const comparison =
  (op: ComparisonOp): ((a: Value, b: Value) => Tensor) =>
  (x, y) => {
    const [a, b] = pair(op, x, y);
    return broadcastBinary(op, a, b, "bool");
  };

export const equal: (a: Value, b: Value) => Tensor = comparison("equal");
export const notEqual: (a: Value, b: Value) => Tensor = comparison("notEqual");
export const less: (a: Value, b: Value) => Tensor = comparison("less");
export const lessEqual: (a: Value, b: Value) => Tensor = comparison("lessEqual");
export const greater: (a: Value, b: Value) => Tensor = comparison("greater");
export const greaterEqual: (a: Value, b: Value) => Tensor = comparison("greaterEqual");
export const logicalAnd: (a: Value, b: Value) => Tensor = comparison("and");
export const logicalOr: (a: Value, b: Value) => Tensor = comparison("or");

export function logicalNot(x: Tensor): Tensor {
  const out = allocate("bool", x.shape);
  currentEngine().unary("not", x, out);
  return out;
}

/** True where x is neither NaN nor infinite. */
export function isFinite(x: Tensor): Tensor {
  const out = allocate("bool", x.shape);
  currentEngine().unary("isFinite", x, out);
  return out;
}

/**
 * condition ? a : b, element by element with broadcasting. Throws TypeError unless `condition` is
 * bool.
 */
export function where(condition: Tensor, x: Value, y: Value): Tensor {
  if (condition.dtype !== "bool") throw dtypeError("where condition", "bool", condition.dtype);
  const [a, b] = pair("where", x, y);
  const shape = broadcastShapes("where", condition.shape, broadcastShapes("where", a.shape, b.shape));
  const out = allocate(a.dtype, shape);
  currentEngine().where(condition, a, b, out);
  return record([a, b], [out], (dy) =>
    dy === undefined
      ? []
      : [
          typeof x === "number" ? undefined : sumTo(where(condition, dy, 0), a),
          typeof y === "number" ? undefined : sumTo(where(condition, 0, dy), b),
        ],
  );
}
