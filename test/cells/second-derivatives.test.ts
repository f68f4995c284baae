/**
 * Gradients of gradients, and gradients of gates and states of all steps, in float64: of every row of the case table and every driver, with respect to
 * parameters, inputs and initial states. The Hessian times a random direction is compared with differences of first gradients, which the kernels give;
 * gradients of a trace with differences of its values.
 */
import { afterAll, describe, expect, test } from "vitest";
import { leavesOf, mapTree, randomStream, type Tree } from "../../src/base/index.ts";
import {
  attention,
  attentionWrapper,
  bidirectionalDynamicRnn,
  type Cell,
  dynamicRnn,
  gruCell,
  lstmCell,
  multiRnnCell,
  rawRnn,
  residualWrapper,
  rnnCell,
  type Parameters,
  stackBidirectionalDynamicRnn,
  type State,
  unroll,
  zeroState,
} from "../../src/rnn/index.ts";
import {
  add,
  assign,
  concat,
  grad,
  less,
  mul,
  pow,
  scope,
  slice,
  square,
  sum,
  swapLeading,
  type Tensor,
  tensor,
  valueAndGrad,
} from "../../src/tensor/index.ts";
import { type CellCase, cellCases } from "../cell-cases.ts";
import { builtCell, randomState, uniformTensor } from "./cell-runs.ts";

type Tensors = Readonly<Record<string, Tensor>>;

/** Scalars of a function of named tensors, which are read where they are: they are shifted in place. */
type Problem = {
  readonly variables: Tensors;
  readonly f: () => Tensor;
  /** Whether differences may step over a kink. Default false. */
  readonly kinks?: boolean | undefined;
};

const TOLERANCE = 2e-7;

let worst = 0;
let problems = 0;
afterAll(() =>
  console.log(
    `second derivatives: ${problems} problems, largest difference ${worst.toExponential(1)} (relative beyond 1)`,
  ),
);

const flat = (tensors: Tensors): number[] => Object.values(tensors).flatMap((x) => Array.from(x.values()));

/** What `g` gives with all variables moved along `direction`. */
function moved(variables: Tensors, direction: Tensors, by: number, g: () => number[]): number[] {
  const kept = mapTree<Tensor, ArrayLike<number>>(variables as Tree<Tensor>, (x) => x.values()) as Record<
    string,
    Float64Array
  >;
  try {
    for (const [name, x] of Object.entries(variables)) {
      const step = direction[name].values();
      assign(
        x,
        kept[name].map((value, i) => value + by * step[i]),
      );
    }
    return scope(g);
  } finally {
    for (const [name, x] of Object.entries(variables)) assign(x, kept[name]);
  }
}

/** d g / d direction by central differences of fourth order; undefined where those of second order disagree near a kink. */
function slope({ variables, kinks = false }: Problem, direction: Tensors, g: () => number[]): number[] | undefined {
  const h = 1e-3;
  const [a, b, c, d] = [-2, -1, 1, 2].map((n) => moved(variables, direction, n * h, g));
  const near = a.map((_, i) => (c[i] - b[i]) / (2 * h));
  const wide = a.map((_, i) => (d[i] - a[i]) / (4 * h));
  if (kinks && near.some((x, i) => Math.abs(x - wide[i]) > 1e-4 * Math.max(1, Math.abs(x)))) return undefined;
  return near.map((x, i) => (4 * x - wide[i]) / 3);
}

const directionOf = (variables: Tensors, seed: number): Tensors =>
  Object.fromEntries(
    Object.entries(variables).map(([name, x]) => [
      name,
      uniformTensor(x.shape, randomStream(seed).named(name), "float64"),
    ]),
  );

const dot = (a: Tensors, b: Tensors): Tensor =>
  Object.keys(a)
    .map((name) => sum(mul(a[name], b[name])))
    .reduce((x, y) => add(x, y));

function expectNear(got: readonly number[], expected: readonly number[], what: string): void {
  expect(got.length, what).toBe(expected.length);
  let largest = 0;
  got.forEach((x, i) => {
    const error = Math.abs(x - expected[i]) / Math.max(1, Math.abs(expected[i]));
    // written so that NaN fails
    if (!(error <= TOLERANCE))
      throw new Error(`${what}, element ${i}: expected ${expected[i]} (differences), got ${x}`);
    largest = Math.max(largest, error);
  });
  worst = Math.max(worst, largest);
  problems++;
}

