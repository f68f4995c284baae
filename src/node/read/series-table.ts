/** @file Rows of a table of time series, as text first: all of them decide how they are read. */
import { DataError, describe, sentence } from "../../base/index.ts";
import type { RecordEntry } from "./record.ts";
import { findColumns, numbersIn, type SeriesColumns } from "./series-columns.ts";
import { dateError, readDates, SKIP_BAD, type TextRow } from "./series-dates.ts";
import type { DatedRow, RowGroup } from "./series-rows.ts";
import type { ReadSeriesOptions, TableReading } from "./series-options.ts";
import { type Decimal, findDecimal, readNumber } from "./table-numbers.ts";
import { cellText, timeText } from "./time-columns.ts";

type Cell = string | number | Date | undefined;
type RawRow = TextRow & { readonly values: readonly Cell[]; readonly covariates: readonly Cell[] };

export type SeriesTable = {
  push(entry: RecordEntry): void;
  pushPairs(id: string, rows: readonly { time: string; value: unknown; place: string }[]): void;
  /** Reads all rows. Throws DataError. */
  end(): {
    readonly groups: readonly RowGroup[];
    readonly reading: TableReading;
    /** Name of a group's series by the index of its column. */
    readonly ids: (group: string, column: number) => string;
    readonly notes: readonly string[];
  };
};

/** Rows that tell which column is which. */
const SAMPLE = 200;

/** Columns of pairs of a time and a value. */
const PAIRS: SeriesColumns = {
  time: ["time"],
  values: ["value"],
  isWide: false,
  series: [],
  covariates: [],
  dates: [],
  notes: [],
};

