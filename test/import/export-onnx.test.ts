/**
 * Random models of each kind as ONNX files: run by ONNX Runtime they give our numbers, and imported
 * again they give our bits.
 */
import { InferenceSession, Tensor as OnnxTensor } from "onnxruntime-web";
import { expect, test } from "vitest";
import { randomStream, type RandomStream } from "../../src/base/index.ts";
import { exportOnnx, importModel } from "../../src/import/index.ts";
import {
  languageModel,
  logSoftmax,
  type SavedModel,
  scope,
  softmax,
  swapLeading,
  type Tensor,
  tensor,
} from "../../src/index.ts";
import { DIALECT_NAMES, type State } from "../../src/rnn/index.ts";
import { classifier, tagger, transcriber } from "../../src/tasks/index.ts";
import { shapeOf } from "../../src/tasks/tag/words.ts";
import { assign } from "../../src/tensor/index.ts";
import "../onnx/onnx-oracle.ts";

/** Random models of each kind; with UNROLLED_VERIFY=full ten times as many. */
const MODELS = process.env["UNROLLED_VERIFY"] === "full" ? 1250 : 125;
const LIMIT = 5e-6;

const pick = <T>(random: RandomStream, from: readonly T[]): T => from[random.integer(from.length)];

type Feeds = Record<
  string,
  { readonly type: "float32" | "int32" | "int64"; readonly shape: number[]; readonly data: number[] }
>;
type Case = {
  readonly model: SavedModel;
  readonly feeds: Feeds;
  /** What we compute, by output. */
  readonly ours: () => Record<string, Tensor>;
};

const integers = (random: RandomStream, shape: number[], below: number, from = 0): number[] =>
  Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => from + random.integer(below - from));
const floats = (random: RandomStream, shape: number[]): number[] =>
  Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.integer(2001) / 1000 - 1);
const ids = (shape: number[], data: number[]): Feeds[string] => ({ type: "int64", shape, data });
const lengthsOf = (data: number[]): Feeds[string] => ({ type: "int32", shape: [data.length], data });

/** Gives the weights numbers that none starts with, biases above all. */
function shaken<M extends SavedModel>(model: M, random: RandomStream): M {
  for (const [name, value] of Object.entries(model.parameters())) {
    const stream = random.named(name);
    assign(
      value,
      value.values().map((x) => x + (stream.integer(1001) - 500) / 2500),
    );
  }
  return model;
}

/** A tensor of [B, T] values, time-major. */
const timeMajor = (data: number[], shape: number[], dtype: "int32" | "float32"): Tensor =>
  swapLeading(tensor(dtype === "int32" ? Int32Array.from(data) : Float32Array.from(data), { shape }));

const stackOptions = (random: RandomStream) => ({
  cell: pick(random, ["rnn", "lstm", "gru"] as const),
  dialect: pick(random, DIALECT_NAMES),
  hiddenSize: 1 + random.integer(6),
  layers: 1 + random.integer(2),
});

const letters = "abcdefgh";

function languageCase(random: RandomStream): Case {
  const tieWeights = random.integer(3) === 0;
  const options = stackOptions(random);
  const model = shaken(
    languageModel({
      corpus: letters,
      ...options,
      tieWeights,
      ...(!tieWeights && { embeddingSize: 1 + random.integer(5) }),
    }),
    random,
  );
  const [rows, steps] = [1 + random.integer(3), 1 + random.integer(5)];
  const tokens = integers(random, [rows, steps], letters.length);
  const feeds: Feeds = { ids: ids([rows, steps], tokens), lengths: lengthsOf(new Array<number>(rows).fill(steps)) };
  const parts = options.cell === "lstm" ? ["h", "c"] : ["h"];
  const shape = [rows, options.hiddenSize];
  for (let layer = 0; layer < options.layers; layer++)
    for (const part of parts) feeds[`state_${layer}_${part}`] = { type: "float32", shape, data: floats(random, shape) };
  return {
    model,
    feeds,
    ours: () => {
      const state = Object.fromEntries(
        Array.from({ length: options.layers }, (_, layer) => [
          layer,
          Object.fromEntries(
            parts.map((part) => [part, tensor(Float32Array.from(feeds[`state_${layer}_${part}`].data), { shape })]),
          ),
        ]),
      ) as State;
      const { logits, state: last } = model.forward(timeMajor(tokens, [rows, steps], "int32"), state);
      const next = Object.entries(last).flatMap(([layer, own]) =>
        Object.entries(own as unknown as Record<string, Tensor>).map(([part, value]) => [
          `next_state_${layer}_${part}`,
          value,
        ]),
      );
      return {
        logits: swapLeading(logits.view([steps, rows, letters.length], logits.offset)),
        ...Object.fromEntries(next),
      };
    },
  };
}

