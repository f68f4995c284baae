import { expect, test } from "vitest";
import { FormatError } from "../../base/index.ts";
import { buildVocabulary } from "../../data/index.ts";
import { CELL_NAMES } from "../../rnn/index.ts";
import { parseLanguageModelConfig } from "./config.ts";

const cells = CELL_NAMES.map((name) => `"${name}"`).join(" | ");

const config = {
  cell: "gru",
  dialect: "keras",
  hiddenSize: 65_536,
  layers: 256,
  embeddingSize: 1,
  dropout: 0.5,
  seed: 0,
} as const;
const vocabulary = buildVocabulary("abc");
const stored = { ...config, vocabulary: vocabulary.toJSON() };

test("gives back what was stored", () => {
  const parsed = parseLanguageModelConfig(stored);
  expect(parsed.config).toEqual(config);
  expect(parsed.vocabulary.toJSON()).toEqual(vocabulary.toJSON());
  // as close to 1 as there is
  const dropout = 1 - 2 ** -53;
  expect(parseLanguageModelConfig({ ...stored, dropout }).config.dropout).toBe(dropout);
  const tied = { ...config, embeddingSize: config.hiddenSize, tieWeights: true };
  expect(parseLanguageModelConfig({ ...stored, ...tied }).config).toEqual(tied);
  expect(parseLanguageModelConfig({ ...stored, tieWeights: false }).config).toEqual(config);
  const normal = { ...config, embeddingInitializer: "normal" };
  expect(parseLanguageModelConfig({ ...stored, ...normal }).config).toEqual(normal);
  expect(parseLanguageModelConfig({ ...stored, embeddingInitializer: "uniform" }).config).toEqual(config);
});

test.each<[name: string, value: unknown, message: string]>([
  ["cell", "LSTM", `cell: expected ${cells}, got "LSTM"`],
  ["cell", undefined, `cell: expected ${cells}, got undefined`],
  ["dialect", ["tf1"], 'dialect: expected "tf1" | "keras" | "torch", got ["tf1"]'],
  ["hiddenSize", 0, "hiddenSize: expected an integer in [1, 65536], got 0"],
  ["hiddenSize", "64", 'hiddenSize: expected an integer in [1, 65536], got "64"'],
  ["embeddingSize", 65_537, "embeddingSize: expected an integer in [1, 65536], got 65537"],
  ["layers", 257, "layers: expected an integer in [1, 256], got 257"],
  ["layers", 1.5, "layers: expected an integer in [1, 256], got 1.5"],
  ["dropout", 1, `dropout: expected a number in [0, ${1 - 2 ** -53}], got 1`],
  ["dropout", -0.1, `dropout: expected a number in [0, ${1 - 2 ** -53}], got -0.1`],
  ["dropout", null, `dropout: expected a number in [0, ${1 - 2 ** -53}], got null`],
  ["seed", -1, "seed: expected an integer >= 0, got -1"],
  ["embeddingInitializer", "N", 'embeddingInitializer: expected "normal" | "uniform", got "N"'],
  ["tieWeights", 1, "tieWeights: expected true or false, got 1"],
  ["tieWeights", true, "embeddingSize: expected 65536, the hiddenSize, with tieWeights, got 1"],
  [
    "toString",
    1,
    'expected cell, dialect, hiddenSize, layers, embeddingSize, dropout, seed, tieWeights, embeddingInitializer, vocabulary and no other field, got "toString"',
  ],
])("%s %j is a FormatError that names it", (name, value, message) => {
  const parse = (): unknown => parseLanguageModelConfig({ ...stored, [name]: value });
  expect(parse).toThrow(FormatError);
  expect(parse).toThrow(message);
});

test.each([
  [null, "got null"],
  [[stored], "got an array"],
  ["{}", 'got "{}"'],
])("%j is no configuration", (value, got) => {
  expect(() => parseLanguageModelConfig(value)).toThrow(
    new FormatError(`languageModel configuration: expected an object, ${got}`),
  );
});
