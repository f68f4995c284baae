// Prints the threads that ran and the SHA-256 of the weights after a few steps of a model that is large enough for threads. Uses the built package.
import { setTimeout as sleep } from "node:timers/promises";
import { engineReport, languageModel, matmul, ones, saveLanguageModel, scope, train } from "unrolled";
import { sha256 } from "./sha256.mjs";

// products start the threads; from here on they take part in every large kernel
const large = ones([200, 200]);
for (
  const end = Date.now() + 20_000;
  engineReport().running < engineReport().threads && Date.now() < end;
  await sleep(2)
)
  scope(() => void matmul(large, large));

const corpus = "It is a way I have of driving off the spleen, and regulating the circulation. ".repeat(40);
const saved = [];
for (const cell of ["lstm", "gru", "rnn"]) {
  const model = languageModel({ corpus, cell, hiddenSize: 96, embeddingSize: 40, layers: 2, dropout: 0.2, seed: 7 });
  for await (const event of train(model, { steps: 3, sequenceLength: 24, batchSize: 24 })) void event;
  saved.push(saveLanguageModel(model));
}
console.log(engineReport().running, await sha256(saved));
