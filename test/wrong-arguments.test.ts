/** Arguments of the wrong kind: one line that names the function that was called and what to pass. */
import * as core from "unrolled";
import * as tasks from "unrolled/tasks";
import { expect, test } from "vitest";

const { embeddingLayer, languageModel, linearLayer, mean, ones, sequenceLoss, tensor } = core;

/** Functions as a program in JavaScript calls them. */
const loose = (name: string): ((...given: readonly unknown[]) => unknown) =>
  ({ ...core, ...tasks })[name as "mean"] as never;

const lm = languageModel({ corpus: "hello hello", hiddenSize: 4 });
const own = tasks.classifier({
  examples: [
    { input: "a b", label: "x" },
    { input: "c d", label: "y" },
  ],
  hiddenSize: 4,
});
const parameters = { w: ones([2]) };

test.each([
  ["classifier", "classify classifyAll evaluateClassifier"],
  ["tagger", "tag tagAll evaluateTagger"],
  ["forecaster", "forecast forecastAll evaluateForecaster calibrate"],
  ["translator", "translate translateAll evaluateTranslator"],
  ["transcriber", "transcribe transcribeAll evaluateTranscriber"],
])("functions of a %s say which kind of model they got, and what that is for", (kind, names) => {
  for (const name of names.split(" ")) {
    expect(() => loose(name)(lm, ["a"])).toThrow(
      `${name}: expected a ${kind}, got a languageModel. generate() is for that one`,
    );
    expect(() => loose(name)({}, ["a"])).toThrow(`${name}: expected a model that ${kind}() made, got Object`);
    expect(() => loose(name)()).toThrow(`${name}: expected a model that ${kind}() made, got undefined`);
  }
});

test.each<[string, () => unknown, string]>([
  ["a text for a list", () => loose("classifyAll")(own, "a"), "classifyAll: expected a list as its second argument"],
  ["a classifier for train", () => loose("train")(own, {}), 'train: expected a languageModel, got "classifier"'],
  ["a classifier for evaluate", () => loose("evaluate")(own, []), "evaluate: expected a languageModel, got"],
  ["a text for ids", () => loose("evaluate")(lm, "hello"), 'evaluate: expected token ids, got "hello". encodeCorpus('],
  [
    "examples without input",
    () => loose("classifier")({ examples: [{ text: "a", label: "x" }] }),
    "classifier example 1: expected an input that is a text, rows of numbers or a picture, got undefined",
  ],
  [
    "series of plain numbers",
    () => loose("forecaster")({ series: [1, 2, 3] }),
    "forecaster series[0]: expected a series { values }, got 1. Numbers are the values of one",
  ],
  [
    "lists as series",
    () => loose("forecaster")({ series: [[1, 2]] }),
    "forecaster series[0]: expected a series { values }, got [1, 2]",
  ],
  ["a list of batches", () => loose("trainOn")({ batches: [1] }), "trainOn task batches: expected a function, got [1]"],
  ["a model as a task", () => loose("trainOn")(own), "trainOn task batches: expected a function, got undefined"],
  [
    "a loss that is a number",
    () => loose("valueAndGrad")(() => mean(parameters.w).item(), parameters),
    "valueAndGrad: expected a function that returns a scalar tensor, or { value } with one, got 1",
  ],
  [
    "targets in floating point",
    () => sequenceLoss(ones([1, 2, 3]), tensor([[1, 2]]), ones([1, 2])),
    'sequenceLoss targets: expected int32, got float32. tensor(values, { dtype: "int32" })',
  ],
  ["a name for a cell", () => loose("dynamicRnn")("lstm", ones([1, 2, 3])), "dynamicRnn cell: expected a cell, got"],
  ["a factory for a cell", () => loose("dynamicRnn")(core.lstmCell, ones([1, 2, 3])), "got a function"],
  [
    "other features for a linear layer",
    () => linearLayer({ inputSize: 3, outputSize: 2 }).forward(ones([4, 5])),
    "linearLayer input: expected [..., 3], got [4, 5]",
  ],
  [
    "ids for a linear layer",
    () => linearLayer({ inputSize: 3, outputSize: 2 }).forward(tensor([[1, 2, 3]], { dtype: "int32" })),
    'linearLayer input: expected float32, got int32. cast(x, "float32") converts it',
  ],
  [
    "a list for a linear layer",
    () => linearLayer({ inputSize: 1, outputSize: 2 }).forward([1] as never),
    "linearLayer input: expected a tensor, got [1]",
  ],
  [
    "floats for an embedding",
    () => embeddingLayer({ inputSize: 3, outputSize: 2 }).forward(tensor([1])),
    'embeddingLayer input: expected int32, got float32. cast(x, "int32") converts it',
  ],
])("%s", (_, call, message) => {
  expect(call).toThrow(message);
});

test("a classifier for generate", async () => {
  const pieces = loose("generate")(own, "a") as AsyncGenerator<string>;
  await expect(pieces.next()).rejects.toThrow('generate: expected a languageModel, got "classifier"');
});
