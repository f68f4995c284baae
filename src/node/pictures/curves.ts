/** @file The curves of runs as pictures, from their metrics. */
import { join } from "node:path";
import { type Axis, type Chart, type Mark, type Panel, type Point, rangeOf } from "./chart.ts";
import { points, smoothed, spread, thinned } from "./curve-points.ts";
import { writeFileDurably } from "../files/durable-file.ts";
import { count, plural } from "../run/card-text.ts";
import type { Metrics } from "../run/metrics-log.ts";
import { summarizeRun } from "../run/run-summary.ts";

/** Name of the picture in a run directory. */
export const CURVES_FILE = "curves.svg";

/** A run under the name that it has in a picture. */
export type NamedRun = {
  readonly name: string;
  readonly metrics: readonly Metrics[];
  /** Unit of its losses; "" for one that every reader knows. Default "nats per token". */
  readonly lossUnit?: string;
};

const NATS = "nats per token";

/**
 * Draws the curves of a run into its directory, durably, and returns the path. Rejects with the
 * file system's own errors.
 */
export async function writeCurves(directory: string, run: NamedRun): Promise<string> {
  const file = join(directory, CURVES_FILE);
  await writeFileDurably(file, await runCurves(run));
  return file;
}

const COLORS = { eachStep: "#a9c4e2", smoothed: "#1f5a9d", validation: "#d1651a" };

/**
 * The losses, the learning rate and the gradient norm of a run by step, as SVG. Numbers that are
 * not finite are left out. The same metrics give the same text. Loads what draws on the first call.
 */
export async function runCurves({ name, metrics, lossUnit = NATS }: NamedRun): Promise<string> {
  const ofStep = (figure: "loss" | "learningRate" | "gradientNorm"): readonly Point[] =>
    points(metrics, "step", figure);
  const [losses, rates, norms] = [ofStep("loss"), ofStep("learningRate"), ofStep("gradientNorm")];
  const validation = points(metrics, "evaluation", "loss");
  // a line through one point can't be seen
  const hasDots = losses.length === 1;
  const eachStep = (values: readonly Point[]) => line(spread(values), { color: COLORS.eachStep, hasDots });
  const smooth = (values: readonly Point[]) => line(values, { color: COLORS.smoothed, width: 2, hasDots });
  const both = (values: readonly Point[]) => [eachStep(values), smooth(thinned(smoothed(values)))];
  const right = lastStep(metrics);
  return draw({
    title: name,
    subtitle: headline(metrics, lossUnit),
    legend: [
      { name: "training, each step", color: COLORS.eachStep },
      { name: "training, smoothed", color: COLORS.smoothed },
      ...(validation.length === 0 ? [] : [{ name: "validation", color: COLORS.validation }]),
    ],
    rows: panels(
      panel([...both(losses), line(validation, { color: COLORS.validation, width: 2, hasDots: true })], {
        y: lossUnit ? `loss (${lossUnit})` : "loss",
        right,
      }),
      panel([smooth(thinned(rates))], { y: "learning rate", right, height: 110, zero: true }),
      panel(both(norms), { y: "gradient norm", right, height: 110, zero: true }),
    ),
  });
}

const VALIDATION_LOSS = "validation loss (nats per token)";

/**
 * Several runs in one picture, as SVG: the smoothed training loss and the validation loss by step,
 * and the latter by time. As `runCurves` otherwise. Names must differ.
 */
