import { FormatError, sentence } from "../../base/index.ts";
import { type Network, network } from "../../network/index.ts";
import type { OnnxGraph, OnnxTensor } from "../onnx/messages.ts";
import { readOnnxModel } from "../onnx/read-model.ts";
import { storedTensor } from "../onnx/tensors.ts";
import { type OnnxImportOptions, toNetwork } from "../onnx/to-network.ts";
import { type SourceFiles, wholeOf } from "../source.ts";
import type { Weights } from "../weights.ts";

/** The file of a source that is the model; others hold data of its tensors. */
function modelFile(where: string, files: SourceFiles): Uint8Array {
  const models = [...files].filter(([name]) => files.size === 1 || /\.onnx$/i.test(name));
  if (models.length !== 1) throw new FormatError(sentence(where, "one .onnx file", String(models.length)));
  return wholeOf(models[0][1]);
}

/** The tensors of an ONNX file: initializers and constants, those in bodies included. */
export function readOnnx(files: SourceFiles): Weights {
  const where = "readWeights";
  const { graph, opsets, producer, producerVersion, metadata } = readOnnxModel(where, modelFile(where, files));
  if (graph === undefined) throw new FormatError(sentence(where, "a graph", "none"));
  const names = new Set<string>();
  const unique = (name: string): string => {
    let free = name;
    for (let i = 2; names.has(free); i++) free = `${name}:${i}`;
    names.add(free);
    return free;
  };
  const tensors: OnnxTensor[] = [];
  const visit = ({ initializers, nodes }: OnnxGraph): void => {
    tensors.push(...initializers.map((tensor) => ({ ...tensor, name: unique(tensor.name) })));
    for (const { op, outputs, attributes } of nodes) {
      for (const { tensor, graph: body } of attributes) {
        if (tensor !== undefined && op === "Constant") tensors.push({ ...tensor, name: unique(outputs[0]) });
        if (body !== undefined) visit(body);
      }
    }
  };
  visit(graph);
  return {
    format: "onnx",
    tensors: tensors.map((tensor) => storedTensor(where, tensor, files)),
    metadata: {
      producer,
      producerVersion,
      opsets: Object.fromEntries(opsets),
      ...Object.fromEntries(metadata),
    },
  };
}

/** The network of an ONNX file. */
export function importOnnx(where: string, files: SourceFiles, options: OnnxImportOptions): Network {
  return network(toNetwork(where, readOnnxModel(where, modelFile(where, files)), files, options));
}
