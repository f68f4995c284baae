/**
 * An answer does not depend on what is computed beside it: each request alone, and among others in batches of 1 to 64, gives the same bytes. Models have
 * sizes that are no multiple of a tile, so that rows meet every kernel. With UNROLLED_VERIFY=full 10,000 requests, else 1,200.
 */
import { describe, expect, test } from "vitest";
import { type RandomStream, randomStream } from "../src/base/index.ts";
import { assign, CELL_NAMES, languageModel, type SavedModel, scope, tensor } from "../src/index.ts";
import { classifier, classifyAll, tagAll, tagger, transcriber } from "../src/tasks/index.ts";
import { stepProbabilities } from "../src/tasks/transcribe/answers.ts";

const REQUESTS = process.env["UNROLLED_VERIFY"] === "full" ? 2500 : 300;
const LETTERS = "abcdefghij ";

const word = (random: RandomStream, longest: number): string =>
  Array.from({ length: 1 + random.integer(longest) }, () => LETTERS[random.integer(LETTERS.length - 1)]).join("");
const text = (random: RandomStream): string =>
  Array.from({ length: 1 + random.integer(12) }, () => word(random, 6)).join(" ");

/** The model, with random weights everywhere: an untrained bias of 0 would hide what runs over padding. */
function randomized<M extends Pick<SavedModel, "parameters">>(model: M): M {
  const random = randomStream(7);
  for (const one of Object.values(model.parameters()))
    assign(
      one,
      Float32Array.from({ length: one.size }, () => (random.uniform() - 0.5) / 2),
    );
  return model;
}

/** Cut into parts of 1 to 64. */
function* parts<T>(list: readonly T[], random: RandomStream): Generator<readonly T[]> {
  for (let at = 0; at < list.length;) {
    const size = 1 + random.integer(64);
    yield list.slice(at, at + size);
    at += size;
  }
}

/** Both ways to answer; answers are compared as JSON, which tells each number exactly. */
function expectSame<T>(list: readonly T[], random: RandomStream, answer: (some: readonly T[]) => readonly unknown[]) {
  const together = [...parts(list, random)].flatMap((some) => answer(some));
  const alone = list.flatMap((one) => answer([one]));
  expect(together.length).toBe(list.length);
  expect(together.map((one) => JSON.stringify(one))).toEqual(alone.map((one) => JSON.stringify(one)));
}

describe.each(CELL_NAMES)("%s", (cell) => {
  const count = Math.ceil(REQUESTS / 3);
  const random = randomStream(11).named(cell);
  const requests = Array.from({ length: count }, () => text(random));

  test("classify", () => {
    const examples = requests.slice(0, 40).map((input, i) => ({ input, label: String(i % 7) }));
    for (const bidirectional of [false, true]) {
      const model = randomized(
        classifier({ examples, cell, bidirectional, hiddenSize: 37, layers: 2, unit: "char", seed: 3 }),
      );
      expectSame(requests.slice(0, count / 2), random, (some) => classifyAll(model, some));
    }
  });

  test("tag", () => {
    const sentences = requests.map((one) => one.split(" "));
    const examples = sentences.slice(0, 40).map((tokens) => ({
      tokens,
      tags: tokens.map((_, i) => (i % 3 === 0 ? "B-X" : "O")),
    }));
    const model = randomized(tagger({ examples, cell, hiddenSize: 19, characterSize: 7, embeddingSize: 13, seed: 3 }));
    expectSame(sentences, random, (some) => tagAll(model, some));
  });

  test("language model", () => {
    const model = randomized(languageModel({ corpus: LETTERS.repeat(9), cell, hiddenSize: 41, layers: 2, seed: 5 }));
    // one length, as a batch of a language model has
    const lines = requests.map((one) => one.padEnd(17, "a").slice(0, 17));
    expectSame(lines, random, (some) => {
      const ids = some.map((one) => model.vocabulary.encode(one));
      const flat = Int32Array.from(
        { length: 17 * some.length },
        (_, i) => ids[i % some.length][Math.floor(i / some.length)],
      );
      const logits = scope(() =>
        model.forward(tensor(flat, { shape: [17, some.length] }), model.initialState(some.length)).logits.values(),
      );
      const size = model.vocabulary.size;
      return some.map((_, b) =>
        Array.from(logits.subarray((16 * some.length + b) * size, (16 * some.length + b + 1) * size)),
      );
    });
  });

  test("transcribe", () => {
    const sounds = Array.from({ length: count }, () =>
      Float32Array.from({ length: 800 + random.integer(3000) }, () => random.uniform() - 0.5),
    );
    const utterances = sounds.slice(0, 5).map((samples) => ({ samples, text: "abc" }));
    const features = { sampleRate: 8000 };
    const model = randomized(transcriber({ utterances, features, cell, hiddenSize: 21, seed: 2 }));
    expectSame(sounds, random, (some) =>
      stepProbabilities(
        model,
        some.map((samples) => model.hear(samples)),
      ).map(({ data }) => [...data]),
    );
  });
});
