/** @file Columns of a table of time series: which hold dates, values, names and covariates. */
import { DataError, describe, sentence } from "../../base/index.ts";
import { csvRows } from "../../data/index.ts";
import { formsOf } from "./date-column.ts";
import type { RecordEntry } from "./record.ts";
import { decimalIn, isMissing, readNumber } from "./table-numbers.ts";
import { cellText, dateColumns, monthColumns, PARTS, plain, timeText, yearColumns } from "./time-columns.ts";

export type SeriesColumns = {
  /** One column of dates, a date and a time, or year, month and so on. */
  readonly time: readonly string[];
  /** One column, or of a wide table each of its series. */
  readonly values: readonly string[];
  /** Whether each column of values is a series. */
  readonly isWide: boolean;
  /** Columns that name the series of a row: none, or mostly one. */
  readonly series: readonly string[];
  readonly covariates: readonly string[];
  /** Columns that are named by dates, of a row that is a series or a year; else none. */
  readonly dates: readonly { readonly name: string; readonly time: string }[];
  /** Sentences on what was chosen and not asked for. */
  readonly notes: readonly string[];
};

export type ColumnsAsked = {
  readonly time?: string | undefined;
  readonly value?: string | undefined;
  readonly values?: string | undefined;
  readonly series?: string | undefined;
  readonly covariates?: readonly string[] | undefined;
};

/** Columns that usually hold dates, in small letters, the likeliest first. */
const DATES =
  "date,datum,datetime,date time,date_time,timestamp,ds,time,time_period,observation_date,period,day,week,month,quarter,year,index".split(
    ",",
  );
