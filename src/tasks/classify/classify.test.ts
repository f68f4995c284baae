import { describe, expect, test } from "vitest";
import { randomStream } from "../../base/index.ts";
import { decodeNative, encodeNative } from "../../formats/index.ts";
import { encodeModel } from "../../model/index.ts";
import { assign, reshape, tensor, type Tensor } from "../../tensor/index.ts";
import { type Snapshot, trainOn } from "../../train/index.ts";
import { checkGradient } from "../../../test/helpers/gradient-check.ts";
import { confusionMatrix } from "../../metrics/index.ts";
import { augmented } from "./augment.ts";
import {
  type Classifier,
  classifier,
  type ClassifierExample,
  type ClassifierOptions,
  loadClassifier,
} from "./model.ts";
import { classifierStream, classifyAll } from "./answers.ts";
import { confusionPicture } from "./confusion-picture.ts";
import { evaluateClassifier } from "./evaluation.ts";
import type { Picture } from "./inputs.ts";
import { type AttentionParameters, attentionWeights, pool, POOLINGS } from "./pooling.ts";
import { classifierTask } from "./training.ts";

const random = randomStream(3);
const floats = (n: number, name: string): Float64Array => {
  const stream = random.named(name);
  return Float64Array.from({ length: n }, () => stream.normal());
};

const texts: ClassifierExample[] = [
  { input: "free money now", label: "spam" },
  { input: "see you at ten", label: "ham" },
  { input: "money free offer", label: "spam" },
  { input: "the meeting is at ten now", label: "ham" },
];
const rows = (steps: number, name: string): number[][] =>
  Array.from({ length: steps }, (_, t) => [...floats(2, `${name}/${t}`)]);
const numbers: ClassifierExample[] = [5, 1, 3, 4].map((steps, i) => ({
  input: rows(steps, `numbers ${i}`),
  label: i % 2 === 0 ? "a" : "b",
}));
const picture = (name: string): Picture => ({
  width: 4,
  height: 6,
  channels: 1,
  data: Uint8Array.from(floats(24, name), (x) => Math.min(255, Math.abs(x) * 100)),
});
const pictures: ClassifierExample[] = ["p", "q"].map((name) => ({ input: picture(name), label: name }));

/** Values that differ from the initial ones, which are zero for biases. */
function shaken(model: Classifier): Classifier {
  for (const [name, parameter] of Object.entries(model.parameters()))
    assign(
      parameter,
      Float32Array.from(floats(parameter.size, name), (x) => 0.4 * x),
    );
  return model;
}

function attentionOf(features: number, hidden: number): AttentionParameters {
  return {
    kernel: tensor(floats(features * hidden, "kernel"), { shape: [features, hidden] }),
    bias: tensor(floats(hidden, "bias")),
    context: tensor(floats(hidden, "context"), { shape: [hidden, 1] }),
  };
}

/** Outputs [T, B, n], zero on padding. */
function paddedOutputs(steps: number, lengths: readonly number[], features: number): Tensor {
  const data = floats(steps * lengths.length * features, "outputs");
  data.forEach((_, i) => {
    const t = Math.floor(i / (lengths.length * features));
    const b = Math.floor(i / features) % lengths.length;
    if (t >= lengths[b]) data[i] = 0;
  });
  return tensor(data, { shape: [steps, lengths.length, features] });
}

