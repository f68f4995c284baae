// Loading and storing up to four lanes, so that widths need not be multiples of four.

const spare: usize = memory.data(16, 16);

/** `left` >= 1 elements at p; lanes beyond them are zero. */
// @ts-ignore: decorator
@inline
export function loadLanes(p: usize, left: i32): v128 {
  if (left >= 4) return v128.load(p);
  v128.store(spare, i32x4.splat(0));
  memory.copy(spare, p, <usize>left << 2);
  return v128.load(spare);
}

/** The first `left` >= 1 lanes of x to p. */
// @ts-ignore: decorator
@inline
export function storeLanes(p: usize, x: v128, left: i32): void {
  if (left >= 4) {
    v128.store(p, x);
    return;
  }
  v128.store(spare, x);
  memory.copy(p, spare, <usize>left << 2);
}

/** Whether row b has a step at time t. Without lengths (0) all rows have all steps. */
// @ts-ignore: decorator
@inline
export function isActive(lengths: usize, b: i32, t: i32): bool {
  return lengths == 0 || t < i32.load(lengths + (<usize>b << 2));
}
