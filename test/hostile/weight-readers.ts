/** Readers of files of weights, with those that other frameworks wrote: all arrays in them are read. */
import { encodeSafetensors } from "../../src/index.ts";
import { arraysIn, importModel, readWeights } from "../../src/import/index.ts";
import { kerasCases } from "../helpers/keras-models.ts";
import { weightFiles } from "../helpers/weight-files.ts";
import { folderBytes, folderFiles, type Format } from "./mutate.ts";
import type { Reader } from "./readers.ts";

const seedsIn = (file: string): Readonly<Record<string, Uint8Array>>[] => weightFiles(file).map(({ files }) => files);

/** Files that are read alone. */
const single = (name: string, format: Format, seeds: readonly Uint8Array[]): Reader => ({
  name,
  format,
  seeds,
  read: async (bytes) => void arraysIn(await readWeights(bytes)),
});

/** Files that are read with those beside them. */
const several = (name: string, seeds: readonly Readonly<Record<string, Uint8Array>>[]): Reader => ({
  name,
  format: "folder",
  seeds: seeds.map(folderBytes),
  read: async (bytes) => void arraysIn(await readWeights(folderFiles(bytes))),
});

const numpy = seedsIn("numpy-files.json").map((files) => Object.entries(files)[0]);
const shards = seedsIn("tfjs-files.json");

/** Models of Keras, of which each becomes a network, too. */
const keras = (name: string, format: Format, file: string): Reader => ({
  name,
  format,
  seeds: kerasCases()
    .filter((one) => one.file === file && /^(functional|LSTM 1|Sequential [05]|RNN)/.test(one.name))
    .map(({ data }) => data),
  read: async (bytes) => {
    arraysIn(await readWeights(bytes));
    await importModel(bytes);
  },
});

export const weightReaders: readonly Reader[] = [
  keras("Keras", "zip", "model.keras"),
  keras("HDF5", "bytes", "model.h5"),
  single(
    "PyTorch",
    "zip",
    seedsIn("torch-files.json").map((files) => files["model.pt"]),
  ),
  single(
    "npz",
    "zip",
    numpy.filter(([name]) => name.endsWith(".npz")).map(([, bytes]) => bytes),
  ),
  single(
    "npy",
    "bytes",
    numpy.filter(([name]) => name.endsWith(".npy")).map(([, bytes]) => bytes),
  ),
  several("TensorFlow checkpoints", seedsIn("tf-files.json")),
  several("TensorFlow.js", shards),
  several("ml5", [
    {
      "manifest.json": Buffer.from(
        JSON.stringify({ a: { filename: "a", shape: [2, 3] }, "b/c": { filename: "b_c", shape: [] } }),
      ),
      a: new Uint8Array(24),
      b_c: new Uint8Array(4),
    },
  ]),
  single(
    "brain.js",
    "json",
    seedsIn("brain-files.json").map((files) => files["net.json"]),
  ),
  single("safetensors as weights", "safetensors", [
    encodeSafetensors(
      {
        a: { dtype: "float32", shape: [2, 3], data: new Float32Array(6) },
        b: { dtype: "bool", shape: [3], data: new Uint8Array(3) },
      },
      { note: "x" },
    ),
  ]),
];
