/** Lists of weights in JSON that lie, and the order in which they are found in a folder. */
import { describe, expect, test } from "vitest";
import { arraysIn, readWeights } from "../../src/import/index.ts";

const text = (value: unknown): Uint8Array => Buffer.from(typeof value === "string" ? value : JSON.stringify(value));
const floats = (n: number): Uint8Array => new Uint8Array(4 * n);
const model = (weights: unknown, paths: unknown = ["a.bin"]): Uint8Array =>
  text({ modelTopology: {}, weightsManifest: [{ paths, weights }] });
const weight = (more: object = {}): object => ({ name: "w", shape: [2], dtype: "float32", ...more });
const huge = 2 ** 31;
const uint8 = (scale: unknown, min: unknown): object => ({ quantization: { dtype: "uint8", scale, min } });

describe("TensorFlow.js", () => {
  test.each<[string, Record<string, Uint8Array>, RegExp]>([
    ["a missing shard", { "model.json": model([weight()]) }, /the file "a.bin", got none/],
    [
      "a shard outside",
      { "model.json": model([weight()], ["../a.bin"]), "../a.bin": floats(2) },
      /in the same folder, got "..\/a.bin"/,
    ],
    ["an absolute shard", { "model.json": model([weight()], ["/a.bin"]), "/a.bin": floats(2) }, /in the same folder/],
    [
      "a shard by its address",
      { "model.json": model([weight()], ["https://x/a.bin"]), "a.bin": floats(2) },
      /the file "https:\/\/x\/a.bin"/,
    ],
    [
      "a shard twice",
      { "model.json": model([weight(), weight({ name: "v" })], ["a.bin", "a.bin"]), "a.bin": floats(2) },
      /each file once/,
    ],
    [
      "a short shard",
      { "model.json": model([weight()]), "a.bin": floats(1) },
      /8 bytes of weights in its files, got 4/,
    ],
    [
      "a long shard",
      { "model.json": model([weight()]), "a.bin": floats(3) },
      /8 bytes of weights in its files, got 12/,
    ],
    ["a name twice", { "model.json": model([weight(), weight()]), "a.bin": floats(4) }, /each name once/],
    ["2^31 numbers", { "model.json": model([weight({ shape: [huge] })]), "a.bin": floats(2) }, /fewer than 2\^31/],
    [
      "a product beyond 2^53",
      { "model.json": model([weight({ shape: [huge, huge] })]), "a.bin": floats(2) },
      /fewer than 2\^31/,
    ],
    ["a negative size", { "model.json": model([weight({ shape: [-2] })]), "a.bin": floats(2) }, /a shape of integers/],
    ["texts", { "model.json": model([weight({ dtype: "string" })]), "a.bin": floats(2) }, /numbers of float32/],
    ["toString", { "model.json": model([weight({ dtype: "toString" })]), "a.bin": floats(2) }, /numbers of float32/],
    ["no scale", { "model.json": model([weight(uint8(undefined, 0))]), "a.bin": floats(2) }, /finite scale and min/],
    ["a text as min", { "model.json": model([weight(uint8(1, "0"))]), "a.bin": floats(2) }, /finite scale and min/],
    ["no weights", { "model.json": text({ modelTopology: {} }) }, /weightsManifest: expected a list/],
    ["__proto__", { "model.json": text('{"weightsManifest":[],"__proto__":{"x":1}}') }, /ordinary key/],
    ["a key twice", { "model.json": text('{"weightsManifest":[],"weightsManifest":[]}') }, /distinct keys/],
    ["deep nesting", { "model.json": text(`{"modelTopology":${"[".repeat(5000)}`) }, /depth/],
    [
      "one file of several",
      model([weight()]) as unknown as Record<string, Uint8Array>,
      /Give all files by their names/,
    ],
    [
      "a configuration of Keras",
      { "model.json": text({ class_name: "Sequential", config: { layers: [] } }) },
      /without any. Save both: model.save/,
    ],
  ])("refuses %s", async (_, files, message) => {
    await expect(readWeights(files)).rejects.toThrow(message);
    await expect(readWeights(files)).rejects.toMatchObject({ code: /^ERR_(FORMAT|UNSUPPORTED)$/ });
  });
});

