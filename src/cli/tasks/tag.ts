/** @file The work of `--task tag`. */
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { DataError, randomStream } from "unrolled";
import { readTagged } from "unrolled/node";
import {
  evaluateTagger,
  loadTagger,
  splitExamples,
  type SpanF1,
  tagAll,
  type TaggedExample,
  type TaggedSentence,
  type Tagger,
  tagger,
  taggerTask,
} from "unrolled/tasks";
import { uninterrupted, workSignal } from "../terminal/interruptible.ts";
import type { OptionsOf } from "../options/table.ts";
import { count, networkOf, plural } from "../terminal/format.ts";
import { exampleTraining, type Split } from "./example-training.ts";
import { notEmpty } from "./not-empty.ts";
import type { TAG_OPTIONS, TAG_PREDICT_OPTIONS } from "./tag-options.ts";
import { asTask, type Evaluated, type OptionsWith, type Prediction, type Task } from "./task.ts";

type Options = OptionsWith<typeof TAG_OPTIONS>;

type TagData = Split<TaggedExample>;

function readAll(paths: readonly string[], { tokenColumn = 0, tagColumn = -1 }: Partial<Options>): TaggedExample[] {
  const examples = paths.flatMap((path) => readTagged(path, { tokenColumn, tagColumn }));
  if (examples.length === 0) throw new DataError(`${paths.join(", ")}: expected at least one sentence, got none`);
  return examples;
}

function create({ training }: TagData, options: Options): Tagger {
  const { cell, dialect, hiddenSize, layers, dropout, bidirectional, seed } = options;
  const { scheme, output, embeddingSize, characterSize, shapeSize, minCount, maxVocabulary, inputDropout, lowercase } =
    options;
  return tagger({
    examples: training,
    cell,
    dialect,
    hiddenSize,
    layers,
    dropout,
    bidirectional,
    ...(scheme !== undefined && { scheme }),
    output,
    embeddingSize,
    characterSize,
    shapeSize,
    minCount,
    maxVocabulary,
    inputDropout,
    lowercase,
    seed,
  });
}

/** A sentence as the model sees it: words that it does not know in brackets. */
function asSeen(model: Tagger, { tokens, tags }: TaggedExample): string {
  return tokens.map((token, t) => `${model.wordId(token) === 0 ? `[${token}]` : token}/${tags[t]}`).join(" ");
}

async function* linesOf(path: string): AsyncGenerator<string> {
  const input = path === "-" ? process.stdin : createReadStream(path, "utf8");
  for await (const line of createInterface({ input, crlfDelay: Infinity })) yield line;
}

function predictionOf(
  { tokens, tags, spans, score, probabilities }: TaggedSentence,
  names: readonly string[],
): Prediction {
  // a blank line follows
  const text = tokens.map((token, t) => `${token}\t${tags[t]}\n`).join("");
  const own = tags.map((tag, t) => probabilities[t][names.indexOf(tag)]);
  return {
    text,
    json: {
      tokens: [...tokens],
      tags: [...tags],
      spans: spans.map((span) => ({ ...span })),
      score,
      probabilities: own,
    },
  };
}

async function* predict(
  model: Tagger,
  inputs: readonly string[],
  { batchSize, constrained }: OptionsOf<typeof TAG_PREDICT_OPTIONS>,
): AsyncGenerator<Prediction> {
  let waiting: string[][] = [];
  const answers = async function* (): AsyncGenerator<Prediction> {
    const found = await tagAll(model, waiting, { constrained, batchSize, signal: workSignal() });
    waiting = [];
    for (const sentence of found) yield predictionOf(sentence, model.config.tags);
  };
  for (const path of inputs.length === 0 ? ["-"] : inputs) {
    for await (const line of notEmpty(path, "sentence", linesOf(path))) {
      // an empty line has an answer too, so that lines and answers go together
      waiting.push(line.trim() === "" ? [] : line.trim().split(/\s+/u));
      // a person who types wants the answer now
      if (waiting.length >= batchSize || (path === "-" && process.stdin.isTTY)) yield* answers();
    }
  }
  yield* answers();
}

/** Precision, recall and F1 by label, as conlleval prints them. */
function table({ labels, micro, macro }: SpanF1): string {
  const rows = [...Object.entries(labels), ["all", micro] as const, ["mean of labels", macro] as const];
  const width = rows.reduce((widest, [name]) => Math.max(widest, name.length), 0);
  const percent = (x: number): string => (100 * x).toFixed(2).padStart(9);
  return [
    `${"".padEnd(width)}  precision    recall        F1  spans`,
    ...rows.map(
      ([name, { precision, recall, f1, support }]) =>
        `${name.padEnd(width)}  ${percent(precision)} ${percent(recall)} ${percent(f1)} ${String(support).padStart(6)}`,
    ),
  ].join("\n");
}

async function evaluated(model: Tagger, examples: readonly TaggedExample[]): Promise<Evaluated> {
  const { loss, measures, spans } = await evaluateTagger(model, examples, { signal: workSignal() });
  return { measures: { loss, ...measures }, text: table(spans) };
}

const task: Task<Tagger, TagData, Options> = {
  read(paths, options) {
    const random = randomStream(options.seed).named("split");
    return splitExamples(readAll(paths, options), { validation: options.validation, random });
  },
  create,
  decode: loadTagger,
  optionsOf: ({ config }) => config,
  describe(model, { training, validation }) {
    const { tags, words, output } = model.config;
    const sentences = plural(training.length + validation.length, "sentence");
    return `${sentences} (${tags.length} tags, ${count(words.length)} words); ${networkOf(model.config)}, ${output}`;
  },
  preview: (model, { training }) => training.slice(0, 3).map((example) => asSeen(model, example)),
  training: (model, { training, validation }, { batchSize, seed, wordDropout }) =>
    exampleTraining(
      taggerTask(model, { training, validation, batchSize, seed, wordDropout }),
      { training: training.length, validation: validation.length },
      { unit: "words" },
    ),
  predict: (model, inputs, options) => predict(model, inputs, options as OptionsOf<typeof TAG_PREDICT_OPTIONS>),
  evaluate: async (model, paths, options) =>
    evaluated(
      model,
      uninterrupted(() => readAll(paths, options)),
    ),
  finish: async (model, { validation }) => (validation.length === 0 ? { measures: {} } : evaluated(model, validation)),
};

/** The task as the commands see it. */
export const tagTask: Task = asTask(task);
