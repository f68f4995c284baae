/**
 * Random batches of rows of different lengths, their padding filled with NaN: each row must give bit for bit what it gives
 * when it is run alone, without padding.
 */
import { afterAll, describe, expect, test } from "vitest";
import { leavesOf, mapTree, type RandomStream, randomStream, type Tree } from "../../src/base/index.ts";
import {
  bidirectionalDynamicRnn,
  type Cell,
  type Directions,
  dynamicRnn,
  type Parameters,
  stackBidirectionalDynamicRnn,
  type State,
} from "../../src/rnn/index.ts";
import { slice, swapLeading, type Tensor, tensor } from "../../src/tensor/index.ts";
import { cellCases } from "../cell-cases.ts";
import { builtCell, randomState, runWithGradients, sameBits, type RunResult, uniformTensor } from "./cell-runs.ts";

const BATCHES = 1000;
const fused = cellCases.filter((row) => row.fused);
const composed = cellCases.filter((row) => !row.fused && !row.random);

/** Something that reads inputs [B, T, I] from an initial state. */
type Network = {
  readonly name: string;
  /** Outputs of both directions are one tensor: where a row's last output stands then depends on the column. */
  readonly joined: boolean;
  readonly inputSize: number;
  readonly parameters: () => Parameters;
  readonly initialState: (batch: number, random: RandomStream) => Tree<Tensor>;
  readonly run: (
    inputs: Tensor,
    initialState: Tree<Tensor>,
    options: RunOptions,
  ) => { outputs: Tree<Tensor>; state: Tree<Tensor> };
};
type RunOptions = { readonly lengths?: readonly number[]; readonly paddedOutput?: "zero" | "hold" };

const between = (random: RandomStream, low: number, high: number): number => low + random.integer(high - low + 1);
const pick = <T>(random: RandomStream, from: readonly T[]): T => from[random.integer(from.length)];

/** A cell of the table in a random size. */
function randomCell(
  random: RandomStream,
  inputSize: number | undefined,
): { cell: Cell; name: string; inputSize: number } {
  const row = random.integer(5) === 0 && inputSize === undefined ? pick(random, composed) : pick(random, fused);
  const sizes = row.fused ? { units: between(random, 1, 7), inputSize: inputSize ?? between(random, 1, 7) } : {};
  const cell = builtCell(row, random.integer(1000), "float32", sizes);
  return { cell, name: row.name, inputSize: sizes.inputSize ?? row.inputSize };
}

function oneWay(random: RandomStream): Network {
  const { cell, name, inputSize } = randomCell(random, undefined);
  return {
    name,
    joined: false,
    inputSize,
    parameters: () => cell.parameters(),
    initialState: (batch, stream) => randomState(cell, batch, stream, "float32") as Tree<Tensor>,
    run(inputs, initialState, options) {
      const { outputs, state } = dynamicRnn(cell, inputs, { ...options, initialState: initialState as State });
      return { outputs, state: state as Tree<Tensor> };
    },
  };
}

const stateOfPair = ({ forward, backward }: Directions<Cell>, batch: number, random: RandomStream): Tree<Tensor> => ({
  forward: randomState(forward, batch, random.named("forward"), "float32") as Tree<Tensor>,
  backward: randomState(backward, batch, random.named("backward"), "float32") as Tree<Tensor>,
});

const prefixed = (cells: Readonly<Record<string, Cell>>): Parameters =>
  Object.fromEntries(
    Object.entries(cells).flatMap(([at, cell]) =>
      Object.entries(cell.parameters()).map(([name, value]) => [`${at}/${name}`, value]),
    ),
  );

function twoWays(random: RandomStream): Network {
  const forward = randomCell(random, between(random, 1, 7));
  const backward = randomCell(random, forward.inputSize);
  const pair = { forward: forward.cell, backward: backward.cell };
  return {
    name: `${forward.name} and ${backward.name}`,
    joined: false,
    inputSize: forward.inputSize,
    parameters: () => prefixed(pair),
    initialState: (batch, stream) => stateOfPair(pair, batch, stream),
    run(inputs, initialState, options) {
      const { outputs, state } = bidirectionalDynamicRnn(pair.forward, pair.backward, inputs, {
        ...options,
        initialState: initialState as Directions<State>,
      });
      return { outputs, state: state as unknown as Tree<Tensor> };
    },
  };
}

