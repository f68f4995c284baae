/** @file Answers as CSV (RFC 4180): quotes where a field needs them, numbers with all digits. */

/** Values by the names of their columns. */
export type AnswerRow = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** A field, in quotes where it needs them. Nothing stands for a value that is missing. */
export function csvField(value: AnswerRow[string]): string {
  const text = value === null || value === undefined ? "" : String(value);
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A row without its line end. */
export const csvLine = (fields: readonly AnswerRow[string][]): string => fields.map(csvField).join(",");

/**
 * A writer of one table, whose columns are those of its first row. It gives the lines of rows, the
 * head before the first.
 */
export function csvTable(): (rows: readonly AnswerRow[]) => string {
  let names: readonly string[] | undefined;
  return (rows) => {
    const lines: string[] = [];
    for (const row of rows) {
      if (names === undefined) {
        names = Object.keys(row);
        lines.push(csvLine(names));
      }
      lines.push(csvLine(names.map((name) => row[name])));
    }
    return lines.map((line) => `${line}\n`).join("");
  };
}
