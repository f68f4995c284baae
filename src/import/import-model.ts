/** @file Models of other frameworks as models of this one. */
import { checkOptions, UnsupportedError, sentence } from "../base/index.ts";
import type { Network } from "../network/index.ts";
import { mayBeKeras } from "./formats/may-be-keras.ts";
import { isOnnx } from "./formats/is-onnx.ts";
import { filesOf, type ModelSource, type SourceFiles } from "./source.ts";
import type { OnnxImportOptions } from "./onnx/to-network.ts";

export type ImportModelOptions = OnnxImportOptions;

type ModelFormat = {
  readonly is: (files: SourceFiles) => boolean;
  readonly read: (files: SourceFiles, options: ImportModelOptions) => Promise<Network>;
};

/** Formats that say how layers are joined, in the order in which they are tried. */
const formats: readonly ModelFormat[] = [
  {
    is: isOnnx,
    read: async (files, options) => (await import("./formats/onnx.ts")).importOnnx("importModel", files, options),
  },
  {
    is: mayBeKeras,
    read: async (files) => (await import("./formats/keras-model.ts")).importKeras("importModel", files),
  },
];

/**
 * Reads a model of another framework as a network, which is run, trained, saved and loaded as any
 * model here.
 *
 * Throws FormatError for a file that is damaged or of no known format, UnsupportedError that names
 * all that the file has and a network cannot have, and for files that hold weights only: those are
 * read by `readWeights` and copied by `loadParameters`.
 */
export async function importModel(source: ModelSource, options: ImportModelOptions = {}): Promise<Network> {
  checkOptions("importModel", options, "fixed");
  const files = filesOf("importModel", source);
  const format = formats.find(({ is }) => is(files));
  if (format !== undefined) return format.read(files, options);
  const hint = "Read its arrays with readWeights, and copy them into a model with loadParameters";
  throw new UnsupportedError(
    sentence("importModel", "a file that says how its layers are joined", "another one", hint),
  );
}