describe("pooling", () => {
  const lengths = [3, 0, 1, 2];

  test.each(POOLINGS)("%s: its gradient equals differences", (pooling) => {
    const attention = attentionOf(4, 3);
    const outputs = paddedOutputs(3, lengths, 4);
    const inputs = pooling === "attention" ? [outputs, ...Object.values(attention)] : [outputs];
    for (const bidirectional of [false, true]) {
      const worst = checkGradient(
        ([x, kernel, bias, context]) => {
          const masked = pool(x, Int32Array.from(lengths), {
            pooling,
            bidirectional,
            attention: pooling === "attention" ? { kernel, bias, context } : undefined,
          });
          return reshape(masked, [16]);
        },
        inputs,
        { rtol: 1e-6, atol: 1e-8 },
      );
      expect(worst).toBeLessThan(1e-8);
    }
  });

  test("last, mean and max by hand; an empty row gives zeros", () => {
    // one row of three steps, of which two count, and an empty one; features forward and backward
    const outputs = tensor([
      [
        [1, -2],
        [0, 0],
      ],
      [
        [3, -5],
        [0, 0],
      ],
      [
        [0, 0],
        [0, 0],
      ],
    ]);
    const of = (pooling: "last" | "mean" | "max", bidirectional = false): number[] =>
      Array.from(pool(outputs, Int32Array.of(2, 0), { pooling, bidirectional }).values());
    expect(of("last")).toEqual([3, -5, 0, 0]);
    expect(of("last", true)).toEqual([3, -2, 0, 0]);
    expect(of("mean")).toEqual([2, -3.5, 0, 0]);
    expect(of("max")).toEqual([3, -2, 0, 0]);
  });

  test("attention is the formula, step by step", () => {
    const attention = attentionOf(4, 3);
    const outputs = paddedOutputs(3, lengths, 4);
    const x = outputs.values();
    const [kernel, bias, context] = Object.values(attention).map((each: Tensor) => each.values());
    const weights = attentionWeights(outputs, Int32Array.from(lengths), attention).values();
    lengths.forEach((length, b) => {
      const scores = Array.from({ length }, (_, t) => {
        let score = 0;
        for (let a = 0; a < 3; a++) {
          let sum = bias[a];
          for (let f = 0; f < 4; f++) sum += x[(t * 4 + b) * 4 + f] * kernel[f * 3 + a];
          score += context[a] * Math.tanh(sum);
        }
        return Math.exp(score);
      });
      const total = scores.reduce((s, e) => s + e, 0);
      scores.forEach((e, t) => expect(weights[t * 4 + b]).toBeCloseTo(e / total, 12));
      for (let t = Math.max(1, length); t < 3; t++) expect(weights[t * 4 + b]).toBe(0);
    });
  });
});

const kinds: readonly (readonly [string, readonly ClassifierExample[], ClassifierOptions])[] = [
  ["texts", texts, { unit: "word", embeddingSize: 3 }],
  ["numbers", numbers, {}],
];

describe.each(kinds)("a batch of %s equals its rows alone, bit for bit", (_, examples, options) => {
  const combinations = POOLINGS.flatMap((pooling) =>
    [false, true].map((bidirectional) => ({ pooling, bidirectional })),
  );

  test.each(combinations)("$pooling, in both directions: $bidirectional", ({ pooling, bidirectional }) => {
    const model = shaken(classifier({ examples, ...options, pooling, bidirectional, hiddenSize: 5, layers: 2 }));
    const empty = options.unit === undefined ? [] : "";
    const inputs = [...examples.map(({ input }) => input), empty];
    const sequences = inputs.map((input, i) => model.reader.encode(`input ${i}`, input));
    const padded = model.batch([...sequences, { steps: 9, data: longData(model, 9) }]);
    // junk in the padding
    const junk = padded.inputs.values().slice();
    const [steps, batch, features = 1] = padded.inputs.shape;
    padded.lengths.forEach((length, b) => {
      for (let t = length; t < steps; t++)
        for (let f = 0; f < features; f++)
          junk[(t * batch + b) * features + f] = model.vocabulary === undefined ? NaN : 2;
    });
    const inputsWithJunk = tensor(junk, { shape: padded.inputs.shape });
    const together = model.logits({ inputs: inputsWithJunk, lengths: padded.lengths }).values();
    expect(together.every((x) => Number.isFinite(x))).toBe(true);
    sequences.forEach((sequence, b) => {
      const alone = model.logits(model.batch([sequence])).values();
      expect([...together.subarray(2 * b, 2 * b + 2)], `row ${b}`).toEqual([...alone]);
    });
    const answers = classifyAll(model, inputs, { batchSize: 2 });
    expect(answers).toEqual(inputs.map((input) => classifyAll(model, [input])[0]));
    for (const { probability, probabilities, label } of answers) {
      expect(probabilities[label]).toBe(probability);
      expect(Object.values(probabilities).reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 6);
    }
  });
});

function longData(model: Classifier, steps: number): Int32Array | Float32Array {
  const { features } = model.reader;
  if (features === undefined) return Int32Array.from({ length: steps }, (_, i) => i % 5);
  return Float32Array.from(floats(steps * features, "long"));
}

