/** @file Tells questions from statements: learns from a few dozen sentences, then reads new ones, one of them word by word. */
import { randomStream, trainOn } from "unrolled";
import {
  classifier,
  classifierStream,
  classifierTask,
  classify,
  evaluateClassifier,
  splitExamples,
} from "unrolled/tasks";

const subjects = ["the whale", "the captain", "a sailor", "the ship", "the wind", "my friend"];
const verbs = ["is", "was", "can be", "will be"];
const places = ["at sea", "in the harbor", "near the island", "far away", "very old"];
const sentences = subjects.flatMap((subject) =>
  verbs.flatMap((verb) =>
    places.flatMap((place) => {
      const [first, ...rest] = verb.split(" ");
      return [
        { input: `${subject} ${verb} ${place}`, label: "statement" },
        { input: [first, subject, ...rest, place].join(" "), label: "question" },
      ];
    }),
  ),
);
const { training, validation } = splitExamples(sentences, { validation: 0.2, random: randomStream(1) });

const model = classifier({
  examples: training,
  unit: "word",
  // a stream has not seen the end
  bidirectional: false,
  pooling: "last",
  hiddenSize: 16,
  embeddingSize: 16,
  seed: 1,
});
const task = classifierTask(model, { training, validation, batchSize: 16 });
for await (const event of trainOn(task, { epochs: 10, seed: 1 }))
  if (event.kind === "evaluation")
    console.log(`after step ${event.step}: accuracy ${event.measures?.["accuracy"]?.toFixed(3)}`);

const { report, confusion } = evaluateClassifier(model, validation);
for (const { label, precision, recall } of report.classes)
  console.log(`${label}: precision ${precision.toFixed(3)}, recall ${recall.toFixed(3)}`);
console.log(`confusion ${JSON.stringify(confusion.counts)}`);

for (const input of ["was the wind very old", "my friend can be in the harbor"]) {
  const { label, probability } = classify(model, input);
  console.log(`"${input}" is a ${label} (${probability.toFixed(3)})`);
}

console.log("word by word:");
const stream = classifierStream(model);
for (const word of ["the", "ship", "will", "be", "at", "sea"])
  console.log(`  ${word.padEnd(6)} statement ${stream.step(word).probabilities["statement"].toFixed(3)}`);
