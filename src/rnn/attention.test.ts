import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { checkGradient } from "../../test/helpers/gradient-check.ts";
import { randomStream } from "../base/index.ts";
import { add, assign, concat, grad, mul, randomTensor, reshape, sum, type Tensor, tensor } from "../tensor/index.ts";
import {
  attention,
  type AttentionKind,
  type AttentionState,
  attentionWrapper,
  type Cell,
  type DropoutOptions,
  dropoutWrapper,
  dynamicRnn,
  gruCell,
  lstmCell,
  multiRnnCell,
  runSequence,
  type Trace,
  zeroState,
} from "./index.ts";

type Golden = { readonly shape: readonly number[]; readonly data: readonly number[] };
type Case = {
  readonly name: string;
  readonly kind: AttentionKind;
  readonly inputFeeding: boolean;
  readonly querySize: number;
  readonly memorySize: number;
  readonly units: number;
  readonly outputSize: number;
  readonly lengths: number[];
  readonly parameters: Readonly<Record<string, Golden>>;
  readonly memory: Golden;
  readonly inputs: Golden;
  readonly h: Golden;
  readonly c: Golden;
  readonly lossWeights: { readonly outputs: Golden; readonly alignments: Golden };
  readonly outputs: Golden;
  readonly alignments: Golden;
  readonly gradients: Readonly<Record<string, Golden>>;
};

const file = new URL("../../test/golden/data/attention.json", import.meta.url);
const { cases } = JSON.parse(readFileSync(file, "utf8")) as { cases: Case[] };
const given = ({ shape, data }: Golden): Tensor => tensor(Float64Array.from(data), { shape });

const alignmentOf = (trace: Trace | undefined): Tensor => trace?.["alignment"] as Tensor;

function near(got: Tensor, { shape, data }: Golden, what: string): void {
  expect(got.shape, what).toEqual(shape);
  got.values().forEach((x, i) => expect(Math.abs(x - data[i]), `${what}[${i}]: ${x}, ${data[i]}`).toBeLessThan(1e-9));
}

/** The inner LSTM and the attention of a case, with its weights. */
function partsOf(golden: Case) {
  const inner = lstmCell({ units: golden.querySize, dialect: "torch" }) as unknown as Cell;
  const { kind, querySize, memorySize, units, outputSize } = golden;
  const scores = attention({ kind, querySize, memorySize, units, outputSize });
  const wrap = (memory: Tensor): Cell<AttentionState> =>
    attentionWrapper(inner, {
      memory: scores.over(memory, golden.lengths),
      inputFeeding: golden.inputFeeding,
    });
  const cell = wrap(given(golden.memory));
  cell.build(golden.inputs.shape[2], { dtype: "float64" });
  const parameters = cell.parameters();
  expect(Object.keys(parameters).toSorted()).toEqual(Object.keys(golden.parameters).toSorted());
  for (const [path, value] of Object.entries(golden.parameters)) {
    expect(parameters[path].shape).toEqual(value.shape);
    assign(parameters[path], Float64Array.from(value.data));
  }
  const beginning = (h: Tensor, c: Tensor): AttentionState => ({
    ...zeroState(cell, h.shape[0], "float64"),
    cell: { c, h },
    ...(golden.kind === "bahdanau" && { query: h }),
  });
  return { wrap, parameters, beginning };
}

describe("against PyTorch", () => {
  test.each(cases.map((golden) => [golden.name, golden] as const))("%s", (_, golden) => {
    const { wrap, parameters, beginning } = partsOf(golden);
    const run = (memory: Tensor, inputs: Tensor, h: Tensor, c: Tensor) =>
      dynamicRnn(wrap(memory), inputs, { initialState: beginning(h, c), trace: true });
    const [memory, inputs, h, c] = [golden.memory, golden.inputs, golden.h, golden.c].map(given);
    const { outputs, trace } = run(memory, inputs, h, c);
    near(outputs, golden.outputs, "outputs");
    near(trace?.["alignment"] as Tensor, golden.alignments, "alignments");

    const variables: Readonly<Record<string, Tensor>> = { ...parameters, memory, inputs, h, c };
    const gradients = grad((at) => {
      const result = run(at["memory"], at["inputs"], at["h"], at["c"]);
      return add(
        sum(mul(result.outputs, given(golden.lossWeights.outputs))),
        sum(mul(result.trace?.["alignment"] as Tensor, given(golden.lossWeights.alignments))),
      );
    }, variables);
    for (const [path, expected] of Object.entries(golden.gradients)) near(gradients[path], expected, path);
  });
});

