import { describe, expect, test } from "vitest";
import { leavesOf, randomStream, type Shape, type Tree } from "../base/index.ts";
import { add, mul, randomTensor, slice, swapLeading, tanh, type Tensor, tensor, zeros } from "../tensor/index.ts";
import {
  bidirectionalDynamicRnn,
  type Cell,
  dynamicRnn,
  gruCell,
  layerNormLstmCell,
  lstmCell,
  multiRnnCell,
  rnnCell,
  type Trace,
} from "./index.ts";

const random = (shape: Shape, seed = 1): Tensor =>
  randomTensor(shape, randomStream(seed), { kind: "normal", mean: 0, deviation: 1 }, "float64");
const leaf = (trace: Trace | undefined, name: string): Tensor => trace?.[name] as Tensor;

describe("dynamicRnn refuses", () => {
  const cell = lstmCell({ units: 3 });
  const x = zeros([2, 4, 5]);
  const cases: [string, () => unknown, string][] = [
    [
      "inputs of rank 2",
      () => dynamicRnn(cell, zeros([4, 5])),
      "dynamicRnn: expected inputs [B, T, features], got [4, 5]",
    ],
    [
      "time-major inputs of rank 4",
      () => dynamicRnn(cell, zeros([1, 2, 3, 4]), { timeMajor: true }),
      "dynamicRnn: expected inputs [T, B, features], got [1, 2, 3, 4]",
    ],
    [
      "nested arrays",
      () => dynamicRnn(cell, [[[1]]] as unknown as Tensor),
      "dynamicRnn: expected a tensor of inputs [B, T, features], got [[[1]]]",
    ],
    [
      "integers",
      () => dynamicRnn(cell, zeros([2, 4, 5], "int32")),
      "dynamicRnn inputs: expected float32 or float64, got int32",
    ],
    [
      "a length beyond T",
      () => dynamicRnn(cell, x, { lengths: [4, 5] }),
      "dynamicRnn length of row 1: expected an integer in [0, 4], got 5",
    ],
    [
      "a negative length",
      () => dynamicRnn(cell, x, { lengths: [-1, 4] }),
      "dynamicRnn length of row 0: expected an integer in [0, 4], got -1",
    ],
    [
      "a fractional length",
      () => dynamicRnn(cell, x, { lengths: [1, 2.5] }),
      "dynamicRnn length of row 1: expected an integer, got 2.5",
    ],
    [
      "too few lengths",
      () => dynamicRnn(cell, x, { lengths: [4] }),
      "dynamicRnn lengths: expected one for each of 2 rows, got [1]",
    ],
    [
      "a tensor of too many lengths",
      () => dynamicRnn(cell, x, { lengths: tensor(Int32Array.of(1, 2, 3)) }),
      "dynamicRnn lengths: expected one for each of 2 rows, got [3]",
    ],
    [
      "a state without c",
      () => dynamicRnn(cell, x, { initialState: { h: zeros([2, 3]) } as never }),
      'dynamicRnn initialState: expected a tensor "c" for lstmCell, got undefined',
    ],
    [
      "a state with one part too many",
      () => dynamicRnn(cell, x, { initialState: { c: zeros([2, 3]), h: zeros([2, 3]), m: zeros([2, 3]) } as never }),
      'dynamicRnn initialState: expected no part "m" for lstmCell',
    ],
    [
      "a state for other rows",
      () => dynamicRnn(cell, x, { initialState: { c: zeros([2, 3]), h: zeros([1, 3]) } }),
      'dynamicRnn initialState "h": expected [2, 3], got [1, 3]',
    ],
    [
      "a state of other units",
      () => dynamicRnn(cell, x, { initialState: { c: zeros([2, 4]), h: zeros([2, 3]) } }),
      'dynamicRnn initialState "c": expected [2, 3], got [2, 4]',
    ],
    [
      "a state of another precision",
      () => dynamicRnn(cell, x, { initialState: { c: zeros([2, 3], "float64"), h: zeros([2, 3], "float64") } }),
      "lstmSequence: expected float32, got float64. Convert with cast(x, dtype)",
    ],
  ];
  test.each(cases)("%s", (_name, run, message) => expect(run).toThrow(message));

  test("inputs of another size than before", () => {
    dynamicRnn(cell, x);
    expect(() => dynamicRnn(cell, zeros([2, 4, 6]))).toThrow(
      "lstmCell: expected input with 5 features, as in its first call, got [6]",
    );
  });

  test("with RangeError for values and TypeError for kinds, each with its code", () => {
    const thrown = (run: () => unknown): unknown => {
      try {
        return run();
      } catch (error) {
        return error;
      }
    };
    expect(thrown(cases[0][1])).toBeInstanceOf(RangeError);
    expect(thrown(cases[0][1])).toMatchObject({ code: "ERR_SHAPE" });
    expect(thrown(cases[3][1])).toBeInstanceOf(TypeError);
    expect(thrown(cases[3][1])).toMatchObject({ code: "ERR_DTYPE" });
    expect(thrown(cases[4][1])).toMatchObject({ code: "ERR_VALUE" });
    expect(thrown(cases[9][1])).toMatchObject({ code: "ERR_KIND" });
  });
});

