/**
 * A transcriber of two tones: training, files, the stream, texts with times, and what is refused.
 */
import { encodeModel } from "../../model/index.ts";
import { beforeAll, describe, expect, test } from "vitest";
import { DataError, FormatError, randomStream } from "../../base/index.ts";
import { decodeNative, encodeNative } from "../../formats/index.ts";
import { languageModel } from "../language-model/index.ts";
import { CELL_NAMES } from "../../rnn/index.ts";
import { adam } from "../../optim/index.ts";
import { valueAndGrad } from "../../tensor/index.ts";
import { trainOn } from "../../train/index.ts";
import { alignText, characterScore, transcribe } from "./answers.ts";
import { loadTranscriber, type Transcriber, transcriber, type Utterance } from "./model.ts";
import { evaluateTranscriber } from "./evaluation.ts";
import { transcriberTask } from "./training.ts";
import { scoreStream, transcriberStream } from "./stream.ts";

const RATE = 4000;
const HERTZ: Readonly<Record<string, number>> = { a: 300, b: 800, c: 1500 };

/** Each letter a tone of 100 ms, with a pause of 60 ms before and after. */
function sung(text: string, seed: number): Utterance {
  const random = randomStream(seed);
  const pause = 0.06 * RATE;
  const letter = 0.1 * RATE;
  const samples = new Float32Array(pause + text.length * (letter + pause));
  for (let i = 0; i < samples.length; i++) {
    const at = i % (letter + pause);
    const tone = at < pause ? 0 : Math.sin((2 * Math.PI * HERTZ[text[Math.floor(i / (letter + pause))]] * i) / RATE);
    samples[i] = 0.3 * tone + 0.01 * random.normal();
  }
  return { text, samples };
}

const songs = (count: number, seed: number): Utterance[] =>
  Array.from({ length: count }, (_, i) => {
    const random = randomStream(seed).at(i);
    const text = Array.from({ length: 1 + random.integer(4) }, () => "abc"[random.integer(3)]).join("");
    return sung(text, seed * 1000 + i);
  });

const training = songs(60, 1);
const held = songs(20, 2);
const options = { utterances: training, features: { sampleRate: RATE, bands: 16 }, hiddenSize: 16, seed: 3 };

async function trained(model: Transcriber, augment = {}): Promise<Transcriber> {
  const task = transcriberTask(model, { training, validation: held, batchSize: 10, augment });
  let last: Readonly<Record<string, number>> | undefined;
  for await (const event of trainOn(task, { epochs: 20, optimizer: adam({ learningRate: 0.02 }) }))
    if (event.kind === "evaluation") last = event.measures;
  expect(last?.["characterErrorRate"]).toBeLessThan(0.05);
  return model;
}

let both: Transcriber;
let oneWay: Transcriber;
beforeAll(async () => {
  both = await trained(transcriber(options), { noise: 0.1, bandMasks: 1, bandWidth: 2, timeMasks: 1, timeWidth: 2 });
  oneWay = await trained(transcriber({ ...options, bidirectional: false, timeReduction: 3, cell: "gru" }));
});

test("it hears what is new, and a file holds all that it needs", () => {
  const { measures, loss, texts } = evaluateTranscriber(both, held);
  expect(measures.characterErrorRate).toBeLessThan(0.05);
  expect(measures.wordErrorRate).toBeLessThan(0.2);
  const again = loadTranscriber(encodeModel(both));
  expect(evaluateTranscriber(again, held, { batchSize: 16 })).toEqual({
    measures,
    loss,
    texts,
  });
  expect(again.configuration()).toEqual(both.configuration());
});

test("letters are found where they are sung", () => {
  const { samples } = sung("abca", 5);
  const { text, alignment, score } = transcribe(both, samples);
  expect(text).toBe("abca");
  expect(score).toBeLessThan(0);
  alignment.forEach(({ character, from, to }, i) => {
    expect(character).toBe("abca"[i]);
    const begin = i * 0.16 + 0.06;
    expect(to).toBeGreaterThan(begin - 0.05);
    expect(from).toBeLessThan(begin + 0.15);
  });
  expect(alignText(both, samples, "abca")).toEqual(alignment);
  const { text: wide, score: same } = transcribe(both, samples, { beams: 20 });
  expect([wide, same]).toEqual([text, score]);
});

test.each([1, 7, 160, 1000])("a stream in pieces of %i samples gives the text of the whole", (size) => {
  for (const { samples } of held.slice(0, size === 1 ? 1 : 8)) {
    const stream = transcriberStream(oneWay);
    let before = "";
    for (let at = 0; at < samples.length; at += size) {
      const now = stream.push(samples.subarray(at, at + size));
      expect(now.startsWith(before)).toBe(true);
      before = now;
    }
    expect(stream.end()).toBe(transcribe(oneWay, samples).text);
  }
});

test.each(CELL_NAMES)("a stream's scores are those of the whole, with an untrained %s", (cell) => {
  const model = transcriber({ ...options, cell, layers: 2, bidirectional: false, timeReduction: 3, seed: 4 });
  const random = randomStream(9);
  const samples = Float32Array.from({ length: 3001 }, () => random.normal());
  const { inputs, lengths } = model.batch([model.hear(samples)]);
  const whole = model.forward(inputs, { lengths }).logits.values() as Float32Array;
  const stream = scoreStream(model);
  const pieces = [0, 1000, 1001, 1700].map((from, i, all) => stream.push(samples.subarray(from, all[i + 1])));
  const got = [...pieces, stream.end()].flatMap((scores) => [...scores]);
  expect(got).toEqual([...whole]);
});

