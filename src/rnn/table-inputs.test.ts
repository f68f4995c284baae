/**
 * @file Inputs that are rows of a table: the same values as looked up first, gradients within
 * rounding, and when which way is taken.
 */
import { describe, expect, test } from "vitest";
import { leavesOf, randomStream, type Shape, type Tree } from "../base/index.ts";
import { capture, gather, grad, mul, randomTensor, sum, type Tensor, tensor } from "../tensor/index.ts";
import { checkGradient } from "../../test/helpers/gradient-check.ts";
import {
  type Cell,
  dropoutWrapper,
  dynamicRnn,
  gruCell,
  layerNormLstmCell,
  lstmCell,
  multiRnnCell,
  outputProjectionWrapper,
  type Parameters,
  residualWrapper,
  rnnCell,
  runSequence,
  type SequenceInputs,
  stackBidirectionalDynamicRnn,
  type State,
  zeroState,
} from "./index.ts";

const FEATURES = 3;

const draw = (shape: Shape, name: string, dtype: "float32" | "float64" = "float32"): Tensor =>
  randomTensor(shape, randomStream(3).named(name), { kind: "normal", mean: 0, deviation: 1 }, dtype);

/** int32 ids below `rows`, not all of which occur. */
function drawIds(shape: Shape, rows: number): Tensor {
  const random = randomStream(4);
  return tensor(
    Int32Array.from({ length: shape[0] * shape[1] }, () => Math.floor(random.uniform() * (rows - 1))),
    {
      shape,
    },
  );
}

const cells: Readonly<Record<string, () => Cell>> = {
  rnn: () => rnnCell({ units: 5 }) as unknown as Cell,
  lstm: () => lstmCell({ units: 5 }) as unknown as Cell,
  "lstm, torch": () => lstmCell({ units: 5, dialect: "torch" }) as unknown as Cell,
  "lstm with peepholes and projection": () => lstmCell({ units: 5, peepholes: true, projection: 4 }) as unknown as Cell,
  "gru, tf1": () => gruCell({ units: 5, dialect: "tf1" }) as unknown as Cell,
  "gru, torch": () => gruCell({ units: 5, dialect: "torch" }) as unknown as Cell,
  "gru, keras": () => gruCell({ units: 5, dialect: "keras" }) as unknown as Cell,
  stack: () => multiRnnCell([lstmCell({ units: 5 }), gruCell({ units: 4 })] as unknown as Cell[]),
  "output projection": () => outputProjectionWrapper(lstmCell({ units: 5 }) as unknown as Cell, 4),
  "dropout of the output": () =>
    dropoutWrapper(lstmCell({ units: 5 }) as unknown as Cell, { kind: "torch", dropout: 0.4 }),
  // these look the rows up themselves
  "a cell without a sequence op": () => layerNormLstmCell({ units: 5 }) as unknown as Cell,
  residual: () => residualWrapper(gruCell({ units: FEATURES }) as unknown as Cell),
};

/** Outputs, last state, and gradients by name. */
function run(cell: Cell, table: Tensor, ids: Tensor, looksUp: boolean, lengths?: readonly number[]) {
  const all: Parameters = { table, ...cell.parameters() };
  const inputs: SequenceInputs = { table, ids };
  const forward = () =>
    dynamicRnn(cell, looksUp ? gather(table, ids) : inputs, {
      timeMajor: true,
      random: randomStream(9),
      ...(lengths && { lengths }),
    });
  const { outputs, state } = forward();
  const parts = leavesOf(state as unknown as Tree<Tensor>).map(([, part]) => [...part.values()]);
  const weight = draw(outputs.shape, "weight", outputs.dtype as "float32");
  const gradients = grad(() => sum(mul(forward().outputs, weight)), all);
  return {
    values: [[...outputs.values()], ...parts],
    gradients: Object.fromEntries(Object.keys(all).map((name) => [name, [...gradients[name].values()]])),
  };
}

describe.each(Object.entries(cells))("%s over rows of a table", (_, make) => {
  const rows = 3;
  const [steps, batch] = [5, 3];
  const ids = drawIds([steps, batch], rows);

  test.each([undefined, [5, 2, 0]])("gives what it gives after a lookup, lengths %j", (lengths) => {
    const table = draw([rows, FEATURES], "table");
    const cell = make();
    cell.build(FEATURES, { random: randomStream(1) });
    const [own, expected] = [false, true].map((looksUp) => run(cell, table, ids, looksUp, lengths));
    expect(own.values).toEqual(expected.values);
    for (const [name, gradient] of Object.entries(own.gradients))
      gradient.forEach((x, i) => expect(x, `${name} ${i}`).toBeCloseTo(expected.gradients[name][i], 4));
  });
});

test.each(["rnn", "lstm", "gru, tf1", "gru, torch", "stack"])("gradients of %s are those of differences", (name) => {
  const cell = cells[name]();
  cell.build(FEATURES, { dtype: "float64" });
  const ids = drawIds([4, 3], 3);
  const tables = [draw([3, FEATURES], "table", "float64")];
  checkGradient(([table]) => dynamicRnn(cell, { table, ids }, { timeMajor: true }).outputs, tables);
});

