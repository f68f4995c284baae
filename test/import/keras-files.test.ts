/** Files of Keras that are odd, old or hostile, and models that are trained further. */
import { expect, test } from "vitest";
import {
  adam,
  decodeModel,
  encodeModel,
  mean,
  randomStream,
  scope,
  square,
  sub,
  tensor,
  trainOn,
} from "../../src/index.ts";
import { arraysIn, importModel, type Network, networkKinds, readWeights } from "../../src/import/index.ts";
import { hdf5Of } from "../helpers/hdf5.ts";
import { kerasCases, runModel } from "../helpers/keras-models.ts";

const json = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

const sequential = (layers: readonly object[]): object => ({
  class_name: "Sequential",
  config: { name: "model", layers },
});

const [I, H] = [2, 3];
const random = randomStream(1);
const numbers = (count: number): Float32Array => Float32Array.from({ length: count }, () => random.normal());

/** A file of weights of one layer. */
const weightsFile = (
  layer: string,
  weights: Readonly<Record<string, readonly [Float32Array, number[]]>>,
): Promise<Uint8Array> =>
  hdf5Of((file) => {
    file.create_attribute("layer_names", [layer], null, `S${layer.length}`);
    file.create_attribute("keras_version", "2.1.5");
    const group = file.create_group(layer);
    const names = Object.keys(weights).map((name) => `${layer}/${name}:0`);
    group.create_attribute("weight_names", names, null, "S64");
    const inner = group.create_group(layer);
    for (const [name, [data, shape]] of Object.entries(weights))
      inner.create_dataset({ name: `${name}:0`, data, shape });
  });

const answer = (model: Network): number[] =>
  scope(() => {
    const x = tensor(
      Float32Array.from({ length: 4 * I }, (_, i) => Math.sin(i)),
      { shape: [1, 4, I] },
    );
    return Array.from(model.run({ [model.inputs[0].name]: x })[model.outputs[0].name].values());
  });

/** Each block [I, H] of a kernel [I, gates · H] written as the numbers of [H, I]. */
function asCudnn(kernel: Float32Array, rows: number, gates: number, isRecurrent: boolean): Float32Array {
  const stored = new Float32Array(kernel.length);
  for (let gate = 0; gate < gates; gate++)
    for (let i = 0; i < rows; i++)
      for (let j = 0; j < H; j++) {
        const flat = isRecurrent ? j * H + i : j * rows + i;
        stored[Math.floor(flat / H) * gates * H + gate * H + (flat % H)] = kernel[i * gates * H + gate * H + j];
      }
  return stored;
}

test.each([
  ["LSTM", "CuDNNLSTM", 4],
  ["LSTM", "LSTM", 4],
  ["GRU", "CuDNNGRU", 3],
  ["GRU", "GRU", 3],
] as const)("weights of %s as cuDNN has them, in a layer %s", async (cell, className, gates) => {
  const [kernel, recurrent, bias] = [numbers(I * gates * H), numbers(H * gates * H), numbers(2 * gates * H)];
  const width = gates * H;
  const layer = (class_name: string, bidirectional = {}): Uint8Array =>
    json(
      sequential([
        {
          class_name,
          config: {
            name: "rnn",
            batch_input_shape: [null, null, I],
            units: H,
            return_sequences: true,
            recurrent_activation: "sigmoid",
            reset_after: cell === "GRU",
            ...bidirectional,
          },
        },
      ]),
    );
  const plain = await weightsFile("rnn", {
    kernel: [kernel, [I, width]],
    recurrent_kernel: [recurrent, [H, width]],
    bias:
      cell === "GRU" ? [bias, [2, width]] : [bias.slice(0, width).map((value, i) => value + bias[width + i]), [width]],
  });
  const cudnn = await weightsFile("rnn", {
    kernel: [asCudnn(kernel, I, gates, false), [I, width]],
    recurrent_kernel: [asCudnn(recurrent, H, gates, true), [H, width]],
    bias: [bias, [2 * width]],
  });
  const expected = answer(await importModel({ "model.json": layer(cell), "model.h5": plain }));
  expect(answer(await importModel({ "model.json": layer(className), "model.h5": cudnn }))).toEqual(expected);
});

test("names all layers that are not known, and imports nothing", async () => {
  const weights = await weightsFile("a", {});
  const model = sequential([
    { class_name: "Hologram", config: { name: "a", batch_input_shape: [null, 2] } },
    { class_name: "TimeDistributed", config: { name: "b", layer: { class_name: "Prism", config: { name: "c" } } } },
  ]);
  await expect(importModel({ "model.json": json(model), "model.h5": weights })).rejects.toThrow(
    'importModel: expected layers that are known, got Hologram "a", Prism "c"',
  );
});

