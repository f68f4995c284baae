import { describe, expect, test } from "vitest";
import { leavesOf, randomStream, type Tree } from "../../base/index.ts";
import { mul, ones, type Tensor, zeros } from "../../tensor/index.ts";
import { type Cell, dropoutWrapper, dynamicRnn, gruCell, layerNormLstmCell, lstmCell, multiRnnCell } from "../index.ts";

/**
 * Passes its input on and adds up, so that masks are seen as they are; h is what enters the next
 * step.
 */
function plainCell(size: number): Cell<{ h: Tensor; c: Tensor }> {
  return {
    name: "plainCell",
    outputSize: size,
    stateSize: { h: size, c: size },
    memory: ["c"],
    masksRecurrence: true,
    build: () => {},
    parameters: () => ({}),
    step(input, state, context) {
      const h = context?.recurrentMask ? mul(state.h, context.recurrentMask) : state.h;
      return { output: input, state: { h, c: state.c } };
    },
  };
}

const BATCH = 4;
const STEPS = 5;
const SIZE = 200;
const x = ones([BATCH, STEPS, SIZE]);
const allOnes = { h: ones([BATCH, SIZE]), c: ones([BATCH, SIZE]) };
const stream = randomStream(3);

/** Outputs [B][T][n] for inputs of ones: the product of the masks on input and output. */
const masks = (cell: Cell<{ h: Tensor; c: Tensor }>, random = stream): number[][][] =>
  dynamicRnn(cell, x, { random, initialState: allOnes }).outputs.toArray() as number[][][];
const share = (values: readonly number[]): number => values.filter((v) => v !== 0).length / values.length;

const kinds = {
  tf1: dropoutWrapper(plainCell(SIZE), { kind: "tf1", inputKeep: 0.7 }),
  variationalTf1: dropoutWrapper(plainCell(SIZE), { kind: "tf1", inputKeep: 0.7, variational: true }),
  keras: dropoutWrapper(plainCell(SIZE), { kind: "keras", dropout: 0.3 }),
  torch: dropoutWrapper(plainCell(SIZE), { kind: "torch", dropout: 0.3 }),
  variational: dropoutWrapper(plainCell(SIZE), { kind: "variational", outputDropout: 0.3 }),
} as const;
const named = Object.entries(kinds);