/** Checks the Hessian of f times a direction. False near a kink. */
function checkHessian(problem: Problem, what: string): boolean {
  const { variables, f } = problem;
  const direction = directionOf(variables, 31);
  const gradient = (): number[] => flat(grad(f, variables));
  const expected = slope(problem, direction, gradient);
  if (expected === undefined) return false;
  const got = scope(() => flat(grad(() => dot(grad(f, variables), direction), variables)));
  expect(
    expected.some((x) => x !== 0),
    `${what}: differences are not all zero`,
  ).toBe(true);
  expectNear(got, expected, what);
  return true;
}

/** Checks the gradient of f, and its Hessian, along a direction each. False near a kink. */
function checkGradients(problem: Problem, what: string): boolean {
  const { variables, f } = problem;
  const direction = directionOf(variables, 37);
  const expected = slope(problem, direction, () => [f().item()]);
  if (expected === undefined) return false;
  expectNear([scope(() => dot(grad(f, variables), direction).item())], expected, `gradient of ${what}`);
  return checkHessian(problem, what);
}

/** Σ weight · y over all leaves: the gradient that comes to a layer is a constant then, and only what it is multiplied by depends on the variables. */
const linear = (results: Tree<Tensor>): Tensor =>
  leavesOf(results)
    .map(([path, y]) => sum(mul(uniformTensor(y.shape, randomStream(41).named(path), "float64"), y)))
    .reduce((a, b) => add(a, b));

/** The same of y + y². */
const weighed = (results: Tree<Tensor>): Tensor => linear(mapTree(results, (y) => add(y, square(y))));

const leaves = (prefix: string, tree: Tree<Tensor>): Tensors =>
  Object.fromEntries(leavesOf(tree).map(([path, leaf]) => [`${prefix}/${path}`, leaf]));

const prefixed = (parameters: Parameters): Tensors => leaves("parameters", parameters as Tree<Tensor>);

/** The first of 100 draws that is not near a kink. */
function smooth(check: (draw: number) => boolean): void {
  for (let draw = 1; draw <= 100; draw++) if (check(draw)) return;
  throw new Error("expected a smooth point, found none");
}

const settings = [
  { name: "full", lengths: undefined, given: false },
  { name: "ragged, given state", lengths: [2, 0, 3], given: true },
] as const;
const STEPS = 3;

