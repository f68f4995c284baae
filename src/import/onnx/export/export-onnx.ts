/** @file Models of this package as ONNX files. */
import { checkInteger, checkOptions, sentence, UnsupportedError } from "../../../base/index.ts";
import { arraysOf } from "../../../layers/index.ts";
import type { SavedModel } from "../../../model/index.ts";
import { LanguageModel } from "../../../tasks/language-model/index.ts";
import { Classifier, Tagger, Transcriber } from "../../../tasks/index.ts";
import type { OnnxModel } from "../messages.ts";
import { writeOnnxModel } from "../write-model.ts";
import { addClassifier } from "./classifier.ts";
import { GraphBuilder } from "./graph-builder.ts";
import { addLanguageModel } from "./language-model.ts";
import { addTagger } from "./tagger.ts";
import { addTranscriber } from "./transcriber.ts";

export type ExportOnnxOptions = {
  /** Version of ONNX's operator set, 14 to 22. Default 17. */
  readonly opset?: number | undefined;
};

/** ir_version that goes with each operator set and that runtimes of its time read. */
const irVersion = (opset: number): number => (opset >= 21 ? 10 : opset >= 19 ? 9 : 8);

/**
 * The bytes of an ONNX file that computes what the model computes. Sizes of batch and time are
 * chosen by each run; inputs are batch-first. The inputs, outputs and what they mean, by kind of
 * model, are in docs/import.md.
 *
 * Throws UnsupportedError, with the reason, for a model that ONNX has no ops for.
 */
export function exportOnnx(model: SavedModel, options: ExportOnnxOptions = {}): Uint8Array {
  checkOptions("exportOnnx", options, "opset");
  const opset = checkInteger("exportOnnx opset", options.opset ?? 17, 14, 22);
  const graph = new GraphBuilder(opset);
  addModel("exportOnnx", graph, model);
  const file: OnnxModel = {
    irVersion: irVersion(opset),
    producer: "unrolled",
    producerVersion: "",
    opsets: new Map([["", opset]]),
    metadata: new Map([["unrolled.kind", model.kind], ...graph.notes()]),
    functions: [],
    graph: graph.finish(model.kind),
  };
  return writeOnnxModel(file);
}

function addModel(where: string, graph: GraphBuilder, model: SavedModel): void {
  const arrays = arraysOf(model);
  if (model instanceof LanguageModel) addLanguageModel(where, graph, model, arrays);
  else if (model instanceof Classifier) addClassifier(where, graph, model, arrays);
  else if (model instanceof Tagger) addTagger(where, graph, model, arrays);
  else if (model instanceof Transcriber) addTranscriber(where, graph, model, arrays);
  else throw new UnsupportedError(sentence(where, "a language model, classifier, tagger or transcriber", model.kind));
}
