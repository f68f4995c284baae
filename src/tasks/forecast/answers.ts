/** @file A series that has been read to its end: forecasts from there, one value more. */
import { atOnce, carryOut, type MaybeSignal, type Pieces, type WithoutSignal, type WithSignal } from "#platform";
import {
  checkFiniteAnswer,
  checkInteger,
  mapTree,
  type RandomStream,
  randomStream,
  type Tree,
} from "../../base/index.ts";
import { CarriedState, type State } from "../../rnn/index.ts";
import { gather, scope, type Tensor, tensor, withoutGradient } from "../../tensor/index.ts";
import { formatTimes } from "./calendar.ts";
import { allAnswers, type Interruptible } from "../../model/index.ts";
import { interruptibleFor } from "../own-model.ts";
import type { Forecaster } from "./model.ts";
import { heads } from "./heads.ts";
import { FeatureReader } from "./inputs.ts";
import { type Forecast, forecastOf } from "./result.ts";
import { checkCovariates, checkSeries, checkValue, type Series, type SeriesScale } from "./series.ts";
import { spreadOut } from "./spread.ts";

export type ForecastOptions = {
  /** Steps. Default: the model's. */
  readonly horizon?: number | undefined;
  /** Paths that are drawn, together as one batch. Default 200; the mean head has one. */
  readonly samples?: number | undefined;
  /** Default 0. */
  readonly seed?: number | undefined;
  /**
   * Covariates of the steps to forecast, one row for each, where the series has not brought them.
   */
  readonly covariates?: readonly ArrayLike<number>[] | undefined;
  /** Levels of `quantiles`. Default 0.025, 0.1, 0.5, 0.9, 0.975. */
  readonly quantiles?: readonly number[] | undefined;
};

/** Steps that are read in one piece. */
const PIECE = 512;
/** Values that are drawn in one piece. */
const DRAWS = 256;

/** Use `forecastTracker(model, history)`. */
export class ForecastTracker {
  readonly #model: Forecaster;
  readonly #reader: FeatureReader;
  readonly #index: Int32Array;
  /** After all values but the last, which the next step reads. */
  readonly #carried = new CarriedState();

  constructor(model: Forecaster, history: Series, scale: SeriesScale) {
    this.#model = model;
    this.#reader = new FeatureReader(model.config, history, scale);
    this.#index = Int32Array.of(model.indexOf(history));
  }

  /** Reads the history. Internal: see `forecastTracker`. */
  *read({ values }: Series): Pieces<void> {
    for (let i = 0; i < values.length; i++) this.#reader.push(values[i]);
    for (let from = 0; from < values.length; from += PIECE) {
      this.#advance(from, Math.min(values.length, from + PIECE));
      yield;
    }
  }

  /** Frees its memory. Internal. */
  free(): void {
    this.#carried.free();
  }

  /** Values so far. */
  get length(): number {
    return this.#reader.length;
  }

  /** Scale of its values. */
  get scale(): SeriesScale {
    const { center, scale } = this.#reader.scale;
    return { center, scale };
  }

  /**
   * One value more, NaN where it is missing, with its covariates unless the history has brought
   * them: as if the history had ended with it. Throws as `forecastTracker`.
   */
  observe(value: number, covariates?: ArrayLike<number>): void {
    const { needs } = this.#model;
    checkValue("observe value", value, needs.counts);
    const at = this.length;
    if (covariates !== undefined) {
      checkCovariates("observe covariates", covariates, needs.covariates);
      this.#reader.know(at, [covariates]);
    }
    this.#reader.push(value);
    this.#advance(at, at + 1);
  }