describe("dynamicRnn", () => {
  const rows = cellCases.map((row) => [row.name, row] as const);

  /** A row's cell over random inputs, and what `pick` takes of its results. */
  function problemOf(
    row: CellCase,
    { lengths, given }: (typeof settings)[number],
    draw: number,
    pick: (result: ReturnType<typeof dynamicRnn>) => Tree<Tensor>,
    { trace = false, weigh = weighed }: { trace?: boolean; weigh?: typeof weighed } = {},
  ): Problem {
    const cell = builtCell(row, draw, "float64");
    const random = randomStream(draw);
    const batch = lengths?.length ?? 2;
    const inputs = uniformTensor([batch, STEPS, row.inputSize], random.named("inputs"), "float64");
    const initialState = given ? randomState(cell, batch, random.named("state"), "float64") : undefined;
    return {
      kinks: row.kinks,
      variables: {
        ...prefixed(cell.parameters()),
        inputs,
        ...(initialState && leaves("state", initialState as Tree<Tensor>)),
      },
      f: () =>
        weigh(
          pick(
            dynamicRnn(cell, inputs, { lengths, initialState, trace, ...(row.random && { random: randomStream(5) }) }),
          ),
        ),
    };
  }

  test.each(rows)("%s: second derivatives of outputs and state", (name, row) => {
    for (const setting of settings) {
      smooth((draw) =>
        checkHessian(
          problemOf(row, setting, draw, ({ outputs, state }) => ({ outputs, state }) as Tree<Tensor>, {
            weigh: setting.given ? weighed : linear,
          }),
          `${name}, ${setting.name}`,
        ),
      );
    }
  });

  // dialects of these differ in the places of their parameters only
  const traced = rows.filter(([name]) => !/^(rnn|lstm) (keras|torch)/.test(name));

  test.each(traced)("%s: first and second derivatives of the trace", (name, row) => {
    smooth((draw) =>
      checkGradients(
        problemOf(row, settings[1], draw, ({ trace }) => trace as Tree<Tensor>, { trace: true }),
        name,
      ),
    );
  });

  test.each(traced)("%s: each array of the trace has a gradient of its own", (name, row) => {
    const names = leavesOf(
      dynamicRnn(builtCell(row, 1, "float64"), uniformTensor([1, 2, row.inputSize], randomStream(1), "float64"), {
        trace: true,
      }).trace as Tree<Tensor>,
    ).map(([path]) => path);
    expect(names.length).toBeGreaterThan(0);
    for (const path of names) {
      // not all functions of all parts have one: a saturated gate is constant
      const own = ({ trace }: { trace?: unknown }): Tree<Tensor> =>
        new Map(leavesOf(trace as Tree<Tensor>)).get(path) as Tensor;
      smooth((draw) => {
        const problem = problemOf(row, settings[0], draw, own, { trace: true });
        const { variables, f } = problem;
        const direction = directionOf(variables, 43);
        const expected = slope(problem, direction, () => [f().item()]);
        if (expected === undefined || Math.abs(expected[0]) < 1e-6) return false;
        expectNear([scope(() => dot(grad(f, variables), direction).item())], expected, `${name}, ${path}`);
        return true;
      });
    }
  });

  const cells: Readonly<Record<string, () => Cell>> = {
    rnn: () => rnnCell({ units: 3, dialect: "keras", seed: 1 }) as unknown as Cell,
    lstm: () => lstmCell({ units: 3, peepholes: true, projection: 2, seed: 1 }) as unknown as Cell,
    gru: () => gruCell({ units: 3, dialect: "torch", seed: 1 }) as unknown as Cell,
    stack: () => multiRnnCell([lstmCell({ units: 3, seed: 1 }), gruCell({ units: 2, seed: 2 })] as unknown as Cell[]),
  };
  const few = Object.entries(cells);

  test.each(few)("%s: of the last state alone, and of each part of it", (name, make) => {
    const cell = make();
    const x = uniformTensor([2, 4, 2], randomStream(3), "float64");
    const parts = leavesOf(dynamicRnn(cell, x).state as Tree<Tensor>);
    for (const [path] of parts) {
      const f = (): Tensor => {
        const { state } = dynamicRnn(cell, x);
        return weighed(new Map(leavesOf(state as Tree<Tensor>)).get(path) as Tensor);
      };
      expect(checkHessian({ variables: { ...prefixed(cell.parameters()), x }, f }, `${name} ${path}`)).toBe(true);
    }
  });

  test.each(few)("%s: of rows of a table", (name, make) => {
    const cell = make();
    const table = uniformTensor([3, 2], randomStream(7).named("table"), "float64");
    const ids = tensor(Int32Array.of(0, 1, 1, 2, 0, 0, 2, 1, 0, 0, 0, 1, 2, 2, 1, 0), { shape: [2, 8] });
    for (const lengths of [undefined, [8, 3]]) {
      const f = (): Tensor => {
        const { outputs, state } = dynamicRnn(cell, { table, ids }, { lengths });
        return (lengths ? weighed : linear)({ outputs, state } as Tree<Tensor>);
      };
      dynamicRnn(cell, { table, ids });
      const variables = { ...prefixed(cell.parameters()), table };
      expect(checkHessian({ variables, f }, `${name}, lengths ${String(lengths)}`)).toBe(true);
    }
  });

  test("of one tensor as h and as c", () => {
    const cell = lstmCell({ units: 2, seed: 3 });
    const x = uniformTensor([2, 2, 2], randomStream(4), "float64");
    const both = uniformTensor([2, 2], randomStream(5), "float64");
    cell.build(2, { dtype: "float64" });
    const f = (): Tensor => weighed(dynamicRnn(cell, x, { initialState: { c: both, h: both } }).outputs);
    expect(checkHessian({ variables: { both, x }, f }, "both")).toBe(true);
    const trace = (): Tensor =>
      weighed(dynamicRnn(cell, x, { initialState: { c: both, h: both }, trace: true }).trace as Tree<Tensor>);
    expect(checkGradients({ variables: { both, x }, f: trace }, "trace of both")).toBe(true);
  });

  test("of a penalty on the gradient of the inputs, by parameters", () => {
    for (const [name, make] of few) {
      const cell = make();
      const x = uniformTensor([2, 4, 2], randomStream(3), "float64");
      dynamicRnn(cell, x);
      const f = (): Tensor => sum(square(grad((y: Tensor) => sum(pow(dynamicRnn(cell, y).outputs, 3)), x)));
      const variables = prefixed(cell.parameters());
      const gradients = grad(f, variables);
      const direction = directionOf(variables, 3);
      const expected = slope({ variables, f }, direction, () => [f().item()]) as number[];
      expectNear([dot(gradients, direction).item()], expected, name);
    }
  });

  test("by what the outputs are multiplied with, which no operand depends on", () => {
    for (const [name, make] of few) {
      const cell = make();
      const x = uniformTensor([2, 4, 2], randomStream(3), "float64");
      const z = uniformTensor(dynamicRnn(cell, x).outputs.shape, randomStream(9), "float64");
      const f = (): Tensor =>
        sum(
          pow(
            grad((y: Tensor) => sum(mul(square(z), dynamicRnn(cell, y).outputs)), x),
            2,
          ),
        );
      expect(checkGradients({ variables: { z }, f }, name)).toBe(true);
    }
  });

  test("of h = tanh(0.7 x) by hand", () => {
    const cell = rnnCell({ units: 1 });
    cell.build(1, { dtype: "float64" });
    assign(cell.parameters().kernel, Float64Array.of(0.7, 0));
    const x = tensor([[[0.5]]], { dtype: "float64" });
    const once = (y: Tensor): Tensor => grad((z: Tensor) => sum(dynamicRnn(cell, z).outputs), y);
    const h = Math.tanh(0.35);
    expect(once(x).item()).toBeCloseTo(0.7 * (1 - h * h), 14);
    expect(grad((y: Tensor) => sum(once(y)), x).item()).toBeCloseTo(-2 * 0.49 * h * (1 - h * h), 14);
  });

  test("third derivatives", () => {
    const cell = lstmCell({ units: 2, seed: 3 });
    const x = uniformTensor([1, 3, 1], randomStream(3), "float64");
    dynamicRnn(cell, x);
    const direction = { x: uniformTensor([1, 3, 1], randomStream(8), "float64") };
    const curvature = (): Tensor =>
      dot(
        grad(
          (p) =>
            dot(
              grad((q) => weighed(dynamicRnn(cell, q.x).outputs), p),
              direction,
            ),
          { x },
        ),
        direction,
      );
    const expected = slope({ variables: { x }, f: curvature }, direction, () => [curvature().item()]) as number[];
    const got = grad(
      (p) =>
        dot(
          grad(
            (q) =>
              dot(
                grad((r) => weighed(dynamicRnn(cell, r.x).outputs), q),
                direction,
              ),
            p,
          ),
          direction,
        ),
      { x },
    );
    expectNear([dot(got, direction).item()], expected, "third");
  });

  test("a gradient with an outer tape has the values of one without", () => {
    for (const [name, make] of few) {
      const cell = make();
      const x = uniformTensor([2, 4, 2], randomStream(3), "float64");
      dynamicRnn(cell, x);
      const first = (): Tensors => grad(() => sum(pow(dynamicRnn(cell, x).outputs, 2)), { ...cell.parameters(), x });
      const plain = flat(first());
      const recorded = valueAndGrad(
        () => {
          const gradients = first();
          return { value: sum(gradients["x"]), gradients };
        },
        { x },
      ).result.gradients;
      flat(recorded).forEach((value, i) => expect(Math.abs(value - plain[i]), name).toBeLessThan(1e-12));
    }
  });
});

