/** Writes down the keys that were pressed on a telephone, from their tones in noise: CTC finds out by itself where each key sounds. */
import { adam, parameterCount, randomStream, trainOn } from "unrolled";
import {
  evaluateTranscriber,
  transcribe,
  transcriber,
  transcriberStream,
  transcriberTask,
  type Utterance,
} from "unrolled/tasks";

const sampleRate = 8000;
const rows = [697, 770, 852, 941];
const columns = [1209, 1336, 1477];
const keys = "123456789*0#";

/** Up to six keys, each held for 60 to 160 ms, with pauses of 40 to 120 ms, over a noisy line. */
function dialled(seed: number, index: number): Utterance {
  const random = randomStream(seed).at(index);
  const text = Array.from({ length: 1 + random.integer(6) }, () => keys[random.integer(12)]).join("");
  const sound: number[] = [];
  const add = (milliseconds: number, hertz: readonly number[]): void => {
    for (let i = 0; i < (milliseconds / 1000) * sampleRate; i++) {
      const waves = hertz.map((f) => Math.sin((2 * Math.PI * f * i) / sampleRate));
      sound.push(waves.reduce((sum, wave) => sum + 0.2 * wave, 0.05 * random.normal()));
    }
  };
  for (const key of text) {
    const at = keys.indexOf(key);
    add(40 + random.integer(80), []);
    add(60 + random.integer(100), [rows[Math.floor(at / 3)], columns[at % 3]]);
  }
  add(60, []);
  return { text, samples: Float32Array.from(sound) };
}

const training = Array.from({ length: 300 }, (_, i) => dialled(1, i));
const validation = Array.from({ length: 60 }, (_, i) => dialled(2, i));
// layers that read from the beginning only can follow a call
const model = transcriber({
  utterances: training,
  features: { sampleRate, bands: 32, lowHertz: 500, highHertz: 1800 },
  cell: "gru",
  bidirectional: false,
  hiddenSize: 48,
  seed: 1,
});
console.log(`${parameterCount(model)} parameters, keys ${model.vocabulary.tokens.join("")}`);

const task = transcriberTask(model, { training, validation, batchSize: 16 });
for await (const event of trainOn(task, { epochs: 12, optimizer: adam({ learningRate: 0.01 }) })) {
  if (event.kind === "evaluation") console.log(`epoch ${event.epoch}  held-out loss ${event.loss.toFixed(3)}`);
}
console.log(`character error rate ${evaluateTranscriber(model, validation).measures.characterErrorRate.toFixed(3)}`);

const call = validation.find(({ text }) => text.length >= 5) ?? validation[0];
const { text, alignment } = transcribe(model, call.samples);
console.log(`pressed ${call.text}, heard ${text}`);
for (const { character, from } of alignment) console.log(`  ${from.toFixed(2)} s  ${character}`);

// the same, while it is dialled
const stream = transcriberStream(model);
for (let at = 0; at < call.samples.length; at += 800) stream.push(call.samples.subarray(at, at + 800));
console.log(`stream ${stream.end()}`);
