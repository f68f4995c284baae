/** @file Formats whose list of tensors is JSON, told apart by what stands in it. */
import { DataError, decodeUtf8, FormatError, sentence, UnsupportedError } from "../../../base/index.ts";
import { type JsonValue, parseDataJson } from "../../../formats/index.ts";
import { beginningOf, type FileBytes, type SourceFiles, wholeOf } from "../../source.ts";
import type { Weights } from "../../weights.ts";
import { isBrain, readBrain } from "./brain.ts";
import { isDeeplearn, readDeeplearn } from "./deeplearn.ts";
import { isObject, type ParsedJson } from "./parsed.ts";
import { isTfjs, readTfjs } from "./tfjs.ts";

const WHERE = "readWeights";
/** Largest list, in bytes. brain.js has all numbers in it, in 20 characters each. */
const MAX_JSON = 2 ** 28;

type JsonFormat = {
  readonly is: (value: JsonValue) => boolean;
  readonly read: (parsed: ParsedJson, files: SourceFiles) => Weights;
};

const kinds: readonly JsonFormat[] = [
  { is: isTfjs, read: readTfjs },
  { is: isBrain, read: readBrain },
  { is: isDeeplearn, read: readDeeplearn },
];

/** Names that lists of weights have. Others are looked at after these. */
const NAMES = ["model.json", "weights_manifest.json", "manifest.json"];

function jsonFiles(files: SourceFiles): [name: string, file: FileBytes][] {
  const found = [...files].filter(
    ([name, file]) => (name === "" || name.endsWith(".json")) && /^\s*[{[]/.test(beginning(file)),
  );
  const rank = ([name]: readonly [string, FileBytes]): number => (NAMES.includes(name) ? NAMES.indexOf(name) : 99);
  return found.toSorted((a, b) => rank(a) - rank(b));
}

const beginning = (file: FileBytes): string =>
  String.fromCharCode(...beginningOf(file, 64)).replace(/^\xef\xbb\xbf/, "");

/** Whether one of the files is JSON. */
export const isJson = (files: SourceFiles): boolean => jsonFiles(files).length > 0;

/** Reads the list of arrays. Throws FormatError for JSON that is none. */
export function readJson(files: SourceFiles): Weights {
  const found = jsonFiles(files);
  for (const [name, file] of found) {
    const where = name === "" ? WHERE : `${WHERE} ${name}`;
    if (file.length > MAX_JSON)
      throw new FormatError(sentence(where, `JSON of at most ${MAX_JSON} bytes`, String(file.length)));
    const value = parsed(where, wholeOf(file));
    const kind = kinds.find(({ is }) => is(value));
    if (kind !== undefined) return kind.read({ where, value }, files);
    if (isKerasConfiguration(value))
      throw new UnsupportedError(
        sentence(where, "a file with weights", "a configuration of Keras without any", "Save both: model.save(path)"),
      );
  }
  throw new FormatError(
    sentence(WHERE, "JSON of TensorFlow.js, ml5 or brain.js", found.map(([name]) => name || "other JSON").join(", ")),
  );
}

function parsed(where: string, bytes: Uint8Array): JsonValue {
  try {
    return parseDataJson(decodeUtf8(bytes).replace(/^\ufeff/, ""), { where });
  } catch (error) {
    if (!(error instanceof DataError || error instanceof TypeError)) throw error;
    const message = error instanceof DataError ? error.message : sentence(where, "JSON in UTF-8", "other bytes");
    throw new FormatError(message, { cause: error });
  }
}

const isKerasConfiguration = (value: JsonValue): boolean =>
  isObject(value) && typeof value["class_name"] === "string" && isObject(value["config"]);
