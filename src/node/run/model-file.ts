import { join } from "node:path";
import { DataError, kindError, sentence } from "../../base/index.ts";
import { encodeModel, type ModelKinds, type SavedModel } from "../../model/index.ts";
import { decodeModel, type TaskModel } from "../../tasks/index.ts";
import { writeFileDurablySync } from "../files/durable-file.ts";
import { readRegular, statOf } from "../files/safe-file.ts";

/** Name of the model's file in a run directory. */
export const MODEL_FILE = "model.safetensors";

/** Name of the model that did best on held-out data. */
export const BEST_FILE = "best.safetensors";

/**
 * `path` itself, or the model in it when it is a run directory. Throws DataError when neither is
 * there.
 */
function modelPath(path: string): string {
  const found = statOf("loadModel", path);
  const file = found?.isDirectory() ? join(path, MODEL_FILE) : path;
  if (!statOf("loadModel", file)?.isFile()) {
    const hint = `Train one with: unrolled train FILE --out ${path}`;
    throw new DataError(
      sentence("loadModel", `a run directory with ${MODEL_FILE}, or a model file`, JSON.stringify(path), hint),
    );
  }
  return file;
}

/** Saves a model durably into a run directory (created if needed); returns the file's path. */
export function saveModel(model: SavedModel, directory: string, name: string = MODEL_FILE): string {
  const file = join(directory, name);
  writeFileDurablySync(file, encodeModel(model));
  return file;
}

const DECODER_HINT = "Give loadLanguageModel, or { kind: (configuration) => model }";

/**
 * Loads the model of a run directory, or of a model file. `decode` is `loadLanguageModel` or
 * another loader where only one kind will do, or builders of models of your own by their kind, as
 * for `decodeModel`; default: `decodeModel` of unrolled/tasks, which knows every kind.
 *
 * Throws DataError when there is none, FormatError when it is damaged or of another kind,
 * TypeError for a second argument that is neither.
 */
export function loadModel(path: string): TaskModel;
export function loadModel<M>(path: string, decode: (bytes: Uint8Array) => M): M;
export function loadModel<M extends SavedModel>(path: string, kinds: ModelKinds<M>): M;
export function loadModel<M extends SavedModel>(path: string, kinds: ModelKinds<M, never>): M;
export function loadModel(
  path: string,
  decode: ((bytes: Uint8Array) => unknown) | ModelKinds<SavedModel, never> = decodeModel,
): unknown {
  if (typeof decode === "function") return decode(readModelBytes(path));
  if (!areBuilders(decode)) throw kindError("loadModel", "a decoder, or builders by kind", decode, DECODER_HINT);
  return decodeModel(readModelBytes(path), decode);
}

/** Whether `value` is a record of at least one function. */
function areBuilders(value: unknown): boolean {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const builders: unknown[] = Object.values(value);
  return builders.length > 0 && builders.every((build) => typeof build === "function");
}

/**
 * The bytes of the model in a run directory, or of a model file. Throws DataError when there is
 * none, and for a text or another file that is no model.
 */
export function readModelBytes(path: string): Uint8Array {
  const bytes = readRegular("loadModel", modelPath(path));
  if (isOtherFile(bytes))
    throw new DataError(sentence("loadModel", "a run directory or a model file", JSON.stringify(path)));
  return bytes;
}

/** Bytes before the header of a model's file, which are its length. */
const LENGTH_BYTES = 8;

/**
 * Whether bytes are surely of something else: where a model's file has the length of its header,
 * and then a brace, there is neither. A model that was damaged or cut off still has one of them.
 */
function isOtherFile(bytes: Uint8Array): boolean {
  if (bytes.length <= LENGTH_BYTES) return bytes.length > 0 && !bytes.includes(0);
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  return bytes[LENGTH_BYTES] !== 0x7b && length > BigInt(bytes.length);
}