/** Columns that usually hold the values. */
const VALUES = "value,y,target,values".split(",");
/** Columns that number the rows. */
const COUNTERS = /^(?:|unnamed: \d+|no\.?|nr\.?|id|index|row|#)$/i;
/** Columns that are named in an error. */
const MOST_NAMES = 20;

/** Forms that numbers of other kinds have as well. */
const NUMERIC = /^[\d.]+$/;

/** Names with commas between them, those with commas in quotes. */
export function namesIn(text: string): string[] {
  const [row] = csvRows(text, { where: "names of columns" });
  return row === undefined ? [] : row.fields.map((name) => name.trim());
}

/** Chooses the columns by the first rows. Throws DataError that names the option which chooses. */
export function findColumns(sample: readonly RecordEntry[], asked: ColumnsAsked): SeriesColumns {
  const names = [...new Set(sample.flatMap(({ record }) => Object.keys(record)))];
  const [{ place, ...first }] = sample;
  const head = (first as { readonly head?: { readonly place: string; readonly named: readonly string[] } }).head;
  const notes: string[] = [];
  const cells = (name: string): string[] => sample.map(({ record }) => cellText(record[name]).trim());
  const missing = (what: string, hint: string): DataError => {
    const all = (head?.named ?? names).map(describe);
    const shown = all.length > MOST_NAMES ? [...all.slice(0, MOST_NAMES), `… ${all.length} in all`] : all;
    return new DataError(sentence(head?.place ?? place, what, shown.join(", ") || "none", hint));
  };
  const named = (name: string, option: string): string => {
    if (names.includes(name)) return name;
    const similar = names.filter((one) => plain(one) === plain(name));
    // the first column of a table that R or pandas has written has none
    if (name.trim() === "" && /^unnamed: 0$/i.test(names[0])) return names[0];
    if (similar.length !== 1) throw missing(`a column ${JSON.stringify(name)}`, `${option} names the column`);
    notes.push(`the column ${JSON.stringify(similar[0])} is taken for ${JSON.stringify(name)}`);
    return similar[0];
  };
  const several = (text: string, option: string): string[] =>
    (names.includes(text) || text.trim() === "" ? [text] : namesIn(text)).map((name) => named(name, option));
  const byName = (name: string): string | undefined =>
    names.includes(name) ? name : names.find((one) => plain(one) === name);
  const areDates = (name: string): boolean =>
    formsOf(sample.map(({ record }) => timeText(record, [name]))).share >= 0.8;

  function findTime(): readonly string[] {
    if (asked.time !== undefined) return several(asked.time, "--time-column");
    const candidates = DATES.map(byName).filter((name) => name !== undefined);
    const [date, time] = [candidates.find((name) => !PARTS.includes(plain(name)) && areDates(name)), byName("time")];
    if (date !== undefined) {
      const isDateOnly = cells(date).every((text) => !text.includes(":"));
      const hasTimes = time !== undefined && cells(time).some((text) => /^\d{1,2}:\d\d/.test(text));
      return isDateOnly && hasTimes && time !== date ? [date, time] : [date];
    }
    const parts = yearColumns(byName);
    if (parts !== undefined) return parts;
    const found =
      candidates.find(areDates) ??
      names.find((name) => areDates(name) && !cells(name).some((text) => NUMERIC.test(text)));
    if (found === undefined && dateColumns(names).length > 0 && byName("month") === undefined) return [];
    // where its dates can't be read, the rows say so
    if (found === undefined && names.includes("date")) return ["date"];
    if (found === undefined) throw missing("a column of dates", "--time-column names it, --date-format gives its form");
    return [found];
  }

  const time = findTime();
  const dates = time.length === 0 ? dateColumns(names) : [];
  const months = asked.value === undefined && asked.values === undefined ? monthColumns(names) : [];
  if (months.length > 0 && time.length === 1 && plain(time[0]) === "year") {
    const ids = asked.series === undefined ? [] : [named(asked.series, "--series-column")];
    notes.push(`each row is a year, with its months in columns`);
    return { time, values: [], isWide: false, series: ids, covariates: [], dates: months, notes };
  }
  if (dates.length > 0) {
    const ids = asked.series === undefined ? idColumns() : [named(asked.series, "--series-column")];
    notes.push(`each row is a series, called by ${ids.map(describe).join(", ")}; the names of columns are its dates`);
    return { time, values: [], isWide: false, series: ids, covariates: [], dates, notes };
  }
  if (asked.time === undefined && String(time) !== "date") notes.push(`dates are in ${time.map(describe).join(", ")}`);
  const series = asked.series === undefined ? [] : [named(asked.series, "--series-column")];
  const covariates = (asked.covariates ?? []).map((name) => named(name, "--covariates"));
  const others = names.filter((name) => !time.includes(name) && !series.includes(name) && !covariates.includes(name));
  const numeric = others.filter((name) => isNumeric(cells(name)) && !isCounter(name, cells(name)));

  function findValues(): readonly string[] {
    if (asked.values !== undefined) {
      const found = asked.values === "*" ? numeric : several(asked.values, "--value-columns");
      if (found.length === 0) throw missing("columns of numbers", "--value-columns names them");
      return found;
    }
    if (asked.value !== undefined) return [named(asked.value, "--value-column")];
    const usual = VALUES.map(byName).find((name) => name !== undefined && others.includes(name));
    if (usual !== undefined) return [usual];
    if (numeric.length === 1) return numeric;
    const hint = "--value-column names the one to forecast, --value-columns several";
    throw missing(`${numeric.length === 0 ? "a" : "one"} column of values`, hint);
  }

  /** The first column that tells all rows apart, else all that are named by no date. */
  function idColumns(): readonly string[] {
    const free = names.filter((name) => !dates.some((date) => date.name === name));
    const one = free.find((name) => new Set(cells(name)).size === sample.length && !cells(name).includes(""));
    return one === undefined ? free : [one];
  }

  const values = findValues();
  if (asked.value === undefined && asked.values === undefined && values[0] !== "value")
    notes.push(`values are in ${describe(values[0])}`);
  return { time, values, isWide: asked.values !== undefined, series, covariates, dates, notes };
}

/** Whether all cells are numbers or missing, and at least one is a number. */
function isNumeric(texts: readonly string[]): boolean {
  let known = 0;
  for (const text of texts) {
    if (isMissing(text)) continue;
    known++;
    if (readNumber(text, ".") === undefined && readNumber(text, ",") === undefined) return false;
  }
  return known > 0;
}

/** Whether a column numbers the rows. */
const isCounter = (name: string, texts: readonly string[]): boolean =>
  COUNTERS.test(name.trim()) && texts.every((text, i) => Number(text) === Number(texts[0]) + i);

/** Texts that tell the decimal sign of a table, from its first rows. */
export const numbersIn = (sample: readonly RecordEntry[], columns: SeriesColumns): string[] =>
  sample.flatMap(({ record }) =>
    Object.entries(record).flatMap(([name, value]) =>
      typeof value === "string" && !columns.time.includes(name) && decimalIn(value) !== undefined ? [value] : [],
    ),
  );
