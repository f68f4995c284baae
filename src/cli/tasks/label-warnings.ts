/** @file What looks wrong with the labels of a table before anything is trained on them. */
import { count } from "../terminal/format.ts";

/** Pairs of labels that are told. */
const MOST_PAIRS = 3;
/** Labels that occur once before they are told: fewer are a small table. */
const FEW = 10;

/**
 * Sentences about labels that differ only in capitals, and about those of which most occur once.
 * `column` is the name of their column; undefined where they are names of folders.
 */
export function labelWarnings(labels: readonly string[], column: string | undefined): string[] {
  const counts = new Map<string, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  const alike = new Map<string, string[]>();
  for (const label of counts.keys()) {
    const key = label.normalize().toLowerCase();
    alike.set(key, [...(alike.get(key) ?? []), label]);
  }
  const groups = [...alike.values()].filter((group) => group.length > 1);
  const shown = groups.slice(0, MOST_PAIRS).map(
    (group) =>
      `labels ${group
        .toSorted((a, b) => (counts.get(b) ?? 0) - (counts.get(a) ?? 0))
        .map((label) => `${JSON.stringify(label)} (${count(counts.get(label) ?? 0)})`)
        .join(" and ")} differ only in case`,
  );
  const more = groups.length - shown.length;
  const single = [...counts.values()].filter((n) => n === 1).length;
  const hint = column === undefined ? "" : `: is ${JSON.stringify(column)} the column of labels?`;
  return [
    ...shown,
    ...(more > 0 ? [`${count(more)} more labels differ from others only in case`] : []),
    ...(single >= FEW && single * 2 > counts.size
      ? [`${count(single)} of ${count(counts.size)} labels occur once${hint}`]
      : []),
  ];
}
