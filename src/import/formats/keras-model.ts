/** @file Models of Keras in their files. */
import { FormatError, sentence, UnsupportedError } from "../../base/index.ts";
import { type JsonValue, parseStrictJson } from "../../formats/index.ts";
import { type Network, network } from "../../network/index.ts";
import { isObject } from "../keras/config.ts";
import { isHdf5, readHdf5 } from "../hdf5/contents.ts";
import { isKerasZip, type KerasFile, kerasFileOf, readKerasZip } from "../keras/files.ts";
import { kerasToNetwork } from "../keras/to-network.ts";
import { groupedWeights, listedWeights, type WeightPlace } from "../keras/weights.ts";
import { beginningOf, type FileBytes, type SourceFiles, wholeOf } from "../source.ts";
import { isTfjs, readTfjs } from "./json/tfjs.ts";
import { isZip, readZip } from "../zip/read-zip.ts";

const NO_CONFIG = "Read its arrays with readWeights, or give the JSON of model.to_json() beside it";

/** The network of a model of Keras. Throws FormatError and UnsupportedError. */
export async function importKeras(where: string, files: SourceFiles): Promise<Network> {
  const tfjs = tfjsModel(where, files);
  if (tfjs !== undefined) return tfjs;
  const [json, ...more] = [...files].filter(([name]) => name.endsWith(".json"));
  const others = [...files].filter(([name]) => !name.endsWith(".json")).map(([, file]) => file);
  if (more.length > 0) throw new FormatError(sentence(where, "one JSON file", `${more.length + 1}`));
  if (others.length !== 1) throw new FormatError(sentence(where, "one file of weights", `${others.length}`));
  const file = await readFile(where, others[0]);
  const config = json === undefined ? file.config : modelOf(parseStrictJson(wholeOf(json[1]), { where: json[0] }));
  if (config === undefined)
    throw new UnsupportedError(
      sentence(where, "a file that says how its layers are joined", "one of weights only", NO_CONFIG),
    );
  return network(kerasToNetwork(where, { config, weights: placeOf(file), version: file.version }));
}

/** Model in `model.json` of TensorFlow.js, with weights in shards; undefined for none. */
function tfjsModel(where: string, files: SourceFiles): Network | undefined {
  const found = [...files].find(([name]) => name.endsWith("model.json") || files.size === 1);
  if (found === undefined || !/^\s*\{/.test(beginning(found[1]))) return undefined;
  const value = parseStrictJson(wholeOf(found[1]), { where: `${where} ${found[0]}`.trim() });
  if (!isTfjs(value)) return undefined;
  const topology = isObject(value) ? value["modelTopology"] : undefined;
  if (!isObject(topology))
    throw new UnsupportedError(sentence(where, "a layers model of TensorFlow.js", "one of weights only", NO_CONFIG));
  const { tensors } = readTfjs({ where, value }, files);
  // the weights are in the file of a converter, or of TensorFlow.js, which computes as Keras 2
  const version = topology["keras_version"];
  const weights = listedWeights(tensors);
  return network(
    kerasToNetwork(where, {
      config: modelOf(topology),
      weights,
      version: typeof version === "string" && /^\d/.test(version) ? version : "2",
    }),
  );
}

async function readFile(where: string, file: FileBytes): Promise<KerasFile> {
  if (isHdf5(file)) {
    const keras = kerasFileOf(where, await readHdf5(where, file));
    if (keras === undefined) throw new FormatError(sentence(where, "a model of Keras", "another HDF5 file", NO_CONFIG));
    return keras;
  }
  if (!isZip(file)) throw new FormatError(sentence(where, "weights in an HDF5 or .keras file", "another one"));
  const entries = await readZip(where, file);
  if (!isKerasZip(entries))
    throw new UnsupportedError(
      sentence(where, "a file that says how its layers are joined", "another zip file", NO_CONFIG),
    );
  return readKerasZip(where, entries);
}

const beginning = (file: FileBytes): string => String.fromCharCode(...beginningOf(file, 64));

/** The model in a JSON file, which may have other facts around it. */
function modelOf(json: JsonValue): JsonValue {
  const inner = typeof json === "object" && json !== null && !Array.isArray(json) ? json["model_config"] : undefined;
  return inner ?? json;
}

/** Places of the weights of all layers of a file. */
function placeOf({ layers, root }: KerasFile): WeightPlace {
  if (layers === undefined) return groupedWeights(root);
  const places = new Map(layers.map(({ layer, weights }) => [layer, listedWeights(weights)]));
  const none = listedWeights([]);
  return {
    take: none.take,
    shapeInList: () => undefined,
    inside: (_, name) => places.get(name) ?? none,
  };
}