describe("dropoutWrapper", () => {
  test.each(named)("%s is off without a random stream", (_name, cell) => {
    const { outputs, state } = dynamicRnn(cell, x, { initialState: allOnes });
    for (const part of [outputs, state.h, state.c]) expect(part.values().every((v: number) => v === 1)).toBe(true);
  });

  test.each(named)("%s keeps 7 of 10 and scales them by 1/0.7", (_name, cell) => {
    const values = masks(cell).flat(2);
    expect(new Set(values)).toEqual(new Set([0, Math.fround(1 / 0.7)]));
    // the variational tf1 mask has only 200 independent elements
    expect(Math.abs(share(values) - 0.7)).toBeLessThan(0.1);
  });

  test.each(named)("%s draws the same masks for the same stream and others for another step", (_name, cell) => {
    expect(masks(cell, randomStream(3).at(7))).toEqual(masks(cell, randomStream(3).at(7)));
    expect(masks(cell, randomStream(3).at(8))).not.toEqual(masks(cell, randomStream(3).at(7)));
  });

  test.each([
    ["tf1", { rows: false, steps: false }],
    ["variationalTf1", { rows: true, steps: true }],
    ["keras", { rows: false, steps: true }],
    ["torch", { rows: false, steps: false }],
    ["variational", { rows: false, steps: true }],
  ] as const)("%s shares its mask between %o", (name, shared) => {
    const mask = masks(kinds[name]);
    const equal = (a: number[], b: number[]): boolean => a.join() === b.join();
    for (let b = 0; b < BATCH; b++)
      for (let t = 1; t < STEPS; t++) expect(equal(mask[b][t], mask[b][t - 1])).toBe(shared.steps);
    for (let b = 1; b < BATCH; b++)
      for (let t = 0; t < STEPS; t++) expect(equal(mask[b][t], mask[b - 1][t])).toBe(shared.rows);
  });

  test("tf1: state dropout is on the h that leaves a step, never on c or on the returned output", () => {
    const cell = dropoutWrapper(lstmCell({ units: SIZE, seed: 1 }), { kind: "tf1", stateKeep: 0.5 });
    const input = ones([BATCH, 3]);
    cell.build(3);
    const bare = lstmCell({ units: SIZE, seed: 1 });
    bare.build(3);
    const initial = { c: ones([BATCH, SIZE]), h: ones([BATCH, SIZE]) };
    const expected = bare.step(input, initial);
    const { output, state } = cell.step(input, initial, { random: stream, time: 0 });
    expect(output.toArray()).toEqual(expected.output.toArray());
    expect(state.c.toArray()).toEqual(expected.state.c.toArray());
    const h = Array.from(state.h.values());
    const whole = expected.state.h.values();
    expect(Math.abs(share(h) - 0.5)).toBeLessThan(0.06);
    h.forEach((v, i) => expect([0, Math.fround(2 * whole[i])]).toContain(v));
  });

  test("tf1: memory is left alone in every layer of a stack", () => {
    const cell = dropoutWrapper(multiRnnCell([lstmCell({ units: 50 }), gruCell({ units: 50 })]), {
      kind: "tf1",
      stateKeep: 0.5,
    });
    const { state } = dynamicRnn(cell, ones([2, 1, 3]), { random: stream });
    const dropped = leavesOf(state as Tree<Tensor>).map(([path, part]) => [path, part.values().includes(0)]);
    expect(dropped).toEqual([
      ["0/c", false],
      ["0/h", true],
      ["1/h", true],
    ]);
  });

  test("keras: recurrent dropout masks h once per row, the same at all steps", () => {
    const cell = dropoutWrapper(plainCell(SIZE), { kind: "keras", recurrentDropout: 0.5 });
    const h = Array.from(dynamicRnn(cell, x, { random: stream, initialState: allOnes }).state.h.values());
    // the same mask five times: what is kept once is kept always
    expect(new Set(h)).toEqual(new Set([0, 32]));
    expect(Math.abs(share(h) - 0.5)).toBeLessThan(0.06);
  });

  test("masks of input, output and state are independent", () => {
    const cell = dropoutWrapper(plainCell(SIZE), { kind: "tf1", inputKeep: 0.5, outputKeep: 0.5 });
    expect(Math.abs(share(masks(cell).flat(2)) - 0.25)).toBeLessThan(0.03);
  });

  test.each([
    { kind: "tf1", inputKeep: 0.6, outputKeep: 0.7 },
    { kind: "tf1", inputKeep: 0.6, outputKeep: 0.7, variational: true },
    { kind: "keras", dropout: 0.4 },
    { kind: "torch", dropout: 0.4 },
    { kind: "variational", inputDropout: 0.4, outputDropout: 0.2 },
  ] as const)("a whole sequence under %o draws what its steps draw", (options) => {
    const cell = dropoutWrapper(gruCell({ units: 6, seed: 1 }), options);
    expect(cell).toHaveProperty("sequence");
    const stepped = { ...cell };
    delete stepped.sequence;
    const input = ones([BATCH, STEPS, 3]);
    const [a, b] = [cell, stepped].map((one) => dynamicRnn(one, input, { random: stream, lengths: [5, 3, 0, 1] }));
    expect(a.outputs.toArray()).toEqual(b.outputs.toArray());
    expect(a.state.h.toArray()).toEqual(b.state.h.toArray());
    expect(a.outputs.toArray()).not.toEqual(dynamicRnn(cell, input, { lengths: [5, 3, 0, 1] }).outputs.toArray());
  });

  test("layers of a stack draw masks of their own", () => {
    const layer = (): Cell => dropoutWrapper(plainCell(SIZE), { kind: "torch", dropout: 0.5 }) as unknown as Cell;
    const { outputs } = dynamicRnn(multiRnnCell([layer(), layer()]), x, { random: stream });
    expect(Math.abs(share(Array.from(outputs.values())) - 0.25)).toBeLessThan(0.03);
  });

  test("refuses probabilities outside their range and cells that cannot mask", () => {
    const cell = lstmCell({ units: 2 });
    expect(() => dropoutWrapper(cell, { kind: "tf1", inputKeep: 0 })).toThrow(
      "dropoutWrapper inputKeep: expected a number in [",
    );
    expect(() => dropoutWrapper(cell, { kind: "torch", dropout: 1 })).toThrow(
      "dropoutWrapper dropout: expected a number in [0, ",
    );
    expect(() => dropoutWrapper(cell, { kind: "keras", dropout: -0.1 })).toThrow("got -0.1");
    expect(() => dropoutWrapper(layerNormLstmCell({ units: 2 }), { kind: "keras", recurrentDropout: 0.5 })).toThrow(
      "dropoutWrapper: expected a cell that honours recurrentMask, got layerNormLstmCell",
    );
  });

  test("an empty sequence draws nothing", () => {
    expect(dynamicRnn(kinds.torch, zeros([2, 0, SIZE]), { random: stream }).outputs.shape).toEqual([2, 0, SIZE]);
  });
});
