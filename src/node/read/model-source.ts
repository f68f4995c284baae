/** @file Files of a model of another framework, by the path of one of them or of their folder. */
import { basename, dirname, join } from "node:path";
import { DataError, sentence } from "../../base/index.ts";
import type { FileBytes, ModelSource } from "../../import/index.ts";
import { fileBytes } from "../files/file-bytes.ts";
import { checkInside, namesIn, pathInside, readInside, statOf, withPath } from "../files/safe-file.ts";
import { readFileSync } from "node:fs";

const WHERE = "readModelSource";

/** Files that list others: the first that is there is the model's. */
const LISTS = ["model.json", "weights_manifest.json", "manifest.json"];
/** Endings of files that are a model alone. */
const ALONE = /\.(?:safetensors|pt|pth|tar|ckpt|bin|npz|npy|keras|h5|hdf5|onnx|traineddata)$/i;
const SHARD = /^(.*)\.data-\d{5}-of-\d{5}$/;
/** Largest list of files that is read here. */
const MAX_LIST = 2 ** 28;

/**
 * The files of a model, for `readWeights`: that at `path`, and those beside it that belong to it.
 * A checkpoint of TensorFlow is given by its .index file or by its folder, and models of
 * TensorFlow.js and ml5 by `model.json` or `manifest.json` or by their folder. Their bytes are read
 * when they are needed.
 *
 * Names that stand in files never lead out of the folder. Throws DataError where nothing can be
 * read, and for a folder with several models.
 */
export function readModelSource(path: string): ModelSource {
  const found = statOf(WHERE, path);
  if (found?.isDirectory()) return folderSource(path);
  const [folder, name] = [dirname(path), basename(path)];
  const [, prefix] = SHARD.exec(name) ?? [];
  if (prefix !== undefined) return checkpointSource(folder, `${prefix}.index`);
  // files of which a part of the name is asked for
  if (found === undefined && statOf(WHERE, `${path}.index`)?.isFile()) return checkpointSource(folder, `${name}.index`);
  if (name.endsWith(".index")) return checkpointSource(folder, name);
  if (name.endsWith(".json")) return listSource(folder, name);
  return fileBytes(WHERE, path);
}

function folderSource(folder: string): ModelSource {
  const names = namesIn(WHERE, folder).filter((name) => !name.startsWith("."));
  if (names.includes("saved_model.pb") && names.includes("variables")) return folderSource(join(folder, "variables"));
  const indexes = names.filter((name) => name.endsWith(".index"));
  if (indexes.length > 0) return checkpointSource(folder, chosenCheckpoint(folder, names, indexes));
  const list = LISTS.find((name) => names.includes(name));
  if (list !== undefined) return listSource(folder, list);
  const alone = names.filter((name) => ALONE.test(name));
  if (alone.length === 1) return fileBytes(WHERE, checkInside(WHERE, folder, join(folder, alone[0])));
  const got = alone.length === 0 ? "none" : alone.slice(0, 5).join(", ");
  throw new DataError(
    sentence(
      WHERE,
      `one model in ${JSON.stringify(folder)}`,
      got,
      alone.length === 0 ? undefined : "Give the path of one",
    ),
  );
}

/** The newest checkpoint of a folder, as its file `checkpoint` says, or the only one. */
function chosenCheckpoint(folder: string, names: readonly string[], indexes: readonly string[]): string {
  if (indexes.length === 1) return indexes[0];
  const text = names.includes("checkpoint") ? textInside(folder, "checkpoint") : "";
  const [, newest] = /^model_checkpoint_path: "([^"\\]*)"/m.exec(text) ?? [];
  if (newest !== undefined && indexes.includes(`${newest}.index`)) return `${newest}.index`;
  throw new DataError(
    sentence(
      WHERE,
      `one checkpoint in ${JSON.stringify(folder)}`,
      indexes.slice(0, 5).join(", "),
      "Give the path of one",
    ),
  );
}

const textInside = (folder: string, name: string): string =>
  new TextDecoder().decode(readInside(WHERE, folder, join(folder, name)).subarray(0, 65_536));

/** The table of a checkpoint with its data files. */
function checkpointSource(folder: string, index: string): ModelSource {
  const prefix = index.slice(0, -".index".length);
  const shards = namesIn(WHERE, folder).filter((name) => SHARD.exec(name)?.[1] === prefix);
  return filesInside(folder, [index, ...shards], index);
}

/** JSON with the files that it names. Those that are not there are left out. */
function listSource(folder: string, name: string): ModelSource {
  const path = join(folder, name);
  const size = fileBytes(WHERE, path).length;
  const text = size > MAX_LIST ? "" : withPath(WHERE, path, () => readFileSync(path, "utf8"));
  const named = namedIn(text).filter((one) => isThere(folder, one));
  // brain.js has everything in one file
  return named.length === 0 ? fileBytes(WHERE, path) : filesInside(folder, [name, ...named], name);
}

/** Whether a name is one of a file inside of the folder. Readers refuse others by their names. */
function isThere(folder: string, name: string): boolean {
  try {
    return statOf(WHERE, pathInside(WHERE, folder, name)) !== undefined;
  } catch {
    return false;
  }
}

/** Names of files in a list: "filename" of ml5, "paths" of TensorFlow.js. */
function namedIn(text: string): string[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // the reader says what is wrong with it
    return [];
  }
  const entries = typeof value === "object" && value !== null ? value : {};
  const manifest: unknown = Array.isArray(entries)
    ? entries
    : (entries as { weightsManifest?: unknown }).weightsManifest;
  const names = Array.isArray(manifest)
    ? manifest.flatMap((group: unknown) => fieldOf(group, "paths"))
    : Object.values(entries).map((entry: unknown) => fieldOf(entry, "filename"));
  return [...new Set(names.filter((name) => typeof name === "string"))];
}

const fieldOf = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;

/** Files by their names. `typed` is the one that a user may have given, and may be a link. */
function filesInside(folder: string, names: readonly string[], typed: string): Record<string, FileBytes> {
  const files = Object.create(null) as Record<string, FileBytes>;
  for (const name of names) {
    const path = join(folder, name);
    files[name] = fileBytes(WHERE, name === typed ? path : checkInside(WHERE, folder, path));
  }
  return files;
}
