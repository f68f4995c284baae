/**
 * @file Learns to translate English dates, and says how well on days that it has never seen.
 *
 *     node examples/recipes/translate/train.ts            # English to Korean, German and French, a few minutes
 *     node examples/recipes/translate/train.ts --short    # Korean only, less than half a minute; fails below 90 of 100
 */
import { writeFileSync } from "node:fs";
import { adam, trainOn } from "unrolled";
import {
  attentionPicture,
  bleu,
  chrF,
  exactMatch,
  type Pair,
  translate,
  translator,
  translatorTask,
} from "unrolled/tasks";
import { datePairs } from "./pairs.ts";

/** Share of exact translations without which the short form fails. Without attention the same training gets less than half of it. */
const FLOOR = 0.9;

const isShort = process.argv.includes("--short");
const settings = isShort
  ? { languages: ["ko"], training: 4000, held: 200, steps: 200 }
  : { languages: ["ko", "de", "fr"], training: 10_000, held: 1000, steps: 1200 };

for (const language of settings.languages) {
  const pairs = datePairs(settings.training + settings.held, language, 1);
  const training = pairs.slice(0, settings.training);
  const held = pairs.slice(settings.training);
  const model = translator({ pairs: training, merges: 0, attention: "general", embeddingSize: 32, seed: 1 });
  const task = translatorTask(model, { training, batchSize: 64, seed: 1 });
  const began = performance.now();
  const run = trainOn(task, { steps: settings.steps, optimizer: adam({ learningRate: 5e-3 }), seed: 1 });
  for await (const event of run)
    if (event.kind === "step" && event.step % 100 === 0)
      console.log(`${language}: step ${event.step}, loss ${event.loss.toFixed(4)}`);
  report(language, model, held, (performance.now() - began) / 1000);
}

function report(language: string, model: ReturnType<typeof translator>, held: readonly Pair[], seconds: number): void {
  const references = held.map(({ target }) => target);
  const found = held.map(({ source }) => translate(model, source).text);
  const exact = exactMatch(found, references);
  console.log(
    `en-${language}: ${held.length} held-out dates, ${(100 * exact).toFixed(1)} % exact, ` +
      `BLEU ${bleu(found, references, { tokenize: (text) => [...text] }).score.toFixed(1)} (of characters), ` +
      `chrF ${chrF(found, references).toFixed(1)}; trained for ${seconds.toFixed(0)} s`,
  );
  const sample = held[0];
  const best = translate(model, sample.source);
  console.log(`${sample.source} -> ${best.text}`);
  if (process.argv.includes("--picture"))
    writeFileSync(`attention-${language}.svg`, attentionPicture(best.attention, { title: "Where the decoder looks" }));
  if (isShort && exact < FLOOR) throw new Error(`expected at least ${100 * FLOOR} % exact, got ${100 * exact} %`);
}
