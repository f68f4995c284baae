// Prints the SHA-256 of the weights after 200 steps of training, on whatever Node runs it or page imports it. Uses the built package.
import { languageModel, encodeModel, train } from "unrolled";
import { sha256 } from "./sha256.mjs";

const corpus = "It is a way I have of driving off the spleen, and regulating the circulation. ".repeat(40);
const saved = [];
for (const [cell, dialect] of [
  ["lstm", "tf1"],
  ["gru", "torch"],
  ["rnn", "keras"],
]) {
  const model = languageModel({
    corpus,
    cell,
    dialect,
    hiddenSize: 24,
    embeddingSize: 10,
    layers: 2,
    dropout: 0.2,
    seed: 7,
    // as the first version did by default
    embeddingInitializer: "uniform",
    normalize: "none",
  });
  for await (const event of train(model, { steps: 200, sequenceLength: 16, batchSize: 5, shuffle: cell === "gru" }))
    void event;
  saved.push(encodeModel(model));
}

export const hash = await sha256(saved);
console.log(hash);