describe("masks", () => {
  const [B, S, T, M] = [4, 7, 5, 6];
  const lengths = [7, 1, 4, 6];
  const random = randomStream(3);
  const draw = (name: string, shape: readonly number[]): Tensor =>
    randomTensor(shape, random.named(name), { kind: "normal", mean: 0, deviation: 1 });
  const memory = draw("memory", [B, S, M]).values() as Float32Array;
  const inputs = draw("inputs", [B, T, 3]).values() as Float32Array;
  const rowOf = (data: Float32Array, row: number, steps: number, from: number, features: number): Tensor =>
    tensor(data.slice(row * from * features, (row * from + steps) * features), { shape: [1, steps, features] });

  const settings: { kind: AttentionKind; inputFeeding: boolean }[] = cases.map(({ kind, inputFeeding }) => ({
    kind,
    inputFeeding,
  }));

  test.each(settings)("$kind, input feeding $inputFeeding: padding has no weight, and a batch equals its rows", (s) => {
    const dirty = memory.map((x, i) => (Math.floor(i / M) % S < lengths[Math.floor(i / (M * S))] ? x : NaN));
    const inner = gruCell({ units: M, seed: 1 }) as unknown as Cell;
    const scores = attention({ kind: s.kind, querySize: M, memorySize: M, outputSize: 3, seed: 2 });
    const wrap = (data: Tensor, valid: readonly number[]): Cell<AttentionState> =>
      attentionWrapper(inner, { memory: scores.over(data, valid), inputFeeding: s.inputFeeding });
    const whole = dynamicRnn(wrap(tensor(dirty, { shape: [B, S, M] }), lengths), tensor(inputs, { shape: [B, T, 3] }), {
      trace: true,
    });
    const alignments = alignmentOf(whole.trace).values() as Float32Array;
    for (let row = 0; row < B; row++) {
      const alone = dynamicRnn(
        wrap(rowOf(memory, row, lengths[row], S, M), [lengths[row]]),
        rowOf(inputs, row, T, T, 3),
        { trace: true },
      );
      expect(alone.outputs.values()).toEqual(whole.outputs.values().slice(row * T * 3, (row + 1) * T * 3));
      const own = alignmentOf(alone.trace).values();
      for (let t = 0; t < T; t++) {
        const weights = alignments.slice((row * T + t) * S, (row * T + t + 1) * S);
        expect(weights.slice(lengths[row]).every((w) => Object.is(w, 0))).toBe(true);
        expect(weights.slice(0, lengths[row])).toEqual(own.slice(t * lengths[row], (t + 1) * lengths[row]));
        expect(weights.reduce((total, w) => total + w, 0)).toBeCloseTo(1, 5);
      }
    }
  });

  test("all steps at once equal the loop over steps, with lengths of the inputs too", () => {
    const inner = gruCell({ units: M, seed: 1 }) as unknown as Cell;
    const scores = attention({ kind: "general", querySize: M, memorySize: M, seed: 2 });
    const cell = attentionWrapper(inner, {
      memory: scores.over(tensor(memory, { shape: [B, S, M] }), lengths),
      inputFeeding: false,
    });
    const stepwise: Cell<AttentionState> = { ...cell };
    Reflect.deleteProperty(stepwise, "sequence");
    const steps = [5, 0, 3, 1];
    const x = tensor(inputs, { shape: [B, T, 3] });
    const fast = dynamicRnn(cell, x, { lengths: steps });
    const slow = dynamicRnn(stepwise, x, { lengths: steps });
    fast.outputs.values().forEach((y, i) => expect(y).toBeCloseTo(slow.outputs.values()[i], 6));
    fast.state.alignment.values().forEach((y, i) => expect(y).toBeCloseTo(slow.state.alignment.values()[i], 6));
  });

  const dropouts: readonly DropoutOptions[] = [
    { kind: "tf1", inputKeep: 0.5 },
    { kind: "tf1", inputKeep: 0.5, variational: true },
    { kind: "tf1", stateKeep: 0.5 },
    { kind: "keras", dropout: 0.5 },
    { kind: "torch", dropout: 0.5 },
    { kind: "variational", outputDropout: 0.5 },
  ];
  test.each(dropouts)("the loop draws the masks of %j as the cell's own steps do", (options) => {
    const outputs = [true, false].map((hasSequence) => {
      // a stack has a sequence op, also where a layer in it has not
      const inner = multiRnnCell([dropoutWrapper(gruCell({ units: M, seed: 1 }), options)]) as unknown as Cell;
      expect(inner).toHaveProperty("sequence");
      const stepped = Object.entries(inner).filter(([name]) => name !== "sequence");
      const scores = attention({ kind: "general", querySize: M, memorySize: M, seed: 2 });
      const cell = attentionWrapper(hasSequence ? inner : (Object.fromEntries(stepped) as unknown as Cell), {
        memory: scores.over(tensor(memory, { shape: [B, S, M] })),
      });
      return dynamicRnn(cell, tensor(inputs, { shape: [B, T, 3] }), { random: randomStream(4) }).outputs.values();
    });
    Array.from(outputs[0]).forEach((value, i) => expect(value).toBeCloseTo(outputs[1][i], 5));
  });

  test("a trace has the alignment of every step", () => {
    const scores = attention({ kind: "dot", querySize: M, memorySize: M });
    const cell = attentionWrapper(gruCell({ units: M }) as unknown as Cell, {
      memory: scores.over(tensor(memory, { shape: [B, S, M] })),
    });
    cell.build(3);
    const { trace } = runSequence(cell, concat([draw("x", [2, B, 3])], 0), zeroState(cell, B), { trace: true });
    expect(alignmentOf(trace).shape).toEqual([2, B, S]);
  });
});

