/**
 * The first value that stands in a list for the second time, undefined where all differ. Takes time
 * linear in its length.
 */
export function firstRepeated<T>(values: Iterable<T>): T | undefined {
  const seen = new Set<T>();
  for (const value of values) {
    if (seen.has(value)) return value;
    seen.add(value);
  }
  return undefined;
}

/**
 * The largest of any number of numbers, -Infinity of none. `Math.max(...values)` throws a
 * RangeError from some 100,000 on.
 */
export function largestOf(values: Iterable<number>): number {
  let largest = -Infinity;
  for (const value of values) largest = Math.max(largest, value);
  return largest;
}