describe("a stream", () => {
  test.each(kinds)("of %s tells after each piece what classify tells of the whole so far", (_, examples, options) => {
    const model = shaken(
      classifier({ examples, ...options, pooling: "last", bidirectional: false, hiddenSize: 5, layers: 2 }),
    );
    const stream = classifierStream(model);
    const { input } = examples[3];
    if (typeof input === "string") {
      let text = "";
      for (const word of input.split(/(?<= )/)) {
        text += word;
        expect(stream.step(word)).toEqual(classifyAll(model, [text])[0]);
      }
    } else {
      const all = input as number[][];
      all.forEach((row, t) => expect(stream.step([row])).toEqual(classifyAll(model, [all.slice(0, t + 1)])[0]));
    }
  });

  test("stops where the model stops reading", () => {
    const model = shaken(
      classifier({ examples: texts, unit: "char", pooling: "last", bidirectional: false, hiddenSize: 4, maxLength: 6 }),
    );
    const stream = classifierStream(model);
    expect(() => stream.step("")).toThrow("classifierStream: expected at least one time step, got none");
    stream.step("free");
    const [whole] = classifyAll(model, ["free money"]);
    expect(stream.step(" money")).toEqual(whole);
    expect(stream.step(" money")).toEqual(whole);
  });

  test.each([{ pooling: "mean" }, { pooling: "last", bidirectional: true }] as const)("not with %o", (options) => {
    expect(() => classifierStream(classifier({ examples: texts, hiddenSize: 4, ...options }))).toThrow(
      /classifierStream: expected a classifier in one direction with pooling "last"/,
    );
  });
});

describe("a saved model", () => {
  test.each([...kinds, ["pictures", pictures, { scan: "patches", patch: 2 }] as const])(
    "of %s",
    (_, examples, options) => {
      const model = shaken(classifier({ examples, ...options, pooling: "attention", hiddenSize: 4, attentionSize: 3 }));
      const bytes = encodeModel(model);
      const loaded = loadClassifier(bytes);
      const inputs = examples.map(({ input }) => input);
      expect(classifyAll(loaded, inputs)).toEqual(classifyAll(model, inputs));
      expect(encodeModel(loaded)).toEqual(bytes);
    },
  );

  test("a configuration that doesn't fit is refused before anything is built", () => {
    const model = classifier({ examples: texts, hiddenSize: 4 });
    const config = model.configuration() as Record<string, never>;
    const { arrays } = decodeNative(encodeModel(model));
    const build = (change: object): Classifier =>
      loadClassifier(encodeNative({ kind: model.kind, config: { ...config, ...change }, arrays }));
    expect(build({}).labels).toEqual(["ham", "spam"]);
    expect(() => build({ hiddenSize: 60_000 })).toThrow(/expected a parameter of at most/);
    expect(() => build({ labels: ["a"] })).toThrow(/at least two classes/);
    expect(() => build({ labels: ["a", "a"] })).toThrow(/labels that differ/);
    expect(() => build({ input: { kind: "sound" } })).toThrow(/kind: expected "text"/);
    expect(() => build({ input: { ...(config["input"] as object), embeddingSize: 60_000 } })).toThrow(
      /expected a parameter of at most/,
    );
    expect(() => build({ more: 1 })).toThrow(/no other field/);
  });
});

