/**
 * Small models of TensorFlow.js and brain.js with random weights -> data/tfjs-files.json and data/brain-files.json.
 *
 * npm install --no-save @tensorflow/tfjs@4.22.0 brain.js@2.0.0-beta.24
 */
import { writeFileSync } from "node:fs";
import * as tf from "@tensorflow/tfjs";
import brain from "brain.js";

const base64 = (data) => Buffer.from(data).toString("base64");
const write = (file, producer, cases) => {
  const lines = cases.map((one) => JSON.stringify(one)).join(",\n");
  const path = new URL(`data/${file}`, import.meta.url);
  writeFileSync(path, `{"producer": ${JSON.stringify(producer)}, "cases": [\n${lines}\n]}\n`);
  console.log(`${file}: ${cases.length} cases, ${Math.round(lines.length / 1000)} kB`);
};

// ---- TensorFlow.js ----

const random = (shape, seed) => tf.randomUniform(shape, -1, 1, "float32", seed);

/** The model's files, with its weights in `shards` files, and what TensorFlow.js says that it wrote. */
async function layers(name, make, { shards = 1 } = {}) {
  const model = make();
  model.setWeights(model.getWeights().map((w, i) => (w.dtype === "float32" ? random(w.shape, i + 1) : w)));
  let files = {};
  await model.save(
    tf.io.withSaveHandler(async (artifacts) => {
      const data = Buffer.from(artifacts.weightData);
      const size = Math.ceil(data.length / shards);
      const paths = Array.from({ length: shards }, (_, i) => `group1-shard${i + 1}of${shards}.bin`);
      const manifest = [{ paths, weights: artifacts.weightSpecs }];
      // as the handlers of TensorFlow.js for files and for HTTP write it
      const { modelTopology, format, generatedBy, convertedBy } = artifacts;
      const json = { modelTopology, format, generatedBy, convertedBy, weightsManifest: manifest };
      files = { "model.json": base64(JSON.stringify(json)) };
      paths.forEach((path, i) => (files[path] = base64(data.subarray(i * size, (i + 1) * size))));
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: "JSON" } };
    }),
  );
  const tensors = {};
  for (const weight of model.weights)
    tensors[weight.originalName] = ["float32", weight.shape, [...weight.read().dataSync()]];
  return { name, files, tensors };
}

/** Weights alone, some of them quantised, with what TensorFlow.js makes of them. */
async function manifest(name, weights, { asList = false, sizes } = {}) {
  const data = Buffer.concat(weights.map(({ data: d }) => Buffer.from(d.buffer, d.byteOffset, d.byteLength)));
  const specs = weights.map((one) => ({ ...one, data: undefined }));
  const decoded = tf.io.decodeWeights(data.buffer.slice(data.byteOffset, data.byteOffset + data.length), specs);
  const cuts = sizes ?? [data.length];
  const paths = cuts.map((_, i) => `shard${i}.bin`);
  const list = [{ paths, weights: specs }];
  const files = {
    [asList ? "weights_manifest.json" : "model.json"]: base64(
      JSON.stringify(asList ? list : { format: "graph-model", modelTopology: {}, weightsManifest: list }),
    ),
  };
  let at = 0;
  cuts.forEach((size, i) => {
    files[paths[i]] = base64(data.subarray(at, at + size));
    at += size;
  });
  const tensors = {};
  for (const { name: key, dtype, quantization } of specs) {
    const made = decoded[key];
    // JSON has no -0
    const values = [...made.dataSync()].map((x) => (Object.is(x, -0) ? "-0" : x));
    tensors[key] = [quantization?.dtype ?? dtype, made.shape, values];
  }
  return { name, files, tensors };
}

const L = tf.layers;
const sequential = (...list) => tf.sequential({ layers: list });
const numbers = Float32Array.from({ length: 6 }, (_, i) => Math.sin(i + 1));
const w = (name, dtype, data, shape = [data.length], quantization) => ({
  name,
  shape,
  dtype,
  ...(quantization && { quantization }),
  data,
});
const halves = Uint16Array.of(0x3c00, 0xc000, 0x0001, 0x7bff, 0x8000);

