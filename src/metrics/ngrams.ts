/** Number of occurrences of each n-gram. */
export function countNgrams(tokens: readonly string[], n: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (let i = 0; i + n <= tokens.length; i++) {
    // no token contains this character
    const gram = tokens.slice(i, i + n).join("\u0000");
    counts.set(gram, (counts.get(gram) ?? 0) + 1);
  }
  return counts;
}

/** Number of n-grams that both have, each counted as often as in the one with fewer. */
export function overlap(counts: ReadonlyMap<string, number>, others: ReadonlyMap<string, number>): number {
  let total = 0;
  for (const [gram, count] of counts) total += Math.min(count, others.get(gram) ?? 0);
  return total;
}
