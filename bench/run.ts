/** @file The benchmark. `npm run bench` prints a table of this package; with `--peers` others run beside it, and RESULTS.md is written. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { CASES, type Case, LIMIT_CASES, MEMORY_CASE } from "./cases.ts";
import { type Contestant, ours, peers } from "./contestants.ts";
import { fmaLimit } from "./limit.ts";
import { race, type RaceOptions } from "./race.ts";
import { recipeContestants, recipeQuestions } from "./recipes.ts";
import { machine, processor } from "./machine.ts";
import { type Circumstances, report } from "./results.ts";
import { scalingRows } from "./scaling.ts";
import { installPeers, installTorch } from "./setup.ts";
import { startUpRows } from "./startup.ts";
import { plainTable, type Row } from "./table.ts";
import { limitRow, memoryRows, verdict } from "./verdict.ts";
import { webSizeRows } from "./web-size.ts";

const USAGE = `Usage: npm run bench -- [options]

  --peers        install other frameworks into .bench, run them too, and write bench/RESULTS.md
  --recipes      only the models of examples/recipes, whose table is a part of its own in RESULTS.md
  --only <text>  only cases whose name contains the text; no RESULTS.md
  --rounds <n>   rounds of each case, default 5; at most 3 with 512 units
  --quick        2 rounds
  --json         JSON instead of the table
  --help         this text

BENCH_PYTHON=<path> is a Python that has the peers already; nothing is installed into it.`;

/** Where training steps take a second and more, each is an average of its own, and so many rounds are enough. */
const LONG_HIDDEN = 512;
const LONG_ROUNDS = 3;

type Options = RaceOptions & {
  readonly peers: boolean;
  readonly recipes: boolean;
  readonly only: string;
  readonly json: boolean;
};

/** A part of the table. */
type Question = { readonly name: string; readonly ask: () => Promise<Row[]> | Row[] };

/** Undefined for --help. Throws for wrong usage. */
function parseOptions(): Options | undefined {
  const { values } = parseArgs({
    options: {
      peers: { type: "boolean", default: false },
      recipes: { type: "boolean", default: false },
      only: { type: "string", default: "" },
      rounds: { type: "string" },
      quick: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return undefined;
  const rounds = Number(values.rounds ?? (values.quick ? 2 : 5));
  if (!Number.isInteger(rounds) || rounds < 1) {
    throw new RangeError(`--rounds: expected an integer of at least 1, got ${values.rounds}`);
  }
  return { ...values, rounds, progress: (text) => process.stderr.write(`${text}\n`) };
}

function contestantsOf({ peers: withPeers, recipes, progress }: Options): Contestant[] {
  if (recipes) return recipeContestants(withPeers ? installTorch(progress) : undefined);
  return [...ours(), ...(withPeers ? peers(installPeers(progress)) : [])];
}

function questionsOf(options: Options, contestants: readonly Contestant[], seen: Set<string>): Question[] {
  if (options.recipes) return recipeQuestions(contestants, seen, options);
  let limit: Promise<() => number> | undefined;
  const raceRows = async (task: Case): Promise<Row[]> => {
    const measure = LIMIT_CASES.includes(task) ? await (limit ??= fmaLimit()) : undefined;
    const limits: number[] = [];
    const entries = contestants.filter(({ races }) => races(task)).map((contestant) => ({ contestant, task }));
    const rounds = Math.min(
      options.rounds,
      task.kind === "generate" || task.hidden < LONG_HIDDEN ? Infinity : LONG_ROUNDS,
    );
    const lanes = await race(entries, { ...options, rounds, between: () => measure && limits.push(measure()) });
    for (const { version } of lanes) if (version !== "") seen.add(version);
    return [
      ...verdict(lanes),
      ...(measure ? [limitRow(lanes[0], limits)] : []),
      ...(task.name === MEMORY_CASE ? memoryRows(lanes) : []),
    ];
  };
  return [
    ...CASES.map((task) => ({ name: task.name, ask: () => raceRows(task) })),
    { name: "scaling", ask: () => scalingRows(contestants[0], options) },
    { name: "start-up", ask: startUpRows },
    { name: "web build", ask: webSizeRows },
  ];
}

async function main(): Promise<number> {
  let options: Options | undefined;
  try {
    options = parseOptions();
  } catch (error) {
    console.error(`bench: ${(error as Error).message}`);
    return 2;
  }
  if (options === undefined) {
    console.log(USAGE);
    return 0;
  }
  const start = performance.now();
  const { only, progress } = options;
  const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  const versions = new Set([`unrolled ${version}`]);
  const names = questionsOf(options, [], versions).map(({ name }) => name);
  if (!names.some((name) => name.includes(only))) {
    console.error(`bench: expected --only to match one of ${names.join(", ")}; got ${only}`);
    return 2;
  }
  const contestants = contestantsOf(options);
  const rows: Row[] = [];
  for (const { name, ask } of questionsOf(options, contestants, versions)) {
    if (!name.includes(only)) continue;
    progress(`-- ${name}`);
    try {
      rows.push(...(await ask()));
    } catch (error) {
      rows.push({ case: name, contestant: "", note: `not run: ${(error as Error).message}` });
    }
  }
  const circumstances: Circumstances = {
    date: new Date().toISOString().slice(0, 10),
    command: ["npm run bench", ...(process.argv.length > 2 ? ["--", ...process.argv.slice(2)] : [])].join(" "),
    processor: processor(),
    machine: machine(),
    versions: [...versions],
    minutes: (performance.now() - start) / 60_000,
  };
  console.log(options.json ? JSON.stringify({ ...circumstances, rows }, undefined, 2) : plainTable(rows));
  if (options.peers && only === "") {
    const file = new URL("RESULTS.md", import.meta.url);
    const before = existsSync(file) ? readFileSync(file, "utf8") : "";
    writeFileSync(file, report(before, options.recipes ? "Recipes" : "Training", circumstances, rows));
  }
  return 0;
}

process.exitCode = await main();