test("a run that goes on has the same recordings, texts and model", () => {
  const printOf = (model: Transcriber, some: readonly Utterance[], others = held): string =>
    JSON.stringify(transcriberTask(model, { training: some, validation: others }).fingerprint);
  const same = printOf(both, training);
  expect(printOf(loadTranscriber(encodeModel(both)), training)).toBe(same);
  const [first, ...rest] = training;
  const samples = first.samples.map((x, i) => (i === 500 ? x + 0.01 : x));
  const text = first.text.replaceAll(/./g, (c) => ({ a: "b", b: "c", c: "a" })[c] ?? c);
  const different = [
    printOf(both, [{ ...first, samples }, ...rest]),
    printOf(both, [{ ...first, text }, ...rest]),
    printOf(both, [...rest, first]),
    printOf(both, training, held.slice(1)),
    printOf(transcriber({ ...options, features: { ...options.features, lowHertz: 50 } }), training),
  ];
  for (const other of different) expect(other).not.toBe(same);
});

test("a language model takes part in the search", () => {
  const { samples } = sung("ab", 6);
  const never = (_: string, character: string): number => (character === "b" ? -1000 : 0);
  expect(transcribe(both, samples, { beams: 8, languageModel: never }).text).not.toContain("b");
  const model = languageModel({ corpus: "ab\nabc\nbca\n", hiddenSize: 8, seed: 1 });
  const language = characterScore(model);
  const total = ["a", "b", "c", "\n"].reduce((sum, c) => sum + Math.exp(language("ab", c)), 0);
  expect(total).toBeCloseTo(1, 6);
  expect(language("ab", "x")).toBe(-20);
  expect(language("axb", "c")).toBe(language("ab", "c"));
  const noLines = characterScore(languageModel({ corpus: "abab", hiddenSize: 8, seed: 1 }));
  expect(noLines("", "a")).toBeCloseTo(Math.log(1 / 2), 12);
  expect(transcribe(both, samples, { beams: 8, languageModel: language, languageWeight: 0.1 }).text).toBe("ab");
});

test("a batch is its recordings alone, and padding has no gradient", () => {
  const model = transcriber({ ...options, normalization: "utterance" });
  const batch = transcriberTask(model, { training: held, batchSize: 20 });
  const [examples] = [...(batch.batches(0) as Iterable<never[]>)];
  const random = randomStream(1);
  const lossOf = (some: never[]): ReturnType<typeof valueAndGrad> =>
    valueAndGrad(() => batch.loss(some, { state: undefined, random }) as never, model.parameters());
  const whole = lossOf(examples).value.item();
  const alone = examples.reduce((sum, one) => sum + lossOf([one]).value.item(), 0) / examples.length;
  expect(whole).toBeCloseTo(alone, 4);
});

describe("what does not fit is refused", () => {
  test("data", () => {
    const task = (one: Partial<Utterance>): unknown =>
      transcriberTask(both, { training: [{ ...held[0], ...one, name: "x.wav" }] });
    expect(() => task({ text: "abd" })).toThrow(new DataError('x.wav: expected characters of the alphabet, got "d"'));
    expect(() => task({ text: "aa".repeat(50) })).toThrow(
      /^x\.wav: expected at least 199 steps for its text, got \d+\. Use/,
    );
    expect(() => task({ samples: Float32Array.of(NaN) })).toThrow("x.wav: expected finite samples, got NaN at 0");
    expect(() => transcriberTask(both, { training: [] })).toThrow("at least one recording");
    expect(() => transcriber({ ...options, utterances: [] })).toThrow(DataError);
    expect(() => transcriber({ ...options, timeReduction: 0 })).toThrow("transcriber timeReduction");
    expect(() => transcribe(both, held[0].samples, { beams: 0 })).toThrow("transcribe beams");
  });

  test("streams that need the end", () => {
    expect(() => transcriberStream(both)).toThrow(
      'expected one direction and normalization "global", got layers in both directions',
    );
    const scaled = transcriber({ ...options, bidirectional: false, normalization: "utterance" });
    expect(() => transcriberStream(scaled)).toThrow('got normalization "utterance"');
  });

  test("files of something else", () => {
    const bytes = encodeModel(languageModel({ corpus: "ab", hiddenSize: 4 }) as never);
    expect(() => loadTranscriber(bytes)).toThrow(FormatError);
    const text = Buffer.from(encodeModel(both)).toString("latin1");
    const damaged = Buffer.from(text.replace("hopSeconds", "hopSecondz"), "latin1");
    expect(() => loadTranscriber(damaged)).toThrow(FormatError);
  });

  test("a file that declares more than it holds, before anything is made of it", () => {
    const { config, arrays } = decodeNative(encodeModel(both));
    const { features, ...rest } = config as Record<string, unknown>;
    const numbers = Array.from({ length: 1024 }, () => 1);
    const wide = { ...rest, scaler: { kind: "standard", center: numbers, scale: numbers }, timeReduction: 64 };
    const load = (changed: object, others: object = rest): unknown =>
      loadTranscriber(
        encodeNative({
          kind: "transcriber",
          config: { ...others, features: { ...(features as object), ...changed } } as never,
          arrays,
        }),
      );
    expect(() => load({ bands: 1024 }, wide)).toThrow(
      /expected a parameter of at most \d+ numbers, .* got \[65552, 64\]/,
    );
    // tables of a window, for each band
    expect(() => load({ sampleRate: 1e6, windowSeconds: 9, bands: 1024 }, wide)).toThrow("windowSeconds");
  });

  test("less than a window is silence", () => {
    expect(transcribe(both, new Float32Array(10))).toEqual({ text: "", score: 0, alignment: [] });
  });
});
