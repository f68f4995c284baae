/** @file A forecast as a picture: what was, what may come, and how surely. */
import { checkOptions } from "../../base/index.ts";
import { type Forecast, type Frequency, parseTime, type Series, timeAfter, wallTime } from "../../tasks/index.ts";
import { type Mark, rangeOf } from "./chart.ts";

export type ForecastPictureOptions = {
  readonly frequency: Frequency;
  /** Steps of history to show. Default four times the horizon. */
  readonly steps?: number | undefined;
  /** Values that were observed, if known: a second line. */
  readonly actual?: ArrayLike<number> | undefined;
  readonly title?: string | undefined;
  /** Title of the vertical axis. Default "value". */
  readonly value?: string | undefined;
};

const COLORS = { past: "#555555", forecast: "#1f5a9d", wide: "#c6d9ee", narrow: "#8fb3da", actual: "#d1651a" };
const NAMES = {
  past: "history",
  forecast: "forecast (median)",
  narrow: "middle 80 %",
  wide: "middle 95 %",
  actual: "what came",
};

/**
 * The end of a dated series and its forecast, with bands, as SVG. The same numbers give the same
 * text. Loads what draws on the first call.
 */
export async function forecastPicture(
  { start = "1970-01-01", values, id = "" }: Series,
  forecast: Forecast,
  { frequency, steps = 4 * forecast.mean.length, actual = [], title = id, value = "value" }: ForecastPictureOptions,
): Promise<string> {
  checkOptions("forecastPicture", arguments[2], "frequency steps actual title value");
  const { timeZone } = frequency;
  const first = parseTime("forecastPicture start", start, timeZone);
  // the axis shows local time as if it were UTC
  const at = (t: number): number => wallTime(timeAfter(first, frequency, t), timeZone);
  const n = values.length;
  const from = Math.max(0, n - steps);
  const line = (ys: ArrayLike<number>, start: number, color: string): Mark & { readonly kind: "line" } => ({
    kind: "line",
    width: 1.6,
    color,
    points: Array.from(ys, (y, t) => ({ x: at(start + t), y })).filter(({ y }) => Number.isFinite(y)),
  });
  const isPoint = forecast.sampleCount === 1;
  const band = (level: number, color: string): Mark & { readonly kind: "band" } => {
    const { lower, upper } = forecast.interval(level);
    return { kind: "band", color, rows: Array.from(lower, (low, h) => ({ x: at(n + h), low, high: upper[h] })) };
  };
  const lines = [
    line(Array.prototype.slice.call(values, from) as number[], from, COLORS.past),
    line(isPoint ? forecast.mean : forecast.quantile(0.5), n, COLORS.forecast),
    line(actual, n, COLORS.actual),
  ];
  const bands = isPoint ? [] : [band(0.95, COLORS.wide), band(0.8, COLORS.narrow)];
  const xs = [...lines.flatMap(({ points }) => points), ...bands.flatMap(({ rows }) => rows)].map(({ x }) => x);
  const ys = [
    ...lines.flatMap(({ points }) => points.map(({ y }) => y)),
    ...bands.flatMap(({ rows }) => rows.flatMap(({ low, high }) => [low, high])),
  ];
  const shown = (["past", "forecast", "narrow", "wide", "actual"] as const).filter(
    (key) => (key !== "actual" || actual.length > 0) && (!isPoint || (key !== "narrow" && key !== "wide")),
  );
  const { drawSvg } = await import("./draw.ts");
  return drawSvg({
    title,
    legend: shown.map((key) => ({ name: NAMES[key], color: COLORS[key] })),
    rows: [
      [
        {
          width: 760,
          height: 300,
          x: { scale: "time", domain: rangeOf(xs) },
          y: { domain: rangeOf(ys), isNice: true, ticks: 6, title: value },
          marks: [...bands, ...lines],
        },
      ],
    ],
  });
}
