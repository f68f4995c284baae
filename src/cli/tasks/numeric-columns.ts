/** @file Rows of numbers in records: a value of JSON, or the columns of a wide table. */
import { DataError } from "unrolled";
import { type RecordEntry, recordNumber, recordValue } from "unrolled/node";
import type { NumberRows } from "unrolled/tasks";

const OPTION = "--values-column";

/**
 * The rows of numbers that `columns` names: a column that holds them as JSON ([[1, 2], [3, 4]], or
 * [1, 3] for one number at a time), or columns that hold a number each and are read one after the
 * other: "t0,t1", "t0..t99", "1.." (from the second to the last) or "t*". Empty ones at the end are
 * left out. Throws DataError.
 */
export function numberRows(entry: RecordEntry, columns: string): NumberRows {
  const names = columnsOf(entry, columns);
  if (names !== undefined) return wideRows(entry, names);
  const value = recordValue(entry, columns, OPTION);
  const rows = rowsOf(typeof value === "string" ? parsed(value) : value);
  if (rows !== undefined) return rows;
  throw new DataError(
    `${entry.place}: expected rows of numbers, [[1, 2], [3, 4]], as ${JSON.stringify(columns)}, got something else. ` +
      `${OPTION} may also name columns of numbers, as "t0..t99" or "t*"`,
  );
}

/** Whether a record has the columns, so that numbers can be read. */
export const hasNumbers = (entry: RecordEntry, columns: string): boolean =>
  Object.hasOwn(entry.record, columns) || columnsOf(entry, columns) !== undefined;

/** Columns by their description, for each head. */
const known = new WeakMap<object, Map<string, readonly string[] | undefined>>();

function columnsOf({ record, head }: RecordEntry, columns: string): readonly string[] | undefined {
  if (Object.hasOwn(record, columns)) return undefined;
  const names = head?.names ?? Object.keys(record);
  if (head === undefined) return namesIn(names, columns);
  const found = known.get(head) ?? new Map<string, readonly string[] | undefined>();
  known.set(head, found);
  if (!found.has(columns)) found.set(columns, namesIn(names, columns));
  return found.get(columns);
}

function namesIn(names: readonly string[], columns: string): readonly string[] | undefined {
  const parts = columns.split(",").map((part) => part.trim());
  const found = parts.map((part) => (names.includes(part) ? [part] : severalIn(names, part)));
  return found.some((one) => one === undefined || one.length === 0) ? undefined : (found.flat() as string[]);
}

/** Names that "a..b", "a.." or "a*" stands for. */
function severalIn(names: readonly string[], part: string): readonly string[] | undefined {
  if (part.endsWith("*")) return names.filter((name) => name.startsWith(part.slice(0, -1)));
  const [first, last, ...more] = part.split("..");
  if (last === undefined || more.length > 0) return undefined;
  const [from, to] = [names.indexOf(first), last === "" ? names.length - 1 : names.indexOf(last)];
  return from < 0 || to < from ? undefined : names.slice(from, to + 1);
}

/** The value of a missing number, at the end of a sequence that is shorter than others. */
const isMissing = (value: unknown): boolean => value === null || /^\s*(?:nan|na|null|\?)?\s*$/i.test(String(value));

function wideRows(entry: RecordEntry, names: readonly string[]): NumberRows {
  let length = names.length;
  while (length > 0 && isMissing(entry.record[names[length - 1]])) length--;
  return names.slice(0, length).map((name) => [recordNumber(entry, name, OPTION)]);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

const isNumber = (x: unknown): x is number => typeof x === "number";

function rowsOf(value: unknown): NumberRows | undefined {
  if (!Array.isArray(value)) return undefined;
  if (value.length > 0 && value.every(isNumber)) return value.map((x) => [x]);
  const [first] = value as readonly unknown[];
  const size = Array.isArray(first) ? first.length : 0;
  const isTable = value.every((row) => Array.isArray(row) && row.length === size && row.every(isNumber));
  return isTable ? (value as number[][]) : undefined;
}