describe("other drivers", () => {
  const lengths = [3, 1, 2];
  const x = uniformTensor([3, 3, 2], randomStream(13), "float64");
  const lstm = (seed: number): Cell => lstmCell({ units: 2, seed }) as unknown as Cell;
  const gru = (seed: number): Cell => gruCell({ units: 2, dialect: "keras", seed }) as unknown as Cell;
  const rnn = (seed: number): Cell => rnnCell({ units: 2, seed }) as unknown as Cell;

  test("bidirectional, with its trace", () => {
    for (const [ahead, behind] of [
      [lstm(1), gru(2)],
      [rnn(3), lstm(4)],
    ]) {
      for (const limits of [undefined, lengths]) {
        const all = (trace: boolean): Tree<Tensor> => {
          const result = bidirectionalDynamicRnn(ahead, behind, x, { lengths: limits, trace });
          return (trace ? result.trace : { outputs: result.outputs, state: result.state }) as Tree<Tensor>;
        };
        all(false);
        const variables = {
          ...leaves("ahead", ahead.parameters() as Tree<Tensor>),
          ...leaves("behind", behind.parameters() as Tree<Tensor>),
          x,
        };
        expect(checkHessian({ variables, f: () => weighed(all(false)) }, `lengths ${String(limits)}`)).toBe(true);
        expect(checkGradients({ variables, f: () => weighed(all(true)) }, `trace, lengths ${String(limits)}`)).toBe(
          true,
        );
      }
    }
  });

  test("stacked bidirectional, with a table below", () => {
    const layers = [
      { forward: lstm(1), backward: gru(2) },
      { forward: rnn(3), backward: lstm(4) },
    ];
    const table = uniformTensor([2, 2], randomStream(17), "float64");
    const ids = tensor(Int32Array.of(0, 1, 1, 1, 0, 1, 0, 0, 1, 1, 0, 1), { shape: [3, 4] });
    const f = (): Tensor => {
      const { outputs, state } = stackBidirectionalDynamicRnn(layers, { table, ids }, { lengths: [4, 2, 3] });
      return weighed({ outputs, state } as Tree<Tensor>);
    };
    f();
    const parameters = layers.map(({ forward, backward }) => ({ f: forward.parameters(), b: backward.parameters() }));
    const variables = { ...leaves("layers", { ...parameters } as unknown as Tree<Tensor>), table };
    expect(checkHessian({ variables, f }, "stack")).toBe(true);
  });

  const memory = uniformTensor([3, 4, 3], randomStream(19), "float64");
  test.each([
    ["dot", true],
    ["dot", false],
    ["general", true],
    ["general", false],
    ["concat", true],
    ["concat", false],
    ["bahdanau", true],
  ] as const)("attention, %s, input feeding %s", (kind, inputFeeding) => {
    const querySize = kind === "dot" ? 3 : 2;
    const attending = attention({ kind, querySize, memorySize: 3, units: 2, outputSize: 2, seed: 3 });
    for (const inner of [lstmCell({ units: querySize, seed: 5 }), gruCell({ units: querySize, seed: 5 })]) {
      const all = (trace: boolean): Tree<Tensor> => {
        const cell = attentionWrapper(inner as unknown as Cell, {
          memory: attending.over(memory, [4, 2, 3]),
          inputFeeding,
        });
        const result = dynamicRnn(cell, x, { lengths, trace });
        return (trace ? result.trace : { outputs: result.outputs, state: result.state }) as Tree<Tensor>;
      };
      all(false);
      const variables = {
        ...leaves("inner", inner.parameters() as Tree<Tensor>),
        ...leaves("attention", attending.parameters() as Tree<Tensor>),
        memory,
        x,
      };
      expect(checkHessian({ variables, f: () => weighed(all(false)) }, kind)).toBe(true);
      expect(checkGradients({ variables, f: () => weighed(all(true)) }, `trace, ${kind}`)).toBe(true);
    }
  });

  test("rawRnn and unroll", () => {
    const cell = multiRnnCell([lstm(1), residualWrapper(gru(2))]);
    cell.build(2, { dtype: "float64" });
    const seen = uniformTensor([2, 2], randomStream(23), "float64");
    const raw = (): Tensor => {
      const { outputs, state } = rawRnn(
        cell,
        (time, output, state) => ({
          finished: less(tensor(Int32Array.of(1, 3)), tensor(Int32Array.of(time))),
          input: output ?? seen,
          state: state ?? zeroState(cell, 2, "float64"),
        }),
        { maximumSteps: 4 },
      );
      return weighed({ outputs, state } as Tree<Tensor>);
    };
    const variables = { ...prefixed(cell.parameters()), seen };
    expect(checkHessian({ variables, f: raw }, "rawRnn")).toBe(true);
    // a sequence op for each step, fed with its own output
    const own = lstm(7);
    own.build(2, { dtype: "float64" });
    const unrolled = (): Tensor => {
      const { emitted } = unroll(
        ({ y, state }: { y: Tensor; state: State | undefined }) => {
          const next = dynamicRnn(own, swapLeading(y), { initialState: state });
          const outputs = swapLeading(next.outputs);
          return { next: { y: outputs, state: next.state }, emit: outputs };
        },
        { initial: { y: slice(concat([seen, seen]), [0], [1]).view([1, 1, 2], 0), state: undefined }, maximumSteps: 3 },
      );
      return weighed(concat(emitted));
    };
    expect(checkHessian({ variables: prefixed(own.parameters()), f: unrolled }, "unroll")).toBe(true);
  });
});
