/** Gradients of every row of the case table against differences, and its two paths against each other. */
import { afterAll, describe, expect, test } from "vitest";
import { type FloatDType, leavesOf, randomStream, type Tree } from "../../src/base/index.ts";
import { type Cell, dynamicRnn, type State } from "../../src/rnn/index.ts";
import { assign, concat, reshape, scope, type Tensor, tensor } from "../../src/tensor/index.ts";
import { type CellCase, cellCases } from "../cell-cases.ts";
import { checkGradient } from "../helpers/gradient-check.ts";
import {
  builtCell,
  randomState,
  type RunResult,
  runWithGradients,
  sameBits,
  uniformTensor,
  withoutSequence,
} from "./cell-runs.ts";

const STEPS = 3;
const settings = [
  { name: "full, zero state", lengths: undefined, given: false },
  { name: "full, given state", lengths: undefined, given: true },
  { name: "ragged, zero state", lengths: [2, 0, 3], given: false },
  { name: "ragged, given state", lengths: [2, 0, 3], given: true },
] as const;
type Setting = (typeof settings)[number];

const kinkRows = cellCases.filter((row) => row.kinks).length;
let configurations = 0;
let redrawn = 0;
let worst = 0;

describe("gradients equal differences", () => {
  afterAll(() =>
    console.log(
      `gradients: ${configurations} configurations, largest difference ${worst.toExponential(1)} (relative beyond 1), ` +
        `${redrawn} points redrawn near kinks in ${kinkRows} rows`,
    ),
  );

  test.each(cellCases.map((row) => [row.name, row] as const))("%s", (_name, row) => {
    for (const setting of settings) {
      const { f, variables } = smoothPoint(row, setting);
      worst = Math.max(worst, checkGradient(f, variables, { rtol: 1e-6, atol: 1e-8 }));
      configurations++;
    }
  });
});

/** Everything a cell gives over a sequence as one vector, as a function of its parameters, inputs and initial state. */
type Point = { readonly f: (given: Tensor[]) => Tensor; readonly variables: readonly Tensor[] };

function pointOf(row: CellCase, { lengths, given }: Setting, draw: number): Point {
  const cell = builtCell(row, draw, "float64");
  const random = randomStream(draw);
  const batch = lengths?.length ?? 2;
  const inputs = uniformTensor([batch, STEPS, row.inputSize], random.named("inputs"), "float64");
  const parts = given ? leavesOf(randomState(cell, batch, random.named("state"), "float64") as Tree<Tensor>) : [];
  const parameters = Object.values(cell.parameters());
  const values = parameters.map((p) => p.values());
  return {
    variables: [...parameters, inputs, ...parts.map(([, part]) => part)],
    f(variables) {
      const [x, ...state] = variables.slice(parameters.length);
      const initialState = given ? (nested(parts.map(([path], i) => [path, state[i]])) as State) : undefined;
      // a cell reads its own parameters: lend them the shifted values
      const shifted = parameters.flatMap((p, i) => (variables[i] === p ? [] : [i]));
      try {
        for (const i of shifted) assign(parameters[i], variables[i]);
        return everything(
          dynamicRnn(cell, x, { lengths, initialState, ...(row.random && { random: randomStream(5) }) }),
        );
      } finally {
        for (const i of shifted) assign(parameters[i], values[i]);
      }
    },
  };
}

function nested(leaves: readonly (readonly [path: string, leaf: Tensor])[]): Tree<Tensor> {
  const root: Record<string, Tree<Tensor>> = {};
  for (const [path, leaf] of leaves) {
    const names = path.split("/");
    let at = root;
    for (const name of names.slice(0, -1)) at = (at[name] ??= {}) as Record<string, Tree<Tensor>>;
    at[names[names.length - 1]] = leaf;
  }
  return root;
}

const everything = ({ outputs, state }: { outputs: Tensor; state: State }): Tensor =>
  concat(leavesOf({ outputs, state } as Tree<Tensor>).map(([, y]) => reshape(y, [y.size])));

/** A random point with no kink within the reach of the differences. */
function smoothPoint(row: CellCase, setting: Setting): Point {
  for (let draw = 1; draw <= 200; draw++) {
    const point = pointOf(row, setting, draw);
    if (!row.kinks || isSmooth(point)) return point;
    redrawn++;
  }
  throw new Error(`${row.name}: expected a smooth point, found none`);
}