/** A name in a list of names. */
export const quotedName = (name: string): string =>
  /[",\n\r]|^\s|\s$/.test(name) ? `"${name.replaceAll('"', '""')}"` : name;

/** A reader of a table's rows; `onBad` is told of those that can't be read. */
export function seriesTable(options: ReadSeriesOptions, onBad: (error: DataError) => void): SeriesTable {
  const rows: RawRow[] = [];
  const notes: string[] = [];
  let sample: RecordEntry[] = [];
  let columns: SeriesColumns | undefined;
  /** Numbers of other columns, which may tell the decimal sign. */
  let others: readonly string[] = [];

  function start(): SeriesColumns {
    const found = findColumns(sample, options);
    columns = found;
    notes.push(...found.notes);
    others = numbersIn(sample, found);
    const first = sample;
    sample = [];
    for (const entry of first) add(entry, found);
    return found;
  }

  function add(entry: RecordEntry, { time, values, series, covariates, dates }: SeriesColumns): void {
    const { record, place } = entry;
    const id = series.map((name) => cellText(cellOf(entry, name, "--series-column")).trim()).join(", ");
    for (const date of dates) {
      const own = { id, time: timeText(record, time) + date.time, covariates: [], place: `${place} ${date.name}` };
      rows.push({ ...own, values: [cellOf(entry, date.name, "--time-column")] });
    }
    if (dates.length > 0) return;
    for (const name of time) cellOf(entry, name, "--time-column");
    rows.push({
      id,
      time: timeText(record, time),
      values: values.map((name) => cellOf(entry, name, "--value-column")),
      covariates: covariates.map((name) => cellOf(entry, name, "--covariates")),
      place,
    });
  }

  return {
    push(entry) {
      if (columns !== undefined) {
        add(entry, columns);
        return;
      }
      sample.push(entry);
      if (sample.length >= SAMPLE) start();
    },
    pushPairs(id, pairs) {
      columns ??= PAIRS;
      for (const { time, value, place } of pairs)
        rows.push({ id, time, values: [checkedCell(place, value)], covariates: [], place });
    },
    end() {
      const used = sample.length > 0 && columns === undefined ? start() : (columns ?? PAIRS);
      const { groups, dateFormat, decimal, notes: found } = readRows(rows, used, others, options, onBad);
      return {
        groups,
        reading: {
          time: listed(used.time),
          value: listed(used.values),
          isWide: used.isWide,
          dateFormat,
          decimal,
        },
        ids: (group, column) =>
          !used.isWide ? group : [group, used.values[column]].filter((name) => name !== "").join(" "),
        notes: [...notes, ...found],
      };
    },
  };
}

const listed = (names: readonly string[]): string => (names.length === 1 ? names[0] : names.map(quotedName).join(","));

function checkedCell(place: string, value: unknown): Cell {
  if (value === null || value === undefined) return undefined;
  if (typeof value === "string" || typeof value === "number" || value instanceof Date) return value;
  if (typeof value === "boolean" || typeof value === "bigint") return String(value);
  throw new DataError(sentence(place, "text or a number", describe(value)));
}

function cellOf({ record, place }: RecordEntry, name: string, option: string): Cell {
  if (Object.hasOwn(record, name)) return checkedCell(`${place} ${name}`, record[name]);
  const got = Object.keys(record).map(describe).join(", ");
  throw new DataError(sentence(place, `a column ${describe(name)}`, got, `${option} names the column`));
}

function readRows(
  rows: readonly RawRow[],
  columns: SeriesColumns,
  others: readonly string[],
  { dateFormat, decimal: askedDecimal, like }: ReadSeriesOptions,
  onBad: (error: DataError) => void,
): {
  readonly groups: readonly RowGroup[];
  readonly dateFormat: string;
  readonly decimal: Decimal;
  readonly notes: readonly string[];
} {
  if (rows.length === 0) return { groups: [], dateFormat: "", decimal: ".", notes: [] };
  const dates = readDates(rows, { asked: dateFormat, usual: like?.dateFormat === "" ? undefined : like?.dateFormat });
  const notes = [...dates.notes];
  const decimal = askedDecimal ?? decimalOf();

  function decimalOf(): Decimal {
    const texts = rows.flatMap(({ values, covariates }) => [...values, ...covariates]);
    const own = findDecimal(
      texts.filter((cell) => typeof cell === "string"),
      undefined,
    );
    if (own.unsure === undefined) return own.decimal;
    const table = findDecimal(others, undefined);
    if (others.length > 0 && table.unsure === undefined) return table.decimal;
    if (like?.decimal !== undefined) return like.decimal;
    // where dates have points between their parts, numbers have decimal commas
    const usual = dates.form.name.startsWith("dd.MM.") ? "," : ".";
    const value = readNumber(own.unsure, usual);
    const other = usual === "." ? "," : ".";
    notes.push(`numbers such as ${describe(own.unsure)} are read as ${value}; --decimal ${other} reads them otherwise`);
    return usual;
  }

  const first = rows[dates.walls.findIndex((wall) => wall !== undefined)]?.time;
  const groups = new Map<string, DatedRow[]>();
  rows.forEach((row, i) => {
    try {
      const wall = dates.walls[i];
      if (wall === undefined) throw dateError(placeOf(row.place, columns.time.join(" ")), row.time, dates, first);
      const dated = {
        ...wall,
        values: row.values.map((cell, at) => numberOf(row.place, columns.values[at], cell, decimal)),
        covariates: row.covariates.map((cell, at) => numberOf(row.place, columns.covariates[at], cell, decimal)),
        place: row.place,
      };
      const list = groups.get(row.id);
      if (list === undefined) groups.set(row.id, [dated]);
      else list.push(dated);
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      onBad(error);
    }
  });
  return {
    groups: [...groups].map(([id, own]) => ({ id, rows: own })),
    dateFormat: dates.format ?? "",
    decimal,
    notes,
  };
}

/** Place of a cell; columns that are named by dates are in the place of their rows. */
const placeOf = (place: string, column = ""): string => (column === "" ? place : `${place} ${column}`);

function numberOf(place: string, column: string | undefined, cell: Cell, decimal: Decimal): number {
  if (cell === undefined) return NaN;
  if (typeof cell === "number" && (Number.isFinite(cell) || Number.isNaN(cell))) return cell;
  const value = typeof cell === "string" ? readNumber(cell, decimal) : undefined;
  if (value !== undefined) return value;
  const other = decimal === "." ? "," : ".";
  const fits = typeof cell === "string" && readNumber(cell, other) !== undefined;
  const hint = fits ? `--decimal ${other} reads it` : SKIP_BAD;
  throw new DataError(sentence(placeOf(place, column), "a number, or nothing", describe(cell), hint));
}