function classifierCase(random: RandomStream): Case {
  const isText = random.integer(2) === 0;
  const features = 1 + random.integer(3);
  const rowsOf = (n: number): number[][] => Array.from({ length: n }, () => floats(random, [features]));
  const model = shaken(
    classifier({
      ...stackOptions(random),
      bidirectional: random.integer(2) === 0,
      examples: ["x", "y", "z"].map((label, i) => ({ input: isText ? letters.slice(i) : rowsOf(3), label })),
      ...(isText && { unit: "char" as const, embeddingSize: 3 }),
      pooling: pick(random, ["last", "mean", "max", "attention"] as const),
      attentionSize: 3,
    }),
    random,
  );
  const [rows, steps] = [1 + random.integer(3), 1 + random.integer(5)];
  const lengths = integers(random, [rows], steps + 1);
  const shape = isText ? [rows, steps] : [rows, steps, features];
  const data = isText ? integers(random, shape, model.vocabulary?.size ?? 0) : floats(random, shape);
  const inputs: Feeds[string] = { type: isText ? "int64" : "float32", shape, data };
  return {
    model,
    feeds: { inputs, lengths: lengthsOf(lengths) },
    ours: () => {
      const read = timeMajor(data, shape, isText ? "int32" : "float32");
      const logits = model.logits({ inputs: read, lengths: Int32Array.from(lengths) });
      return { logits, probabilities: softmax(logits) };
    },
  };
}

function taggerCase(random: RandomStream): Case {
  const words = ["Oslo", "we", "saw", "rain", "New", "A1"];
  const sentence = { tokens: words, tags: ["B-LOC", "O", "O", "O", "B-LOC", "I-LOC"] };
  const model = shaken(
    tagger({
      ...stackOptions(random),
      bidirectional: random.integer(2) === 0,
      examples: [sentence],
      embeddingSize: 3,
      characterSize: random.integer(3),
      shapeSize: random.integer(3),
      output: pick(random, ["crf", "softmax"] as const),
      minCount: 1,
    }),
    random,
  );
  const { characterSize, shapeSize } = model.config;
  const batch = model.batch(
    Array.from({ length: 1 + random.integer(3) }, () =>
      Array.from({ length: 1 + random.integer(5) }, () => pick(random, [...words, "unknown"])),
    ),
  );
  const { steps, distinct } = batch;
  const rows = batch.lengths.length;
  const swapped = (values: Int32Array): number[] =>
    Array.from({ length: rows * steps }, (_, i) => values[(i % steps) * rows + Math.floor(i / steps)]);
  const spelled = distinct.map((word) => [...word].map((c) => Math.max(0, model.config.characters.indexOf(c))));
  const longest = Math.max(...spelled.map(({ length }) => length));
  const feeds: Feeds = {
    words: ids([rows, steps], swapped(batch.words)),
    lengths: lengthsOf([...batch.lengths]),
    ...((characterSize > 0 || shapeSize > 0) && { spellings: ids([rows, steps], swapped(batch.spellings)) }),
    ...(characterSize > 0 && {
      characters: ids(
        [distinct.length, longest],
        spelled.flatMap((own) => [...own, ...new Array<number>(longest - own.length).fill(0)]),
      ),
      character_lengths: lengthsOf(spelled.map(({ length }) => length)),
    }),
    ...(shapeSize > 0 && {
      shapes: ids(
        [distinct.length],
        distinct.map((word) => shapeOf(word)),
      ),
    }),
  };
  return {
    model,
    feeds,
    ours: () => ({ emissions: swapLeading(model.emissions(batch)), ...model.crf() }),
  };
}

