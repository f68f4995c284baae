/** Models of TensorFlow.js, made of those that Keras saved, as its converter makes them. */
import { expect, test } from "vitest";
import { arraysIn, importModel, readWeights } from "../../src/import/index.ts";
import { kerasCases, runModel } from "../helpers/keras-models.ts";

const json = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

test.each(
  kerasCases().filter(({ file, name }) => file === "model.h5" && /LSTM 1|Sequential 4|Bidirectional 1/.test(name)),
)("$name", async ({ data, inputs, outputs }) => {
  const { metadata, ...weights } = await readWeights(data);
  const arrays = Object.entries(arraysIn({ ...weights, metadata }));
  const shard = Buffer.concat(arrays.map(([, { data: numbers }]) => new Uint8Array(numbers.buffer)));
  const model = await importModel({
    "model.json": json({
      format: "layers-model",
      generatedBy: "keras v3.15.1",
      modelTopology: { keras_version: metadata["version"], backend: "tensorflow", model_config: metadata["config"] },
      weightsManifest: [
        {
          paths: ["group1-shard1of1.bin"],
          weights: arrays.map(([name, { shape, dtype }]) => ({ name, shape, dtype })),
        },
      ],
    }),
    "group1-shard1of1.bin": shard,
  });
  const answers = runModel(model, inputs);
  answers.forEach(({ data: numbers }, i) =>
    numbers.forEach((value, k) => expect(Math.abs(value - outputs[i].data[k])).toBeLessThan(1e-5)),
  );
});
