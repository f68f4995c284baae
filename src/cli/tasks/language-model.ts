/** @file The work of `--task language-model`. */
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import {
  contiguousBatches,
  DataError,
  encodeCorpus,
  evaluate,
  generate,
  type JsonValue,
  type LanguageModel,
  languageModel,
  loadLanguageModel,
  splitTail,
  type TokenSource,
  train,
  type TrainOptions,
  vocabularyFromJSON,
} from "unrolled";
import {
  corpusBytes,
  readCorpus,
  readCorpusBytes,
  readRecords,
  recordText,
  streamCorpus,
  textFiles,
} from "unrolled/node";
import { count, networkOf, plural } from "../terminal/format.ts";
import { rest, uninterrupted, workSignal } from "../terminal/interruptible.ts";
import type { OptionsOf } from "../options/table.ts";
import { LANGUAGE_MODEL_OPTIONS, type LANGUAGE_MODEL_PREDICT_OPTIONS } from "./language-model-options.ts";
import { notEmpty } from "./not-empty.ts";
import { asTask, type Evaluated, type OptionsWith, type Prediction, type Task, type TaskTraining } from "./task.ts";

type Options = OptionsWith<typeof LANGUAGE_MODEL_OPTIONS>;

/** Texts of more bytes are read as they are needed. */
const STREAM_ABOVE = 64 * 2 ** 20;

/** Folder in which a run keeps the tokens of such a text. */
const TOKENS_FOLDER = "tokens";

/** A text, which becomes tokens when the model's vocabulary is known. */
type Corpus = {
  readonly files: readonly string[];
  /** Undefined for a text that is read as it is needed. */
  readonly text: string | Uint8Array | undefined;
  readonly encoding: string | undefined;
  /** Run directory. */
  readonly directory: string;
  tokens: Int32Array | TokenSource | undefined;
  /** Removes token files that were written for this run. */
  undo: () => void;
};

const textOf = (files: readonly string[], unit: Options["unit"], encoding?: string): string | Uint8Array =>
  unit === "byte" ? readCorpusBytes(files) : readCorpus(files, { encoding });

/**
 * Text files and folders of them as a model's tokens. Throws DataError where there is no text in
 * them, or text that the model doesn't know.
 */
export function tokensOf({ vocabulary }: LanguageModel, files: readonly string[], encoding?: string): Int32Array {
  const ids = encodeCorpus(vocabulary, textOf(files, vocabulary.unit, encoding));
  if (ids.length === 0) throw new DataError(`${files.join(", ")}: expected at least one token, got none`);
  return ids;
}

function read(files: readonly string[], { stream, unit, encoding, out = "" }: Options): Corpus {
  const isStreamed = stream === true || corpusBytes(files) > STREAM_ABOVE;
  return {
    files,
    text: isStreamed ? undefined : textOf(files, unit, encoding),
    encoding,
    directory: out,
    tokens: undefined,
    undo: () => {},
  };
}

/** Writes the tokens of a long text into the run directory, or removes them again. */
function streamed(
  data: Corpus,
  { unit, normalize }: Pick<Options, "unit" | "normalize">,
  model?: LanguageModel,
): ReturnType<typeof streamCorpus> {
  const folder = join(data.directory, TOKENS_FOLDER);
  const before = existsSync(folder) ? readdirSync(folder) : undefined;
  data.undo = () => {
    if (before === undefined) rmSync(folder, { recursive: true, force: true });
    else for (const name of readdirSync(folder)) if (!before.includes(name)) rmSync(join(folder, name));
  };
  try {
    const stream = streamCorpus(data.files, {
      folder,
      unit,
      normalize,
      encoding: data.encoding,
      ...(model && { vocabulary: model.vocabulary }),
    });
    data.tokens = stream.tokens;
    return stream;
  } catch (error) {
    data.undo();
    throw error;
  }
}

function create(data: Corpus, options: Options): LanguageModel {
  const { unit, normalize, cell, dialect, hiddenSize, layers, embeddingSize, dropout, seed } = options;
  const { embeddingInitializer, tieWeights = false } = options;
  const settings = {
    unit,
    normalize: unit === "byte" ? ("none" as const) : normalize,
    cell,
    dialect,
    hiddenSize,
    layers,
    dropout,
    seed,
    tieWeights,
    ...(embeddingInitializer !== undefined && { embeddingInitializer }),
    ...(embeddingSize !== undefined && { embeddingSize }),
  };
  if (data.text === undefined) return languageModel({ vocabulary: streamed(data, options).vocabulary, ...settings });
  const model = languageModel({ corpus: data.text, ...settings });
  data.tokens = model.corpus as Int32Array;
  return model;
}

