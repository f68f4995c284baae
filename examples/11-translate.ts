/** @file An encoder-decoder with attention: learns to write English dates as numbers, and shows where it looks. */
import { adam, encodeModel, randomStream, trainOn } from "unrolled";
import {
  attentionPicture,
  evaluateTranslator,
  loadTranslator,
  translate,
  translator,
  translatorTask,
} from "unrolled/tasks";
import { writeFileSync } from "node:fs";

const english = new Intl.DateTimeFormat("en-US", { dateStyle: "long", timeZone: "UTC" });
const days = Array.from(randomStream(1).permutation(36_500).slice(0, 1600), (day) => new Date(day * 86_400_000));
const pairs = days.map((day) => ({ source: english.format(day), target: day.toISOString().slice(0, 10) }));
const [training, held] = [pairs.slice(0, 1500), pairs.slice(1500)];
console.log(`${training.length} pairs such as "${training[0].source}" -> "${training[0].target}"`);

const model = translator({ pairs: training, merges: 0, hiddenSize: 64, embeddingSize: 32, seed: 1 });
const task = translatorTask(model, { training, batchSize: 32, seed: 1 });
for await (const event of trainOn(task, { epochs: 6, optimizer: adam({ learningRate: 1e-2 }) })) {
  if (event.kind === "epoch") console.log(`epoch ${event.epoch}  loss ${event.loss.toFixed(3)}`);
}

// a file holds the model with both encodings
const again = loadTranslator(encodeModel(model));
console.log(`exact on held-out dates  ${evaluateTranslator(again, held).measures.exactMatch.toFixed(2)}`);

const best = translate(again, "July 14, 1989", {
  beams: 4,
  nBest: 2,
  lengthPenalty: 0.6,
  coveragePenalty: 0.05,
});
console.log(`"July 14, 1989" -> "${best.text}", or "${best.alternatives[0].text}"`);
best.attention.weights.forEach((row, i) => {
  const most = row.indexOf(Math.max(...row));
  console.log(`${best.attention.target[i]} looks at ${best.attention.source[most]}`);
});
writeFileSync("attention.svg", attentionPicture(best.attention));