describe("pictures", () => {
  const data = Uint8Array.from({ length: 24 }, (_, i) => i);
  const input: Picture = { width: 4, height: 6, channels: 1, data };
  const read = (options: ClassifierOptions): { steps: number; pixels: number[] } => {
    const model = classifier({ examples: pictures, hiddenSize: 2, ...options });
    const found = model.reader.encode("picture", input);
    return { steps: found.steps, pixels: Array.from(found.data, (x) => Math.round(x * 255)) };
  };

  test("by rows and by patches", () => {
    expect(read({})).toEqual({ steps: 6, pixels: [...data] });
    const patches = read({ scan: "patches", patch: 2 });
    expect(patches.steps).toBe(6);
    expect(patches.pixels.slice(0, 8)).toEqual([0, 1, 4, 5, 2, 3, 6, 7]);
    expect(patches.pixels.slice(20)).toEqual([18, 19, 22, 23]);
    expect(() => read({ scan: "patches", patch: 3 })).toThrow("classifier patch: expected a divisor of 4 and 6, got 3");
  });

  test("of another size are refused", () => {
    const model = classifier({ examples: pictures, hiddenSize: 2 });
    expect(() => classifyAll(model, [{ ...input, width: 6, height: 4 }])).toThrow(
      "classify input 1: expected 4 x 6 pixels of 1 channels, got 6 x 4 pixels of 1 channels",
    );
    expect(() => classifyAll(model, ["text"])).toThrow(/expected a picture/);
  });

  test("are moved at random, within bounds", () => {
    expect(augmented(input, {}, randomStream(1))).toEqual(input);
    const moved = augmented(input, { shift: 1, affine: 0.2 }, randomStream(1));
    expect(moved).toEqual(augmented(input, { shift: 1, affine: 0.2 }, randomStream(1)));
    expect(moved).not.toEqual(augmented(input, { shift: 1, affine: 0.2 }, randomStream(2)));
    const dot: Picture = { width: 9, height: 9, channels: 1, data: new Uint8Array(81) };
    dot.data[40] = 255;
    const spread = augmented(dot, { shift: 1.5 }, randomStream(4)).data;
    expect(Math.abs(spread.reduce((sum, x) => sum + x, 0) - 255)).toBeLessThan(3);
  });
});

describe("training", () => {
  const task = (options: object = {}) => {
    const model = classifier({ examples: texts, unit: "word", hiddenSize: 8, embeddingSize: 8, seed: 2 });
    return { model, own: classifierTask(model, { training: texts, validation: texts, batchSize: 2, ...options }) };
  };

  test.each(POOLINGS)("learns four texts with pooling %s", async (pooling) => {
    const model = classifier({
      examples: texts,
      unit: "word",
      pooling,
      hiddenSize: 8,
      embeddingSize: 8,
      bidirectional: true,
    });
    const own = classifierTask(model, { training: texts, validation: texts, batchSize: 2 });
    let measured: Readonly<Record<string, number>> | undefined;
    for await (const event of trainOn(own, { epochs: 40, evaluateEvery: 80 }))
      if (event.kind === "evaluation") measured = event.measures;
    expect(measured).toEqual({ accuracy: 1 });
  });

  test.each([
    ["dropout and weights", texts, { classWeights: "balanced" }],
    ["augmented pictures", pictures, { augment: { shift: 2, affine: 0.3 } }],
  ] as const)("that is resumed goes on bit for bit, with %s", async (_, examples, options) => {
    const make = (model = classifier({ examples, hiddenSize: 5, dropout: 0.3, seed: 2 })) => ({
      model,
      own: classifierTask(model, { training: examples, batchSize: 1, seed: 4, ...options }),
    });
    const run = async (own: ReturnType<typeof make>["own"], steps: number, resume?: Snapshot): Promise<Snapshot> => {
      const training = trainOn(own, { steps, seed: 3, ...(resume && { resume }) });
      for await (const event of training) void event;
      return training.snapshot();
    };
    const [whole, first] = [make(), make()];
    await run(whole.own, 11);
    const snapshot = await run(first.own, 5);
    // as a later process has it
    const later = make(loadClassifier(encodeModel(first.model)));
    expect(encodeModel(later.model)).not.toEqual(encodeModel(whole.model));
    await run(later.own, 11, snapshot);
    expect(encodeModel(later.model)).toEqual(encodeModel(whole.model));
  });

  test("weights of classes", async () => {
    const three = [...texts, { input: "free money", label: "spam" }, { input: "offer", label: "spam" }];
    const model = classifier({ examples: texts, unit: "word", hiddenSize: 4 });
    const lossOf = async (classWeights: "balanced" | Record<string, number>): Promise<number | undefined> => {
      const measured = await classifierTask(model, { training: three, validation: three, classWeights }).evaluate?.();
      return typeof measured === "object" ? measured.loss : measured;
    };
    // 4 of spam, 2 of ham: 6 / (2 · 4) and 6 / (2 · 2)
    expect(await lossOf("balanced")).toBe(await lossOf({ spam: 0.75, ham: 1.5 }));
    const [spam, ham] = [Number(await lossOf({ ham: 0 })), Number(await lossOf({ spam: 0 }))];
    expect(await lossOf("balanced")).toBeCloseTo((spam + ham) / 2, 6);
    await expect(lossOf({ other: 1 })).rejects.toThrow(/labels of the model, got "other"/);
  });

  test("errors name the example", () => {
    expect(() => task({ training: [] })).toThrow("classifierTask training: expected at least one example, got none");
    expect(() => task({ validation: [{ input: "a", label: "x" }] })).toThrow(
      'classifierTask validation example 1: expected one of the model\'s 2 labels, got "x"',
    );
    expect(() => task({ augment: { shift: 1 } })).toThrow(/expected a classifier of pictures/);
    expect(() => classifier({ examples: texts.slice(0, 1) })).toThrow(/at least two classes, got "spam"/);
    expect(() => classifier({ examples: [...numbers, { input: [[1, 2], [3]], label: "a" }] })).toThrow(
      /expected 2 numbers, got 1/,
    );
    expect(() => classifier({})).toThrow(/expected examples, or an input/);
  });
});

