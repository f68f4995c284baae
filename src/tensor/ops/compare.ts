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

/** a == b, element by element with broadcasting; bool. */
export const equal: (a: Value, b: Value) => Tensor = comparison("equal");
/** a != b, element by element with broadcasting; bool. */
export const notEqual: (a: Value, b: Value) => Tensor = comparison("notEqual");
/** a < b, element by element with broadcasting; bool. */
export const less: (a: Value, b: Value) => Tensor = comparison("less");
/** a <= b, element by element with broadcasting; bool. */
export const lessEqual: (a: Value, b: Value) => Tensor = comparison("lessEqual");
/** a > b, element by element with broadcasting; bool. */
export const greater: (a: Value, b: Value) => Tensor = comparison("greater");
/** a >= b, element by element with broadcasting; bool. */
export const greaterEqual: (a: Value, b: Value) => Tensor = comparison("greaterEqual");
/** a and b, element by element with broadcasting; bool. */
export const logicalAnd: (a: Value, b: Value) => Tensor = comparison("and");
/** a or b, element by element with broadcasting; bool. */
export const logicalOr: (a: Value, b: Value) => Tensor = comparison("or");

/** not x, element by element. Throws TypeError unless x is bool. */
export function logicalNot(x: Tensor): Tensor {
  const out = allocate("bool", x.shape);
  currentEngine().unary("not", x, out);
  return out;
}

/** Whether each element is neither NaN nor infinite; bool. */
export function isFinite(x: Tensor): Tensor {
  const out = allocate("bool", x.shape);
  currentEngine().unary("isFinite", x, out);
  return out;
}

/**
 * Selects x where `condition` is true, otherwise y, element by element with broadcasting. Throws
 * TypeError unless `condition` is bool.
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