function corpusOf(model: LanguageModel, data: Corpus): Int32Array | TokenSource {
  if (data.tokens === undefined && data.text === undefined) streamed(data, model.vocabulary, model);
  return (data.tokens ??= tokensOf(model, data.files, data.encoding));
}

/** Steps: whole epochs that are 100 steps or more, but no more than 1,000 steps. */
const defaultEvaluateEvery = (perEpoch: number): number =>
  perEpoch >= 1000 ? 1000 : Math.ceil(100 / perEpoch) * perEpoch;

function training(model: LanguageModel, data: Corpus, options: Options): TaskTraining {
  const corpus = corpusOf(model, data);
  const { sequenceLength, batchSize, validation, shuffle = false, diagnose = false, resetState } = options;
  const { l2, activationPenalty: activation, temporalActivationPenalty: temporalActivation } = options;
  const penalties = Object.fromEntries(
    Object.entries({ l2, activation, temporalActivation }).filter(([, value]) => value !== undefined),
  );
  const stepsPerEpoch = contiguousBatches(splitTail(corpus, { validation }).train, { batchSize, sequenceLength }).count;
  const settings: TrainOptions = {
    corpus,
    sequenceLength,
    batchSize,
    validation,
    shuffle,
    diagnose,
    penalties,
    ...(resetState !== undefined && { resetState }),
  };
  return {
    start: (loop) => train(model, { ...settings, ...loop }),
    stepsPerEpoch,
    evaluateEvery: defaultEvaluateEvery(stepsPerEpoch),
    unit: "tokens",
    lossUnit: "nats per token",
    amount: plural(corpus.length, "token"),
    facts: { vocabulary: model.vocabulary.size, tokens: corpus.length },
  };
}

async function* predict(
  model: LanguageModel,
  inputs: readonly string[],
  { length, temperature, seed, encoding }: OptionsOf<typeof LANGUAGE_MODEL_PREDICT_OPTIONS>,
): AsyncGenerator<Prediction> {
  for (const path of inputs)
    for await (const entry of notEmpty(path, "line", readRecords([path], { format: "lines", encoding }))) {
      const prime = recordText(entry, "text");
      let text = prime;
      const options = { maxLength: length, temperature, seed, stop: ["\n"], signal: workSignal() };
      for await (const piece of generate(model, prime, options)) text += piece;
      const join = { file: entry.file === "-" ? null : entry.file, line: entry.line };
      yield { text, json: { ...join, input: prime, text }, rows: [{ ...join, input: prime, text }] };
      await rest();
    }
}

async function evaluated(
  model: LanguageModel,
  files: readonly string[],
  { encoding }: Partial<Options>,
): Promise<Evaluated> {
  return evaluatedOn(
    model,
    uninterrupted(() => tokensOf(model, files, encoding)),
  );
}

async function evaluatedOn(model: LanguageModel, ids: Int32Array): Promise<Evaluated> {
  const { loss, measures, tokens } = await evaluate(model, ids, { signal: workSignal() });
  const text = `${plural(tokens, "token")}; the loss is in nats per token`;
  return { measures: { loss, ...measures }, counts: { tokens }, text };
}

const task: Task<LanguageModel, Corpus, Options> = {
  read,
  files: (paths) => paths.flatMap(textFiles),
  create,
  decode: loadLanguageModel,
  optionsOf: ({ config, vocabulary }) => ({
    tieWeights: false,
    embeddingInitializer: "uniform",
    ...config,
    unit: vocabulary.unit,
    normalize: vocabulary.normalize,
  }),
  describe(model, data) {
    const { unit, size } = model.vocabulary;
    const tokens = plural(corpusOf(model, data).length, "token");
    return `${tokens} (${unit}, ${count(size)} different); ${networkOf(model.config)}`;
  },
  training,
  undo: (data) => data.undo(),
  predict: (model, inputs, options) =>
    predict(model, inputs, options as OptionsOf<typeof LANGUAGE_MODEL_PREDICT_OPTIONS>),
  evaluate: evaluated,
  async evaluateHeldOut(model, files, { validation, encoding }) {
    const ids = uninterrupted(() => tokensOf(model, files, encoding));
    const held = splitTail(ids, { validation }).validation;
    return held.length === 0 ? undefined : evaluatedOn(model, held);
  },
  summary(configuration) {
    const { vocabulary, ...config } = configuration as { readonly [name: string]: JsonValue };
    const { unit, size } = vocabularyFromJSON(vocabulary);
    return { unit, vocabulary: size, ...config };
  },
};

/** The task as the commands see it. */
export const languageModelTask: Task = asTask(task);
