/** @file Records as options say, and what joins an answer with its input. */
import { DataError } from "unrolled";
import { type ReadRecordsOptions, type RecordEntry, recordText, recordValue } from "unrolled/node";
import type { OptionsOf } from "../options/table.ts";
import type { RECORD_ANSWER_OPTIONS, SKIP_BAD_ROWS, TABLE_OPTIONS } from "../options/table-options.ts";

/** Options of the files of records, all of which may be missing. */
export type RecordOptions = Partial<OptionsOf<typeof TABLE_OPTIONS & typeof SKIP_BAD_ROWS>>;

/** Options of `readRecords`. */
export const recordOptions = ({ separator, header, encoding }: RecordOptions): ReadRecordsOptions => ({
  separator,
  header,
  encoding,
});

/**
 * The label of a record, without spaces around it. Throws DataError for one that is missing: no
 * class has an empty name.
 */
export function recordLabel(entry: RecordEntry, column: string): string {
  const value = recordValue(entry, column, "--label-column");
  const label = value === null || value === undefined ? "" : recordText(entry, column).trim();
  // PostgreSQL writes \N for nothing
  if (label !== "" && label !== "\\N") return label;
  throw new DataError(`${entry.place}: expected a label as ${JSON.stringify(column)}, got none`);
}

/** Fields of an answer that tell its input: id, file and line. */
export function joinFields(
  entry: RecordEntry,
  { idColumn }: Partial<OptionsOf<typeof RECORD_ANSWER_OPTIONS>>,
): Readonly<Record<string, string | number | null>> {
  const id = idColumn === undefined ? undefined : recordValue(entry, idColumn, "--id-column");
  const isShort = typeof id === "string" || typeof id === "number" || id === null;
  return {
    ...(id !== undefined && { id: isShort ? id : JSON.stringify(id) }),
    file: entry.file === "-" ? null : entry.file,
    line: entry.line,
  };
}
