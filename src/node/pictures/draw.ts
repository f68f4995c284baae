/**
 * @file Charts as SVG. Scales, ticks and their labels are those of d3-scale, which the build puts
 * into this file; only pictures need it.
 */
import { scaleLinear, scaleLog, scaleUtc } from "d3-scale";
import type { Axis, Chart, Mark, Panel, Point } from "./chart.ts";

/** Any of these that a machine has; text stays text. */
const FONT = "system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif";
const GRID = "#e4e4e4";
const LINE = "#888";
/** Pixels around the picture, for an axis on the left or below, and between panels. */
const PADDING = 16;
const LEFT = 64;
const BELOW = 24;
const BELOW_WITH_TITLE = 42;
const GAP = 24;
const LEGEND_ROW = 17;

/**
 * A chart as SVG. The same chart gives the same text on every machine. Characters that SVG can't
 * hold, and line breaks, become spaces.
 */
export function drawSvg({ title, subtitle, legend = [], rows }: Chart): string {
  const widths = rows.map((row) => row.reduce((sum, { width }) => sum + LEFT + width, GAP * (row.length - 1)));
  const width = Math.max(320, textWidth(title, 16), textWidth(subtitle ?? "", 12), ...widths) + 2 * PADDING;
  const parts: string[] = [];
  const left = PADDING + LEFT;
  let top = PADDING;
  if (title !== "") parts.push(text(title, left, (top += 14), `font-size="16" font-weight="bold"`));
  if (subtitle !== undefined) parts.push(text(subtitle, left, (top += 18), `font-size="12" fill="#555"`));
  top += 12;
  const [columns, step] = legendColumns(legend, width - left - PADDING);
  for (const [i, { name, color }] of legend.entries()) {
    const [x, y] = [left + step * (i % columns), top + 8 + LEGEND_ROW * Math.floor(i / columns)];
    parts.push(
      `<path d="M${x} ${y}h10" stroke="${color}" stroke-width="3"/>`,
      text(name, x + 16, y + 4, `font-size="12"`),
    );
  }
  top += LEGEND_ROW * Math.ceil(legend.length / columns) + (legend.length > 0 ? 8 : 0);
  for (const row of rows) {
    let x = PADDING;
    for (const panel of row) {
      parts.push(drawPanel(panel, x + LEFT, top));
      x += LEFT + panel.width + GAP;
    }
    top += Math.max(...row.map(heightOf)) + GAP;
  }
  const height = top - (rows.length > 0 ? GAP : 0) + PADDING;
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" ` +
    `role="img" font-family="${FONT}" fill="none">\n<rect width="100%" height="100%" fill="white"/>\n` +
    `${parts.join("\n")}\n</svg>\n`
  );
}

const TITLE = 18;
const heightOf = ({ title, height, x }: Panel): number =>
  (title === undefined ? 0 : TITLE) + height + (x.title === undefined ? BELOW : BELOW_WITH_TITLE);

/** A panel with its axes, whose area begins at the given place. */
function drawPanel({ title, width, height, x, y, marks }: Panel, left: number, top: number): string {
  const below = title === undefined ? top : top + TITLE;
  const [atX, atY] = [scaleOf(x, [0, width]), scaleOf(y, [height, 0])];
  const parts = [`<g transform="translate(${left} ${below})">`];
  if (title !== undefined) parts.push(text(title, width / 2, -8, `font-size="12" text-anchor="middle"`));
  // a label at an end stays within the panel
  const anchor = (place: number): string => (place < 10 ? "start" : place > width - 10 ? "end" : "middle");
  const ticksX = atX.ticks.map(({ value, label }) => ({ place: rounded(atX.at(value)), label }));
  const ticksY = atY.ticks.map(({ value, label }) => ({ place: rounded(atY.at(value)), label }));
  const grid = [
    ...(x.hasGrid === false ? [] : ticksX.map(({ place }) => `M${place} 0v${height}`)),
    ...(y.hasGrid === false ? [] : ticksY.map(({ place }) => `M0 ${place}h${width}`)),
  ];
  if (grid.length > 0) parts.push(`<path d="${grid.join("")}" stroke="${GRID}"/>`);
  for (const mark of marks) parts.push(drawMark(mark, atX.at, atY.at));
  const ticks = [...ticksX.map(({ place }) => `M${place} ${height}v5`), ...ticksY.map(({ place }) => `M0 ${place}h-5`)];
  parts.push(`<path d="M0 0V${height}H${width}${ticks.join("")}" stroke="${LINE}"/>`);
  for (const { place, label } of ticksX)
    parts.push(text(label, place, height + 17, `font-size="11" text-anchor="${anchor(place)}"`));
  for (const { place, label } of ticksY) parts.push(text(label, -8, place + 4, `font-size="11" text-anchor="end"`));
  if (x.title !== undefined) parts.push(text(x.title, width / 2, height + 36, `font-size="12" text-anchor="middle"`));
  if (y.title !== undefined)
    parts.push(
      text(y.title, 0, 0, `font-size="12" text-anchor="middle" transform="translate(-52 ${height / 2}) rotate(-90)"`),
    );
  return [...parts, "</g>"].join("\n");
}

