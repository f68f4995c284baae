import { describe, expect, test } from "vitest";
import { leavesOf, randomStream, type Tree } from "../base/index.ts";
import { add, concat, grad, randomTensor, slice, sum, type Tensor } from "../tensor/index.ts";
import {
  type Cell,
  detachState,
  dynamicRnn,
  gruCell,
  layerNormLstmCell,
  lstmCell,
  multiRnnCell,
  rnnCell,
  zeroState,
} from "./index.ts";

const makers: [string, () => Cell][] = [
  ["rnn", () => rnnCell({ units: 3, seed: 1 })],
  ["lstm", () => lstmCell({ units: 3, seed: 1 })],
  ["gru", () => gruCell({ units: 3, seed: 1 })],
  ["composed", () => layerNormLstmCell({ units: 3, seed: 1 })],
  ["stack", () => multiRnnCell([lstmCell({ units: 4, seed: 1 }), gruCell({ units: 3, seed: 2 })])],
];

const x = randomTensor([2, 6, 2], randomStream(1), { kind: "normal", mean: 0, deviation: 1 });
const first = slice(x, [0, 0], [2, 4]);
const second = slice(x, [0, 4], [2, 2]);
const anyNonZero = (t: Tensor): boolean => t.values().some((v: number) => v !== 0);
const arrays = (tree: unknown): unknown[] =>
  leavesOf(tree as Tree<Tensor>).map(([path, part]) => [path, part.toArray()]);

describe("a state carried from one chunk to the next", () => {
  test.each(makers)("%s: two chunks equal one run, bit for bit", (_name, make) => {
    const cell = make();
    const whole = dynamicRnn(cell, x);
    const head = dynamicRnn(cell, first);
    const tail = dynamicRnn(cell, second, { initialState: detachState(head.state) });
    expect(concat([head.outputs, tail.outputs], 1).toArray()).toEqual(whole.outputs.toArray());
    expect(arrays(tail.state)).toEqual(arrays(whole.state));
  });

  test.each(makers)("%s: detached, it lets no gradient into the earlier chunk", (_name, make) => {
    const cell = make();
    const loss =
      (carry: boolean) =>
      (inputs: { first: Tensor; second: Tensor }): Tensor => {
        const head = dynamicRnn(cell, inputs.first);
        const initialState = carry ? head.state : detachState(head.state);
        return sum(dynamicRnn(cell, inputs.second, { initialState }).outputs);
      };
    const through = grad(loss(true), { first, second });
    const cut = grad(loss(false), { first, second });
    expect(anyNonZero(through.first)).toBe(true);
    expect(anyNonZero(cut.first)).toBe(false);
    expect(cut.second.toArray()).toEqual(through.second.toArray());
  });

  test("the sum of truncated gradients is the gradient of the chunks' losses alone", () => {
    const cell = gruCell({ units: 3, seed: 1 });
    const { state } = dynamicRnn(cell, first);
    const parameters = (): Tree<Tensor> => cell.parameters() as Tree<Tensor>;
    const alone = grad(() => sum(dynamicRnn(cell, second, { initialState: detachState(state) }).outputs), parameters());
    const together = grad(() => {
      const head = dynamicRnn(cell, first);
      return sum(dynamicRnn(cell, second, { initialState: detachState(head.state) }).outputs);
    }, parameters());
    expect(arrays(together)).toEqual(arrays(alone));
  });
});

describe("zeroState", () => {
  test("has the declared parts, all zero, and is what a run starts from", () => {
    const cell = multiRnnCell([lstmCell({ units: 4, seed: 1 }), gruCell({ units: 3, seed: 2 })]);
    const zero = zeroState(cell, 2);
    expect(leavesOf(zero as Tree<Tensor>).map(([path, part]) => [path, part.shape, anyNonZero(part)])).toEqual([
      ["0/c", [2, 4], false],
      ["0/h", [2, 4], false],
      ["1/h", [2, 3], false],
    ]);
    expect(dynamicRnn(cell, x, { initialState: zero }).outputs.toArray()).toEqual(
      dynamicRnn(cell, x).outputs.toArray(),
    );
    const moved = { ...zero, "1": { h: add((zero["1"] as { h: Tensor }).h, 1) } };
    expect(dynamicRnn(cell, x, { initialState: moved }).outputs.toArray()).not.toEqual(
      dynamicRnn(cell, x).outputs.toArray(),
    );
  });
});
