/** @file The curves of runs as pictures, from their metrics. */
import { join } from "node:path";
import { type Point, points, smoothed, spread, thinned } from "./curve-points.ts";
import { writeFileDurably } from "../files/durable-file.ts";
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

const EACH_STEP = "training, each step";
const SMOOTHED = "training, smoothed";
const VALIDATION = "validation";
const COLORS: Readonly<Record<string, string>> = {
  [EACH_STEP]: "#a9c4e2",
  [SMOOTHED]: "#1f5a9d",
  [VALIDATION]: "#d1651a",
};
const DOTS = { size: 30, filled: true };

/**
 * The losses, the learning rate and the gradient norm of a run by step, as SVG. Numbers that are
 * not finite are left out. The same metrics give the same text. Loads what draws on the first call.
 */
export async function runCurves({ name, metrics, lossUnit = NATS }: NamedRun): Promise<string> {
  const ofStep = (figure: "loss" | "learningRate" | "gradientNorm"): readonly Point[] =>
    points(metrics, "step", figure);
  const [losses, rates, norms] = [ofStep("loss"), ofStep("learningRate"), ofStep("gradientNorm")];
  const validation = points(metrics, "evaluation", "loss");
  const both = (values: readonly Point[]): NamedPoint[] => [
    ...named(EACH_STEP, spread(values)),
    ...named(SMOOTHED, thinned(smoothed(values))),
  ];
  const names = validation.length === 0 ? [EACH_STEP, SMOOTHED] : [EACH_STEP, SMOOTHED, VALIDATION];
  // a line through one point can't be seen
  const isAlone = losses.length === 1;
  const layer = [
    line(EACH_STEP, { strokeWidth: 1, point: isAlone && DOTS }),
    line(SMOOTHED, { strokeWidth: 2 }),
    line(VALIDATION, { strokeWidth: 2, point: DOTS }),
  ];
  const right = lastStep(metrics);
  return draw({
    title: name,
    subtitle: headline(metrics, lossUnit),
    names,
    colors: { range: names.map((each) => COLORS[each]) },
    panels: [
      {
        ...panel([...both(losses), ...named(VALIDATION, validation)], lossUnit ? `loss (${lossUnit})` : "loss", {
          right,
        }),
        layer,
      },
      { ...panel(named(SMOOTHED, thinned(rates)), "learning rate", { right, height: 110, zero: true }), layer },
      { ...panel(both(norms), "gradient norm", { right, height: 110, zero: true }), layer },
    ],
  });
}

/**
 * Several runs in one picture, as SVG: the smoothed training loss and the validation loss by step,
 * and the latter by time. As `runCurves` otherwise. Names must differ.
 */
export async function compareCurves(runs: readonly NamedRun[]): Promise<string> {
  const of = (make: (metrics: readonly Metrics[]) => readonly Point[]): NamedPoint[] =>
    runs.flatMap(({ name, metrics }) => named(name, make(metrics)));
  const training = of((metrics) => thinned(smoothed(points(metrics, "step", "loss"))));
  const right = Math.max(...runs.map(({ metrics }) => lastStep(metrics)));
  const lines = (point: object | boolean) => ({ mark: { type: "line", strokeWidth: 1.8, point } }) as const;
  const isAlone = runs.some(({ metrics }) => points(metrics, "step", "loss").length === 1);
  return draw({
    title: `${runs.length} ${runs.length === 1 ? "run" : "runs"}`,
    names: runs.map(({ name }) => name),
    colors: { scheme: runs.length > 10 ? "tableau20" : "tableau10" },
    panels: [
      { ...panel(training, "training loss, smoothed (nats per token)", { right }), ...lines(isAlone && DOTS) },
      {
        ...panel(
          of((metrics) => points(metrics, "evaluation", "loss")),
          VALIDATION_LOSS,
          { right },
        ),
        ...lines(DOTS),
      },
      {
        ...panel(
          of((metrics) => points(metrics, "evaluation", "loss", "seconds")),
          VALIDATION_LOSS,
          {
            x: "time (seconds)",
          },
        ),
        ...lines(DOTS),
      },
    ],
  });
}

const VALIDATION_LOSS = "validation loss (nats per token)";

type NamedPoint = Point & { readonly name: string };
const named = (name: string, values: readonly Point[]): NamedPoint[] =>
  values.map((point) => ({ ...point, name: drawable(name) }));

/** The curve of one name, in a panel with several. */
const line = (name: string, mark: object) => ({
  transform: [{ filter: { field: "name", equal: name } }],
  mark: { type: "line", ...mark },
});

