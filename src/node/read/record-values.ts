/** @file Values of records, by the names of their columns. */
import { DataError, describe, sentence, warnOnce } from "../../base/index.ts";
import type { RecordEntry } from "./record.ts";

/** Columns that are named in an error: a table of numbers has hundreds. */
const MOST_NAMES = 20;

/**
 * A column that a table doesn't have. It is an error about all of the table, not about a row that
 * may be left out.
 */
export class MissingColumnError extends DataError {}

/**
 * The value of a record under `name`, or under a name that differs in capitals and spaces only,
 * which is told. `option` is the flag that names the column, for the error, such as
 * "--label-column". Throws DataError, with the names that there are, where it has none (of a table
 * MissingColumnError), and where a table has several columns of that name with different values.
 */
export function recordValue(entry: RecordEntry, name: string, option?: string): unknown {
  const { record, head, place } = entry;
  const key = Object.hasOwn(record, name) ? name : similar(entry, name);
  if (key === undefined) throw missing(entry, name, option);
  const values = head?.repeated.get(key)?.map((one) => record[one]) ?? [];
  const other = values.find((value) => value !== record[key]);
  if (other !== undefined)
    throw new DataError(
      sentence(
        place,
        `one column ${JSON.stringify(key)}`,
        `${values.length} with the values ${describe(record[key])} and ${describe(other)}`,
        `The others are called ${values
          .slice(1)
          .map((_, i) => JSON.stringify(`${key}.${i + 1}`))
          .join(", ")}`,
      ),
    );
  return record[key];
}

const plain = (name: string): string => name.trim().toLowerCase();

/** The only name that is the same but for capitals and spaces. */
function similar({ record, file }: RecordEntry, name: string): string | undefined {
  const found = Object.keys(record).filter((key) => plain(key) === plain(name));
  if (found.length !== 1) return undefined;
  warnOnce(`${file}: the column ${JSON.stringify(found[0])} is taken for ${JSON.stringify(name)}`);
  return found[0];
}

function missing({ record, head, place }: RecordEntry, name: string, option: string | undefined): DataError {
  const names = head?.named ?? Object.keys(record);
  const shown = names.slice(0, MOST_NAMES).map((each) => describe(each));
  const more = names.length > MOST_NAMES ? [`… ${names.length} in all`] : [];
  const what = head === undefined ? `a value ${JSON.stringify(name)}` : `a column ${JSON.stringify(name)}`;
  const hints = [
    ...(option === undefined ? [] : [`${option} names the column`]),
    ...(head?.hasNames === true ? ["--no-header reads the first line as data, with columns called 0, 1, 2, …"] : []),
  ];
  const where = head === undefined ? place : head.place;
  const ErrorOf = head === undefined ? DataError : MissingColumnError;
  return new ErrorOf(
    sentence(where, what, [...shown, ...more].join(", ") || "none", hints.length === 0 ? undefined : hints.join("; ")),
  );
}

/** Text of a value of a record. Numbers and truth values are taken as they are written. */
export function recordText(entry: RecordEntry, name: string, option?: string): string {
  const value = recordValue(entry, name, option);
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value !== "string")
    throw new DataError(sentence(entry.place, `text as ${JSON.stringify(name)}`, describe(value)));
  return value;
}

/** Finite number in a value of a record, which may be text. */
export function recordNumber(entry: RecordEntry, name: string, option?: string): number {
  const value = recordValue(entry, name, option);
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  if (typeof number !== "number" || !Number.isFinite(number))
    throw new DataError(sentence(entry.place, `a number as ${JSON.stringify(name)}`, describe(value)));
  return number;
}