const tfjs = [
  await layers("lstm", () => sequential(L.lstm({ units: 2, inputShape: [3, 2], name: "a" }))),
  await layers("gru", () => sequential(L.gru({ units: 2, inputShape: [3, 2], name: "b" }))),
  await layers("gru, reset after", () =>
    sequential(L.gru({ units: 2, resetAfter: false, useBias: false, inputShape: [3, 2], name: "c" })),
  ),
  await layers("simple rnn", () => sequential(L.simpleRNN({ units: 3, inputShape: [3, 2], name: "d" }))),
  await layers("bidirectional", () =>
    sequential(L.bidirectional({ layer: L.lstm({ units: 1 }), inputShape: [3, 2], mergeMode: "concat", name: "e" })),
  ),
  await layers("stacked", () =>
    sequential(
      L.lstm({ units: 2, returnSequences: true, inputShape: [3, 1], name: "f" }),
      L.gru({ units: 1, name: "g" }),
      L.dense({ units: 2, name: "h" }),
    ),
  ),
  await layers("embedding", () =>
    sequential(L.embedding({ inputDim: 5, outputDim: 2, inputLength: 3, name: "i" }), L.lstm({ units: 2, name: "j" })),
  ),
  await layers("dense", () => sequential(L.dense({ units: 3, inputShape: [4], name: "k" }))),
  await layers("batch normalisation", () =>
    sequential(L.dense({ units: 2, inputShape: [2], name: "l" }), L.batchNormalization({ name: "m" })),
  ),
  await layers("convolution", () => sequential(L.conv1d({ filters: 2, kernelSize: 2, inputShape: [4, 2], name: "n" }))),
  await layers("three shards", () => sequential(L.lstm({ units: 3, inputShape: [3, 2], name: "o" })), { shards: 3 }),
  await layers("seven shards", () => sequential(L.gru({ units: 3, inputShape: [3, 2], name: "p" })), { shards: 7 }),
  await manifest("float32", [w("x", "float32", numbers, [2, 3])]),
  await manifest("int32 and bool", [w("x", "int32", Int32Array.of(1, -2, 3)), w("y", "bool", Uint8Array.of(1, 0))]),
  await manifest("uint8 for float32", [
    w("x", "float32", Uint8Array.of(0, 7, 255), [3], { dtype: "uint8", scale: 0.0123, min: -1.5 }),
  ]),
  await manifest("uint16 for float32", [
    w("x", "float32", Uint16Array.of(0, 7, 65535), [3], { dtype: "uint16", scale: 1e-4, min: -3.3 }),
  ]),
  await manifest("float16 for float32", [w("x", "float32", halves, [5], { dtype: "float16" })]),
  await manifest("uint8 for int32", [
    w("x", "int32", Uint8Array.of(0, 7, 255), [3], { dtype: "uint8", scale: 1.7, min: -20 }),
  ]),
  await manifest("several kinds", [
    w("a", "float32", numbers),
    w("b", "float32", Uint8Array.of(3, 4), [2], { dtype: "uint8", scale: 0.5, min: 0 }),
    w("c", "int32", Int32Array.of(9)),
    w("d", "float32", halves, [5], { dtype: "float16" }),
  ]),
  await manifest("a number and nothing", [
    w("a", "float32", numbers.subarray(0, 1), []),
    w("b", "float32", new Float32Array(0), [0, 3]),
  ]),
  await manifest("a manifest alone", [w("a", "float32", numbers)], { asList: true }),
  await manifest("shards that cut numbers", [w("a", "float32", numbers), w("b", "float32", numbers.slice(0, 2))], {
    sizes: [5, 6, 21],
  }),
];
write("tfjs-files.json", { tfjs: tf.version.tfjs }, tfjs);

// ---- brain.js ----

const { RNN, LSTM, GRU, RNNTimeStep, LSTMTimeStep, GRUTimeStep } = brain.recurrent;

function trained(name, Net, options, data) {
  const net = new Net(options);
  net.train(data, { iterations: 1, log: false });
  const json = JSON.parse(JSON.stringify(net.toJSON()));
  const again = new Net();
  again.fromJSON(json);
  const tensors = {};
  const add = (key, matrix) => {
    const values = [...matrix.weights];
    const type = values.every((x) => Math.fround(x) === x) ? "float32" : "float64";
    tensors[key] = [type, [matrix.rows, matrix.columns], values];
  };
  const { input, hiddenLayers, outputConnector, output } = again.model;
  if (input && json.input) add("input", input);
  hiddenLayers.forEach((layer, i) => {
    for (const [key, matrix] of Object.entries(layer)) add(`hiddenLayers.${i}.${key}`, matrix);
  });
  add("outputConnector", outputConnector);
  add("output", output);
  return { name, files: { "net.json": base64(JSON.stringify(json)) }, tensors };
}

const words = ["ab", "ba"];
const series = [[0.1, 0.2, 0.3]];
const pairs = [
  [
    [0.1, 0.2],
    [0.2, 0.3],
  ],
];
const brains = [];
for (const [kind, Net, Series] of [
  ["RNN", RNN, RNNTimeStep],
  ["LSTM", LSTM, LSTMTimeStep],
  ["GRU", GRU, GRUTimeStep],
]) {
  brains.push(
    trained(kind, Net, { hiddenLayers: [2] }, words),
    trained(`${kind} of two layers`, Net, { hiddenLayers: [3, 2] }, words),
    trained(`${kind} of pairs`, Net, { hiddenLayers: [2] }, [{ input: "a", output: "b" }]),
    trained(`${kind} of words`, Net, { hiddenLayers: [2] }, [
      ["one", "two"],
      ["two", "one"],
    ]),
    trained(`${kind} of time`, Series, { hiddenLayers: [2] }, series),
    trained(`${kind} of time, two layers`, Series, { hiddenLayers: [2, 2] }, series),
    trained(`${kind} of time, two numbers`, Series, { inputSize: 2, hiddenLayers: [2], outputSize: 2 }, pairs),
  );
}
write("brain-files.json", { "brain.js": "2.0.0-beta.24" }, brains);