test("says what to do with a file of weights only", async () => {
  await expect(importModel(await weightsFile("a", {}))).rejects.toThrow(
    "got one of weights only. Read its arrays with readWeights, or give the JSON of model.to_json() beside it",
  );
});

test("lists the arrays of any HDF5 file, deflated ones included", async () => {
  const bytes = await hdf5Of((file) => {
    file.create_group("a").create_dataset({ name: "x", data: [1, 2, 3], shape: [3], dtype: "<d" });
    file.create_dataset({
      name: "y",
      data: Int32Array.from({ length: 100 }, (_, i) => i),
      shape: [10, 10],
      chunks: [5, 5],
      compression: 4,
    });
    file.create_dataset({ name: "text", data: ["not read"] });
    file.create_attribute("note", "hello");
  });
  const weights = await readWeights(bytes);
  expect([weights.format, weights.metadata["note"]]).toEqual(["hdf5", "hello"]);
  const arrays = arraysIn(weights);
  expect(Object.keys(arrays).toSorted()).toEqual(["a/x", "y"]);
  expect([...arrays["a/x"].data]).toEqual([1, 2, 3]);
  expect([...arrays["y"].data]).toEqual(Array.from({ length: 100 }, (_, i) => i));
});

test.each<[string, (file: Parameters<Parameters<typeof hdf5Of>[0]>[0]) => void, RegExp]>([
  [
    "a link to another file",
    (file) => void file.create_external_link("/etc/passwd", "/x", "x"),
    /"x": expected an object of this file, got a link/,
  ],
  ["a link to another object", (file) => void file.create_soft_link("/", "x"), /an object of this file, got a link/],
  ["groups in each other", (file) => void file.create_group("a").create_hard_link("/a", "a"), /a cycle/],
  [
    "an array that was never written",
    (file) => {
      const x = file.create_dataset({ name: "x", data: [1], shape: [1], maxshape: [null], chunks: [64] });
      x.resize([2 ** 28]);
    },
    /at most \d+ bytes unpacked from \d+/,
  ],
])("refuses %s", async (_, build, message) => {
  const bytes = await hdf5Of(build);
  const before = process.memoryUsage().rss;
  await expect(readWeights(bytes)).rejects.toThrow(message);
  expect(process.memoryUsage().rss - before).toBeLessThan(2 ** 27);
});

test("refuses a file that is cut off, and reads the next one", async () => {
  const { data } = kerasCases().find(({ file }) => file === "model.h5") as { data: Uint8Array };
  for (const length of [20, 512, 2048, 10_000])
    await expect(readWeights(data.slice(0, length))).rejects.toThrow("readWeights");
  expect((await readWeights(data)).format).toBe("keras");
});

test("is trained further, saved and loaded; what Keras does not train stays", async () => {
  const { data, inputs } = kerasCases().find(({ name }) => name === "functional .keras") as ReturnType<
    typeof kerasCases
  >[number];
  const model = await importModel(data);
  const frozen = Object.keys(model.parameters()).filter((name) => !(name in model.trainable()));
  expect(frozen.some((name) => name.endsWith("moving_mean"))).toBe(true);
  const before = frozen.map((name) => [...model.parameters()[name].values()]);
  const names = model.inputs.map(({ name }) => name);
  const given = (): Record<string, ReturnType<typeof tensor>> =>
    Object.fromEntries(inputs.map(({ data: values, shape, dtype }, i) => [names[i], tensor(values, { shape, dtype })]));
  const output = model.outputs[0].name;
  const target = scope(() => model.run(given())[output].shape);
  const task = {
    parameters: model.trainable(),
    *batches() {
      for (let i = 0; i < 60; i++)
        yield {
          inputs: given(),
          wanted: tensor(new Float32Array(target.reduce((a, b) => a * b)).fill(0.5), { shape: target }),
        };
    },
    loss: (batch: { inputs: Record<string, ReturnType<typeof tensor>>; wanted: ReturnType<typeof tensor> }) =>
      mean(square(sub(model.run(batch.inputs)[output], batch.wanted))),
  };
  const losses: number[] = [];
  for await (const event of trainOn(task, { optimizer: adam({ learningRate: 0.05 }), epochs: 1 }))
    if (event.kind === "step") losses.push(event.loss);
  expect(losses[59]).toBeLessThan(losses[0] / 2);
  expect(frozen.map((name) => [...model.parameters()[name].values()])).toEqual(before);
  const loaded = decodeModel(encodeModel(model), networkKinds);
  expect(runModel(loaded, inputs)).toEqual(runModel(model, inputs));
});
