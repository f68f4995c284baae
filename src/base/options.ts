/** @file Names of options: one that a function does not have is refused, with the name meant. */
import { kindError } from "./errors.ts";

/**
 * Checks the options of a public function, given `names`, all of its options separated by spaces.
 * Throws TypeError for anything but a record, and for a name that is not among them, whatever its
 * value. Undefined stands for no options. `hints` say where options of other functions belong.
 */
export function checkOptions(
  where: string,
  options: unknown,
  names: string,
  hints: Readonly<Record<string, string>> = {},
): void {
  if (options === undefined) return;
  if (typeof options !== "object" || options === null || Array.isArray(options))
    throw kindError(where, `options (${names.replaceAll(" ", ", ")})`, options);
  const all = setOf(names);
  for (const name of Object.keys(options)) {
    if (all.has(name)) continue;
    const known = [...all];
    const meant = nearest(name, known);
    const hint = Object.hasOwn(hints, name) ? hints[name] : meant && `Did you mean ${meant}?`;
    throw kindError(where, `no option but ${known.join(", ")}`, name, hint);
  }
}

/** Sets of names by the text that lists them: a training step checks options several times. */
const sets = new Map<string, ReadonlySet<string>>();

function setOf(names: string): ReadonlySet<string> {
  let found = sets.get(names);
  if (found === undefined) {
    found = new Set(names.split(" "));
    sets.set(names, found);
  }
  return found;
}

/** The name that differs least, by capitals, initials or a few letters; undefined if none does. */
function nearest(name: string, known: readonly string[]): string | undefined {
  const lower = name.toLowerCase();
  const isShort = (other: string): boolean => other.replaceAll(/(?<!^)[a-z]/g, "").toLowerCase() === lower;
  const [closest] = known
    .map((other) => ({ other, edits: isShort(other) ? 0 : distance(lower, other.toLowerCase()) }))
    .toSorted((a, b) => a.edits - b.edits);
  return closest.edits <= Math.max(1, name.length / 3) ? closest.other : undefined;
}

/** Letters to insert, delete or replace to make b of a. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 0; i < a.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) next.push(Math.min(row[j] + Number(a[i] !== b[j]), row[j + 1] + 1, next[j] + 1));
    row = next;
  }
  return row[b.length];
}

/** The entries of a record whose value is not undefined, so that others keep their defaults. */
export const withoutUndefined = <T extends object>(record: T): T =>
  Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as T;

/** A record whose fields may all be left out, or be undefined. */
export type Optional<T> = { readonly [K in keyof T]?: T[K] | undefined };