/** Fourth differences are of the order of the step to the fourth where a function is smooth, of the step across a kink. */
function isSmooth({ f, variables }: Point): boolean {
  const middle = scope(() => f([...variables]).values());
  for (const [i, variable] of variables.entries()) {
    const values = variable.values() as Float64Array;
    for (let j = 0; j < values.length; j++) {
      const step = 1.2e-3;
      const shifted = (by: number): ArrayLike<number> =>
        scope(() =>
          f(
            variables.map((v, n) => (n === i ? tensor(values.with(j, values[j] + by), { shape: v.shape }) : v)),
          ).values(),
        );
      const [a, b, c, d] = [shifted(-2 * step), shifted(-step), shifted(step), shifted(2 * step)];
      for (let k = 0; k < middle.length; k++) {
        if (Math.abs(a[k] - 4 * b[k] + 6 * middle[k] - 4 * c[k] + d[k]) > 1e-7 * step) return false;
      }
    }
  }
  return true;
}

describe("a whole sequence equals its steps", () => {
  const largest = { gradient: 0, rows: 0 };
  const unequal: string[] = [];
  afterAll(() =>
    console.log(
      `sequence and steps: ${largest.rows} rows, forward not equal bit for bit: ${unequal.join(", ") || "none"}; ` +
        `gradients (float64) differ by ${largest.gradient.toExponential(1)}`,
    ),
  );

  const rows = cellCases.filter((row) => row.make(0).sequence !== undefined);
  test.each(rows.map((row) => [row.name, row] as const))("%s", (_name, row) => {
    largest.rows++;
    for (const dtype of ["float32", "float64"] as const) {
      for (const setting of settings) {
        const cell = builtCell(row, 21, dtype);
        const [whole, stepped] = [cell, withoutSequence(cell)].map((one) => runOf(row, one, setting, dtype));
        const forward = ({ outputs, state }: RunResult): [string, Tensor][] =>
          leavesOf({ outputs, state } as Tree<Tensor>);
        const expected = new Map(forward(stepped));
        for (const [path, y] of forward(whole)) {
          if (!sameBits(y, expected.get(path) as Tensor)) unequal.push(`${row.name} ${dtype} ${setting.name} ${path}`);
          expect.soft(sameBits(y, expected.get(path) as Tensor), `${dtype} ${setting.name} ${path}`).toBe(true);
        }
        if (dtype === "float32") continue;
        const gradients = new Map(leavesOf(stepped.gradients as Tree<Tensor>));
        for (const [path, g] of leavesOf(whole.gradients as Tree<Tensor>)) {
          const other = (gradients.get(path) as Tensor).values();
          const error = (g.values() as Float64Array).reduce(
            (m: number, x: number, i: number) => Math.max(m, Math.abs(x - other[i])),
            0,
          );
          expect.soft(error, `${setting.name} gradient of ${path}`).toBeLessThanOrEqual(1e-12);
          largest.gradient = Math.max(largest.gradient, error);
        }
      }
    }
  });
});

function runOf(row: CellCase, cell: Cell, { lengths, given }: Setting, dtype: FloatDType): RunResult {
  const random = randomStream(4);
  const batch = lengths?.length ?? 2;
  const inputs = uniformTensor([batch, STEPS, row.inputSize], random.named("inputs"), dtype);
  const initialState = given ? randomState(cell, batch, random.named("state"), dtype) : undefined;
  return runWithGradients(
    () =>
      dynamicRnn(cell, inputs, { lengths, initialState, ...(row.random && { random: randomStream(5) }) }) as {
        outputs: Tensor;
        state: Tree<Tensor>;
      },
    { parameters: cell.parameters(), inputs, initialState: (initialState ?? {}) as Tree<Tensor> },
    (path, like) => uniformTensor(like.shape, random.named(path), dtype),
  );
}

test.each(cellCases.map((row) => [row.name, row] as const))("a second run of %s is the first", (_name, row) => {
  for (const dtype of ["float32", "float64"] as const) {
    const [first, second] = [0, 1].map(
      () => runOf(row, builtCell(row, 21, dtype), settings[3], dtype) as unknown as Tree<Tensor>,
    );
    const expected = new Map(leavesOf(first));
    for (const [path, value] of leavesOf(second))
      expect(sameBits(value, expected.get(path) as Tensor), path).toBe(true);
  }
});