function stacked(random: RandomStream): Network {
  const inputSize = between(random, 1, 5);
  const layers: Directions<Cell>[] = [];
  for (let i = 0, size = inputSize; i < 2; i++) {
    const layer = { forward: randomCell(random, size).cell, backward: randomCell(random, size).cell };
    layers.push(layer);
    size = layer.forward.outputSize + layer.backward.outputSize;
  }
  return {
    name: layers.map(({ forward, backward }) => `${forward.name}, ${backward.name}`).join("; "),
    joined: true,
    inputSize,
    parameters: () =>
      prefixed(
        Object.fromEntries(
          layers.flatMap(({ forward, backward }, i) => [
            [`${i}/forward`, forward],
            [`${i}/backward`, backward],
          ]),
        ),
      ),
    initialState: (batch, stream) =>
      Object.fromEntries(layers.map((layer, i) => [String(i), stateOfPair(layer, batch, stream.at(i))])),
    run(inputs, initialState, options) {
      const { outputs, state } = stackBidirectionalDynamicRnn(layers, inputs, {
        ...options,
        initialState: initialState as Readonly<Record<string, Directions<State>>>,
      });
      return { outputs, state: state as unknown as Tree<Tensor> };
    },
  };
}

/** inputs [B, T, I] with `value` after each row's end. */
function padded(inputs: Tensor, lengths: readonly number[], value: number): Tensor {
  const [, steps, features] = inputs.shape;
  const data = inputs.values() as Float32Array;
  lengths.forEach((length, row) => data.fill(value, (row * steps + length) * features, (row + 1) * steps * features));
  return tensor(data, { shape: inputs.shape });
}

/** Row b of [B, T, n] up to its length, or of [B, n]. */
function rowOf(x: Tensor, row: number, length: number): Tensor {
  return x.rank === 3 ? slice(x, [row, 0], [1, length]) : slice(x, [row], [1]);
}

