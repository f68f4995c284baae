/** @file Columns that hold dates in parts, and columns that are named by dates. */
import { formsOf } from "./date-column.ts";

/** Parts of dates, as their columns are called. */
export const PARTS: readonly string[] = ["year", "month", "day", "hour", "minute", "second"];
/** Parts of a year that are not months, by their letters. */
const OTHER_PARTS: Readonly<Record<string, string>> = { quarter: "Q", week: "W" };

/** A name without capitals and the spaces around it. */
export const plain = (name: string): string => name.trim().toLowerCase();

/** Text of a cell, "" for one that has none. */
export const cellText = (value: unknown): string =>
  value === null || value === undefined || typeof value === "object" ? "" : String(value as string);

/** Columns of a year and its parts, as far as they are there; undefined without two of them. */
export function yearColumns(byName: (name: string) => string | undefined): readonly string[] | undefined {
  const [year, month, ...smaller] = PARTS.map(byName);
  if (year === undefined) return undefined;
  if (month === undefined) {
    const other = Object.keys(OTHER_PARTS)
      .map(byName)
      .find((name) => name !== undefined);
    return other === undefined ? undefined : [year, other];
  }
  const end = smaller.indexOf(undefined);
  return [year, month, ...smaller.slice(0, end < 0 ? smaller.length : end).filter((name) => name !== undefined)];
}

/** Least number of columns that make a table of rows that are series. */
const LEAST = 3;

/**
 * Columns that are named by dates, such as the years of the World Bank ("1960", "1960 [YR1960]")
 * and of R ("X1960"), where most columns are; else none.
 */
export function dateColumns(names: readonly string[]): { readonly name: string; readonly time: string }[] {
  const found = names.flatMap((name) => {
    const time = name
      .trim()
      .replace(/^X(?=\d{4})/, "")
      .replace(/ \[YR\d{4}\]$/, "");
    return /\d{4}/.test(time) && formsOf([time]).share === 1 ? [{ name, time }] : [];
  });
  const isTable = found.length >= LEAST && 2 * found.length >= names.length;
  return isTable && formsOf(found.map(({ time }) => time)).share === 1 ? found : [];
}

const MONTH_NAMES = "jan,feb,mar,apr,may,jun,jul,aug,sep,oct,nov,dec".split(",");
const monthOf = (name: string): number => MONTH_NAMES.indexOf(plain(name).slice(0, 3));

/** Columns of the twelve months, "Jan" or "January", in their order; else none. */
export function monthColumns(names: readonly string[]): { readonly name: string; readonly time: string }[] {
  const found = MONTH_NAMES.flatMap((_, month) => {
    const name = names.find((one) => monthOf(one) === month && /^[a-z]{3,9}\.?$/i.test(one.trim()));
    return name === undefined ? [] : [{ name, time: `-${String(month + 1).padStart(2, "0")}` }];
  });
  return found.length === MONTH_NAMES.length ? found : [];
}

/** Text of a row's date: "2012-3-1 5:00" from cells of year, month, day and hour. */
export function timeText(record: Readonly<Record<string, unknown>>, columns: readonly string[]): string {
  const texts = columns.map((name) => timeCell(record[name]));
  const [, second] = columns;
  const letter = second === undefined ? undefined : OTHER_PARTS[plain(second)];
  if (letter !== undefined && columns.length === 2 && /^\d{1,2}$/.test(texts[1]))
    return `${texts[0]}-${letter}${letter === "W" ? texts[1].padStart(2, "0") : texts[1]}`;
  if (texts.length < 2 || !texts.every((text) => /^\d{1,4}$/.test(text))) return texts.join(" ").trim();
  const [year, month, day = "1", hour, minute = "0", seconds = "0"] = texts;
  const clock = hour === undefined ? "" : ` ${hour}:${minute.padStart(2, "0")}:${seconds.padStart(2, "0")}`;
  return `${year}-${month}-${day}${clock}`;
}

/** End of a time from … to …, of which the beginning counts. */
const UNTIL = /(?<=:\d\d(?: UTC)?) (?:-|–|to) \d.*$|(?<=\dZ?)\/\d{4}-\d\d-\d\dT.*$/;

function timeCell(value: unknown): string {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "" : value.toISOString();
  return cellText(value).trim().replaceAll(/\s+/g, " ").replace(UNTIL, "");
}
