/** @file A forecast as a picture: what was, what may come, and how surely. */
import { checkOptions } from "../../base/index.ts";
import {
  formatTime,
  type Forecast,
  type Frequency,
  parseTime,
  type Series,
  timeAfter,
  wallTime,
} from "../../tasks/index.ts";

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
const FONT = "system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif";

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
  const at = (t: number): string => formatTime(wallTime(timeAfter(first, frequency, t), timeZone));
  const n = values.length;
  const from = Math.max(0, n - steps);
  const past = Array.from({ length: n - from }, (_, i) => ({ x: at(from + i), y: values[from + i], name: NAMES.past }));
  const median = forecast.sampleCount === 1 ? forecast.mean : forecast.quantile(0.5);
  const ahead = median.map((y, h) => ({ x: at(n + h), y, name: NAMES.forecast }));
  const came = Array.from(actual, (y, h) => ({ x: at(n + h), y, name: NAMES.actual }));
  const lines = [...past, ...ahead, ...came].filter(({ y }) => Number.isFinite(y));
  const bands =
    forecast.sampleCount === 1
      ? []
      : [band(forecast, 0.95, NAMES.wide, n, at), band(forecast, 0.8, NAMES.narrow, n, at)];
  const shown = (["past", "forecast", "narrow", "wide", "actual"] as const).filter(
    (key) => (key !== "actual" || came.length > 0) && (bands.length > 0 || (key !== "narrow" && key !== "wide")),
  );
  const color = {
    field: "name",
    type: "nominal",
    title: null,
    scale: { domain: shown.map((key) => NAMES[key]), range: shown.map((key) => COLORS[key]) },
    legend: { symbolType: "stroke", symbolStrokeWidth: 4, columns: 5 },
  };
  const x = { field: "x", type: "temporal", scale: { type: "utc" }, title: null, axis: { tickCount: 10 } };
  const y = { type: "quantitative", scale: { zero: false }, axis: { tickCount: 6 } };
  const { drawSvg } = await import("./draw.ts");
  return drawSvg({
    background: "white",
    padding: 16,
    width: 760,
    height: 300,
    ...(title !== "" && {
      title: { text: title.replaceAll(/[\p{Cc}\p{Cs}]+/gu, " "), anchor: "start", frame: "group", fontSize: 16 },
    }),
    layer: [
      ...bands.map((rows) => ({
        data: { values: rows },
        mark: { type: "area" },
        encoding: { x, y: { ...y, field: "low", title: value }, y2: { field: "high" }, color },
      })),
      {
        data: { values: lines },
        mark: { type: "line", strokeWidth: 1.6 },
        encoding: { x, y: { ...y, field: "y", title: value }, color },
      },
    ],
    config: {
      font: FONT,
      axis: {
        labelFontSize: 11,
        titleFontSize: 12,
        titleFontWeight: "normal",
        gridColor: "#e4e4e4",
        domainColor: "#888",
        tickColor: "#888",
      },
      legend: { orient: "top", direction: "horizontal", labelFontSize: 12, offset: 4 },
      view: { stroke: null },
    },
  });
}

function band(forecast: Forecast, level: number, name: string, n: number, at: (t: number) => string): object[] {
  const { lower, upper } = forecast.interval(level);
  return lower.map((low, h) => ({ x: at(n + h), low, high: upper[h], name }));
}
