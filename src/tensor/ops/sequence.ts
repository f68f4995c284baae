/** @file Ops on time-major sequences [T, B, ...] whose rows have lengths. */
import { sameShape, shapeError } from "../../base/index.ts";
import { currentEngine } from "../../engine/index.ts";
import { record } from "../tape.ts";
import { allocate, type Tensor } from "../tensor.ts";
import { checkIndices } from "./gather.ts";

function checkLengths(where: string, x: Tensor, lengths: Tensor): void {
  if (x.rank < 2) throw shapeError(where, "a sequence [T, B, ...]", x.shape);
  if (!sameShape(lengths.shape, [x.shape[1]])) throw shapeError(where, `lengths [${x.shape[1]}]`, lengths.shape);
  checkIndices(`${where} lengths`, lengths, x.shape[0] + 1);
}

/**
 * x [T, B, ...] with the first `lengths[b]` steps of each row in reverse order, and the padding
 * unchanged.
 */
export function reverseSequence(x: Tensor, lengths: Tensor): Tensor {
  checkLengths("reverseSequence", x, lengths);
  const out = allocate(x.dtype, x.shape);
  currentEngine().reverseSequence(x, lengths, out);
  return record([x], [out], (dy) => [dy && reverseSequence(dy, lengths)]);
}

/** x [T, B, ...] with zeros from step `lengths[b]` on, even where the padding is NaN. */
export function maskSequence(x: Tensor, lengths: Tensor): Tensor {
  checkLengths("maskSequence", x, lengths);
  const out = allocate(x.dtype, x.shape);
  currentEngine().maskSequence(x, lengths, out);
  return record([x], [out], (dy) => [dy && maskSequence(dy, lengths)]);
}
