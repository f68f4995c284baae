import type { LanguageModel } from "../../../tasks/language-model/index.ts";
import type { AddModel } from "./graph-builder.ts";
import { addStack } from "./recurrent-layers.ts";

/**
 * `ids` int64 [batch, time], `lengths` int32 [batch] and the state before them give `logits`
 * [batch, time, tokens] and the state after them. A step of generation is a run with one id a row.
 */
export const addLanguageModel: AddModel<LanguageModel> = (where, graph, model, arrays) => {
  const { hiddenSize, embeddingSize, cell, dialect, layers, tieWeights = false } = model.config;
  const ids = graph.input("ids", "int64", ["batch", "time"]);
  const lengths = graph.input("lengths", "int32", ["batch"]);
  const table = graph.weight("embedding", arrays["embedding"]);
  const inputs = graph.node("Gather", [table, graph.node("Transpose", [ids], { perm: [1, 0] })], { axis: 0 });
  const config = { cell, dialect, hiddenSize, layers, bidirectional: false };
  const { outputs, addStates } = addStack(where, graph, {
    name: "rnn",
    config,
    inputSize: embeddingSize,
    arrays,
    inputs,
    lengths,
    states: true,
  });
  const kernel = tieWeights
    ? graph.node("Transpose", [table], { perm: [1, 0] })
    : graph.weight("output/kernel", arrays["output/kernel"]);
  const logits = graph.linear(outputs, kernel, graph.weight("output/bias", arrays["output/bias"]));
  const batchFirst = graph.node("Transpose", [logits], { perm: [1, 0, 2] });
  graph.output("logits", batchFirst, "float32", ["batch", "time", model.vocabulary.size]);
  addStates();
};
