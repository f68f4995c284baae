/** @file Texts in both Unicode spellings: training and use of every task that reads text. */
import { describe, expect, test } from "vitest";
import { encodeModel } from "../model/index.ts";
import { languageModel, loadLanguageModel } from "./language-model/index.ts";
import {
  classifier,
  classifierTask,
  classify,
  decodeModel,
  evaluateClassifier,
  evaluateTagger,
  evaluateTranscriber,
  evaluateTranslator,
  tag,
  tagger,
  translate,
  translator,
  transcriber,
} from "./index.ts";
import { trainOn } from "../train/index.ts";

const nfd = (text: string): string => text.normalize("NFD");
const GOOD = ["정말 좋아요", "아주 기뻐요", "최고예요"];
const BAD = ["너무 싫어요", "아주 슬퍼요", "별로예요"];
const examples = [
  ...GOOD.map((input) => ({ input, label: "기쁨" })),
  ...BAD.map((input) => ({ input, label: "슬픔" })),
];
const decomposed = examples.map(({ input, label }) => ({ input: nfd(input), label: nfd(label) }));
const sizes = { hiddenSize: 6, seed: 1 };

describe("classify", () => {
  test.each(["char", "word", "byte"] as const)("unit %s: one model for both spellings", async (unit) => {
    const model = classifier({ examples, unit, ...sizes });
    // the data may be in the other one, and in both at once
    expect(encodeModel(classifier({ examples: decomposed, unit, ...sizes }))).toEqual(encodeModel(model));
    const mixed = classifier({ examples: [...examples.slice(0, 3), ...decomposed.slice(3)], unit, ...sizes });
    expect(encodeModel(mixed)).toEqual(encodeModel(model));
    expect(model.labels).toEqual(["기쁨", "슬픔"]);
    for await (const step of trainOn(classifierTask(model, { training: decomposed }), { steps: 3 })) void step;
    for (const one of [model, decodeModel(encodeModel(model)) as typeof model])
      for (const { input } of examples) expect(classify(one, nfd(input))).toEqual(classify(one, input));
    expect(evaluateClassifier(model, decomposed)).toEqual(evaluateClassifier(model, examples));
  });

  test("as they are, if asked for", () => {
    const model = classifier({ examples, unit: "char", normalize: "none", ...sizes });
    expect(model.vocabulary?.normalize).toBe("none");
    expect(classify(model, nfd(GOOD[0]))).not.toEqual(classify(model, GOOD[0]));
    // a label in the other spelling is the same label all the same
    expect(model.labelIndex(nfd("슬픔"))).toBe(1);
    const wide = classifier({
      examples: [
        { input: "ＡＢ", label: "a" },
        { input: "c", label: "b" },
      ],
      normalize: "nfkc",
    });
    expect(classify(wide, "AB")).toEqual(classify(wide, "ＡＢ"));
  });
});

test("language models: the corpus, the prime, the evaluation", () => {
  const text = "가나다라 마바사 é ".repeat(20);
  const model = languageModel({ corpus: text, ...sizes });
  expect(encodeModel(languageModel({ corpus: nfd(text), ...sizes }))).toEqual(encodeModel(model));
  expect(languageModel({ corpus: nfd(text), ...sizes }).corpus).toEqual(model.corpus);
  const again = loadLanguageModel(encodeModel(model));
  expect(again.vocabulary.encode(nfd(text))).toEqual(model.corpus);
  expect(languageModel({ corpus: nfd(text), normalize: "none", ...sizes }).vocabulary.has("é")).toBe(false);
  expect(languageModel({ corpus: text, unit: "byte", ...sizes }).configuration()).toMatchObject({
    vocabulary: { unit: "byte" },
  });
});

test("tag: words and characters are looked up in one spelling, and answers keep the given one", () => {
  const sentences = [
    { tokens: ["서울", "이", "좋다"], tags: ["B-LOC", "O", "O"] },
    { tokens: ["나", "는", "부산"], tags: ["O", "O", "B-LOC"] },
  ];
  const other = sentences.map(({ tokens, tags }) => ({ tokens: tokens.map(nfd), tags }));
  const options = { embeddingSize: 4, characterSize: 3, shapeSize: 2, ...sizes };
  const model = tagger({ examples: sentences, ...options });
  expect(encodeModel(tagger({ examples: other, ...options }))).toEqual(encodeModel(model));
  const answer = tag(model, other[0].tokens);
  expect(answer).toEqual({ ...tag(model, sentences[0].tokens), tokens: other[0].tokens });
  expect(evaluateTagger(model, other)).toEqual(evaluateTagger(model, sentences));
  const asTheyAre = tagger({ examples: sentences, normalize: "none", ...options });
  expect(asTheyAre.wordId(nfd("서울"))).toBe(0);
  expect(model.wordId(nfd("서울"))).toBe(model.wordId("서울"));
});

test("translate: both sides, and what answers are compared with", () => {
  const pairs = [
    { source: "안녕 세상", target: "café é" },
    { source: "잘 가요", target: "à bientôt" },
  ];
  const other = pairs.map(({ source, target }) => ({ source: nfd(source), target: nfd(target) }));
  const options = { merges: 3, embeddingSize: 4, ...sizes };
  const model = translator({ pairs, ...options });
  expect(encodeModel(translator({ pairs: other, ...options }))).toEqual(encodeModel(model));
  const again = decodeModel(encodeModel(model)) as typeof model;
  expect(translate(again, nfd("안녕"))).toEqual(translate(model, "안녕"));
  expect(evaluateTranslator(model, other)).toEqual(evaluateTranslator(model, pairs));
  expect(translator({ pairs: other, normalize: "none", ...options }).target.tokens).not.toContain("é");
});

test("transcribe: one alphabet, and error rates against either spelling", () => {
  const sound = (hertz: number): Float32Array => Float32Array.from({ length: 4000 }, (_, i) => Math.sin(i * hertz));
  const utterances = [
    { samples: sound(0.1), text: "é" },
    { samples: sound(0.3), text: nfd("éa") },
  ];
  const model = transcriber({ utterances, features: { sampleRate: 4000, bands: 8 }, ...sizes });
  expect(model.vocabulary.tokens).toEqual(["a", "é"]);
  const swapped = utterances.map(({ samples, text }) => ({ samples, text: nfd(text) }));
  expect(evaluateTranscriber(model, swapped)).toEqual(evaluateTranscriber(model, utterances));
  expect(encodeModel(decodeModel(encodeModel(model)))).toEqual(encodeModel(model));
});