function transcriberCase(random: RandomStream): Case {
  const sound = Float32Array.from({ length: 1600 }, (_, i) => Math.sin(i * 0.2) * 0.4);
  const model = shaken(
    transcriber({
      ...stackOptions(random),
      bidirectional: random.integer(2) === 0,
      features: { sampleRate: 4000, bands: 4 },
      utterances: [{ samples: sound, text: "ab" }],
    }),
    random,
  );
  const [rows, steps] = [1 + random.integer(3), 1 + random.integer(5)];
  const shape = [rows, steps, model.inputSize];
  const lengths = integers(random, [rows], steps + 1, 1);
  const data = floats(random, shape);
  const feeds: Feeds = { inputs: { type: "float32", shape, data }, lengths: lengthsOf(lengths) };
  const { bidirectional, cell, layers, hiddenSize } = model.config;
  const parts = cell === "lstm" ? ["h", "c"] : ["h"];
  const state: Record<string, Record<string, Tensor>> = {};
  if (!bidirectional) {
    for (let layer = 0; layer < layers; layer++) {
      for (const part of parts) {
        const own = [rows, hiddenSize];
        feeds[`state_${layer}_${part}`] = { type: "float32", shape: own, data: floats(random, own) };
      }
    }
  }
  return {
    model,
    feeds,
    ours: () => {
      for (const [name, { data: own, shape: size }] of Object.entries(feeds)) {
        const [, layer, part] = name.split("_");
        if (name.startsWith("state")) (state[layer] ??= {})[part] = tensor(Float32Array.from(own), { shape: size });
      }
      const { logits } = model.forward(timeMajor(data, shape, "float32"), {
        lengths: Int32Array.from(lengths),
        ...(!bidirectional && { initialState: state as unknown as State }),
      });
      return { log_probabilities: logSoftmax(swapLeading(logits)) };
    },
  };
}

const kinds = {
  classifier: classifierCase,
  languageModel: languageCase,
  tagger: taggerCase,
  transcriber: transcriberCase,
};

test.each(Object.keys(kinds) as (keyof typeof kinds)[])(
  `${MODELS} random models of kind %s`,
  async (kind) => {
    let worst = 0;
    for (let i = 0; i < MODELS; i++) {
      const random = randomStream(11).named(kind).at(i);
      const { model, feeds, ours } = kinds[kind](random);
      const bytes = exportOnnx(model, { opset: 14 + random.integer(9) });
      const expected = scope(() =>
        Object.fromEntries(
          Object.entries(ours()).map(([name, value]) => [name, { shape: [...value.shape], data: value.values() }]),
        ),
      );
      const what = `model ${i} ${JSON.stringify({ ...(model as unknown as { config: object }).config, words: undefined, input: undefined })}`;
      const session = await InferenceSession.create(bytes, { executionProviders: ["wasm"], logSeverityLevel: 4 });
      const theirs = await session.run(
        Object.fromEntries(
          Object.entries(feeds).map(([name, { type, shape, data }]) => [
            name,
            type === "int64"
              ? new OnnxTensor(type, BigInt64Array.from(data.map(BigInt)), shape)
              : new OnnxTensor(type, type === "int32" ? Int32Array.from(data) : Float32Array.from(data), shape),
          ]),
        ),
      );
      await session.release();
      for (const [name, { shape, data }] of Object.entries(expected)) {
        expect([...theirs[name].dims], `${what} ${name}`).toEqual(shape);
        const got = theirs[name].data as Float32Array;
        data.forEach((value: number, k: number) => {
          const error = Math.abs(got[k] - value) / Math.max(1, Math.abs(value));
          if (!(error <= LIMIT)) expect.fail(`${what} ${name}[${k}]: ours ${value}, ONNX Runtime ${got[k]}`);
          worst = Math.max(worst, error);
        });
      }
      const imported = await importModel(bytes);
      scope(() => {
        const given = Object.entries(feeds).map(([name, { type, shape, data }]) => [
          name,
          tensor(type === "float32" ? Float32Array.from(data) : Int32Array.from(data), { shape }),
        ]);
        const again = imported.run(Object.fromEntries(given), { outputs: Object.keys(expected) });
        for (const [name, { data }] of Object.entries(expected))
          expect(again[name].values(), `${what} ${name} bits`).toEqual(data);
      });
    }
    console.log(`onnx export: ${MODELS} of kind ${kind}, largest error ${worst.toExponential(1)}`);
  },
  600_000,
);
