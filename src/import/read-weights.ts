/** @file The formats of weights, told apart by their content. */
import { FormatError, sentence } from "../base/index.ts";
import { isOnnx } from "./formats/is-onnx.ts";
import { isJson, readJson } from "./formats/json/json-files.ts";
import { isNpy, readNpy } from "./formats/npy.ts";
import { isHdf5File, readHdf5Weights } from "./formats/keras.ts";
import { isSafetensors, readSafetensors } from "./formats/safetensors.ts";
import { isTfCheckpoint, readTfCheckpoint } from "./formats/tensorflow/read-checkpoint.ts";
import { isPickle, refusePickle } from "./formats/torch/read-torch.ts";
import { isZipped, readZipped } from "./formats/zipped.ts";
import { beginningOf, filesOf, type ModelSource, type SourceFiles } from "./source.ts";
import type { Weights } from "./weights.ts";

/** A format: whether files are of it, from their first bytes and names, and its reader. */
type Format = {
  readonly is: (files: SourceFiles) => boolean;
  /** Loads the reader, which may be large, and reads the list of arrays. */
  readonly read: (files: SourceFiles) => Weights | Promise<Weights>;
};

/** Formats in the order in which they are tried. */
const formats: readonly Format[] = [
  { is: isSafetensors, read: readSafetensors },
  { is: isZipped, read: readZipped },
  { is: isNpy, read: readNpy },
  { is: isTfCheckpoint, read: readTfCheckpoint },
  { is: isJson, read: readJson },
  { is: isHdf5File, read: readHdf5Weights },
  { is: isPickle, read: refusePickle },
  { is: isOnnx, read: async (files) => (await import("./formats/onnx.ts")).readOnnx(files) },
];

/**
 * Reads the list of arrays in a file of weights, whatever framework wrote it; the format is found
 * in the content. The data of an array are read when its `read` is called, or by `arraysIn`.
 *
 * Throws FormatError for a file of no known format or one that does not hold what it says; nothing
 * a file says is executed, and sizes are checked before anything is allocated.
 */
export async function readWeights(source: ModelSource): Promise<Weights> {
  const files = filesOf("readWeights", source);
  const format = formats.find(({ is }) => is(files));
  if (format === undefined) throw new FormatError(sentence("readWeights", "a file of weights", firstBytes(files)));
  return format.read(files);
}

function firstBytes(files: SourceFiles): string {
  const shown = [...files].slice(0, 3).map(([name, file]) => {
    const bytes = beginningOf(file, 8);
    const first = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const what = bytes.length === 0 ? "nothing" : `bytes ${first}`;
    return name === "" ? what : `${what} in ${JSON.stringify(name)}`;
  });
  return shown.join(", ");
}