test("both directions read the same rows", () => {
  const table = draw([3, FEATURES], "table");
  // of which no row is the same from behind
  const ids = tensor(
    Int32Array.from({ length: 15 }, (_, i) => (i % 5) % 3),
    { shape: [5, 3] },
  );
  const layers = [0, 1].map((seed) => ({
    forward: lstmCell({ units: 2, seed }) as unknown as Cell,
    backward: lstmCell({ units: 2, seed: seed + 10 }) as unknown as Cell,
  }));
  const options = { timeMajor: true, lengths: [5, 2, 0] };
  const own = stackBidirectionalDynamicRnn(layers, { table, ids }, options);
  const expected = stackBidirectionalDynamicRnn(layers, gather(table, ids), options);
  expect([...own.outputs.values()]).toEqual([...expected.outputs.values()]);
});

test("ids with the batch first", () => {
  const [table, ids] = [draw([3, FEATURES], "table"), drawIds([5, 3], 3)];
  const cell = lstmCell({ units: 2 });
  const own = dynamicRnn(cell, { table, ids });
  expect([...own.outputs.values()]).toEqual([...dynamicRnn(cell, gather(table, ids)).outputs.values()]);
  expect(own.outputs.shape).toEqual([5, 3, 2]);
});

test("a captured function reads the ids of each call", () => {
  const table = draw([3, FEATURES], "table");
  const cell = lstmCell({ units: 3 });
  cell.build(FEATURES);
  const f = (ids: Tensor): Tensor => dynamicRnn(cell, { table, ids }, { timeMajor: true }).outputs;
  const captured = capture(f);
  for (const shift of [0, 1, 2]) {
    const ids = tensor(
      Int32Array.from({ length: 12 }, (_unused, i) => (i * 5 + (i >> 2) + shift) % 3),
      { shape: [6, 2] },
    );
    expect([...captured(ids).values()]).toEqual([...f(ids).values()]);
  }
  const wrong = tensor(new Int32Array(12).fill(3), { shape: [6, 2] });
  expect(() => captured(wrong)).toThrow("table ids: expected indices in [0, 3), got 3");
});

describe("whether the table is multiplied", () => {
  /** Inputs that `sequence` got. */
  const given = (rows: number, shape: Shape, lengths?: Tensor): "table" | "inputs" => {
    const cell = lstmCell({ units: 2 });
    cell.build(FEATURES);
    let got: SequenceInputs | undefined;
    const spy: Cell = {
      ...(cell as unknown as Cell),
      sequence(inputs, state, context) {
        got = inputs;
        return (cell as unknown as Required<Cell>).sequence(inputs, state, context);
      },
    };
    const state: State = zeroState(spy, shape[1]);
    runSequence(spy, { table: draw([rows, FEATURES], "table"), ids: drawIds(shape, rows) }, state, {
      lengths,
      trace: false,
    });
    return got !== undefined && "table" in got ? "table" : "inputs";
  };
  const lengths = tensor(Int32Array.of(3, 1));

  test("is a question of its size: at most a quarter of all inputs", () => {
    expect([given(5, [10, 2]), given(6, [10, 2])]).toEqual(["table", "inputs"]);
  });

  test("does not depend on padding", () => {
    const answers = [4, 8, 30].map((steps) => [given(8, [steps, 2], lengths), given(9, [steps, 2], lengths)]);
    expect(answers).toEqual(answers.map(() => ["table", "inputs"]));
  });
});

describe("a table is refused", () => {
  const cell = lstmCell({ units: 2 });
  cell.build(FEATURES);
  const table = draw([3, FEATURES], "table");
  const ids = drawIds([5, 3], 3);
  const cases: readonly [string, SequenceInputs, string][] = [
    ["of rank 3", { table: draw([1, 4, 3], "x"), ids }, "dynamicRnn table: expected [V, features], got [1, 4, 3]"],
    ["that is a list", { table: [[1, 2, 3]], ids } as never, "dynamicRnn table: expected a tensor [V, features], got "],
    ["with ids that are a list", { table, ids: [[0, 1]] } as never, "dynamicRnn ids: expected a tensor [B, T], got "],
    ["of integers", { table: ids, ids }, "dynamicRnn table: expected float32 or float64, got int32"],
    ["with ids of rank 1", { table, ids: tensor(Int32Array.of(1)) }, "dynamicRnn ids: expected [B, T], got [1]"],
    ["with fractional ids", { table, ids: draw([5, 3], "x") }, "dynamicRnn ids: expected int32, got float32"],
    [
      "of another precision than the cell's",
      { table: draw([3, FEATURES], "table", "float64"), ids },
      "lstmSequence: expected float64, got float32. Convert with cast(x, dtype)",
    ],
    [
      "with an id beyond its end",
      { table, ids: tensor(new Int32Array(15).fill(3), { shape: [5, 3] }) },
      "table ids: expected indices in [0, 3), got 3",
    ],
    [
      "with one below 0",
      { table, ids: tensor(new Int32Array(15).fill(-1), { shape: [5, 3] }) },
      "table ids: expected indices in [0, 3), got -1",
    ],
  ];
  test.each(cases)("%s", (_, inputs, message) => {
    expect(() => dynamicRnn(cell, inputs)).toThrow(message);
  });
});
