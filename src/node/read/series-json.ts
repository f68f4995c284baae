/**
 * @file Series that are whole in one record of JSON, also in the forms of GluonTS and Prometheus.
 */
import { DataError, describe, sentence } from "../../base/index.ts";
import {
  checkFrequency,
  formatTime,
  type Frequency,
  parseFrequency,
  parseTime,
  type Series,
} from "../../tasks/index.ts";
import type { RecordEntry } from "./record.ts";

export type WholeSeries = {
  readonly series: Series & { readonly start: string };
  /** Name of the series, if it has one. */
  readonly id: string | undefined;
  /** Whether its start has an offset from UTC. */
  readonly hasOffset: boolean;
  /** If it says one. */
  readonly frequency: Frequency | undefined;
};

/** The values of a record that is a whole series; undefined for a row. */
function valuesOf({ record }: RecordEntry): readonly unknown[] | undefined {
  const values = [record["values"], record["target"]].find(Array.isArray) as readonly unknown[] | undefined;
  return values !== undefined && pairsIn(values) === undefined ? values : undefined;
}

/** Whether a record is a whole series with a start. */
export const isWhole = (entry: RecordEntry): boolean => valuesOf(entry) !== undefined;

/** Pairs of a time and a value, as Prometheus gives them. */
function pairsIn(values: unknown): readonly (readonly [unknown, unknown])[] | undefined {
  const isPair = (one: unknown): boolean => Array.isArray(one) && one.length === 2;
  return Array.isArray(values) && values.length > 0 && values.every(isPair)
    ? (values as readonly (readonly [unknown, unknown])[])
    : undefined;
}

/**
 * The rows of a record that holds pairs of time and value, with the names of its labels:
 * `{"metric": {"job": "a"}, "values": [[1435781430.781, "1"]]}`; undefined for other records.
 */
export function pairRows({
  record,
  place,
}: RecordEntry):
  | { readonly id: string; readonly rows: readonly { time: string; value: unknown; place: string }[] }
  | undefined {
  const pairs = pairsIn(record["values"]);
  if (pairs === undefined) return undefined;
  const { metric, id } = record;
  const labels =
    typeof metric === "object" && metric !== null
      ? Object.entries(metric).map(([name, value]) => `${name}=${String(value as string)}`)
      : [];
  return {
    id: id === undefined ? labels.join(", ") : String(id as string),
    rows: pairs.map(([time, value], i) => ({
      time: typeof time === "string" || typeof time === "number" ? String(time) : describe(time),
      value,
      place: `${place} values[${i}]`,
    })),
  };
}

function frequencyOf(place: string, value: unknown): Frequency {
  try {
    const where = `${place} frequency`;
    return typeof value === "string" ? parseFrequency(where, value) : checkFrequency(where, value);
  } catch (error) {
    // what is wrong is the file, not a value that the caller gave
    throw new DataError((error as Error).message, { cause: error });
  }
}

function numberOf(place: string, value: unknown): number {
  if (value === null || value === "NaN") return NaN;
  if (typeof value === "number") return value;
  throw new DataError(sentence(place, "a number or null", describe(value)));
}

function startOf({ record, place }: RecordEntry, timeZone: string | undefined): string {
  const { start } = record;
  if (typeof start !== "string") throw new DataError(sentence(`${place} start`, "a date", describe(start)));
  return formatTime(parseTime(`${place} start`, start, timeZone), timeZone);
}

/** Rows of covariates, or of GluonTS's lists, one for each covariate. */
function covariatesOf({ record, place }: RecordEntry, count: number): number[][] {
  const { covariates, feat_dynamic_real: lists } = record;
  const areNumbers = (rows: unknown): rows is readonly (readonly number[])[] =>
    Array.isArray(rows) && rows.every((row) => Array.isArray(row) && row.every(Number.isFinite));
  if (areNumbers(covariates)) return covariates.map((row) => [...row]);
  if (covariates === undefined && areNumbers(lists) && lists.length === count)
    return lists[0].map((_, t) => lists.map((list) => list[t]));
  throw new DataError(sentence(`${place} covariates`, `rows of ${count} numbers`, describe(covariates)));
}

/**
 * The series of a record: `{"id", "start", "values", "frequency", "covariates"}`, or GluonTS's
 * names `item_id`, `target`, `freq` and `feat_dynamic_real`.
 */
export function wholeSeries(
  entry: RecordEntry,
  { covariates, timeZone }: { readonly covariates: number; readonly timeZone: string | undefined },
): WholeSeries {
  const { record, place } = entry;
  const id = record["id"] ?? record["item_id"];
  if (id !== undefined && typeof id !== "string" && typeof id !== "number")
    throw new DataError(sentence(`${place} id`, "text or a number", describe(id)));
  const name = Array.isArray(record["values"]) ? "values" : "target";
  const asked = record["frequency"] === undefined ? record["freq"] : record["frequency"];
  return {
    id: id === undefined ? undefined : String(id),
    series: {
      start: startOf(entry, timeZone),
      values: (valuesOf(entry) ?? []).map((value, i) => numberOf(`${place} ${name}[${i}]`, value)),
      ...(covariates > 0 && { covariates: covariatesOf(entry, covariates) }),
    },
    hasOffset: /(?:Z|:\d\d[+-]\d\d:?\d\d)$/.test(String(record["start"] as string)),
    frequency: asked === undefined ? undefined : frequencyOf(place, asked),
  };
}
