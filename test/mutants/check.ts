/**
 * @file Runs every golden case once and stops at the first result that is off: exit 0 when all are right, 1 with a line `caught: …` on
 * stdout otherwise. `node check.ts lstm` begins with the cases of that family. Used by `run.ts` on copies of the sources with a bug in them.
 *
 * Beyond the golden cases as they are: each ragged cell case must give the same numbers with NaN in its padding, each cell must give the same
 * outputs and states step by step as with its sequence op, and the plateau, whose golden case has a cooldown, is checked without one.
 */
import { leavesOf, type Tree } from "../../src/base/index.ts";
import { plateau } from "../../src/optim/index.ts";
import { dynamicRnn, type State } from "../../src/rnn/index.ts";
import { assign, type Tensor, tensor } from "../../src/tensor/index.ts";
import {
  type CellConfig,
  cellFromConfig,
  type GoldenArray,
  type GoldenCase,
  goldenErrors,
} from "../helpers/golden-cells.ts";
import {
  type ClipCase,
  clipError,
  type LossCase,
  lossErrors,
  type OptimizerCase,
  optimizerError,
  readGoldens,
  type ScheduleCase,
  scheduleError,
} from "../helpers/golden-training.ts";

const CELL_LIMIT = 1e-10;
const TRAINING_LIMIT = 1e-12;
/** TF1 computes its cosine decay in float32. */
const FLOAT32_LIMIT = 2e-7;

type Check = {
  readonly name: string;
  readonly limit: number;
  readonly run: () => Iterable<readonly [what: string, error: number]>;
};

function cellChecks(): Check[] {
  return ["tf1", "keras", "torch", "composed"].flatMap((source) =>
    readGoldens<GoldenCase>(source).flatMap((golden) => [
      { name: golden.name, limit: CELL_LIMIT, run: () => goldenErrors(golden, "float64") },
      ...(golden.lengths
        ? [
            {
              name: `${golden.name}, NaN in the padding`,
              limit: CELL_LIMIT,
              run: () => goldenErrors(withNaN(golden), "float64"),
            },
          ]
        : []),
      ...(golden.driver === "dynamicRnn"
        ? [{ name: `${golden.name}, step by step`, limit: CELL_LIMIT, run: () => stepErrors(golden) }]
        : []),
    ]),
  );
}

function trainingChecks(): Check[] {
  const single = (name: string, limit: number, run: () => number): Check => ({
    name,
    limit,
    run: () => [["result", run()]],
  });
  return [
    ...readGoldens<LossCase>("losses").map((golden) => ({
      name: golden.name,
      limit: TRAINING_LIMIT,
      run: () => lossErrors(golden),
    })),
    ...readGoldens<ScheduleCase>("schedules").map((golden) =>
      single(golden.name, golden.dtype === "float32" ? FLOAT32_LIMIT : TRAINING_LIMIT, () => scheduleError(golden)),
    ),
    single("plateau without cooldown", TRAINING_LIMIT, plateauError),
    ...readGoldens<ClipCase>("clipping").map((golden) => single(golden.name, TRAINING_LIMIT, () => clipError(golden))),
    ...["rate-drop", "optimizers"].flatMap((file) =>
      readGoldens<OptimizerCase>(file).map((golden) =>
        single(golden.name, TRAINING_LIMIT, () => optimizerError(golden, "float64")),
      ),
    ),
  ];
}

/** A metric that never changes: the first observation is the best, and every `patience + 1` after it reduce the rate once. */
function plateauError(): number {
  const [initial, factor, patience] = [1, 0.5, 2];
  const reducer = plateau({ initial, factor, patience, cooldown: 0 });
  let worst = 0;
  for (let observed = 1; observed <= 20; observed++) {
    reducer.observe(3);
    worst = Math.max(
      worst,
      Math.abs(reducer.learningRate - initial * factor ** Math.floor((observed - 1) / (patience + 1))),
    );
  }
  return worst;
}

/** The case with every padded input NaN. Inputs are [B, T, I]. */
function withNaN(golden: GoldenCase): GoldenCase {
  const [, steps, features] = golden.inputs.shape;
  const lengths = golden.lengths ?? [];
  const data = golden.inputs.data.map((x, k) =>
    Math.floor(k / features) % steps < lengths[Math.floor(k / (steps * features))] ? x : NaN,
  );
  return { ...golden, inputs: { ...golden.inputs, data } };
}

/** Differences of outputs and final state when the driver loops over `step`. */
function stepErrors({
  name,
  cell: config,
  inputs,
  lengths,
  initialState,
  parameters,
  paddedOutput,
  outputs,
  finalState,
}: GoldenCase): Map<string, number> {
  const dtype = "float64";
  const load = ({ shape, data }: GoldenArray): Tensor => tensor(Float64Array.from(data), { shape, dtype });
  const cell = { ...cellFromConfig(config as CellConfig) };
  delete cell.sequence;
  cell.build(inputs.shape[2], { dtype });
  for (const [path, value] of Object.entries(cell.parameters())) assign(value, load(parameters[path]));
  const result = dynamicRnn(cell, load(inputs), {
    paddedOutput,
    ...(lengths && { lengths }),
    ...(initialState && { initialState: loadTree(initialState, load) as State }),
  });
  const errors = new Map<string, number>();
  const compare = (what: string, got: Tree<Tensor>, expected: Tree<Tensor>): void => {
    const wanted = new Map(leavesOf(expected));
    for (const [path, value] of leavesOf(got)) {
      const want = wanted.get(path);
      if (want?.shape.join() !== value.shape.join())
        throw new Error(
          `${name} ${what} ${path}: expected shape [${want?.shape.join(", ")}], got [${value.shape.join(", ")}]`,
        );
      const b = want?.values() ?? [];
      let worst = 0;
      value.values().forEach((x: number, i: number) => {
        worst = Math.max(worst, Number.isFinite(x) ? Math.abs(x - b[i]) : Infinity);
      });
      errors.set(`${what} ${path}`.trim(), worst);
    }
  };
  compare("outputs", result.outputs, loadTree(outputs, load));
  compare("final state", result.state as Tree<Tensor>, loadTree(finalState, load));
  return errors;
}

function loadTree(tree: Tree<GoldenArray>, load: (array: GoldenArray) => Tensor): Tree<Tensor> {
  const node = tree as { readonly [name: string]: unknown };
  if (Array.isArray(node["shape"])) return load(tree as GoldenArray);
  return Object.fromEntries(
    Object.entries(node).map(([name, part]) => [name, loadTree(part as Tree<GoldenArray>, load)]),
  );
}

/** The first result that is off, in words. */
function firstMismatch(checks: readonly Check[]): string | undefined {
  for (const { name, limit, run } of checks) {
    try {
      for (const [what, error] of run()) {
        // NaN must not pass
        if (!(error <= limit)) return `${name}: ${what} is off by ${error.toPrecision(2)}`;
      }
    } catch (error) {
      return `${name}: ${String(error).split("\n", 1)[0]}`;
    }
  }
  return undefined;
}

const [family = ""] = process.argv.slice(2);
const cells = cellChecks();
const own = cells.filter(({ name }) => name.includes(family));
const ordered =
  family === "loss-optimizer"
    ? [...trainingChecks(), ...cells]
    : [...own, ...cells.filter((check) => !own.includes(check)), ...trainingChecks()];
const mismatch = firstMismatch(ordered);
if (mismatch !== undefined) {
  console.log(`caught: ${mismatch}`);
  process.exitCode = 1;
}