// the slowest come last: a mutant is let go at the first test that fails
describe("gradients equal differences", () => {
  test.each(cases.map((golden) => [golden.name, golden] as const))("%s", (_, golden) => {
    const { wrap, parameters, beginning } = partsOf(golden);
    const trained = Object.values(parameters);
    const [memory, inputs, h, c] = [golden.memory, golden.inputs, golden.h, golden.c].map(given);
    // one row of two steps, to keep the Jacobian small, and the whole batch's memory
    const short = tensor(inputs.values().filter((__, i) => i % 12 < 6) as Float64Array, { shape: [3, 2, 3] });
    checkGradient(
      ([m, x, ...rest]) => {
        const [h0, c0] = rest;
        const kept = trained.map((p) => p.values());
        const shifted = rest.slice(2);
        try {
          shifted.forEach((value, i) => value !== trained[i] && assign(trained[i], value));
          const { outputs } = dynamicRnn(wrap(m), x, { initialState: beginning(h0, c0) });
          return reshape(sum(outputs, 0), [outputs.shape[1] * outputs.shape[2]]);
        } finally {
          trained.forEach((p, i) => assign(p, kept[i]));
        }
      },
      [memory, short, h, c, ...trained],
    );
  });
});

describe("refuses", () => {
  test("sizes and lengths that don't fit", () => {
    const memory = randomTensor([2, 3, 4], randomStream(1), { kind: "normal", mean: 0, deviation: 1 });
    expect(() => attention({ kind: "dot", querySize: 3, memorySize: 4 })).toThrow(
      "attention memorySize: expected 3 as querySize, got 4",
    );
    const scores = attention({ kind: "general", querySize: 3, memorySize: 4 });
    expect(() => scores.over(memory, [3, 0])).toThrow("attention length of row 1");
    expect(() => scores.over(memory, [3])).toThrow(RangeError);
    expect(() => scores.over(memory, [3, 4])).toThrow(RangeError);
    const wrong = gruCell({ units: 5 }) as unknown as Cell;
    expect(() => attentionWrapper(wrong, { memory: scores.over(memory) })).toThrow(
      "attentionWrapper: expected a cell with 3 outputs, got 5",
    );
  });
});