describe("dynamicRnn at the edges", () => {
  const makers: [string, () => Cell][] = [
    ["rnn", () => rnnCell({ units: 1, seed: 1 })],
    ["lstm", () => lstmCell({ units: 1, seed: 1 })],
    ["gru", () => gruCell({ units: 1, seed: 1 })],
    ["composed", () => layerNormLstmCell({ units: 1, seed: 1 })],
    ["stack", () => multiRnnCell([lstmCell({ units: 2, seed: 1 }), layerNormLstmCell({ units: 1, seed: 1 })])],
  ];

  test.each(makers)("%s: no steps give no outputs and the initial state", (_name, make) => {
    const cell = make();
    const given = dynamicRnn(cell, random([2, 3, 2])).state;
    const { outputs, state } = dynamicRnn(cell, zeros([2, 0, 2], "float64"), { initialState: given });
    expect(outputs.shape).toEqual([2, 0, 1]);
    expect(leavesOf(state as Tree<Tensor>).map(([path, part]) => [path, part.toArray()])).toEqual(
      leavesOf(given as Tree<Tensor>).map(([path, part]) => [path, part.toArray()]),
    );
    const trace = dynamicRnn(cell, zeros([2, 0, 2], "float64"), { lengths: [0, 0], trace: true, paddedOutput: "hold" });
    expect(trace.outputs.shape).toEqual([2, 0, 1]);
  });

  test.each(makers)("%s: no rows give no outputs", (_name, make) => {
    const { outputs, state } = dynamicRnn(make(), zeros([0, 3, 2], "float64"));
    expect(outputs.shape).toEqual([0, 3, 1]);
    for (const [, part] of leavesOf(state as Tree<Tensor>)) expect(part.shape[0]).toBe(0);
  });

  test.each(makers)("%s: one unit, one row, one step", (_name, make) => {
    const cell = make();
    const { outputs } = dynamicRnn(cell, random([1, 1, 2]));
    expect(outputs.shape).toEqual([1, 1, 1]);
    expect(Number.isFinite(outputs.item())).toBe(true);
  });

  test.each(makers)("%s: time-major is batch-major with the axes exchanged", (_name, make) => {
    const cell = make();
    const x = random([3, 4, 2]);
    const options = { lengths: [4, 0, 2], trace: true } as const;
    const rows = dynamicRnn(cell, x, options);
    const steps = dynamicRnn(cell, swapLeading(x), { ...options, timeMajor: true });
    expect(steps.outputs.toArray()).toEqual(swapLeading(rows.outputs).toArray());
    const byName = new Map(leavesOf(rows.trace as Tree<Tensor>));
    for (const [path, part] of leavesOf(steps.trace as Tree<Tensor>)) {
      expect(part.toArray()).toEqual(swapLeading(byName.get(path) as Tensor).toArray());
    }
  });

  test("lengths may be numbers, an Int32Array or a tensor", () => {
    const cell = gruCell({ units: 3 });
    const x = random([2, 4, 2]);
    const all = [[3, 1], Int32Array.of(3, 1), tensor(Int32Array.of(3, 1))].map((lengths) =>
      dynamicRnn(cell, x, { lengths }).outputs.toArray(),
    );
    expect(all[1]).toEqual(all[0]);
    expect(all[2]).toEqual(all[0]);
  });
});

describe("padding", () => {
  const cell = rnnCell({ units: 2, seed: 1 });
  const lengths = [3, 1, 0];
  const x = random([3, 4, 2]);

  test("is zero by default and keeps the state", () => {
    const { outputs, state } = dynamicRnn(cell, x, { lengths, initialState: { h: random([3, 2], 2) } });
    const rows = outputs.toArray() as number[][][];
    expect(rows[0][3]).toEqual([0, 0]);
    expect(rows[1].slice(1)).toEqual([
      [0, 0],
      [0, 0],
      [0, 0],
    ]);
    expect(rows[2].flat()).toEqual(Array(8).fill(0));
    expect(state.h.toArray()).toEqual([rows[0][2], rows[1][0], (random([3, 2], 2).toArray() as number[][])[2]]);
  });

  test("repeats the last output with hold, and is zero in an empty row", () => {
    const plain = dynamicRnn(cell, x, { lengths }).outputs.toArray() as number[][][];
    const held = dynamicRnn(cell, x, {
      lengths,
      paddedOutput: "hold",
      initialState: { h: zeros([3, 2], "float64") },
    }).outputs.toArray() as number[][][];
    expect(held[0]).toEqual([...plain[0].slice(0, 3), plain[0][2]]);
    expect(held[1]).toEqual(Array(4).fill(plain[1][0]));
    expect(held[2].flat()).toEqual(Array(8).fill(0));
  });
});

