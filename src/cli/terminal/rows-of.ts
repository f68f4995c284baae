/** @file Nested values as rows of names and values. */
import { count } from "./format.ts";

/** Items of a list, such as a vocabulary, that are shown. */
const SHOWN = 6;

/** Names and values; those of an object within are "object.name". */
export function rowsOf(values: Readonly<Record<string, unknown>>, prefix = ""): string[][] {
  return Object.entries(values).flatMap(([name, value]) =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? rowsOf(value as Record<string, unknown>, `${prefix}${name}.`)
      : [[`${prefix}${name}`, Array.isArray(value) ? listed(value) : String(value)]],
  );
}

function listed(items: readonly unknown[]): string {
  const first = items.slice(0, SHOWN).map((item) => JSON.stringify(item));
  return items.length <= SHOWN ? first.join(", ") || "none" : `${first.join(", ")} … (${count(items.length)})`;
}
