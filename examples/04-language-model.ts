/**
 * @file Learns a book letter by letter, then writes in its style.
 *
 *     node examples/04-language-model.ts [FILE OR FOLDER [STEPS]]
 *
 * Without a file it reads the guide of this package.
 */
import { fileURLToPath } from "node:url";
import { generate, languageModel, parameterCount, train } from "unrolled";
import { readCorpus } from "unrolled/node";

const guide = fileURLToPath(new URL("docs/guide.md", import.meta.resolve("unrolled/package.json")));
const [path = guide, steps = "400"] = process.argv.slice(2);
const corpus = readCorpus([path]);
const model = languageModel({ corpus, cell: "lstm", hiddenSize: 64, embeddingSize: 32, seed: 1 });
console.log(`${corpus.length} characters, ${model.vocabulary.size} different, ${parameterCount(model)} parameters`);

// 2,000 characters for the evaluation are enough to see where it stands
const options = { steps: Number(steps), sequenceLength: 32, batchSize: 16, validation: 2000 / corpus.length };
for await (const event of train(model, options)) {
  if (event.kind === "step" && event.step % 20 === 0) console.log(`step ${event.step}  loss ${event.loss.toFixed(3)}`);
  if (event.kind === "evaluation")
    console.log(`validation  ${event.measures.bitsPerCharacter.toFixed(3)} bits per character`);
}

const prime = "the ";
process.stdout.write(`\n${prime}`);
for await (const token of generate(model, prime, { temperature: 0.6, maxLength: 200, seed: 7 }))
  process.stdout.write(token);
console.log();
