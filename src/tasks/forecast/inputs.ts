/** @file What the network sees at each step, as numbers. */
import { DataError, sentence } from "../../base/index.ts";
import { calendarFeatures, parseTime } from "./calendar.ts";
import { formatFrequency, timeAfter } from "./frequency.ts";
import type { ForecasterConfig } from "./config.ts";
import type { Series, SeriesScale } from "./series.ts";

/** Names of the features of a step, in their order. */
export function featureNames({ lags, calendar, covariates }: ForecasterConfig): string[] {
  return [
    ...lags.flatMap((lag) => [`value -${lag}`, `known -${lag}`]),
    ...calendar.flatMap((name) => calendarFeatures(0, [name]).map((_, i) => `${name} ${i}`)),
    ...covariates.map(({ name }) => name),
  ];
}

/**
 * Features of the steps of one series, also of those after its end. For each lag the scaled value
 * less the level of the step, and 1 where it is known; where it is missing, the last one before it
 * that is known (0 before the first) and 0. Then the calendar and the scaled covariates.
 */
export class FeatureReader {
  readonly size: number;
  readonly scale: SeriesScale;
  readonly #config: ForecasterConfig;
  readonly #start: number | undefined;
  /** Scaled, gaps filled. */
  readonly #filled: number[] = [];
  /** Sums of the first 0, 1, 2 … of them. */
  readonly #sums: number[] = [0];
  readonly #known: boolean[] = [];
  readonly #covariates: ArrayLike<number>[];

  constructor(config: ForecasterConfig, { start, covariates = [] }: Series, scale: SeriesScale) {
    this.#config = config;
    this.scale = scale;
    this.size = featureNames(config).length;
    this.#start = start === undefined ? undefined : parseTime("forecast start", start, config.frequency.timeZone);
    this.#covariates = [...covariates];
  }

  /** Values so far. */
  get length(): number {
    return this.#filled.length;
  }

  push(value: number): void {
    const isKnown = !Number.isNaN(value);
    const scaled = (value - this.scale.center) / this.scale.scale;
    const filled = isKnown ? scaled : (this.#filled.at(-1) ?? 0);
    this.#filled.push(filled);
    this.#sums.push(this.#sums[this.#sums.length - 1] + filled);
    this.#known.push(isKnown);
  }

  /** Sets what is known of step `t` and those after it. */
  know(t: number, rows: readonly ArrayLike<number>[]): void {
    rows.forEach((row, i) => (this.#covariates[t + i] = row));
  }

  /** Milliseconds since 1970 of step `t`. */
  time(t: number): number | undefined {
    return this.#start === undefined ? undefined : timeAfter(this.#start, this.#config.frequency, t);
  }

  /**
   * Level of the series at step `t`, scaled: the mean of the `levelSteps` values before it, or of
   * as many as there are; 0 at the first step and without `levelSteps`. `drawn` as in `write`.
   */
  level(t: number, drawn?: ArrayLike<number>): number {
    const { levelSteps = 0 } = this.#config;
    const from = Math.max(0, t - levelSteps);
    if (from === t) return 0;
    const known = Math.min(t, this.length);
    let sum = from < known ? this.#sums[known] - this.#sums[from] : 0;
    for (let i = Math.max(from, this.length); i < t; i++) sum += drawn?.[i - this.length] ?? 0;
    return sum / (t - from);
  }

  /**
   * Writes the features of step `t` at `at`; `drawn` are values after the last one, scaled, that a
   * forecast has drawn.
   */
  write(t: number, into: Float32Array, at: number, drawn?: ArrayLike<number>): void {
    const { lags, covariates } = this.#config;
    const level = this.level(t, drawn);
    let next = at;
    for (const lag of lags) {
      const from = t - lag;
      const ahead = from - this.length;
      into[next++] = from < 0 ? 0 : (ahead < 0 ? this.#filled[from] : (drawn?.[ahead] ?? 0)) - level;
      into[next++] = Number(from >= 0 && (ahead >= 0 || this.#known[from]));
    }
    for (const x of this.calendar(t)) into[next++] = x;
    if (covariates.length === 0) return;
    const row = this.#covariates[t];
    if (row === undefined) {
      const expected = `${covariates.map(({ name }) => name).join(", ")} of step ${t}`;
      throw new DataError(
        sentence("forecast covariates", expected, "none", "They must be known for each step to forecast"),
      );
    }
    covariates.forEach(({ center, scale }, i) => (into[next++] = (row[i] - center) / scale));
  }

  calendar(t: number): readonly number[] {
    const { calendar, frequency } = this.#config;
    if (calendar.length === 0) return [];
    const time = this.time(t);
    if (time === undefined)
      throw new DataError(
        sentence("forecast start", `the date of the first value (every ${formatFrequency(frequency)})`, "none"),
      );
    return calendarFeatures(time, calendar, frequency.timeZone);
  }
}
