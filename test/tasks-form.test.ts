/** The six task folders have one form: the same file names, the same verbs, the same shapes of answers. */
import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { loadLanguageModel } from "../src/index.ts";
import { encodeModel } from "../src/model/index.ts";
import { loadClassifier, loadForecaster, loadTagger, loadTranscriber, loadTranslator } from "../src/tasks/index.ts";

const place = (path: string): URL => new URL(path, import.meta.url);

const FOLDERS = ["language-model", "classify", "tag", "forecast", "translate", "transcribe"];
const FILES = ["config.ts", "model.ts", "training.ts", "evaluation.ts", "answers.ts"];

test.each(FOLDERS.flatMap((folder) => FILES.map((file) => `${folder}/${file}`)))("there is src/tasks/%s", (path) => {
  expect(existsSync(place(`../src/tasks/${path}`))).toBe(true);
});

/** Loaders of files that were written before these folders had one form. */
const OLD = {
  languageModel: loadLanguageModel,
  classifier: loadClassifier,
  imageClassifier: loadClassifier,
  tagger: loadTagger,
  forecaster: loadForecaster,
  translator: loadTranslator,
  transcriber: loadTranscriber,
};

test.each(Object.entries(OLD))("an older file of a %s loads, and is written with the same bytes", (kind, load) => {
  const bytes = new Uint8Array(readFileSync(place(`fixtures/models/${kind}.safetensors`)));
  const model = load(bytes);
  expect(model.kind).toBe(kind);
  expect(encodeModel(model)).toEqual(bytes);
});
