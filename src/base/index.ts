import "./abort-signal.ts";
export { Ambient, context } from "./context.ts";
export {
  checkChoice,
  checkInteger,
  checkNumber,
  DamagedError,
  DataError,
  describe,
  dtypeError,
  FormatError,
  internalError,
  kindError,
  LockedError,
  misuseError,
  NotFiniteError,
  releasedError,
  sentence,
  shapeError,
  UnsupportedError,
  valueError,
} from "./errors.ts";
export type { ErrorCode } from "./errors.ts";
export { asFormatError } from "./as-format-error.ts";
export * as schema from "./schema.ts";
export type { Check, Checks } from "./schema.ts";
export { errorFromData, errorToData } from "./error-data.ts";
export type { ErrorData } from "./error-data.ts";
export { checkFiniteAnswer, firstNotFinite } from "./finite.ts";
export { bytesPerElement, dtypeOf, isFloat, typedArray } from "./dtype.ts";
export type { DType, FloatDType, TypedArray } from "./dtype.ts";
export { broadcastShapes, formatShape, normalizeAxis, sameShape, sizeOf, stridesOf } from "./shape.ts";
export type { Shape } from "./shape.ts";
export { checkOptions, withoutUndefined } from "./options.ts";
export type { Optional } from "./options.ts";
export { isBranch, join, leafValues, leavesOf, mapTree, withPrefix, zipTrees } from "./tree.ts";
export type { Tree } from "./tree.ts";
export { philox4x32, RandomStream, randomStream, refusingDraws } from "./random.ts";
export type { RandomState } from "./random.ts";
export { exp, exp32, log, log1p, log32, sigmoid, sigmoid32, tanh, tanh32 } from "./math.ts";
export { digamma, digammaDifference, lgamma, logGammaRatio } from "./special.ts";
export { erf } from "./erf.ts";
export { acos, acosh, asin, asinh, atan, atanh, cos, cosh, sin, sinh, tan } from "./trigonometry.ts";
export { firstRepeated, largestOf } from "./lists.ts";
export { jsonLine, printable } from "./printable.ts";
export { checkSynchronous, runNow } from "./synchronous.ts";
export { decodeUtf8, encodeUtf8 } from "./utf8.ts";
export { warnOnce } from "./warn.ts";
