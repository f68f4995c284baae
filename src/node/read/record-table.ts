/** @file Records of tables: rows with the names of their columns. */
import type { DataError } from "../../base/index.ts";
import { type Line, linesIn } from "./lines.ts";
import { type BrokenRow, type TableRow, type TableRows, tableRows } from "./table-rows.ts";
import { declaredSeparator, sniffTable } from "./table-separator.ts";
import type { RecordEntry, TableHead, TableOptions } from "./record.ts";

/** Lines that are waited for before the separator is told. */
const SAMPLE = 200;

type Entry = Omit<RecordEntry, "file">;

export async function* tableEntries(
  where: string,
  pieces: AsyncIterable<string>,
  {
    separator,
    header = true,
    preferred,
    onBad = (error) => {
      throw error;
    },
  }: TableOptions & { readonly preferred: string; readonly onBad?: ((error: DataError) => void) | undefined },
): AsyncGenerator<Entry> {
  let sample: Line[] | undefined = [];
  let rows: TableRows | undefined;
  let head: TableHead | undefined;
  const entriesOf = function* (found: readonly (TableRow | BrokenRow)[]): Generator<Entry> {
    for (const row of found) {
      if (row.error !== undefined) {
        onBad(row.error);
        continue;
      }
      const { fields, line } = row;
      const place = `${where} line ${line}`;
      if (head === undefined) {
        head = headOf(place, fields, typeof header === "function" ? header(fields) : header);
        if (head.hasNames) continue;
      }
      // R writes the names of rows without a name for their column
      if (fields.length === head.names.length + 1) head = headOf(head.place, ["", ...head.names], head.hasNames);
      const { names } = head;
      yield { record: Object.fromEntries(names.map((name, i) => [name, fields[i]])), line, place, head };
    }
  };
  const begin = function* (): Generator<Entry> {
    const [first, ...others] = sample ?? [];
    const declared = declaredSeparator(first?.text);
    const lines = declared === undefined ? (sample ?? []) : others;
    sample = undefined;
    const reader = (rows ??= tableRows({
      where,
      ...sniffTable(lines, { separator: separator ?? declared, preferred }),
    }));
    for (const line of lines) yield* entriesOf(reader.push(line));
  };
  for await (const lines of linesIn(where, pieces)) {
    if (sample !== undefined) {
      for (const line of lines) sample.push(line);
      if (sample.length >= SAMPLE) yield* begin();
      continue;
    }
    if (rows !== undefined) for (const line of lines) yield* entriesOf(rows.push(line));
  }
  yield* begin();
  if (rows !== undefined) yield* entriesOf(rows.end());
}

function headOf(place: string, fields: readonly string[], hasNames: boolean): TableHead {
  const names: string[] = [];
  const named: string[] = [];
  const repeated = new Map<string, string[]>();
  const counts = new Map<string, number>();
  for (const [i, field] of fields.entries()) {
    const name = field.trim();
    if (!hasNames) {
      names.push(String(i));
      continue;
    }
    if (name === "") {
      names.push(`Unnamed: ${i}`);
      continue;
    }
    named.push(name);
    const before = counts.get(name) ?? 0;
    counts.set(name, before + 1);
    names.push(before === 0 ? name : `${name}.${before}`);
    if (before === 1) repeated.set(name, [name]);
    if (before > 0) repeated.get(name)?.push(`${name}.${before}`);
  }
  return { place, names, named: hasNames ? named : names, hasNames, repeated };
}

/** Whether the first line of a text is the head of a table with this column. */
export function isTableWith(begin: string, column: string, { separator, header = true }: TableOptions): boolean {
  const [first, second = ""] = begin.trimStart().split(/\r\n?|\n/, 2);
  const declared = declaredSeparator(first);
  const text = declared === undefined ? first : second;
  // the names are not read yet
  if (declared !== undefined && text === "") return true;
  const [line] = [{ text, line: 1 }];
  const fits = (one: string): boolean => {
    const rows = tableRows({ where: "", separator: one });
    const [row] = [...rows.push(line), ...rows.end()];
    if (row?.error !== undefined || row === undefined) return false;
    if (header === false) return row.fields.length > Number(column);
    return row.fields.some((field) => field.trim().toLowerCase() === column.trim().toLowerCase());
  };
  // a sentence has commas, so that without names only a tab tells a row from a text
  const candidates = header === false ? ["\t"] : [",", "\t", ";", "|"];
  return (separator === undefined ? candidates : [separator]).some(fits);
}
