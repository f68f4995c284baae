import type { NamedArrays } from "../../../layers/index.ts";
import type { Classifier } from "../../../tasks/index.ts";
import type { AddModel, GraphBuilder } from "./graph-builder.ts";
import { addStack, type StackValues } from "./recurrent-layers.ts";

/**
 * `inputs`, int64 ids [batch, time] or float32 rows [batch, time, features], and `lengths` int32
 * [batch] give `logits` and `probabilities` [batch, classes].
 */
export const addClassifier: AddModel<Classifier> = (where, graph, model, arrays) => {
  const { config, labels } = model;
  const lengths = graph.input("lengths", "int32", ["batch"]);
  const { values: inputs, size: inputSize } = inputsOf(graph, model, arrays);
  const stack = addStack(where, graph, { name: "rnn", config, inputSize, arrays, inputs, lengths, states: false });
  const pooled = pool(graph, stack, lengths, { model, arrays });
  const weight = (name: string): string => graph.weight(name, arrays[name]);
  const logits = graph.linear(pooled, weight("output/kernel"), weight("output/bias"));
  graph.output("logits", logits, "float32", ["batch", labels.length]);
  graph.output("probabilities", graph.node("Softmax", [logits], { axis: -1 }), "float32", ["batch", labels.length]);
};

function inputsOf(
  graph: GraphBuilder,
  { reader, config }: Classifier,
  arrays: NamedArrays,
): { values: string; size: number } {
  const { vocabulary, features } = reader;
  if (vocabulary === undefined) {
    const size = features as number;
    const rows = graph.input("inputs", "float32", ["batch", "time", size]);
    return { values: graph.node("Transpose", [rows], { perm: [1, 0, 2] }), size };
  }
  const ids = graph.node("Transpose", [graph.input("inputs", "int64", ["batch", "time"])], { perm: [1, 0] });
  const table = graph.weight("embedding", arrays["embedding"]);
  const size = config.input.kind === "text" ? config.input.embeddingSize : 0;
  return { values: graph.node("Gather", [table, ids], { axis: 0 }), size };
}

/** One vector [B, n] for each row of outputs [T, B, n]. */
function pool(
  graph: GraphBuilder,
  { outputs, last }: StackValues,
  lengths: string,
  { model, arrays }: { model: Classifier; arrays: NamedArrays },
): string {
  const { pooling, hiddenSize, bidirectional } = model.config;
  const features = bidirectional ? 2 * hiddenSize : hiddenSize;
  if (pooling === "last") return last.length === 1 ? last[0] : graph.node("Concat", [...last], { axis: 1 });
  // an empty row counts as one of one step
  const steps = graph.node("Max", [lengths, graph.scalar(1, "int32")]);
  if (pooling === "mean") {
    const counts = graph.node("Unsqueeze", [graph.node("Cast", [steps], { to: 1 }), graph.sizes([1])]);
    return graph.node("Div", [sumOfSteps(graph, outputs, features), counts]);
  }
  if (pooling === "max") {
    const valid = isValid(graph, outputs, lengths);
    const shown = graph.node("Where", [valid, outputs, graph.scalar(-Infinity, "float32")]);
    const best = graph.reduce("ReduceMax", shown, 0);
    const hasSteps = graph.node("Unsqueeze", [
      graph.node("Greater", [lengths, graph.scalar(0, "int32")]),
      graph.sizes([1]),
    ]);
    return graph.node("Where", [hasSteps, best, graph.scalar(0, "float32")]);
  }
  const weight = (name: string): string => graph.weight(name, arrays[name]);
  const hidden = graph.node("Tanh", [graph.linear(outputs, weight("attention/kernel"), weight("attention/bias"))]);
  const scores = graph.node("MatMul", [hidden, weight("attention/context")]);
  const valid = isValid(graph, outputs, steps);
  const lowest = graph.scalar(-Infinity, "float32");
  const largest = graph.reduce("ReduceMax", graph.node("Where", [valid, scores, lowest]), 0);
  const shift = graph.node("Unsqueeze", [largest, graph.sizes([0])]);
  const shifted = graph.node("Sub", [graph.node("Where", [valid, scores, shift]), shift]);
  const weights = graph.node("Where", [valid, graph.node("Exp", [shifted]), graph.scalar(0, "float32")]);
  const total = graph.node("Unsqueeze", [sumOfSteps(graph, weights, 1), graph.sizes([0])]);
  return sumOfSteps(graph, graph.node("Mul", [graph.node("Div", [weights, total]), outputs]), features);
}

/**
 * Over the first axis of [T, B, n]. A single column is added up in another order than one of many;
 * the model avoids that, so the graph does, too.
 */
function sumOfSteps(graph: GraphBuilder, x: string, features: number): string {
  if (features > 1) return graph.reduce("ReduceSum", x, 0);
  const doubled = graph.reduce("ReduceSum", graph.node("Concat", [x, x], { axis: 2 }), 0);
  return graph.node("Slice", [doubled, graph.sizes([0]), graph.sizes([1]), graph.sizes([1])]);
}

/** Whether a step of a row is one of its own, bool [T, B, 1]. */
export function isValid(graph: GraphBuilder, outputs: string, lengths: string): string {
  const time = graph.node("Gather", [graph.node("Shape", [outputs]), graph.sizes([0], [])]);
  const steps = graph.node("Range", [graph.sizes([0], []), time, graph.sizes([1], [])]);
  const each = graph.node("Unsqueeze", [graph.node("Cast", [steps], { to: 6 }), graph.sizes([1, 2])]);
  return graph.node("Less", [each, graph.node("Unsqueeze", [lengths, graph.sizes([0, 2])])]);
}
