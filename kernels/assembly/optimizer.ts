// Optimizer steps in place, on a share of the elements; see src/engine/reference/optimizer.ts.
import { adamRow, momentumRow, rmspropRow, rmspropScaledRow, sgdRow } from "./generated/rows";
import { begin, float, int, pointer, share } from "./pool";

const SGD: i32 = 0;
const MOMENTUM: i32 = 1;
const RMSPROP: i32 = 2;
const RMSPROP_SCALED: i32 = 3;

export function optimize(thread: i32, threads: i32): void {
  begin();
  const kind = int();
  const elements = int();
  // vectors of eight, so that no two threads write to one
  const vectors = (elements + 7) >> 3;
  const from = share(vectors, thread, threads) << 3;
  const n = min(elements, share(vectors, thread + 1, threads) << 3) - from;
  if (n <= 0) return;
  const offset = <usize>from << 2;
  const w = pointer() + offset, g = pointer() + offset, first = pointer() + offset, second = pointer() + offset;
  const a = float(), b = float(), c = float(), d = float(), e = float(), f = float(), h = float();
  if (kind == SGD) sgdRow(w, g, w, n, a);
  else if (kind == MOMENTUM) momentumRow(w, g, first, w, first, n, a, b);
  else if (kind == RMSPROP) rmspropRow(w, g, first, w, first, n, a, b, c, d);
  else if (kind == RMSPROP_SCALED) rmspropScaledRow(w, g, first, w, first, n, a, b, c, d);
  else adamRow(w, g, first, second, w, first, second, n, a, b, c, d, e, f, h);
}