type Scale = {
  readonly at: (value: number) => number;
  readonly ticks: readonly { readonly value: number; readonly label: string }[];
};

function scaleOf(
  { scale = "linear", domain, isNice = false, ticks = 10, format }: Axis,
  range: [number, number],
): Scale {
  const count = typeof ticks === "number" ? ticks : ticks.length;
  if (scale === "time") {
    const time = scaleUtc(domain, range);
    const label = time.tickFormat(count);
    return {
      at: (value) => time(value),
      ticks: time.ticks(count).map((at) => ({ value: Number(at), label: label(at) })),
    };
  }
  const made = scale === "log" ? scaleLog(domain, range) : scaleLinear(domain, range);
  if (isNice) made.nice(count);
  const label = made.tickFormat(count, format);
  const values = typeof ticks === "number" ? made.ticks(count) : ticks;
  return { at: (value) => made(value), ticks: values.map((value) => ({ value, label: label(value) })) };
}

type Place = Scale["at"];

function drawMark(mark: Mark, atX: Place, atY: Place): string {
  const places = (points: readonly Point[]): string[] =>
    points.map(({ x, y }) => `${rounded(atX(x))} ${rounded(atY(y))}`);
  if (mark.kind === "bars") {
    // a pixel less, so that neighbours are seen as two
    const bars = mark.rows.map(({ from, to, y }) => {
      const [x, end, top] = [atX(from), atX(to), atY(y)].map(rounded);
      return `M${x} ${rounded(atY(0))}V${top}H${rounded(Math.max(x, end - 1))}V${rounded(atY(0))}Z`;
    });
    return `<path d="${bars.join("")}" fill="${mark.color}"/>`;
  }
  if (mark.kind === "band") {
    if (mark.rows.length === 0) return "";
    const high = mark.rows.map(({ x, high: y }) => ({ x, y }));
    const low = mark.rows.map(({ x, low: y }) => ({ x, y })).toReversed();
    return `<path d="M${places([...high, ...low]).join("L")}Z" fill="${mark.color}"/>`;
  }
  if (mark.points.length === 0) return "";
  const line = `<path d="M${places(mark.points).join("L")}" stroke="${mark.color}" stroke-width="${mark.width}"/>`;
  if (mark.hasDots !== true) return line;
  const dots = places(mark.points).map((place) => `M${place}h0`);
  return `${line}\n<path d="${dots.join("")}" stroke="${mark.color}" stroke-width="6" stroke-linecap="round"/>`;
}

/** Number of names in a row of the legend, and the pixels from one to the next. */
function legendColumns(legend: Chart["legend"] & {}, width: number): readonly [number, number] {
  const step = Math.max(0, ...legend.map(({ name }) => textWidth(name, 12))) + 34;
  return [Math.max(1, Math.min(5, Math.floor(width / step))), step];
}

/**
 * An estimate of a text's width, the same on every machine: that of Helvetica, and a little more.
 */
function textWidth(content: string, size: number): number {
  let width = 0;
  for (const sign of content) {
    if (/[ijl.,:;|!'()[\]ft /-]/.test(sign)) width += 0.35;
    else if (/[mwMW@%]/.test(sign)) width += 0.9;
    else if (/[A-Z]/.test(sign)) width += 0.72;
    else width += sign < "\u0300" ? 0.59 : 1;
  }
  return Math.ceil(size * width);
}

const ESCAPED: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

function text(content: string, x: number, y: number, attributes: string): string {
  const drawable = content
    .replaceAll(/[\p{Cc}\p{Cs}\u2028\u2029\ufffe\uffff]+/gu, " ")
    .replaceAll(/[&<>]/g, (sign) => ESCAPED[sign]);
  const fill = attributes.includes("fill=") ? "" : ` fill="#333"`;
  return `<text x="${rounded(x)}" y="${rounded(y)}" ${attributes}${fill}>${drawable}</text>`;
}

/** Rounds to a hundredth of a pixel: the rest can't be seen. */
const rounded = (place: number): number => Math.round(100 * place) / 100;