/** Replaces line breaks, and characters that SVG can't hold, by spaces. */
const drawable = (text: string): string => text.replaceAll(/[\p{Cc}\p{Cs}\u2028\u2029\ufffe\uffff]+/gu, " ");

const lastStep = (metrics: readonly Metrics[]): number => metrics.reduce((last, { step }) => Math.max(last, step), 0);

function headline(metrics: readonly Metrics[], lossUnit: string): string {
  const { best, steps } = summarizeRun(metrics);
  const done = `${steps.toLocaleString("en-US")} ${steps === 1 ? "step" : "steps"}`;
  if (best === undefined) return done;
  // one, for which there is room
  const measures = Object.entries(best.measures)
    .slice(0, 1)
    .map(([name, value]) => `, ${name} ${value.toFixed(4)}`);
  return `${done}; best validation loss ${best.loss.toFixed(4)}${lossUnit && ` ${lossUnit}`}${measures.join("")}, after step ${best.step.toLocaleString("en-US")}`;
}

const WIDTH = 640;

type PanelOptions = {
  readonly height?: number | undefined;
  readonly x?: string | undefined;
  /** End of the horizontal axis. Default: the last point. */
  readonly right?: number | undefined;
  /** Whether the vertical axis begins at 0. */
  readonly zero?: boolean | undefined;
};

type Panel = {
  readonly data: { readonly values: readonly NamedPoint[] };
  readonly encoding: object;
  readonly mark?: object;
  readonly layer?: readonly object[];
};

/**
 * Axes around points. The horizontal one begins at 0; the vertical one goes by powers of ten where
 * it spans more than three of them.
 */
function panel(
  values: readonly NamedPoint[],
  title: string,
  { height = 240, x = "step", right, zero = false }: PanelOptions,
) {
  const heights = values.map(({ y }) => y);
  const low = heights.reduce((a, b) => Math.min(a, b), Infinity);
  const high = heights.reduce((a, b) => Math.max(a, b), -Infinity);
  const isLog = low > 0 && high > 1000 * low;
  return {
    width: WIDTH,
    height,
    data: { values: [...values] },
    encoding: {
      x: {
        field: "x",
        type: "quantitative",
        title: x,
        scale: { nice: false, zero: true, ...(right && { domain: [0, right] }) },
        axis: { tickCount: 10 },
      },
      y: {
        field: "y",
        type: "quantitative",
        title,
        scale: isLog ? { type: "log" } : { zero: zero || low === high },
        axis: { tickCount: 5, ...((high < 0.01 || isLog) && { format: "~e" }) },
      },
    },
  } as const;
}

/** Any of these that a machine has; text stays text. */
const FONT = "system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif";

type Picture = {
  readonly title: string;
  readonly subtitle?: string;
  /** Names in the legend, in order. */
  readonly names: readonly string[];
  readonly colors: { readonly range: readonly string[] } | { readonly scheme: string };
  /** Curves to draw; one without points is left out. */
  readonly panels: readonly Panel[];
};

async function draw({ title, subtitle, names, colors, panels }: Picture): Promise<string> {
  const longest = Math.max(...names.map(({ length }) => length));
  const color = {
    field: "name",
    type: "nominal",
    title: null,
    scale: { domain: names.map(drawable), ...colors },
    legend: {
      symbolType: "stroke",
      symbolStrokeWidth: 3,
      columns: Math.max(1, Math.min(4, Math.floor(WIDTH / (7 * longest + 40)))),
    },
  };
  const shown = panels.filter(({ data }) => data.values.length > 0);
  const gray = { gridColor: "#e4e4e4", domainColor: "#888", tickColor: "#888", labelColor: "#333", titleColor: "#333" };
  const specification = {
    background: "white",
    padding: 16,
    title: {
      text: drawable(title),
      anchor: "start",
      frame: "group",
      fontSize: 16,
      offset: 12,
      ...(subtitle !== undefined && { subtitle, subtitleFontSize: 12, subtitleColor: "#555", subtitlePadding: 5 }),
    },
    spacing: 20,
    vconcat: shown.map(({ encoding, ...rest }) => ({ ...rest, encoding: { ...encoding, color } })),
    config: {
      font: FONT,
      axis: { labelFontSize: 11, titleFontSize: 12, titleFontWeight: "normal", titlePadding: 8, ...gray },
      axisY: { minExtent: 40, maxExtent: 40 },
      legend: { orient: "top", direction: "horizontal", labelFontSize: 12, labelLimit: WIDTH - 40, offset: 4 },
      view: { stroke: null },
    },
  };
  const { drawSvg } = await import("./draw.ts");
  return drawSvg(specification);
}
