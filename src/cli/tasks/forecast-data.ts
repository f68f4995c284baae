/**
 * @file Which series of a forecast's data are trained on, and which are long enough to be measured.
 */
import { type Series, trainedLength } from "unrolled/tasks";

export type SeriesSplit = {
  /** Steps at the end of each series that are held out. */
  readonly held: number;
  /** Series with something to learn from, in the order of the data. */
  readonly trained: readonly Series[];
  /** Series that are long enough to hold steps out. */
  readonly measured: readonly Series[];
  /** Trained on whole, since they are too short for that. */
  readonly short: readonly Series[];
  /** Series without two values. */
  readonly empty: readonly Series[];
};

export type SplitOptions = {
  /** `--held-out`, if given. */
  readonly heldOut?: number | undefined;
  /** Else this share of the shortest series. */
  readonly validation: number;
  readonly horizon: number;
};

export function splitSeries(series: readonly Series[], options: SplitOptions): SeriesSplit {
  const held = heldOutOf(series, options);
  const trained = series.filter(({ values }) => trainedLength(values, 0) !== undefined);
  const isMeasured = ({ values }: Series): boolean => trainedLength(values, held) !== undefined;
  return {
    held,
    trained,
    measured: held === 0 ? [] : trained.filter(isMeasured),
    short: held === 0 ? [] : trained.filter((one) => !isMeasured(one)),
    empty: series.filter(({ values }) => trainedLength(values, 0) === undefined),
  };
}

/**
 * The share of the shortest series for which that is a whole forecast, or if there is none, a step.
 */
function heldOutOf(series: readonly Series[], { heldOut, validation, horizon }: SplitOptions): number {
  if (heldOut !== undefined) return heldOut;
  const shares = series.map(({ values }) => Math.floor(validation * values.length));
  const long = [horizon, 1].map((least) => shares.filter((share) => share >= least)).find(({ length }) => length > 0);
  return long === undefined ? 0 : long.reduce((least, share) => Math.min(least, share));
}

/** Names in a line; of many the first. */
const NAMED = 5;

const names = (series: readonly Series[]): string => {
  const shown = series
    .slice(0, NAMED)
    .map(({ id = "", values }) => `${JSON.stringify(id)} (${values.length} ${values.length === 1 ? "row" : "rows"})`);
  return [...shown, ...(series.length > NAMED ? [`${series.length - NAMED} more`] : [])].join(", ");
};

/** Lines that say which series were treated in another way than the rest. */
export function splitNotes({ held, short, empty, trained }: SeriesSplit, asked: SplitOptions): string[] {
  const rows = trained.reduce((most, { values }) => Math.max(most, values.length), 0);
  return [
    ...(short.length > 0
      ? [`too short to hold out ${held} steps, trained on whole and not measured: ${names(short)}`]
      : []),
    ...(empty.length > 0 ? [`left out, for lack of two values: ${names(empty)}`] : []),
    ...(held === 0 && asked.heldOut === undefined && asked.validation > 0
      ? [
          `nothing is held out or measured: ${100 * asked.validation} % of ${rows} rows is less than a step; --held-out sets it`,
        ]
      : []),
  ];
}
