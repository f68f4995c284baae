/** Our cells and drivers against ONNX Runtime: random configurations with converted weights. */
import { afterAll, expect, test } from "vitest";
import { type RandomStream, randomStream } from "../../src/base/index.ts";
import type { ActivationName } from "../../src/engine/index.ts";
import {
  bidirectionalDynamicRnn,
  type Cell,
  dynamicRnn,
  gruCell,
  type GruCellOptions,
  lstmCell,
  type LstmCellOptions,
  rnnCell,
  type State,
} from "../../src/rnn/index.ts";
import { assign, swapLeading, type Tensor } from "../../src/tensor/index.ts";
import { releaseSessions, runOnnx } from "../onnx/onnx-oracle.ts";
import type { Direction, RecurrentNode } from "../onnx/onnx-writer.ts";
import { randomState, uniformTensor } from "./cell-runs.ts";
import { gruWeights, lstmWeights, onnxActivations, type OnnxWeights, rnnWeights } from "./onnx-weights.ts";

/** With UNROLLED_VERIFY=full 20,000, some two minutes. */
const CONFIGURATIONS = process.env["UNROLLED_VERIFY"] === "full" ? 20_000 : 500;
const LIMIT = 5e-6;

const seen = new Set<string>();
let worst = 0;
let emptyRows = 0;

afterAll(async () => {
  await releaseSessions();
  console.log(
    `onnx: ${CONFIGURATIONS} configurations (${seen.size} different), ${emptyRows} rows of length 0, max error ${worst.toExponential(1)}`,
  );
});

const between = (random: RandomStream, low: number, high: number): number => low + random.integer(high - low + 1);
const pick = <T>(random: RandomStream, from: readonly T[]): T => from[random.integer(from.length)];

/** A cell, its node and its weights in ONNX' layout. */
type Pair = {
  readonly name: string;
  readonly node: Pick<RecurrentNode, "op" | "inputForget" | "linearBeforeReset">;
  readonly activations: readonly ActivationName[];
  readonly make: () => Cell;
  readonly weights: (cell: Cell) => OnnxWeights;
};

function randomPair(random: RandomStream, units: number, inputSize: number): Pair {
  const dialect = pick(random, ["tf1", "keras", "torch"] as const);
  const gate = pick(random, ["sigmoid", "sigmoid", "hardSigmoid", "hardSigmoid02"] as const);
  const bounded = pick(random, ["tanh", "tanh", "softsign", "sigmoid"] as const);
  switch (pick(random, ["rnn", "lstm", "gru"] as const)) {
    case "rnn": {
      const activation = pick(random, ["tanh", "relu", "linear", "softsign", "sigmoid", "hardSigmoid"] as const);
      return {
        name: `rnn ${dialect} ${activation}`,
        node: { op: "RNN" },
        activations: [activation],
        make: () => rnnCell({ units, dialect, activation }),
        weights: (cell) => rnnWeights(dialect, cell.parameters(), inputSize, units),
      };
    }
    case "lstm": {
      const outputActivation = pick(random, ["tanh", "softsign"] as const);
      const options: LstmCellOptions = {
        units,
        dialect,
        peepholes: random.integer(2) === 1,
        coupled: random.integer(4) === 0,
        ...(random.integer(3) === 0 && { forgetBias: 0.5 }),
        activation: bounded,
        outputActivation,
        recurrentActivation: gate,
      };
      return {
        name: `lstm ${JSON.stringify({ ...options, units: undefined })}`,
        node: { op: "LSTM", ...(options.coupled && { inputForget: true }) },
        activations: [gate, bounded, outputActivation],
        make: () => lstmCell(options),
        weights: (cell) => lstmWeights(options, cell.parameters(), inputSize),
      };
    }
    default: {
      const resetAfter = dialect === "torch" || (dialect === "keras" && random.integer(2) === 1);
      const options: GruCellOptions = {
        units,
        dialect,
        resetAfter,
        updateGate: pick(random, ["keep", "write"] as const),
        activation: bounded,
        recurrentActivation: gate,
      };
      return {
        name: `gru ${JSON.stringify({ ...options, units: undefined })}`,
        node: { op: "GRU", linearBeforeReset: resetAfter },
        activations: [gate, bounded],
        make: () => gruCell(options),
        weights: (cell) => gruWeights(options, cell.parameters(), inputSize),
      };
    }
  }
}

function builtCell(make: () => Cell, inputSize: number, random: RandomStream): Cell {
  const cell = make();
  cell.build(inputSize);
  for (const [name, value] of Object.entries(cell.parameters()))
    assign(value, uniformTensor(value.shape, random.named(name), "float32", 0.6));
  return cell;
}