describe("evaluateClassifier", () => {
  const model = shaken(classifier({ examples: texts, unit: "word", hiddenSize: 4 }));

  test("agrees with classify and with the task", async () => {
    const found = evaluateClassifier(model, texts);
    const answers = classifyAll(
      model,
      texts.map(({ input }) => input),
    );
    const right = answers.filter(({ label }, i) => label === texts[i].label).length;
    expect(found.measures.accuracy).toBe(right / 4);
    expect(found.confusion.counts.flat().reduce((sum, n) => sum + n, 0)).toBe(4);
    const measured = await classifierTask(model, { training: texts, validation: texts }).evaluate?.();
    expect(typeof measured === "object" ? measured.loss : NaN).toBeCloseTo(found.loss, 6);
    const [ham, spam] = ["ham", "spam"].map((label) => answers.filter((_, i) => texts[i].label === label));
    const pairs = spam.flatMap((s) => ham.map((h) => (s.probabilities["spam"] > h.probabilities["spam"] ? 1 : 0)));
    expect(found.rocAuc).toBe(pairs.filter((x) => x === 1).length / 4);
    expect(evaluateClassifier(model, texts.slice(0, 1)).rocAuc).toBeUndefined();
  });

  test("errors", () => {
    expect(() => evaluateClassifier(model, [])).toThrow("evaluateClassifier: expected at least one example, got none");
    expect(() => evaluateClassifier(model, [{ input: "a", label: "x" }])).toThrow(
      'evaluateClassifier example 1: expected one of the model\'s 2 labels, got "x"',
    );
  });

  test("labels that the model lacks are mistakes, which the loss leaves out", () => {
    const own = evaluateClassifier(model, texts);
    const others = [
      { input: "a b", label: "e\u0301", place: "new.csv line 2" },
      { input: "c", label: "é" },
      { input: "d", label: "x" },
    ];
    const found = evaluateClassifier(model, [...texts, ...others]);
    expect(found.unknown).toEqual([
      { label: "é", count: 2, place: "new.csv line 2" },
      { label: "x", count: 1, place: undefined },
    ]);
    expect(found.loss).toBeCloseTo(own.loss, 12);
    expect(found.measures.accuracy).toBeCloseTo((own.measures.accuracy * 4) / 7, 12);
    expect(found.rocAuc).toBeUndefined();
    expect(found.confusion.labels).toEqual(["ham", "spam", "é", "x"]);
    expect(found.report.classes[2]).toEqual({ label: "é", precision: 0, recall: 0, f1: 0, support: 2 });
  });
});

test("a confusion matrix as a picture", () => {
  const matrix = confusionMatrix(["a<b", "a<b", "c"], ["a<b", "c", "c"]);
  const picture = confusionPicture(matrix, "Spam & ham");
  expect(picture).toMatch(/^<svg /);
  expect(picture).toContain("Spam &amp; ham");
  expect(picture.match(/>a&lt;b<\/text>/g)).toHaveLength(2);
  // the right ones in full blue, and of the first class half and half
  expect(picture.match(/fill="rgb\(31,90,157\)"/g)).toHaveLength(1);
  expect(picture.match(/fill="rgb\(143,173,206\)"/g)).toHaveLength(1);
  expect(picture.match(/fill="rgb\(232,178,141\)"/g)).toHaveLength(1);
});
