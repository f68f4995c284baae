import type { Transcriber } from "../../../tasks/index.ts";
import type { AddModel } from "./graph-builder.ts";
import { addStack } from "./recurrent-layers.ts";

/**
 * `inputs` float32 [batch, time, k * features], scaled frames as `hear` gives them, and `lengths`
 * int32 [batch] give `log_probabilities` [batch, time, classes], of which class 0 is the blank.
 * Layers in one direction take and give their state, too.
 */
export const addTranscriber: AddModel<Transcriber> = (where, graph, model, arrays) => {
  const { config, inputSize, classes } = model;
  const rows = graph.input("inputs", "float32", ["batch", "time", inputSize]);
  const lengths = graph.input("lengths", "int32", ["batch"]);
  const inputs = graph.node("Transpose", [rows], { perm: [1, 0, 2] });
  const states = !config.bidirectional;
  const { outputs, addStates } = addStack(where, graph, {
    name: "rnn",
    config,
    inputSize,
    arrays,
    inputs,
    lengths,
    states,
  });
  const weight = (name: string): string => graph.weight(name, arrays[name]);
  const logits = graph.linear(outputs, weight("output/kernel"), weight("output/bias"));
  const scores = graph.node("LogSoftmax", [graph.node("Transpose", [logits], { perm: [1, 0, 2] })], { axis: -1 });
  graph.output("log_probabilities", scores, "float32", ["batch", "time", classes]);
  addStates();
};
