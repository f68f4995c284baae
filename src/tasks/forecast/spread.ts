/**
 * @file Calibration of intervals: the factors that make them contain their share of the values.
 */
import { checkNumber, exp, kindError, log } from "../../base/index.ts";
import { type Forecast, forecastOf } from "./result.ts";

/**
 * Factor on the distance from the median of the draws to an end of their middle `level`.
 */
export type Spread = { readonly level: number; readonly factor: number };

/**
 * For each level of a spread, how many times the half width of the interval a value lies from the
 * median; at most 1 inside it.
 */
export type Miss = readonly number[];

/** The intervals whose ends are moved; what is in between and beyond goes along. */
const LEVELS: readonly number[] = [0.8, 0.95];
/** The furthest that they are moved. */
const LIMITS = [1 / 100, 100] as const;
/** So many values that agree with the model a factor stands against. */
const PRIOR = 3;

/** Checks a spread, as from a file. */
export function checkSpread(where: string, value: unknown): readonly Spread[] {
  if (!Array.isArray(value)) throw kindError(where, "a list", value);
  let before = 0;
  return value.map((item: unknown, i) => {
    const { level, factor } = (item ?? {}) as Partial<Record<keyof Spread, unknown>>;
    const own = checkNumber(`${where}[${i}] level`, level, before, 1 - 2 ** -53);
    if (own === before) throw kindError(`${where}[${i}] level`, "levels that ascend from above 0", level);
    before = own;
    return { level: own, factor: checkNumber(`${where}[${i}] factor`, factor, 0, 1e6) };
  });
}

/**
 * A miss for each value of `actual` that is there, by the half of the interval on its side, or the
 * other half where that has no width, as with small counts. Where neither has, no factor helps, and
 * there is none.
 */
export function missesOf(forecast: Forecast, actual: readonly number[]): Miss[] {
  const median = forecast.quantile(0.5);
  const intervals = LEVELS.map((level) => forecast.interval(level));
  return actual.flatMap((y, h) => {
    if (Number.isNaN(y)) return [];
    const distance = Math.abs(y - median[h]);
    const miss = intervals.map(({ lower, upper }) => {
      const [below, above] = [median[h] - lower[h], upper[h] - median[h]];
      return distance / (y > median[h] ? above || below : below || above);
    });
    return miss.every(Number.isFinite) ? [miss] : [];
  });
}

/**
 * The spread under which each level holds its share of the values: the quantile of the misses, as
 * in split conformal prediction (Lei, G'Sell, Rinaldo, Tibshirani and Wasserman 2018), drawn
 * towards 1 where they are few. Empty for no misses.
 */
export function spreadOf(misses: readonly Miss[]): readonly Spread[] {
  const n = misses.length;
  if (n === 0) return [];
  return LEVELS.map((level, i) => {
    const sorted = Float64Array.from(misses, (miss) => miss[i]).toSorted();
    const found = sorted[Math.min(n, Math.ceil(level * (n + 1))) - 1];
    const [least, most] = LIMITS;
    // a power; that of ** differs in its last bit between JavaScript engines
    return { level, factor: exp(log(Math.min(most, Math.max(least, found))) * (n / (n + PRIOR))) };
  });
}

/**
 * The forecast with the ends of its intervals moved: each draw is moved away from the median of its
 * step, or towards it, in the order of the draws. The medians stay. `isCount` keeps draws whole
 * numbers from 0 on.
 */
export function spreadOut(forecast: Forecast, spread: readonly Spread[], isCount: boolean): Forecast {
  const { sampleCount, dates, quantiles } = forecast;
  if (spread.length === 0 || sampleCount === 1) return forecast;
  const median = forecast.quantile(0.5);
  const horizon = median.length;
  const ends = spread.map(({ level, factor }) => ({ ...forecast.interval(level), factor }));
  const moves = median.map((m, h) => ({
    below: moveOf(ends.map(({ lower, factor }) => ({ width: m - lower[h], factor }))),
    above: moveOf(ends.map(({ upper, factor }) => ({ width: upper[h] - m, factor }))),
  }));
  const samples = forecast.samples.map((x, i) => {
    const h = i % horizon;
    const m = median[h];
    const moved = x < m ? m - moves[h].below(m - x) : m + moves[h].above(x - m);
    return isCount ? Math.max(0, Math.round(moved)) : moved;
  });
  return forecastOf(samples, sampleCount, { dates, levels: Object.keys(quantiles).map(Number) });
}

/** Takes each width to `factor` times itself, linear in between and beyond, and never back. */
function moveOf(ends: readonly { readonly width: number; readonly factor: number }[]): (distance: number) => number {
  const knots = [{ from: 0, to: 0 }];
  let slope = 1;
  for (const { width, factor } of ends) {
    const last = knots[knots.length - 1];
    slope = factor;
    if (width > last.from) knots.push({ from: width, to: Math.max(last.to, factor * width) });
  }
  return (distance) => {
    let at = 1;
    while (at < knots.length && distance > knots[at].from) at++;
    const before = knots[at - 1];
    if (at === knots.length) return before.to + slope * (distance - before.from);
    const { from, to } = knots[at];
    return before.to + ((to - before.to) * (distance - before.from)) / (from - before.from);
  };
}
