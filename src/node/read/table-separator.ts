/** @file The separator of a table, told by its first rows. */
import { valueError } from "../../base/index.ts";
import type { Line } from "./lines.ts";
import { tableRows } from "./table-rows.ts";

const CANDIDATES: readonly string[] = [",", "\t", ";", "|"];

/** Rows that tell. */
const MOST_ROWS = 200;

/** Words for separators that are hard to type. */
const WORDS: Readonly<Record<string, string>> = { tab: "\t", "\\t": "\t", space: " ", comma: ",", semicolon: ";" };

/** The separator that an option says. Throws RangeError for what is none. */
export function separatorOf(where: string, text: string): string {
  const separator = WORDS[text] ?? text;
  if (typeof separator === "string" && separator.length === 1 && !'"\r\n\uFEFF'.includes(separator)) return separator;
  throw valueError(`${where} separator`, 'one character, no quote or line break, or "tab" or "space"', text);
}

/**
 * The separator in a first line such as "sep=;", which Excel reads and writes: the names are in the
 * next one. Undefined where the line is none.
 */
export function declaredSeparator(line: string | undefined): string | undefined {
  return /^\uFEFF?"?sep=([^\w"])"?\r?$/i.exec(line ?? "")?.[1];
}

/**
 * The separator that gives most of the rows as many fields as the head; of several, the one whose
 * fields hold none of the others, then `preferred`. "" where the head is a single name and texts
 * below it hold separators.
 */
export function sniffSeparator(lines: readonly Line[], preferred: string): string {
  const sample = lines.slice(0, MOST_ROWS);
  const candidates = [preferred, ...CANDIDATES.filter((one) => one !== preferred)];
  const found = candidates.map((separator) => ({ separator, ...scoreOf(sample, separator) }));
  const several = found.filter(({ width }) => width > 1);
  if (several.length > 0)
    return several.reduce((best, one) =>
      one.share > best.share || (one.share === best.share && one.clean > best.clean) ? one : best,
    ).separator;
  if (isSpaced(sample)) return " ";
  const [{ share }] = found;
  return share === 1 ? preferred : "";
}

/** A number as it is written with decimal commas, points or thousands. */
const NUMBER = /^\s*[+-]?[\d.,' ]+\s*$/;

/** Separator and quotes of a table that begins with these lines. */
export function sniffTable(
  lines: readonly Line[],
  { separator, preferred }: { readonly separator: string | undefined; readonly preferred: string },
): { readonly separator: string; readonly writesQuotes: boolean } {
  const found = separator ?? sniffSeparator(lines, preferred);
  const rows = tableRows({ where: "", separator: found });
  for (const line of lines.slice(0, MOST_ROWS)) rows.push(line);
  rows.end();
  return { separator: found, writesQuotes: rows.writesQuotes() };
}

function scoreOf(
  lines: readonly Line[],
  separator: string,
): { readonly width: number; readonly share: number; readonly clean: number } {
  const others = CANDIDATES.filter((one) => one !== separator);
  const rows = tableRows({ where: "", separator });
  let [good, all, fields, clean, width] = [0, 0, 0, 0, 0];
  for (const row of [...lines.flatMap((line) => rows.push(line)), ...rows.end()]) {
    all++;
    if (row.error !== undefined) continue;
    good++;
    width ||= row.fields.length;
    fields += row.fields.length;
    for (const field of row.fields) if (NUMBER.test(field) || others.every((other) => !field.includes(other))) clean++;
  }
  return { width, share: all === 0 ? 1 : good / all, clean: fields === 0 ? 1 : clean / fields };
}

/** Numbers with spaces between them, or names in quotes, as R writes them. */
function isSpaced(lines: readonly Line[]): boolean {
  const [head] = lines;
  if (head === undefined) return false;
  if (/^"[^"]*"(?: "[^"]*")+$/.test(head.text)) return true;
  return lines.every(({ text }) => text.trim() === "" || /^\s*[-+.\deE]+(?: +[-+.\deEnNaA]+)+\s*$/.test(text));
}
