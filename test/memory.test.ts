import { expect, test } from "vitest";
import {
  adam,
  basicLstmCell,
  dynamicRnn,
  languageModel,
  memory,
  oneHot,
  ones,
  scope,
  sequenceLoss,
  tensor,
  train,
  valueAndGrad,
} from "unrolled";

const STEPS = 10_000;
const WARM_UP = 200;

test(`${STEPS} steps of the tutorial's training leave no block behind`, () => {
  const cell = basicLstmCell(4, { seed: 1 });
  const x = oneHot([[0, 1, 2, 2]], 4);
  const targets = tensor(Int32Array.of(1, 2, 2, 3), { shape: [1, 4] });
  const weights = ones([1, 4]);
  scope(() => dynamicRnn(cell, x));
  const parameters = cell.parameters();
  const optimizer = adam();
  let state = optimizer.init(parameters);
  let first: ReturnType<typeof memory> | undefined;
  for (let step = 0; step < STEPS; step++) {
    scope(() => {
      const loss = () => sequenceLoss(dynamicRnn(cell, x).outputs, targets, weights);
      state = optimizer.update(parameters, valueAndGrad(loss, parameters).gradients, state);
    });
    if (step === WARM_UP) first = memory();
  }
  expect(memory()).toEqual(first);
  console.log(`memory: ${STEPS} steps, ${memory().liveBlocks - (first?.liveBlocks ?? 0)} more live blocks`);
});

test("the training loop of a language model keeps its number of blocks", async () => {
  const model = languageModel({
    corpus: "abcdefgh ".repeat(40),
    hiddenSize: 8,
    embeddingSize: 4,
    layers: 2,
    dropout: 0.1,
  });
  const counts: number[] = [];
  for await (const event of train(model, { steps: 400, sequenceLength: 8, batchSize: 2, evaluateEvery: 50 })) {
    if (event.kind === "step") counts.push(memory().liveBlocks);
  }
  // a step leaves nothing to the garbage collector, which may free what is older
  counts.forEach((count, step) => expect(count).toBeLessThanOrEqual(counts[Math.max(0, step - 1)]));
});
