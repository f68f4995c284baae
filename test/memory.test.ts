import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
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

/** What test/helpers/training-memory.ts has seen: `looks` of them, evenly. */
function looksAt(what: "steps" | "models", times: number, looks: number): Look[] {
  const helper = fileURLToPath(new URL("helpers/training-memory.ts", import.meta.url));
  // V8 makes room for new objects as it likes, up to 48 MiB: with a fixed amount, what grows is ours
  const args = ["--expose-gc", "--max-semi-space-size=2", helper, what, String(times), String(looks)];
  const env = { ...process.env, UNROLLED_POISON: "0" };
  const output = execFileSync(process.execPath, args, { encoding: "utf8", env });
  return output
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Look);
}

type Look = { readonly at: number; readonly blocks: number; readonly bytes: number; readonly rss: number };
const MiB = 2 ** 20;
const change = (looks: readonly Look[], name: keyof Look): number => (looks.at(-1) as Look)[name] - looks[0][name];

test("10,000 steps with checkpoints: no more blocks or pages, and at most 1 KiB per step for the process", () => {
  // V8 needs some steps to find the size of its heap
  const looks = looksAt("steps", STEPS, 10).slice(2);
  const slope = change(looks, "rss") / change(looks, "at");
  console.log(
    `memory: ${change(looks, "blocks")} blocks, ${change(looks, "bytes")} bytes, ${Math.round(slope)} bytes of the process per step`,
  );
  expect(change(looks, "blocks")).toBe(0);
  expect(change(looks, "bytes")).toBe(0);
  expect(slope).toBeLessThanOrEqual(1024);
});

const MODELS = process.env["UNROLLED_VERIFY"] === "full" ? 1000 : 400;
test(`${MODELS} models created, trained, saved, loaded and dropped: back to where it was`, () => {
  const looks = looksAt("models", MODELS, 4);
  for (const { blocks, bytes } of looks) {
    expect(blocks).toBe(0);
    // the collector may come a few models later than it did before: those that it forgot would take more
    expect(bytes - looks[0].bytes).toBeLessThan(4 * MiB);
  }
  console.log(`memory: models, ${(change(looks, "rss") / MiB).toFixed(1)} MiB more for the process`);
  // V8 lets its heap grow at first; what is alive in it does not
  expect(change(looks, "rss")).toBeLessThan(64 * MiB);
});

test.runIf(process.env["UNROLLED_VERIFY"] === "full")("a million steps in 16 MiB", { timeout: 1_800_000 }, () => {
  const looks = looksAt("steps", 1_000_000, 100);
  console.log(`memory: 990,000 steps, ${(change(looks, "rss") / MiB).toFixed(1)} MiB more for the process`);
  expect(change(looks, "blocks")).toBe(0);
  expect(change(looks, "bytes")).toBe(0);
  expect(change(looks, "rss")).toBeLessThan(16 * MiB);
});
