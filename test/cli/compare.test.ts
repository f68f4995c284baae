/** `unrolled compare`, the built command, on runs that were written by hand. */
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { metricsLog, type RunConfig, writeRunConfig } from "unrolled/node";
import { beforeAll, expect, test } from "vitest";
import { commandFolder, type Result } from "../helpers/cli.ts";
import { aRunConfig } from "../helpers/run-config.ts";
import { someMetrics } from "../helpers/some-metrics.ts";

const { file, unrolled } = commandFolder("compare");

const compare = (...args: readonly string[]): Result => unrolled("compare", ...args);

function makeRun(name: string, config: RunConfig, metrics: ReturnType<typeof someMetrics>): void {
  writeRunConfig(file(name), config);
  const log = metricsLog(file(join(name, "metrics.jsonl")));
  for (const event of metrics) log.append(event);
  log.close();
}

beforeAll(() => {
  makeRun("runs/book", aRunConfig(), someMetrics(300));
  const other = {
    options: { cell: "gru", layers: 2, clipNorm: "off", steps: 200, seed: 8 },
    data: [{ path: "book.txt", bytes: 3, sha256: "fedcba9876543210".repeat(4) }],
  } as const;
  makeRun("runs/gru", aRunConfig(other), someMetrics(200, { seed: 2 }).slice(0, -1));
  makeRun("runs/new", aRunConfig(), []);
  cpSync(file("runs/book"), file("old/book"), { recursive: true });
});

test("a table of figures, and one of what differs", () => {
  const { status, stdout, stderr } = compare("runs/book", "runs/gru/", "runs/new");
  expect(stderr).toBe("");
  expect(status).toBe(0);
  const lines = stdout
    .trimEnd()
    .split("\n")
    .map((line) => line.trim().split(/ {2,}/));
  expect(lines[0]).toEqual([
    "run",
    "model",
    "parameters",
    "steps",
    "best loss",
    "perplexity",
    "bitsPerCharacter",
    "speed",
    "time",
    "ended",
  ]);
  expect(lines[1]).toEqual([
    "book",
    "lstm 1x128",
    "116,829",
    "300",
    expect.any(String),
    expect.any(String),
    expect.any(String),
    "32,000",
    "15s",
    "done",
  ]);
  expect(Number(lines[1][6])).toBeCloseTo(Number(lines[1][4]) / Math.LN2, 3);
  expect(lines[2].slice(0, 4)).toEqual(["gru", "gru 2x128", "116,829", "200"]);
  expect(lines[2].at(-1)).toBe("not yet");
  expect(lines[3]).toEqual(["new", "lstm 1x128", "116,829", "0", "-", "-", "-", "-", "-", "not yet"]);
  expect(lines.slice(6)).toEqual([
    ["what differs", "book", "gru", "new"],
    ["cell", "lstm", "gru", "lstm"],
    ["layers", "1", "2", "1"],
    ["clipNorm", "5", "off", "5"],
    ["seed", "7", "8", "7"],
    ["data", "book.txt 01234567", "book.txt fedcba98", "book.txt 01234567"],
    ["steps", "-", "200", "-"],
  ]);
});

test("runs of one name are told apart by their paths", () => {
  const { stdout } = compare("runs/book", "old/book");
  expect(stdout).toMatch(/^runs\/book .*\n^old\/book /m);
  expect(stdout).toContain("2 runs, no difference in their options, data and software");
});

test("--json is one line", () => {
  const { stdout } = compare("runs/book", "runs/gru", "--json", "--plot", "json.svg");
  expect(stdout.trim().split("\n")).toHaveLength(1);
  const { runs, differences } = JSON.parse(stdout) as {
    runs: Record<string, unknown>[];
    differences: Record<string, unknown[]>;
  };
  expect(runs[0]).toMatchObject({
    run: "runs/book",
    cell: "lstm",
    layers: 1,
    hiddenSize: 128,
    steps: 300,
    ended: "done",
  });
  expect(runs[1]).toMatchObject({ best: { loss: expect.any(Number) as number, step: expect.any(Number) as number } });
  expect(differences).toMatchObject({ cell: ["lstm", "gru"], clipNorm: [5, "off"], steps: [null, 200] });
  expect(existsSync(file("json.svg"))).toBe(true);
});

test("--plot draws the curves of all", () => {
  const { status, stdout } = compare("runs/book", "runs/gru", "--plot", "pictures/compare.svg");
  expect(status).toBe(0);
  expect(stdout).toContain("drawn in pictures/compare.svg");
  const svg = readFileSync(file("pictures/compare.svg"), "utf8");
  for (const text of [">2 runs<", ">book<", ">gru<", ">time (seconds)<"]) expect(svg).toContain(text);
});

test.each<[string, string[], number, RegExp]>([
  ["no run", ["runs/none"], 2, /expected a run directory with config\.json, .*runs\/none/],
  ["no metrics", ["bare"], 2, /expected a run directory with metrics\.jsonl, got "bare"/],
  [
    "a damaged configuration",
    ["damaged"],
    1,
    /damaged\/config\.json: options\.batchSize: expected text, a number, true or false, got \[\]/,
  ],
  ["damaged metrics", ["torn"], 1, /torn\/metrics\.jsonl line 1 kind: expected text/],
  ["one run twice", ["runs/book", "./runs/book/"], 2, /expected different runs, got "runs\/book" twice/],
  [
    "another kind of picture",
    ["runs/book", "--plot", "a.png"],
    2,
    /--plot: expected a name that ends in \.svg, got "a\.png"/,
  ],
  ["nothing to draw", ["runs/new", "--plot", "a.svg"], 2, /--plot: expected a run with at least one step/],
  ["nothing", [], 2, /expected <runs>, got nothing/],
])("says what is wrong: %s", (_, args, code, message) => {
  writeRunConfig(file("bare"), aRunConfig());
  mkdirSync(file("damaged"), { recursive: true });
  const json = readFileSync(file("runs/book/config.json"), "utf8");
  writeFileSync(file("damaged/config.json"), json.replace('"batchSize": 32', '"batchSize": []'));
  writeRunConfig(file("torn"), aRunConfig());
  writeFileSync(file("torn/metrics.jsonl"), "{}\n");
  const { status, stderr } = compare(...args);
  expect(stderr).toMatch(message);
  expect(stderr).toMatch(/^unrolled compare: [^\n]+\n$/);
  expect(status).toBe(code);
});
