/** @file What training takes, in a process of its own, after collecting garbage: one line of JSON for each look. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { engineReport, languageModel, loadLanguageModel, memory, encodeModel, train } from "unrolled";
import { checkpointStore } from "unrolled/node";

const [what, times, looks] = process.argv.slice(2);
const every = Number(times) / Number(looks);
const sizes = { corpus: "abcdefgh ".repeat(40), hiddenSize: 8, embeddingSize: 4, layers: 2, dropout: 0.1 };
const batches = { sequenceLength: 4, batchSize: 2 };

async function look(at: number): Promise<void> {
  for (let i = 0; i < 2; i++) {
    globalThis.gc?.();
    // tensors are freed by finalizers, which run between tasks
    await setTimeout(10);
  }
  const { rss } = process.memoryUsage();
  console.log(JSON.stringify({ at, blocks: memory().liveBlocks, bytes: engineReport().bytes, rss }));
}

/** One run with checkpoints. */
async function steps(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "unrolled-memory-"));
  const store = checkpointStore(directory);
  const training = train(languageModel(sizes), { ...batches, steps: Number(times), evaluateEvery: every / 2 });
  for await (const { kind, step } of training) {
    if (kind !== "step") continue;
    if (step % (every / 5) === 0) await store.save({ step, snapshot: await training.snapshot() });
    if (step % every === 0) await look(step);
  }
  rmSync(directory, { recursive: true });
}

/** Models that are created, trained, saved, loaded and dropped. */
async function models(): Promise<void> {
  for (let i = 1; i <= Number(times); i++) {
    await model(i);
    if (i % every === 0) await look(i);
  }
}

async function model(seed: number): Promise<void> {
  const created = languageModel({ ...sizes, seed });
  for await (const event of train(created, { ...batches, steps: 1, validation: 0 })) void event;
  loadLanguageModel(encodeModel(created));
}

await (what === "steps" ? steps() : models());
