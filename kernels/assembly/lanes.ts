// Loading and storing up to four lanes, so that widths need not be multiples of four.

/** `left` >= 1 elements at p; lanes beyond them are zero. */
// @ts-ignore: decorator
@inline
export function loadLanes(p: usize, left: i32): v128 {
  return left >= 4 ? v128.load(p) : loadFew(p, left);
}

function loadFew(p: usize, left: i32): v128 {
  let x = v128.load32_zero(p);
  if (left > 1) x = v128.load32_lane(p, x, 1, 4);
  if (left > 2) x = v128.load32_lane(p, x, 2, 8);
  return x;
}

/** The first `left` >= 1 lanes of x to p. */
// @ts-ignore: decorator
@inline
export function storeLanes(p: usize, x: v128, left: i32): void {
  if (left >= 4) v128.store(p, x);
  else storeFew(p, x, left);
}

function storeFew(p: usize, x: v128, left: i32): void {
  v128.store32_lane(p, x, 0);
  if (left > 1) v128.store32_lane(p, x, 1, 4);
  if (left > 2) v128.store32_lane(p, x, 2, 8);
}

/** Whether row b has a step at time t. Without lengths (0) all rows have all steps. */
// @ts-ignore: decorator
@inline
export function isActive(lengths: usize, b: i32, t: i32): bool {
  return lengths == 0 || t < i32.load(lengths + (<usize>b << 2));
}