/** Checks one random batch; returns how many rows it had. */
function checkBatch(make: (random: RandomStream) => Network, random: RandomStream): number {
  const network = make(random.named("network"));
  const batch = between(random, 1, 7);
  const steps = between(random, 1, 7);
  const lengths = Array.from({ length: batch }, () => between(random, 0, steps));
  const clean = padded(uniformTensor([batch, steps, network.inputSize], random.named("inputs"), "float32"), lengths, 0);
  const initialState = network.initialState(batch, random.named("state"));
  const weights = (path: string, like: Tensor): Tensor => uniformTensor(like.shape, random.named(path), "float32");
  const run = (inputs: Tensor): RunResult =>
    runWithGradients(
      () => network.run(inputs, initialState, { lengths }),
      { parameters: network.parameters(), inputs, initialState },
      weights,
    );
  const withNaN = run(padded(clean, lengths, NaN));
  const withZeros = run(clean);
  const where = `${network.name}, ${batch} rows of ${steps} steps, lengths ${lengths.join(" ")}`;

  const zeroLeaves = new Map(leavesOf(withZeros as unknown as Tree<Tensor>));
  for (const [path, value] of leavesOf(withNaN as unknown as Tree<Tensor>)) {
    if (value.values().some(Number.isNaN)) expect.fail(`${where}: NaN in ${path}`);
    if (!sameBits(value, zeroLeaves.get(path) as Tensor))
      expect.fail(`${where}: ${path} depends on what the padding holds`);
  }

  const held = new Map(
    leavesOf(network.run(padded(clean, lengths, NaN), initialState, { lengths, paddedOutput: "hold" }).outputs),
  );
  for (const [path, y] of leavesOf(withNaN.outputs)) {
    const features = y.shape[2];
    const zero = y.values();
    const hold = (held.get(path) as Tensor).values();
    lengths.forEach((length, row) => {
      for (let t = length; t < steps; t++) {
        for (let k = 0; k < features; k++) {
          const at = (row * steps + t) * features + k;
          if (!Object.is(zero[at], 0)) expect.fail(`${where}: outputs ${path} at padding is ${zero[at]}`);
          // the backward cell reads the first step last
          const last = length === 0 ? 0 : hold[(row * steps + (path === "backward" ? 0 : length - 1)) * features + k];
          if (!network.joined && hold[at] !== last)
            expect.fail(`${where}: held outputs ${path} at padding is ${hold[at]}, expected ${last}`);
        }
      }
    });
    lengths.forEach((length, row) => {
      if (!sameBits(rowOf(y, row, length), rowOf(held.get(path) as Tensor, row, length)))
        expect.fail(`${where}: holding changed valid ${path}`);
    });
  }

  lengths.forEach((length, row) => {
    const inputs = rowOf(clean, row, length);
    const state = mapTree(initialState, (part) => rowOf(part, row, length));
    const batchShapes = new Map(leavesOf({ outputs: withNaN.outputs, state: withNaN.state } as Tree<Tensor>));
    const alone = runWithGradients(
      () => network.run(inputs, state, {}),
      { parameters: network.parameters(), inputs, initialState: state },
      (path) => rowOf(weights(path, batchShapes.get(path) as Tensor), row, length),
    );
    const own = ({ outputs, state: last, gradients }: RunResult): Tree<Tensor> =>
      ({ outputs, state: last, inputs: gradients.inputs, initialState: gradients.initialState }) as Tree<Tensor>;
    const expected = new Map(leavesOf(own(alone)));
    for (const [path, value] of leavesOf(own(withNaN))) {
      const [a, b] = [rowOf(value, row, length), expected.get(path) as Tensor];
      if (!sameBits(a, b)) expect.fail(`${where}: ${path} of row ${row} is ${a.toString()}, alone ${b.toString()}`);
    }
    const paddedGradient = slice(withNaN.gradients.inputs, [row, length], [1, steps - length]);
    if (paddedGradient.values().some((x: number) => x !== 0))
      expect.fail(`${where}: gradient at the padding of row ${row}`);
  });
  return batch;
}

describe("ragged batches equal their rows alone", () => {
  const count: string[] = [];
  afterAll(() => console.log(`ragged: ${count.join("; ")}, all equal bit for bit`));

  const kinds = [
    ["dynamicRnn", oneWay, BATCHES],
    ["bidirectionalDynamicRnn", twoWays, 150],
    ["stackBidirectionalDynamicRnn", stacked, 75],
  ] as const;
  test.each(kinds)("%s", (name, make, batches) => {
    let rows = 0;
    for (let i = 0; i < batches; i++) rows += checkBatch(make, randomStream(11).named(name).at(i));
    count.push(`${name} ${batches} batches with ${rows} rows`);
  });
});

test("a cell's own sequence op ignores what the padding holds", () => {
  const lengths = [4, 0, 2];
  for (const row of fused) {
    const cell = builtCell(row, 5, "float32");
    const clean = padded(uniformTensor([3, 4, row.inputSize], randomStream(1), "float32"), lengths, 0);
    const initialState = randomState(cell, 3, randomStream(2), "float32");
    const [zeros, holes] = [clean, padded(clean, lengths, NaN)].map((inputs) =>
      runWithGradients(
        () => {
          const context = { lengths: tensor(Int32Array.from(lengths)), trace: false };
          const { outputs, state } = (cell.sequence as NonNullable<Cell["sequence"]>)(
            swapLeading(inputs),
            initialState,
            context,
          );
          return { outputs, state: state as Tree<Tensor> };
        },
        { parameters: cell.parameters(), inputs, initialState: initialState as Tree<Tensor> },
        (path, like) => uniformTensor(like.shape, randomStream(3).named(path), "float32"),
      ),
    );
    const expected = new Map(leavesOf(zeros as unknown as Tree<Tensor>));
    for (const [path, value] of leavesOf(holes as unknown as Tree<Tensor>)) {
      expect(sameBits(value, expected.get(path) as Tensor), `${row.name} ${path}`).toBe(true);
      expect(value.values().some(Number.isNaN), `${row.name} ${path}`).toBe(false);
    }
  }
});