export async function compareCurves(runs: readonly NamedRun[]): Promise<string> {
  const colors = runs.length > 10 ? TWENTY : TEN;
  const colorOf = (i: number): string => colors[i % colors.length];
  const isAlone = runs.some(({ metrics }) => points(metrics, "step", "loss").length === 1);
  const lines = (make: (metrics: readonly Metrics[]) => readonly Point[], hasDots: boolean): Line[] =>
    runs.map(({ metrics }, i) => line(make(metrics), { color: colorOf(i), width: 1.8, hasDots }));
  const training = lines((metrics) => thinned(smoothed(points(metrics, "step", "loss"))), isAlone);
  const bySteps = lines((metrics) => points(metrics, "evaluation", "loss"), true);
  const byTime = lines((metrics) => points(metrics, "evaluation", "loss", "seconds"), true);
  const right = Math.max(...runs.map(({ metrics }) => lastStep(metrics)));
  return draw({
    title: `${runs.length} ${runs.length === 1 ? "run" : "runs"}`,
    legend: runs.map(({ name }, i) => ({ name, color: colorOf(i) })),
    rows: panels(
      panel(training, { y: "training loss, smoothed (nats per token)", right }),
      panel(bySteps, { y: VALIDATION_LOSS, right }),
      panel(byTime, { y: VALIDATION_LOSS, x: "time (seconds)" }),
    ),
  });
}

const TEN = "#4c78a8 #f58518 #e45756 #72b7b2 #54a24b #eeca3b #b279a2 #ff9da6 #9d755d #bab0ac".split(" ");
/** Colours for twenty: ten, and a light one of each. */
const TWENTY = (
  "#4c78a8 #9ecae9 #f58518 #ffbf79 #54a24b #88d27a #b79a20 #f2cf5b #439894 #83bcb6 " +
  "#e45756 #ff9d98 #79706e #bab0ac #d67195 #fcbfd2 #b279a2 #d6a5c9 #9e765f #d8b5a5"
).split(" ");

type Line = Mark & { readonly kind: "line" };

const line = (
  values: readonly Point[],
  { color, width = 1, hasDots = false }: { color: string; width?: number; hasDots?: boolean },
): Line => ({ kind: "line", points: values, color, width, hasDots });

const lastStep = (metrics: readonly Metrics[]): number => metrics.reduce((last, { step }) => Math.max(last, step), 0);

function headline(metrics: readonly Metrics[], lossUnit: string): string {
  const { best, steps } = summarizeRun(metrics);
  const done = plural(steps, "step");
  if (best === undefined) return done;
  // one, for which there is room
  const measures = Object.entries(best.measures)
    .slice(0, 1)
    .map(([name, value]) => `, ${name} ${value.toFixed(4)}`);
  return `${done}; best validation loss ${best.loss.toFixed(4)}${lossUnit && ` ${lossUnit}`}${measures.join("")}, after step ${count(best.step)}`;
}

const WIDTH = 640;

type PanelOptions = {
  /** Titles of the axes. */
  readonly x?: string;
  readonly y: string;
  readonly height?: number;
  /** End of the horizontal axis. Default: the last point. */
  readonly right?: number;
  /** Whether the vertical axis begins at 0. */
  readonly zero?: boolean;
};

/** Rows of one panel each, without the panels that have no point. */
const panels = (...all: readonly Panel[]): Chart["rows"] =>
  all.filter(({ marks }) => marks.length > 0).map((one) => [one]);

/**
 * Axes around lines. The horizontal one begins at 0; the vertical one goes by powers of ten where
 * it spans more than three of them.
 */
function panel(lines: readonly Line[], { height = 240, x = "step", y, right, zero = false }: PanelOptions): Panel {
  const marks = lines.filter((each) => each.points.length > 0);
  const all = marks.flatMap((each) => each.points);
  const [low, high] = rangeOf(all.map((point) => point.y));
  const end = right ?? rangeOf(all.map((point) => point.x))[1];
  const isLog = low > 0 && high > 1000 * low;
  const withZero = zero || low === high;
  const vertical: Axis = {
    scale: isLog ? "log" : "linear",
    domain: isLog || !withZero ? [low, high] : low === 0 && high === 0 ? [0, 1] : [Math.min(0, low), Math.max(0, high)],
    isNice: true,
    ticks: 5,
    format: high < 0.01 || isLog ? "~e" : undefined,
    title: y,
  };
  return { width: WIDTH, height, x: { domain: [0, end || 1], title: x }, y: vertical, marks };
}

async function draw(chart: Chart): Promise<string> {
  const { drawSvg } = await import("./draw.ts");
  return drawSvg(chart);
}
