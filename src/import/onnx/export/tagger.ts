import type { Tagger } from "../../../tasks/index.ts";
import type { AddModel } from "./graph-builder.ts";
import { addStack } from "./recurrent-layers.ts";

/**
 * `words` int64 [batch, time] and `lengths` int32 [batch] give `emissions` [batch, time, tags].
 * With characters or shapes each different word is given once: `characters` int64 [spellings,
 * letters] with `character_lengths` int32 [spellings], `shapes` int64 [spellings], and `spellings`
 * int64 [batch, time] says which word stands where. With a CRF `transitions` [tags, tags], `start`
 * and `end` [tags] are outputs, for Viterbi's algorithm.
 */
export const addTagger: AddModel<Tagger> = (where, graph, model, arrays) => {
  const { config } = model;
  const { characterSize, shapeSize, embeddingSize, cell, dialect, tags } = config;
  const timeMajor = (value: string): string => graph.node("Transpose", [value], { perm: [1, 0] });
  const weight = (name: string): string => graph.weight(name, arrays[name]);
  const words = timeMajor(graph.input("words", "int64", ["batch", "time"]));
  const lengths = graph.input("lengths", "int32", ["batch"]);
  const parts = [graph.node("Gather", [weight("words/embedding"), words], { axis: 0 })];
  if (characterSize > 0 || shapeSize > 0) {
    const places = timeMajor(graph.input("spellings", "int64", ["batch", "time"]));
    const add = (values: string): void => {
      parts.push(graph.node("Gather", [values, places], { axis: 0 }));
    };
    if (characterSize > 0) {
      const letters = timeMajor(graph.input("characters", "int64", ["spellings", "letters"]));
      const { last } = addStack(where, graph, {
        name: "characters",
        config: { cell, dialect, hiddenSize: characterSize, layers: 1, bidirectional: true },
        inputSize: characterSize,
        arrays,
        inputs: graph.node("Gather", [weight("characters/embedding"), letters], { axis: 0 }),
        lengths: graph.input("character_lengths", "int32", ["spellings"]),
        states: false,
      });
      add(graph.node("Concat", [...last], { axis: 1 }));
    }
    if (shapeSize > 0)
      add(
        graph.node("Gather", [weight("shapes/embedding"), graph.input("shapes", "int64", ["spellings"])], { axis: 0 }),
      );
  }
  const inputs = parts.length === 1 ? parts[0] : graph.node("Concat", parts, { axis: 2 });
  const inputSize = embeddingSize + 2 * characterSize + shapeSize;
  const { outputs } = addStack(where, graph, {
    name: "rnn",
    config,
    inputSize,
    arrays,
    inputs,
    lengths,
    states: false,
  });
  const emissions = graph.linear(outputs, weight("output/kernel"), weight("output/bias"));
  const count = tags.length;
  graph.output("emissions", graph.node("Transpose", [emissions], { perm: [1, 0, 2] }), "float32", [
    "batch",
    "time",
    count,
  ]);
  if (config.output !== "crf") return;
  graph.output("transitions", weight("crf/transitions"), "float32", [count, count]);
  graph.output("start", weight("crf/start"), "float32", [count]);
  graph.output("end", weight("crf/end"), "float32", [count]);
};