describe("deeplearn.js and ml5", () => {
  const manifest = (entries: object): Uint8Array => text(entries);
  const entry = (filename: string, shape: unknown = [2]): object => ({ filename, shape });
  test("reads names from before and after TensorFlow 1.2, a number too", async () => {
    const files = {
      "manifest.json": manifest({
        "cell_0/weights": entry("a", [1, 2]),
        "cell_1/kernel": entry("sub/b"),
        step: entry("c", []),
      }),
      a: Buffer.from(Float32Array.of(1, 2).buffer),
      "sub/b": Buffer.from(Float32Array.of(3, 4).buffer),
      c: Buffer.from(Float32Array.of(5).buffer),
      "vocab.json": text({ a: 0 }),
    };
    const weights = await readWeights(files);
    expect(weights.format).toBe("deeplearn");
    expect(Object.entries(arraysIn(weights)).map(([name, { shape, data }]) => [name, shape, [...data]])).toEqual([
      ["cell_0/weights", [1, 2], [1, 2]],
      ["cell_1/kernel", [2], [3, 4]],
      ["step", [], [5]],
    ]);
  });

  test.each<[string, Record<string, Uint8Array>, RegExp]>([
    ["a missing file", { "manifest.json": manifest({ w: entry("a") }) }, /the file "a", got none/],
    ["a file outside", { "manifest.json": manifest({ w: entry("../../etc/passwd") }) }, /in the same folder/],
    [
      "a file of another size",
      { "manifest.json": manifest({ w: entry("a") }), a: floats(3) },
      /8 bytes in "a", got 12/,
    ],
    [
      "a file of two tensors",
      { "manifest.json": manifest({ w: entry("a"), v: entry("a") }), a: floats(2) },
      /a file of its own, got that of "w"/,
    ],
    ["a shape of texts", { "manifest.json": manifest({ w: entry("a", ["2"]) }), a: floats(2) }, /a shape of integers/],
    [
      "no shape of the second",
      { "manifest.json": manifest({ w: entry("a"), v: 1 }), a: floats(2) },
      /{ filename, shape }/,
    ],
  ])("refuses %s", async (_, files, message) => {
    await expect(readWeights(files)).rejects.toThrow(message);
  });
});

describe("brain.js", () => {
  const matrix = (more: object = {}): object => ({ rows: 1, columns: 2, weights: [1, 2], ...more });
  const net = (more: object = {}): Uint8Array =>
    text({ type: "LSTM", options: {}, hiddenLayers: [], outputConnector: matrix(), output: matrix(), ...more });
  test.each<[string, Uint8Array, RegExp]>([
    ["fewer weights", net({ output: matrix({ weights: [1] }) }), /output: expected 2 weights, got 1/],
    ["weights that are no list", net({ output: matrix({ weights: { length: 2 } }) }), /2 weights, got Object/],
    [
      "a weight that is no number",
      net({ output: matrix({ weights: [1, "2"] }) }),
      /weight 1: expected a number, got "2"/,
    ],
    ["rows that are no number", net({ output: matrix({ rows: "1" }) }), /a number of rows and columns, got "1"/],
    ["2^40 weights", net({ output: matrix({ rows: 2 ** 20, columns: 2 ** 20 }) }), /fewer than 2\^31/],
    [
      "another network",
      text({ type: "NeuralNetwork", layers: [] }),
      /a recurrent network of brain.js, got NeuralNetwork/,
    ],
    ["no layers", text({ type: "GRU" }), /hiddenLayers and output/],
    ["other JSON", text({ a: 1 }), /JSON of TensorFlow.js, ml5 or brain.js/],
    ["JSON that is cut off", net().slice(0, 40), /readWeights: expected JSON/],
  ])("refuses %s", async (_, bytes, message) => {
    await expect(readWeights(bytes)).rejects.toThrow(message);
    await expect(readWeights(bytes)).rejects.toMatchObject({ code: /^ERR_(FORMAT|UNSUPPORTED)$/ });
  });
});
