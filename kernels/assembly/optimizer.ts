// Optimizer steps in place, on a share of the elements; see src/engine/reference/optimizer.ts.
import {
  adagradRow, adamRow, momentumRow, mulScalar, nesterovRow, rmspropCenteredRow, rmspropRow, sgdRow,
} from "./generated/rows";
import { LEFT, spare } from "./instance";
import { begin, float, int, pointer, share } from "./pool";

const SGD: i32 = 0;
const MOMENTUM: i32 = 1;
const NESTEROV: i32 = 2;
const RMSPROP: i32 = 3;
const ADAGRAD: i32 = 4;

/** Elements at a time: what is done to a gradient before the step stays in the nearest cache. */
const BLOCK: i32 = 1024;

/** The kind's slots follow the gradient, 0 for those that it has not; then what comes before the step, then the kind's numbers. */
export function optimize(thread: i32, threads: i32): void {
  begin();
  const kind = int();
  const elements = int();
  // vectors of eight, so that no two threads write to one
  const vectors = (elements + 7) >> 3;
  const end = min(elements, share(vectors, thread + 1, threads) << 3);
  const parameter = pointer(), gradient = pointer(), slot0 = pointer(), slot1 = pointer(), slot2 = pointer();
  const parameterDecay = float(), gradientScale = float(), gradientDecay = float(), damping = float();
  const a = float(), b = float(), c = float(), d = float(), e = float(), f = float(), h = float();
  const own = spare + LEFT;
  for (let from = share(vectors, thread, threads) << 3; from < end; from += BLOCK) {
    const n = min(BLOCK, end - from);
    const offset = <usize>from << 2;
    const w = parameter + offset, first = slot0 + offset, second = slot1 + offset, third = slot2 + offset;
    let g = gradient + offset;
    if (parameterDecay != 0) sgdRow(w, w, w, n, parameterDecay);
    if (gradientScale != 1) {
      mulScalar(g, own, n, gradientScale);
      g = own;
    }
    if (gradientDecay != 0) {
      sgdRow(g, w, own, n, -gradientDecay);
      g = own;
    }
    if (damping != 1) {
      mulScalar(g, own, n, damping);
      g = own;
    }
    if (kind == SGD) sgdRow(w, g, w, n, a);
    else if (kind == MOMENTUM) momentumRow(w, g, first, w, first, n, a, b, c);
    else if (kind == NESTEROV) nesterovRow(w, g, first, w, first, n, a, b, c);
    else if (kind == RMSPROP) {
      if (slot2) rmspropCenteredRow(g, first, third, own, first, third, n, a, c, d, e, f);
      else rmspropRow(g, first, own, first, n, a, c, d, e, f);
      if (slot1) momentumRow(w, own, second, w, second, n, 1, b, h);
      else sgdRow(w, own, w, n, b);
    } else if (kind == ADAGRAD) adagradRow(w, g, first, w, first, n, a, b, c);
    else adamRow(w, g, first, second, w, first, second, n, a, b, c, d, e, f, h);
  }
}
