import { encodeModel } from "../../model/index.ts";
import { describe, expect, test } from "vitest";
import { randomStream } from "../../base/index.ts";
import { adam } from "../../optim/index.ts";
import { gather, grad, memory, scope, tensor } from "../../tensor/index.ts";
import { type Snapshot, trainOn } from "../../train/index.ts";
import { attentionPicture } from "./attention-picture.ts";
import { bytePairEncoding, UNKNOWN_ID } from "./byte-pair-encoding.ts";
import { teacherProbability } from "./scheduled-sampling.ts";
import { translate } from "./answers.ts";
import { translationLoss } from "./loss.ts";
import { translatorTask } from "./training.ts";
import { loadTranslator, type Pair, type Translator, translator, type TranslatorOptions } from "./model.ts";

/** Digits in words, in reverse order: nothing that can be said without looking back. */
const WORDS = ["zero", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf"];
function reversed(count: number, seed: number): Pair[] {
  const random = randomStream(seed);
  return Array.from({ length: count }, () => {
    const digits = Array.from({ length: 1 + random.integer(5) }, () => random.integer(10));
    return {
      source: digits.join(" "),
      target: digits
        .map((d) => WORDS[d])
        .toReversed()
        .join(" "),
    };
  });
}
const pairs = reversed(300, 1);
const small: TranslatorOptions = { pairs, hiddenSize: 24, embeddingSize: 12, merges: 40 };

describe("bytePairEncoding", () => {
  test("pieces are those of merging everywhere in the order of learning", () => {
    for (let i = 0; i < 100; i++) {
      const random = randomStream(8).at(i);
      const text = (): string =>
        Array.from({ length: 1 + random.integer(40) }, () => "aab c"[random.integer(5)]).join("");
      const encoding = bytePairEncoding.train([text(), text(), text()], {
        merges: 1 + random.integer(12),
        minCount: 1,
      });
      const { characters, merges } = encoding.toJSON() as { characters: string[]; merges: [number, number][] };
      const asLearned = (piece: string): number[] => {
        let ids = Array.from(piece, (character) => characters.indexOf(character) + 1);
        merges.forEach(([left, right], rank) => {
          const next: number[] = [];
          for (let at = 0; at < ids.length; at++) {
            const isPair = ids[at] === left && ids[at + 1] === right;
            next.push(isPair ? characters.length + 1 + rank : ids[at]);
            if (isPair) at++;
          }
          ids = next;
        });
        return ids;
      };
      const other = text();
      const pieces = other.match(/ ?[^\s]+|\s/gu) ?? [];
      expect([...encoding.encode(other)]).toEqual(pieces.flatMap((piece) => asLearned(piece)));
    }
  });

  const texts = ["low low low low low", "lower lower newer newer newer newer newer newer wider wider wider"];

  test("learns the most frequent pairs, in whatever order the texts come", () => {
    const encoding = bytePairEncoding.train(texts, { merges: 4 });
    // "er" 11 times, then "wer" and " n…" by count
    expect(encoding.tokens.slice(-4)[0]).toBe("er");
    expect(bytePairEncoding.train(texts.toReversed(), { merges: 4 }).toJSON()).toEqual(encoding.toJSON());
    expect([...bytePairEncoding.train(texts, { merges: 0 }).encode("low")]).toHaveLength(3);
  });

  test("is reversible, white space included, and a repeated pair is merged from the left", () => {
    const encoding = bytePairEncoding.train([...texts, "aaaa aaaa  b\t\n 😀나는 "], { merges: 30 });
    for (const text of ["", " ", "low  lower\n", "aaa", "aaaaa", "\t 😀 나는", "newer😀wider"]) {
      expect(encoding.decode(encoding.encode(text))).toBe(text);
    }
    expect(encoding.decode(encoding.encode("lowZ"))).toBe("low\uFFFD");
    expect([...encoding.encode("Z")]).toEqual([UNKNOWN_ID]);
  });

  test("survives JSON, and refuses what is none", () => {
    const encoding = bytePairEncoding.train(texts, { merges: 20 });
    const again = bytePairEncoding.fromJSON(JSON.parse(JSON.stringify(encoding.toJSON())));
    expect(again.tokens).toEqual(encoding.tokens);
    expect(again.encode(texts[1])).toEqual(encoding.encode(texts[1]));
    expect(() => bytePairEncoding.fromJSON({ characters: ["a", "a"], merges: [] })).toThrow("distinct characters");
    expect(() => bytePairEncoding.fromJSON({ characters: ["a"], merges: [[1, 2]] })).toThrow("merges[0]");
    expect(() => bytePairEncoding.train([""], { merges: 1 })).toThrow("at least one character");
  });
});

test("scheduled sampling by hand (Bengio et al. 2015)", () => {
  expect(teacherProbability({ kind: "linear", slope: 0.01, floor: 0.25 }, 50)).toBe(0.5);
  expect(teacherProbability({ kind: "linear", slope: 0.01, floor: 0.25 }, 500)).toBe(0.25);
  expect(teacherProbability({ kind: "exponential", k: 0.5 }, 3)).toBeCloseTo(0.125, 12);
  expect(teacherProbability({ kind: "inverseSigmoid", k: 10 }, 0)).toBeCloseTo(10 / 11, 12);
  expect(teacherProbability({ kind: "inverseSigmoid", k: 10 }, 30)).toBeCloseTo(10 / (10 + Math.exp(3)), 12);
});

describe.each([
  ["bahdanau", true],
  ["dot", true],
  ["general", true],
  ["general", false],
  ["concat", false],
] as const)("%s, input feeding %s", (attention, inputFeeding) => {
  const model = translator({ ...small, attention, inputFeeding, layers: 2, cell: "gru" });
  const task = translatorTask(model, { training: pairs, batchSize: 8 });
  const [batch] = [...(task.batches(0) as Iterable<never>)] as Parameters<typeof translationLoss>[1][];

  test("the loss of a batch is that of its pairs alone, and padding has no gradient of its own", () => {
    const alone = pairs.slice(0, 6);
    const losses = alone.map((pair) => {
      const single = translatorTask(model, { training: [pair], batchSize: 1 });
      const [only] = [...(single.batches(0) as Iterable<typeof batch>)];
      return { loss: scope(() => translationLoss(model, only).item()), tokens: only.targetLengths[0] };
    });
    const together = translatorTask(model, { training: alone, batchSize: 6 });
    const [whole] = [...(together.batches(0) as Iterable<typeof batch>)];
    const total = losses.reduce((sum, { loss, tokens }) => sum + loss * tokens, 0);
    const tokens = losses.reduce((sum, one) => sum + one.tokens, 0);
    expect(scope(() => translationLoss(model, whole).item())).toBeCloseTo(total / tokens, 5);
  });

  test("every parameter has a gradient", () => {
    const gradients = grad(() => translationLoss(model, batch), model.parameters());
    for (const [path, gradient] of Object.entries(gradients))
      expect(
        gradient.values().some((x) => x !== 0),
        path,
      ).toBe(true);
  });

  test("the file gives the same translations and attention, and nothing is left in memory", () => {
    const again = loadTranslator(encodeModel(model));
    const options = { beams: 3, nBest: 3, maxLength: 8 };
    const before = memory();
    const found = translate(model, "1 2 3", options);
    expect(memory()).toEqual(before);
    expect(translate(again, "1 2 3", options)).toEqual(found);
    expect(found.alternatives).toHaveLength(2);
    const { attention: map } = found;
    expect(map.source.at(-1)).toBe("</s>");
    expect(map.weights).toHaveLength(map.target.length);
    for (const row of map.weights) expect(row.reduce((sum, w) => sum + w, 0)).toBeCloseTo(1, 5);
  });

  test("the search scores a translation as the loss does", () => {
    const best = translate(model, "4 5", { beams: 2, maxLength: 6 });
    const ids = best.attention.target
      .filter((token) => token !== "</s>")
      .map((token) => model.target.tokens.indexOf(token));
    const forced = translatorTask(model, { training: [{ source: "4 5", target: "x" }] });
    const [shell] = [...(forced.batches(0) as Iterable<typeof batch>)];
    const targets = Int32Array.of(...ids, ...(best.finished ? [model.end] : []));
    const loss = scope(() =>
      translationLoss(model, {
        ...shell,
        targets,
        inputs: Int32Array.of(model.start, ...targets.subarray(0, -1)),
        targetLengths: Int32Array.of(targets.length),
      }).item(),
    );
    expect(best.logProbability).toBeCloseTo(-loss * targets.length, 3);
  });
});

test("the best translations differ, although a text can be cut into pieces in several ways", () => {
  const ones = Array.from({ length: 12 }, (_, i) => ({
    source: "x".repeat(1 + (i % 3)),
    target: "1".repeat(1 + (i % 6)),
  }));
  const model = translator({ pairs: ones, hiddenSize: 8, embeddingSize: 4, merges: 8 });
  const { text, alternatives } = translate(model, "xx", { beams: 40, nBest: 20, maxLength: 4 });
  const texts = [text, ...alternatives.map((one) => one.text)];
  expect(texts.length).toBeGreaterThan(3);
  expect(new Set(texts).size).toBe(texts.length);
  const scores = alternatives.map(({ score }) => score);
  expect(scores).toEqual(scores.toSorted((a, b) => b - a));
});

test("scheduled sampling changes the inputs, and the same stream gives the same loss", () => {
  const model = translator(small);
  const [batch] = [
    ...(translatorTask(model, { training: pairs, batchSize: 8 }).batches(0) as Iterable<
      Parameters<typeof translationLoss>[1]
    >),
  ];
  const at = (teacher: number, seed: number): number =>
    scope(() => translationLoss(model, batch, { teacher, random: randomStream(seed) }).item());
  expect(at(0.5, 1)).toBe(at(0.5, 1));
  expect(at(0.5, 1)).not.toBe(at(0.5, 2));
  expect(at(1, 1)).toBe(at(1, 2));
  // the coin is tossed for each token, and true tokens all the way are teacher forcing
  expect(at(1 - 1e-12, 1)).toBeCloseTo(at(1, 1), 5);
});

test("training with scheduled sampling that is resumed goes on bit for bit", async () => {
  const training = pairs.slice(0, 20);
  // own tokens from the first epoch on, and more of them later
  const options = { training, batchSize: 6, scheduledSampling: { kind: "linear", slope: 0.15 } } as const;
  const run = async (model: Translator, steps: number, resume?: Snapshot): Promise<Snapshot> => {
    const one = trainOn(translatorTask(model, options), { steps, seed: 3, ...(resume && { resume }) });
    for await (const event of one) void event;
    return one.snapshot();
  };
  const make = (): Translator => translator({ ...small, pairs: training, hiddenSize: 8, dropout: 0.2 });
  const [whole, first] = [make(), make()];
  await run(whole, 9);
  const snapshot = await run(first, 6);
  // as a later process has it
  const later = loadTranslator(encodeModel(first));
  await run(later, 9, snapshot);
  expect(encodeModel(later)).toEqual(encodeModel(whole));
  const always = make();
  for await (const event of trainOn(translatorTask(always, { training, batchSize: 6 }), { steps: 9, seed: 3 }))
    void event;
  expect(encodeModel(always)).not.toEqual(encodeModel(whole));
});

test("learns to reverse what it reads", async () => {
  const held = reversed(40, 99).filter(({ source }) => pairs.every((pair) => pair.source !== source));
  const model = translator({ ...small, hiddenSize: 48, merges: 60, seed: 2 });
  const training = reversed(1500, 3);
  let evaluated = Infinity;
  const task = translatorTask(model, { training, validation: held, seed: 1, batchSize: 32 });
  for await (const event of trainOn(task, { epochs: 5, optimizer: adam({ learningRate: 1e-2 }) }))
    if (event.kind === "evaluation") evaluated = event.loss;
  expect(evaluated).toBeLessThan(0.1);
  const right = held.filter(({ source, target }) => translate(model, source).text === target).length;
  expect(right / held.length).toBeGreaterThan(0.8);
}, 60_000);

test("the picture is small, and takes text for text", () => {
  const tokens = Array.from({ length: 40 }, (_, i) => (i === 0 ? "<&" : `t${i}`));
  const weights = tokens.map((_, j) => tokens.map((__, i) => (i === j ? 0.6 : 0.4 / 39)));
  const picture = attentionPicture({ source: tokens, target: tokens, weights }, { title: "a & b" });
  expect(picture.length).toBeLessThan(60_000);
  expect(picture).toContain("&lt;&amp;");
  expect(picture).toContain("a &amp; b");
  expect(picture).toContain("M39 39h1v1h-1z");
});

test("refuses what doesn't fit", () => {
  expect(() => translator({})).toThrow(TypeError);
  expect(() => translator({ pairs: [] })).toThrow("at least one pair");
  expect(() => translator({ pairs, hiddenSize: 25 })).toThrow("translator hiddenSize: expected an even number");
  expect(() => translator({ pairs, attention: "soft" as never })).toThrow("translator attention");
  const model = translator(small);
  expect(() => translate(model, "1", { beams: 2, nBest: 3 })).toThrow("translate nBest");
  expect(() => translatorTask(model, { training: [] })).toThrow("at least one pair to train on");
  const bytes = encodeModel(model);
  expect(() => loadTranslator(bytes.subarray(0, bytes.length - 8))).toThrow();
  expect(gather(model.parameters()["source/embedding"], tensor(Int32Array.of(0))).shape).toEqual([1, 12]);
});
