/** @file The dates of a table's rows, read in the one form that fits them. */
import { DataError, describe, sentence } from "../../base/index.ts";
import { formsOf, readings } from "./date-column.ts";
import { type DateForm, dateForm, type Wall } from "./date-forms.ts";
import { findFrequencies, stepsOver } from "./series-frequency.ts";

export type DatedTexts = {
  readonly form: DateForm;
  /** Format that later files have, unless others fit these dates as well. */
  readonly format: string | undefined;
  /** Undefined for texts that are no dates of the form. */
  readonly walls: readonly (Wall | undefined)[];
  readonly notes: readonly string[];
};

export type DateOptions = {
  /** Format that was asked for. */
  readonly asked: string | undefined;
  /** Format of earlier files, taken where it reads everything. */
  readonly usual: string | undefined;
};

export type TextRow = { readonly id: string; readonly time: string; readonly place: string };

/** Steps that a reading of dates makes of a series; Infinity where it leads to no order. */
function irregularity(walls: readonly (Wall | undefined)[]): number {
  const times = walls.flatMap((one) => (one === undefined ? [] : [one.wall - (one.offset ?? 0)]));
  if (times.length > 1 && times[0] > times[times.length - 1]) times.reverse();
  if (times.length < 2 || times.some((time, i) => i > 0 && time <= times[i - 1])) return Infinity;
  return stepsOver(times, findFrequencies(times)[0]) ?? Infinity;
}

/** The rows of the largest series. */
function largest(rows: readonly TextRow[]): Set<number> {
  const byId = new Map<string, Set<number>>();
  for (const [i, { id }] of rows.entries()) {
    const own = byId.get(id) ?? new Set();
    byId.set(id, own.add(i));
  }
  return [...byId.values()].reduce((most, one) => (one.size > most.size ? one : most));
}

function chosen(rows: readonly TextRow[], { asked, usual }: DateOptions): DatedTexts {
  const texts = rows.map(({ time }) => time);
  if (asked !== undefined) {
    const form = dateForm("--date-format", asked);
    return { form, format: form.name, walls: texts.map(form.read), notes: [] };
  }
  if (usual !== undefined) {
    const form = dateForm("date format", usual);
    const walls = texts.map(form.read);
    if (!walls.includes(undefined)) return { form, format: form.name, walls, notes: [] };
  }
  const { forms } = formsOf(texts);
  const found = readings(texts, forms);
  if (found.length === 1) return { ...found[0], format: forms.length === 1 ? forms[0].name : undefined, notes: [] };
  const own = largest(rows);
  const scored = found
    .map((reading) => ({ ...reading, score: irregularity(reading.walls.filter((_, i) => own.has(i))) }))
    .toSorted((a, b) => a.score - b.score);
  const [best, second] = scored;
  const names = scored.map(({ form }) => form.name);
  const first = texts[0];
  if (best.score === second.score)
    throw new DataError(
      sentence(
        rows[0].place,
        "dates of one form",
        `${describe(first)}, which may be ${names.join(" or ")}`,
        "--date-format says which",
      ),
    );
  const note = `dates such as ${describe(first)} are read as ${best.form.name}, with which they are regular; --date-format ${second.form.name} reads them otherwise`;
  return { form: best.form, format: best.form.name, walls: best.walls, notes: [note] };
}

/**
 * Reads the dates of rows. Which day and which month is meant, all of them decide: by numbers over
 * 12, then by the order that they make. Throws DataError where neither does.
 */
export function readDates(rows: readonly TextRow[], options: DateOptions): DatedTexts {
  const found = chosen(rows, options);
  const { form, walls } = found;
  const first = rows[walls.findIndex((wall) => wall !== undefined)];
  const notes: string[] = [];
  if (options.asked === undefined && form.isShortYear === true && first !== undefined)
    notes.push(`years of two digits, as in ${describe(first.time)}, are those from 1930 to 2029`);
  if (form.name === "y-MM" && options.asked === undefined && first !== undefined) {
    const [year, month] = first.time.split("-");
    notes.push(`dates such as ${describe(first.time)} are read as year ${year}, month ${Number(month)}`);
  }
  return { ...found, notes: [...found.notes, ...notes] };
}

/** Cure of a row that can't be read. */
export const SKIP_BAD = "--skip-bad leaves such rows out";

/** The error for a row whose date has another form, or none. */
export function dateError(
  place: string,
  text: string,
  { form, walls }: DatedTexts,
  example: string | undefined,
): DataError {
  const read = walls.filter((wall) => wall !== undefined).length;
  const isUsual = 2 * read > walls.length;
  const expected = `a date such as ${example === undefined ? "2001-12-31" : `${example} (${form.name})`}`;
  const hint = isUsual ? SKIP_BAD : "--date-format gives the form of dates, such as dd.MM.yyyy";
  return new DataError(sentence(place, expected, describe(text), hint));
}
