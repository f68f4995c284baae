/**
 * The first value that repeats an earlier one, or undefined if all differ. Takes time linear in the
 * length.
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
 * The largest number, or -Infinity if there are none. Works for any length: `Math.max(...values)`
 * throws a RangeError from some 100,000 values on.
 */
export function largestOf(values: Iterable<number>): number {
  let largest = -Infinity;
  for (const value of values) largest = Math.max(largest, value);
  return largest;
}
