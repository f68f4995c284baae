/** @file Reads pictures row by row in both directions: are the lines in them upright, level or slanting? */
import { parameterCount, randomStream, trainOn } from "unrolled";
import { classifier, type ClassifierExample, classifierTask, evaluateClassifier } from "unrolled/tasks";

const side = 12;
const random = randomStream(1);

/** A bright line in noise. */
function picture(label: string): ClassifierExample {
  const data = Uint8Array.from({ length: side * side }, () => random.integer(100));
  const at = random.integer(side);
  for (let i = 0; i < side; i++) {
    const [x, y] = label === "upright" ? [at, i] : label === "level" ? [i, at] : [(at + i) % side, i];
    data[y * side + x] = 255;
  }
  return { input: { width: side, height: side, channels: 1, data }, label };
}

const labels = ["upright", "level", "slanting"];
const pictures = Array.from({ length: 600 }, (_, i) => picture(labels[i % 3]));
const [training, validation] = [pictures.slice(0, 450), pictures.slice(450)];

const model = classifier({ examples: training, cell: "gru", hiddenSize: 16, seed: 1 });
console.log(`${parameterCount(model)} parameters; ${side} steps of ${side} pixels, in both directions`);
const task = classifierTask(model, { training, validation, batchSize: 25, augment: { shift: 1 } });
for await (const event of trainOn(task, { epochs: 12, seed: 1 }))
  if (event.kind === "evaluation")
    console.log(`after step ${event.step}: accuracy ${event.measures?.["accuracy"]?.toFixed(3)}`);

const { measures, confusion } = evaluateClassifier(model, validation);
console.log(`accuracy ${measures.accuracy.toFixed(3)}`);
confusion.labels.forEach((label, i) => console.log(`${label.padEnd(8)} ${confusion.counts[i].join(" ")}`));
