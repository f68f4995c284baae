/**
 * @file The files that Keras writes: how the layers of a model are joined, and its weights. Keras 3
 * puts them into a zip file, Keras 1 and 2 into one HDF5 file.
 */
import { FormatError, sentence } from "../../base/index.ts";
import { type JsonValue, parseStrictJson } from "../../formats/index.ts";
import { type Hdf5Group, readHdf5 } from "../hdf5/contents.ts";
import { fileOf } from "../source.ts";
import type { ZipEntry } from "../zip/read-zip.ts";
import type { StoredTensor } from "../weights.ts";

/** Weights of a layer, in the order in which Keras lists them. */
export type LayerWeights = {
  readonly layer: string;
  readonly weights: readonly StoredTensor[];
};

/** A file of Keras. */
export type KerasFile = {
  /** Version of Keras that wrote it; "" where it does not say. */
  readonly version: string;
  /** Layers and how they are joined; undefined in a file of weights. */
  readonly config: JsonValue | undefined;
  /** Weights by layer, in files of Keras 1 and 2 and those of Keras 3 that are like them. */
  readonly layers: readonly LayerWeights[] | undefined;
  /** Weights by the place of the layer in its model, in other files of Keras 3. */
  readonly root: Hdf5Group;
};

const CONFIG = "config.json";

/** Whether the files of a zip file are those of a model of Keras 3. */
export const isKerasZip = (entries: ReadonlyMap<string, ZipEntry>): boolean =>
  entries.has(CONFIG) && [...entries.keys()].some((name) => name.endsWith(".weights.h5"));

/** Reads a `.keras` file. Throws FormatError. */
export async function readKerasZip(where: string, entries: ReadonlyMap<string, ZipEntry>): Promise<KerasFile> {
  const json = (name: string): JsonValue | undefined => {
    const entry = entries.get(name);
    return entry && parseStrictJson(entry.read(), { where: `${where} ${name}` });
  };
  const weights =
    entries.get("model.weights.h5") ?? [...entries.values()].find(({ name }) => name.endsWith(".weights.h5"));
  if (weights === undefined) throw new FormatError(sentence(where, "a file model.weights.h5", "none"));
  const root = await readHdf5(`${where} ${weights.name}`, fileOf(weights.read()));
  const metadata = json("metadata.json");
  const version = isObject(metadata) ? metadata["keras_version"] : undefined;
  return { version: textOr(version, "3"), config: json(CONFIG), layers: undefined, root };
}

/** The model of Keras in an HDF5 file; undefined where there is none. Throws FormatError. */
export function kerasFileOf(where: string, root: Hdf5Group): KerasFile | undefined {
  const weights = root.groups.get("model_weights") ?? root;
  const config = root.attributes["model_config"];
  const names = attributeList(weights, "layer_names");
  const isKeras3 = root.groups.has("layers") || root.groups.has("_layer_checkpoint_dependencies");
  if (names === undefined && config === undefined && !isKeras3) return undefined;
  return {
    version: textOr(root.attributes["keras_version"] ?? weights.attributes["keras_version"], isKeras3 ? "3" : ""),
    config: typeof config === "string" ? parseStrictJson(config, { where: `${where} model_config` }) : undefined,
    layers: names?.map((layer) => layerWeights(where, weights, layer)),
    root,
  };
}

/** The weights that a group of a layer names. */
function layerWeights(where: string, weights: Hdf5Group, layer: string): LayerWeights {
  const group = groupAt(weights, layer);
  const at = `${where} layer ${JSON.stringify(layer)}`;
  if (group === undefined) throw new FormatError(sentence(at, "a group of weights", "none"));
  return {
    layer,
    weights: (attributeList(group, "weight_names") ?? []).map((name) => {
      const parts = name.split("/");
      const last = parts.pop() as string;
      const array = groupAt(group, parts.join("/"))?.arrays.get(last);
      if (array === undefined) throw new FormatError(sentence(at, `an array ${JSON.stringify(name)}`, "none"));
      return { ...array, name: name.replace(/:0$/, "") };
    }),
  };
}

/** The group at a path; undefined where there is none. */
export function groupAt(group: Hdf5Group, path: string): Hdf5Group | undefined {
  let found: Hdf5Group | undefined = group;
  for (const part of path.split("/")) if (part !== "") found = found?.groups.get(part);
  return found;
}

/** A list of texts, which Keras cuts into several attributes where it is long. */
function attributeList({ attributes }: Hdf5Group, name: string): string[] | undefined {
  const whole = attributes[name];
  if (whole !== undefined) return textsOf(whole);
  if (attributes[`${name}0`] === undefined) return undefined;
  const parts: string[] = [];
  for (let i = 0; attributes[`${name}${i}`] !== undefined; i++) parts.push(...textsOf(attributes[`${name}${i}`]));
  return parts;
}

const textsOf = (value: JsonValue): string[] =>
  (Array.isArray(value) ? value : [value]).filter((item) => typeof item === "string");

const textOr = (value: JsonValue | undefined, missing: string): string => (typeof value === "string" ? value : missing);

const isObject = (value: JsonValue | undefined): value is Record<string, JsonValue> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** All arrays of a group and those below it. */
export function* arraysBelow(group: Hdf5Group): Iterable<StoredTensor> {
  yield* group.arrays.values();
  for (const inner of group.groups.values()) yield* arraysBelow(inner);
}