const floats = (x: Tensor): Float32Array => x.values() as Float32Array;
const joined = (parts: readonly ArrayLike<number>[]): Float32Array =>
  Float32Array.from(parts.flatMap((part) => Array.from(part)));

/** One cell over one direction: time-major outputs and last state. */
type Ours = { readonly cell: Cell; readonly initial: State; readonly outputs: Tensor; readonly state: State };

test(`${CONFIGURATIONS} random configurations agree to ${LIMIT}`, async () => {
  for (let i = 0; i < CONFIGURATIONS; i++) await compare(randomStream(3).at(i));
  expect(worst).toBeLessThanOrEqual(LIMIT);
}, 1_800_000);

async function compare(random: RandomStream): Promise<void> {
  const [units, inputSize, steps, batch] = [5, 4, 6, 5].map((most) => between(random, 1, most));
  const direction = pick<Direction>(random, ["forward", "reverse", "bidirectional"]);
  const pair = randomPair(random, units, inputSize);
  const lengths = random.integer(3) === 0 ? undefined : Array.from({ length: batch }, () => between(random, 0, steps));
  const withInitial = random.integer(3) > 0;
  const X = uniformTensor([steps, batch, inputSize], random.named("inputs"), "float32");

  const cells = ["forward", "backward"].map((name) => builtCell(pair.make, inputSize, random.named(name)));
  const initials = cells.map((cell, d) => randomState(cell, batch, random.named("state").at(d), "float32"));
  const both = bidirectionalDynamicRnn(cells[0], cells[1], X, {
    timeMajor: true,
    lengths,
    ...(withInitial && { initialState: { forward: initials[0], backward: initials[1] } }),
  });
  const directions: Ours[] = [
    { cell: cells[0], initial: initials[0], outputs: both.outputs.forward, state: both.state.forward },
    { cell: cells[1], initial: initials[1], outputs: both.outputs.backward, state: both.state.backward },
  ];
  const ours = { forward: directions.slice(0, 1), reverse: directions.slice(1), bidirectional: directions }[direction];
  if (direction === "forward") {
    const alone = dynamicRnn(cells[0], X, {
      timeMajor: true,
      lengths,
      ...(withInitial && { initialState: initials[0] }),
    });
    expect(floats(alone.outputs)).toEqual(floats(both.outputs.forward));
  }

  const weights = ours.map(({ cell }) => pair.weights(cell));
  const initial = (part: string): Float32Array => joined(ours.map((one) => floats(one.initial[part] as Tensor)));
  const isLstm = pair.node.op === "LSTM";
  const result = await runOnnx(
    { ...pair.node, hiddenSize: units, direction, ...onnxActivations(ours.flatMap(() => pair.activations)) },
    {
      steps,
      batch,
      inputSize,
      X: floats(X),
      W: joined(weights.map(({ W }) => W)),
      R: joined(weights.map(({ R }) => R)),
      B: joined(weights.map(({ B }) => B)),
      ...(weights[0].P && { P: joined(weights.map(({ P = [] }) => P)) }),
      ...(lengths && { sequence_lens: Int32Array.from(lengths) }),
      ...(withInitial && { initial_h: initial("h"), ...(isLstm && { initial_c: initial("c") }) }),
    },
  );

  const what = `${pair.name} ${direction}`;
  seen.add(what);
  const check = (name: string, got: number, expected: number): void => {
    const error = Math.abs(got - expected);
    if (!(error <= LIMIT)) expect.fail(`${what} ${name}: expected ${expected}, got ${got}`);
    worst = Math.max(worst, error);
  };
  ours.forEach(({ outputs, state, initial: start }, d) => {
    const y = swapLeading(outputs).values();
    for (let row = 0; row < batch; row++) {
      for (let t = 0; t < steps; t++) {
        for (let k = 0; k < units; k++) {
          check(
            `Y row ${row} step ${t}`,
            y[(row * steps + t) * units + k],
            result.Y[((t * ours.length + d) * batch + row) * units + k],
          );
        }
      }
      for (const [part, theirs] of [
        ["h", result.Y_h],
        ["c", result.Y_c],
      ] as const) {
        if (theirs === undefined) continue;
        const last = (state[part] as Tensor).values();
        const from = (start[part] as Tensor).values();
        for (let k = 0; k < units; k++) {
          const at = row * units + k;
          const other = theirs[d * batch * units + at];
          if (lengths?.[row] !== 0) check(`Y_${part} row ${row}`, last[at], other);
          else {
            // ONNX Runtime forgets the initial state of an empty row; TensorFlow 1 and we keep it
            expect(other).toBe(0);
            expect(last[at]).toBe(withInitial ? from[at] : 0);
          }
        }
      }
      if (lengths?.[row] === 0) emptyRows++;
    }
  });
}
