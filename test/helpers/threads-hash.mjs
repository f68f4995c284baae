// Prints the threads that ran and the SHA-256 of the weights after a few steps of a model that is large enough for threads. Uses the built package.
import { languageModel, encodeModel, train } from "unrolled";
import { sha256 } from "./sha256.mjs";
import { threadsRunning } from "./threads-running.mjs";

const threads = await threadsRunning();
const corpus = "It is a way I have of driving off the spleen, and regulating the circulation. ".repeat(40);
const saved = [];
for (const cell of ["lstm", "gru", "rnn"]) {
  const model = languageModel({ corpus, cell, hiddenSize: 96, embeddingSize: 40, layers: 2, dropout: 0.2, seed: 7 });
  for await (const event of train(model, { steps: 3, sequenceLength: 24, batchSize: 24 })) void event;
  saved.push(encodeModel(model));
}
console.log(threads, await sha256(saved));
