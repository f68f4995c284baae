import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test, vi } from "vitest";
import { someMetrics } from "../../../test/helpers/some-metrics.ts";
import { points, smoothed, spread, thinned } from "./curve-points.ts";
import { compareCurves, runCurves, writeCurves } from "./curves.ts";
import type { Metrics } from "../run/metrics-log.ts";

const directory = mkdtempSync(join(tmpdir(), "unrolled-curves-"));
afterAll(() => rmSync(directory, { recursive: true }));

/** Texts of the picture, in order. */
const textsOf = (svg: string): string[] => Array.from(svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g), ([, text]) => text);
/** Whether something is drawn in a colour. */
const isDrawn = (svg: string, color: string): boolean =>
  new RegExp(`<path[^>]* d="M[^"]{9,}"[^>]*"${color}"`).test(svg);
const sizeOf = (svg: string): number[] => (/ width="(\d+)" height="(\d+)"/.exec(svg) ?? []).slice(1).map(Number);

test("a run: its losses, learning rate and gradient norm, with titles and units", async () => {
  const metrics = someMetrics(300);
  const file = await writeCurves(directory, { name: "runs/book", metrics });
  const svg = readFileSync(file, "utf8");
  expect(file).toBe(join(directory, "curves.svg"));
  expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"[^]*<\/svg>\n$/);
  const texts = textsOf(svg);
  for (const text of [
    "runs/book",
    "training, each step",
    "training, smoothed",
    "validation",
    "step",
    "loss (nats per token)",
    "learning rate",
    "gradient norm",
  ])
    expect(texts).toContain(text);
  expect(texts[1] + texts.join()).toMatch(/300 steps; best validation loss \d\.\d{4} nats per token, perplexity \d/);
  for (const color of ["#a9c4e2", "#1f5a9d", "#d1651a"]) expect(isDrawn(svg, color), color).toBe(true);
  // no image, no script, nothing from elsewhere
  expect(svg).not.toMatch(/<(image|script|foreignObject|use)\b|href=/);
  // 640 for the curves, and no empty margin
  expect(sizeOf(svg)[0]).toBeLessThan(760);
  expect(await runCurves({ name: "runs/book", metrics })).toBe(svg);
});

test("panels without points, and the curve of validation, are left out", async () => {
  const metrics = someMetrics(50).map(({ learningRate: _rate, gradientNorm, ...rest }) => ({
    ...rest,
    ...(gradientNorm !== undefined && { gradientNorm: NaN }),
  }));
  const texts = textsOf(await runCurves({ name: "x", metrics }));
  expect(texts).toContain("loss (nats per token)");
  for (const text of ["learning rate", "gradient norm", "validation"]) expect(texts).not.toContain(text);
});

test("numbers that are not finite, one step, and nothing at all can be drawn", async () => {
  const warn = vi.spyOn(console, "warn");
  const bad: Metrics[] = [NaN, Infinity, 3, -Infinity].map((loss, i) => ({ kind: "step", step: i + 1, loss }));
  for (const metrics of [bad, someMetrics(1), []]) {
    const svg = await runCurves({ name: "x", metrics });
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
  }
  expect(warn).not.toHaveBeenCalled();
});

test("a name is text, whatever is in it", async () => {
  const svg = await runCurves({ name: `<b> & "q" \u0000\n\ud800 é`, metrics: someMetrics(20) });
  expect(textsOf(svg)).toContain(`&lt;b&gt; &amp; "q"   é`);
  // oxlint-disable-next-line no-control-regex
  expect(svg).not.toMatch(/[\u0000\ud800]/);
});

test("a norm that spans more than three powers of ten is drawn by powers of ten", async () => {
  const metrics = someMetrics(50).map((event) => ({ ...event, gradientNorm: 10 ** (event.step % 7) }));
  expect(textsOf(await runCurves({ name: "x", metrics }))).toContain("1e+6");
});

test("several runs in one picture", async () => {
  const names = ["runs/book", "runs/gru", `runs/${"long-".repeat(12)}`];
  const runs = names.map((name, i) => ({ name, metrics: someMetrics(200 + 50 * i, { seed: i }) }));
  const svg = await compareCurves(runs);
  const texts = textsOf(svg);
  for (const name of names) expect(texts).toContain(name);
  expect(texts).toContain("3 runs");
  expect(texts).toContain("training loss, smoothed (nats per token)");
  expect(texts.filter((text) => text === "validation loss (nats per token)")).toHaveLength(2);
  expect(texts).toContain("time (seconds)");
  for (const color of ["#4c78a8", "#f58518", "#e45756"]) expect(isDrawn(svg, color), color).toBe(true);
  expect(sizeOf(svg)[0]).toBeLessThan(780);
  expect(await compareCurves(runs)).toBe(svg);
});

describe("points", () => {
  const line = (length: number, y: (i: number) => number) => Array.from({ length }, (_, i) => ({ x: i + 1, y: y(i) }));

  test("are the finite ones of one kind of event", () => {
    const metrics: Metrics[] = [
      { kind: "step", step: 1, seconds: 0.5, loss: 2 },
      { kind: "step", step: 2, seconds: 1, loss: NaN },
      { kind: "evaluation", step: 2, seconds: 1.5, loss: 3 },
    ];
    expect(points(metrics, "step", "loss")).toEqual([{ x: 1, y: 2 }]);
    expect(points(metrics, "evaluation", "loss", "seconds")).toEqual([{ x: 1.5, y: 3 }]);
    expect(points(metrics, "step", "learningRate")).toEqual([]);
  });

  test("smoothing keeps a constant, removes what goes up and down, and does not lag", () => {
    expect(smoothed(line(1000, () => 2)).every(({ y }) => y === 2)).toBe(true);
    const wavy = smoothed(line(1000, (i) => i + 100 * (i % 2)));
    for (const { x, y } of wavy.slice(50, 950)) expect(Math.abs(y - (x - 1) - 50)).toBeLessThan(6);
    expect(smoothed(line(3, (i) => i))).toEqual(line(3, (i) => i));
  });

  test("a long curve has few points, and keeps its first, its last and its peaks", () => {
    const long = line(100_000, (i) => (i === 54_321 ? 1e6 : i % 10));
    expect(spread(long).length).toBeLessThanOrEqual(800);
    expect(Math.max(...spread(long).map(({ y }) => y))).toBe(1e6);
    expect(spread(long).every(({ x }, i, all) => i === 0 || x > all[i - 1].x)).toBe(true);
    expect(thinned(long)).toHaveLength(401);
    expect([thinned(long)[0], thinned(long).at(-1)]).toEqual([long[0], long.at(-1)]);
    expect(spread(long.slice(0, 800))).toEqual(long.slice(0, 800));
  });
});
