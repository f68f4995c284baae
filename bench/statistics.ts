export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The median of a / b round by round; of the medians where one of the two was not run in every round. */
export function medianRatio(a: readonly number[], b: readonly number[]): number {
  return a.length === b.length ? median(a.map((x, i) => x / b[i])) : median(a) / median(b);
}

/** Largest difference, as a part of the largest magnitude. Infinity where the lists don't match. */
export function relativeDifference(a: readonly number[], b: readonly number[]): number {
  if (a.length !== b.length || ![...a, ...b].every((x) => Number.isFinite(x))) return Infinity;
  const scale = Math.max(...b.map((x) => Math.abs(x)));
  return Math.max(...a.map((x, i) => Math.abs(x - b[i]))) / scale;
}