  /** Runs steps from … to - 1. */
  #advance(from: number, to: number): void {
    const { size } = this.#reader;
    const rows = new Float32Array((to - from) * size);
    for (let t = from; t < to; t++) this.#reader.write(t, rows, (t - from) * size);
    scope(() =>
      withoutGradient(() => {
        const inputs = tensor(rows, { shape: [to - from, 1, size] });
        this.#carried.carry(this.#model.forward(inputs, this.#index, { state: this.#carried.state }).state);
      }),
    );
  }

  /**
   * Paths from the last value on, each step drawn from the distribution that the steps before it
   * lead to; then the model's `spread`, if it has one, moves them apart or together. The same seed
   * gives the same paths, and changes nothing here. With `signal` the answer is a promise, which
   * rejects with the signal's reason when that aborts. Throws DataError where covariates of a step
   * are not known, NotFiniteError where the network's numbers overflow.
   */
  forecast(options: ForecastOptions & WithSignal): Promise<Forecast>;
  forecast(options?: ForecastOptions & WithoutSignal): Forecast;
  forecast({ signal, ...options }: ForecastOptions & MaybeSignal = {}): Forecast | Promise<Forecast> {
    return carryOut(this.forecastInPieces(options), signal);
  }

  /** `forecast` as a generator that yields between steps and some draws. Internal. */
  *forecastInPieces(options: ForecastOptions): Pieces<Forecast> {
    const { config, needs } = this.#model;
    const where = "forecast";
    const horizon = checkInteger(`${where} horizon`, options.horizon ?? config.horizon, 1);
    const count = config.head === "mean" ? 1 : checkInteger(`${where} samples`, options.samples ?? 200, 1);
    const random = randomStream(checkInteger(`${where} seed`, options.seed ?? 0)).named("forecast");
    options.covariates?.forEach((row, i) => checkCovariates(`${where} covariates[${i}]`, row, needs.covariates));
    if (options.covariates !== undefined) this.#reader.know(this.length, options.covariates);
    const samples = yield* this.#draw(horizon, count, random);
    const times = Array.from({ length: horizon }, (_, h) => this.#reader.time(this.length + h));
    const known = times.filter((time) => time !== undefined);
    const drawn = forecastOf(samples, count, {
      dates: known.length === horizon ? formatTimes(known, config.frequency) : undefined,
      levels: count === 1 ? [] : options.quantiles,
    });
    return config.spread === undefined ? drawn : spreadOut(drawn, config.spread, needs.counts);
  }

  *#draw(horizon: number, count: number, random: RandomStream): Pieces<Float64Array> {
    const { config } = this.#model;
    const head = heads[config.head];
    const { center, scale } = this.scale;
    const numbers = head.size(config);
    const samples = new Float64Array(count * horizon);
    /** Scaled, as the network reads them. */
    const drawn = Array.from({ length: count }, () => new Float64Array(horizon));
    const carried = new CarriedState();
    try {
      for (let h = 0; h < horizon; h++) {
        const raw = scope(() =>
          withoutGradient(() => {
            const next = this.#step(h, drawn, carried.state ?? this.#tiled(count));
            carried.carry(next.state);
            return next.raw.values();
          }),
        );
        // a step earlier than its draws, which may hide it
        checkFiniteAnswer("forecast", `numbers at step ${h + 1}`, raw);
        for (let s = 0; s < count; s++) {
          if (s % DRAWS === 0) yield;
          const own = head.draw(raw, s * numbers, scale, random.at(h * count + s), config);
          const value = head.isUnscaled ? own : own + this.#reader.level(this.length + h, drawn[s]);
          samples[s * horizon + h] = head.isUnscaled ? value : value * scale + center;
          drawn[s][h] = head.isUnscaled ? (value - center) / scale : value;
        }
      }
    } finally {
      carried.free();
    }
    checkFiniteAnswer("forecast", "values", samples);
    return samples;
  }

  #step(h: number, drawn: readonly Float64Array[], state: State | undefined): { raw: Tensor; state: State } {
    const { size } = this.#reader;
    const rows = new Float32Array(drawn.length * size);
    drawn.forEach((path, s) => this.#reader.write(this.length + h, rows, s * size, path));
    const indices = new Int32Array(drawn.length).fill(this.#index[0]);
    return this.#model.forward(tensor(rows, { shape: [1, drawn.length, size] }), indices, { state });
  }

  /** The state for each of `count` rows. */
  #tiled(count: number): State | undefined {
    const { state } = this.#carried;
    if (state === undefined) return undefined;
    const rows = tensor(new Int32Array(count));
    return mapTree(state as unknown as Tree<Tensor>, (part: Tensor) => gather(part, rows)) as unknown as State;
  }
}

/**
 * Reads a series to its end and keeps the state there, from which forecasts are drawn and which
 * each new value moves on. `scale` replaces that of a known series or of these values.
 *
 * Throws DataError, TypeError or RangeError for a series that doesn't fit.
 */
export function forecastTracker(
  model: Forecaster,
  history: Series,
  scale: SeriesScale = model.scaleOf(history),
): ForecastTracker {
  return atOnce(trackerInPieces(model, history, scale));
}

/** `forecastTracker` as a generator that yields between parts of the history. */
export function* trackerInPieces(
  model: Forecaster,
  history: Series,
  scale: SeriesScale = model.scaleOf(history),
): Pieces<ForecastTracker> {
  checkSeries("forecast", history, model.needs);
  const tracker = new ForecastTracker(model, history, scale);
  let isRead = false;
  try {
    yield* tracker.read(history);
    isRead = true;
    return tracker;
  } finally {
    // also when nobody goes on
    if (!isRead) tracker.free();
  }
}

function* forecastInPieces(model: Forecaster, history: Series, options: ForecastOptions): Pieces<Forecast> {
  const tracker = yield* trackerInPieces(model, history);
  try {
    return yield* tracker.forecastInPieces(options);
  } finally {
    tracker.free();
  }
}

/**
 * Reads a series and forecasts from its end: `forecastTracker(model, history).forecast(options)`.
 * With `signal` the answer is a promise, which rejects with the signal's reason when that aborts.
 */
export const forecast: Interruptible<Forecaster, Series, ForecastOptions, Forecast> = interruptibleFor("forecaster")(
  "forecast",
  "horizon samples seed covariates quantiles",
  forecastInPieces,
);

/** Forecasts of many series, one after another; see `forecast`. */
export const forecastAll: Interruptible<Forecaster, readonly Series[], ForecastOptions, Forecast[]> = interruptibleFor(
  "forecaster",
)("forecastAll", "horizon samples seed covariates quantiles", allAnswers(forecastInPieces));