describe("trace", () => {
  const x = random([2, 4, 3]);
  const lengths = [4, 2];
  const past = (part: Tensor): Tensor => slice(part, [1, 2], [1, 2]);
  const isZero = (part: Tensor): boolean => part.values().every((v: number) => v === 0);
  const close = (a: Tensor, b: Tensor): void => {
    const other = b.values();
    expect(a.shape).toEqual(b.shape);
    a.values().forEach((v: number, i: number) => expect(v).toBeCloseTo(other[i], 12));
  };

  test("of an lstm: i, f, g, o, c, h", () => {
    const { outputs, state, trace } = dynamicRnn(lstmCell({ units: 2 }), x, { lengths, trace: true });
    expect(Object.keys(trace ?? {})).toEqual(["i", "f", "g", "o", "c", "h"]);
    for (const name of "ifgoch") expect(leaf(trace, name).shape).toEqual([2, 4, 2]);
    expect(leaf(trace, "h").toArray()).toEqual(outputs.toArray());
    const row = (name: string): Tensor => slice(leaf(trace, name), [0], [1]);
    close(row("h"), mul(row("o"), tanh(row("c"))));
    const steps = (name: string, from: number): Tensor => slice(row(name), [0, from], [1, 3]);
    close(steps("c", 1), add(mul(steps("f", 1), steps("c", 0)), mul(steps("i", 1), steps("g", 1))));
    expect(slice(row("c"), [0, 3], [1, 1]).values()).toEqual(slice(state.c, [0], [1]).values());
    for (const name of "ifgoh") expect(isZero(past(leaf(trace, name)))).toBe(true);
  });

  test("of a gru: r, u, n, h", () => {
    const { outputs, trace } = dynamicRnn(gruCell({ units: 2 }), x, { lengths, trace: true });
    expect(Object.keys(trace ?? {})).toEqual(["r", "u", "n", "h"]);
    expect(leaf(trace, "h").toArray()).toEqual(outputs.toArray());
    const at = (name: string, from: number): Tensor => slice(leaf(trace, name), [0, from], [1, 3]);
    const one = tensor([1], { dtype: "float64" });
    close(at("h", 1), add(mul(at("u", 1), at("h", 0)), mul(add(one, mul(at("u", 1), -1)), at("n", 1))));
    for (const name of "runh") expect(isZero(past(leaf(trace, name)))).toBe(true);
  });

  test("of an rnn: h", () => {
    const { outputs, trace } = dynamicRnn(rnnCell({ units: 2 }), x, { trace: true });
    expect(Object.keys(trace ?? {})).toEqual(["h"]);
    expect(leaf(trace, "h").toArray()).toEqual(outputs.toArray());
  });

  test("of a composed cell: its state; of a stack: one per layer", () => {
    const cell = multiRnnCell([layerNormLstmCell({ units: 2 }), gruCell({ units: 3 })]);
    const { trace } = dynamicRnn(cell as unknown as Cell, x, { trace: true });
    expect(leavesOf(trace as Tree<Tensor>).map(([path, part]) => [path, part.shape])).toEqual([
      ["0/c", [2, 4, 2]],
      ["0/h", [2, 4, 2]],
      ["1/r", [2, 4, 3]],
      ["1/u", [2, 4, 3]],
      ["1/n", [2, 4, 3]],
      ["1/h", [2, 4, 3]],
    ]);
  });

  test("is absent unless asked for", () => {
    expect(dynamicRnn(lstmCell({ units: 2 }), x)).not.toHaveProperty("trace");
  });
});

describe("bidirectionalDynamicRnn", () => {
  const x = random([2, 4, 3]);
  const lengths = [4, 2];

  test("reads backwards within each row's length", () => {
    const [forward, backward] = [1, 2].map((seed) => lstmCell({ units: 2, seed }));
    const both = bidirectionalDynamicRnn(forward, backward, x, { lengths, trace: true });
    expect(both.outputs.forward.toArray()).toEqual(dynamicRnn(forward, x, { lengths }).outputs.toArray());
    const rows = x.toArray() as number[][][];
    const last = both.outputs.backward.toArray() as number[][][];
    rows.forEach((row, b) => {
      const reversed = tensor([row.slice(0, lengths[b]).toReversed()], { dtype: "float64" });
      const alone = dynamicRnn(backward, reversed);
      expect(last[b].slice(0, lengths[b])).toEqual((alone.outputs.toArray() as number[][][])[0].toReversed());
      expect((both.state.backward.h.toArray() as number[][])[b]).toEqual(last[b][0]);
    });
    expect(leaf(both.trace?.backward, "h").toArray()).toEqual(last);
    expect(last[1].slice(2)).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });

  test("gives two cells without seeds different weights, and refuses one cell twice", () => {
    const [forward, backward] = [lstmCell({ units: 2 }), lstmCell({ units: 2 })];
    bidirectionalDynamicRnn(forward, backward, x);
    expect(forward.parameters()["kernel"].toArray()).not.toEqual(backward.parameters()["kernel"].toArray());
    expect(() => bidirectionalDynamicRnn(forward, forward, x)).toThrow("expected two cells, got");
  });
});
