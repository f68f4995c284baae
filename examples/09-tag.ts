/** Finds people and places in sentences: a tagger with a CRF, trained on sentences that are made here. */
import { adam, parameterCount, randomStream, trainOn } from "unrolled";
import { evaluateTagger, tag, type TaggedExample, tagger, taggerTask } from "unrolled/tasks";

const people = ["Ada", "Grace Hopper", "Alan Turing", "Jordan", "Austin", "Sydney"];
const places = ["Oslo", "New York", "Buenos Aires", "Jordan", "Austin", "Sydney"];
const frames = [
  "we flew to %L with %P",
  "%P moved to %L",
  "in %L it rains",
  "a letter from %P came",
  "%P left %L today",
];

/** A frame with its gaps filled, each word with its tag. */
function sentence(seed: number, index: number): TaggedExample {
  const random = randomStream(seed).at(index);
  const tokens: string[] = [];
  const tags: string[] = [];
  for (const word of frames[random.integer(frames.length)].split(" ")) {
    const names = word === "%P" ? people : word === "%L" ? places : [word];
    const label = word === "%P" ? "PER" : word === "%L" ? "LOC" : undefined;
    names[random.integer(names.length)].split(" ").forEach((token, i) => {
      tokens.push(token);
      tags.push(label === undefined ? "O" : `${i === 0 ? "B" : "I"}-${label}`);
    });
  }
  return { tokens, tags };
}

const training = Array.from({ length: 400 }, (_, i) => sentence(1, i));
const validation = Array.from({ length: 100 }, (_, i) => sentence(2, i));
const model = tagger({ examples: training, hiddenSize: 24, embeddingSize: 16, characterSize: 8 });
console.log(`${parameterCount(model)} parameters, tags ${model.config.tags.join(" ")}`);

const task = taggerTask(model, { training, validation, batchSize: 16 });
for await (const event of trainOn(task, { epochs: 4, optimizer: adam({ learningRate: 0.01 }) })) {
  if (event.kind === "evaluation") console.log(`epoch ${event.epoch}  held-out loss ${event.loss.toFixed(4)}`);
}
console.log(`F1 ${evaluateTagger(model, validation).measures.f1.toFixed(3)}`);

const { tokens, spans, probabilities } = tag(model, "we flew to Sydney with Zoe".split(" "));
for (const { label, start, end } of spans) {
  const sure = Math.max(...probabilities[start]);
  console.log(`${label}  ${tokens.slice(start, end).join(" ")}  ${sure > 0.5 ? "sure" : "not sure"}`);
}
