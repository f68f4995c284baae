/**
 * @file Learns to write down spoken numbers and reports the errors on voices that it has never heard.
 *
 *     node examples/recipes/transcribe/main.ts [--short] [--out FOLDER]
 *
 * `--short`: numbers up to 9, half a minute; fails when more than 20 % of the characters are wrong. `--out` writes the model and a spectrogram with its text.
 * espeak-ng speaks the numbers; it has to be installed.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { adam, encodeModel, parameterCount, trainOn } from "unrolled";
import { spectrogramSvg } from "unrolled/node";
import { evaluateTranscriber, transcribe, transcriber, transcriberTask } from "unrolled/tasks";
import { SAMPLE_RATE, spokenNumbers, TEST_VOICES, TRAINING_VOICES } from "./voices.ts";

const { values } = parseArgs({ options: { short: { type: "boolean", default: false }, out: { type: "string" } } });
const { largest, count, tests, epochs, hiddenSize, learningRate } = values.short
  ? { largest: 9, count: 320, tests: 80, epochs: 14, hiddenSize: 48, learningRate: 0.01 }
  : { largest: 999, count: 2000, tests: 300, epochs: 20, hiddenSize: 96, learningRate: 0.005 };

const training = spokenNumbers(count, { voices: TRAINING_VOICES, largest, seed: 1 });
const test = spokenNumbers(tests, { voices: TEST_VOICES, largest, seed: 2 });
console.log(
  `${count} numbers by ${TRAINING_VOICES.length} voices, ${tests} by ${TEST_VOICES.length} others: "${training[0].text}", …`,
);

const model = transcriber({
  utterances: training,
  features: { sampleRate: SAMPLE_RATE, bands: 32, highHertz: 8000 },
  timeReduction: 3,
  hiddenSize,
  dropout: 0.1,
  seed: 1,
});
console.log(`${parameterCount(model)} parameters, alphabet ${JSON.stringify(model.vocabulary.tokens.join(""))}`);

const task = transcriberTask(model, {
  training,
  validation: test.slice(0, 60),
  batchSize: 16,
  augment: values.short ? {} : { noise: 0.2, bandMasks: 1, timeMasks: 1, timeWidth: 6 },
});
const perEpoch = Math.ceil(count / 16);
const steps = epochs * perEpoch;
const schedule = (step: number): number => learningRate * Math.max(0.02, 1 - step / steps);
for await (const event of trainOn(task, {
  steps,
  optimizer: adam({ learningRate }),
  schedule,
  clipNorm: 1,
  evaluateEvery: 2 * perEpoch,
  seed: 1,
})) {
  if (event.kind !== "evaluation") continue;
  const { characterErrorRate } = evaluateTranscriber(model, test.slice(0, 60)).measures;
  console.log(`step ${event.step}  loss ${event.loss.toFixed(3)}  CER ${(100 * characterErrorRate).toFixed(1)} %`);
}

const { measures, texts } = evaluateTranscriber(model, test);
for (let i = 0; i < 3; i++) console.log(`${test[i].name}  ->  ${texts[i]}`);
const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
console.log(
  `voices that were not heard: CER ${percent(measures.characterErrorRate)}, WER ${percent(measures.wordErrorRate)}`,
);

if (values.out !== undefined) {
  mkdirSync(values.out, { recursive: true });
  writeFileSync(join(values.out, "transcriber.safetensors"), encodeModel(model));
  const { samples } = test[0];
  const { text, alignment } = transcribe(model, samples);
  const { lowHertz, highHertz } = model.features;
  writeFileSync(
    join(values.out, "spectrogram.svg"),
    spectrogramSvg(model.frames(samples), {
      hopSeconds: model.frameSeconds,
      alignment,
      title: text,
      hertz: [lowHertz, highHertz],
    }),
  );
}
if (values.short && !(measures.characterErrorRate < 0.2)) {
  console.error(`expected a character error rate below 20 %, got ${percent(measures.characterErrorRate)}`);
  process.exitCode = 1;
}
