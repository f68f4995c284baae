/** @file What a language model is, and its options. */
import { choice, flag, integer, number } from "../options/table.ts";
import { ANSWER_OPTIONS, NORMALIZE, TEXT_OPTIONS } from "../options/table-options.ts";
import { shellWord } from "../terminal/format.ts";
import type { TaskDeclaration } from "./task.ts";

/** Conventions of both train.lua: a forget bias of 1, and the last weights. */
const AS_THEY_DO = { dialect: "tf1", embeddingInitializer: "uniform", keepBest: false } as const;

/** Defaults of the two train.lua. */
const PRESETS = {
  "char-rnn": {
    hiddenSize: 128,
    layers: 2,
    sequenceLength: 50,
    batchSize: 50,
    epochs: 50,
    optimizer: "rmsprop",
    learningRate: 0.002,
    learningRateDecay: 0.97,
    learningRateDecayAfter: 10,
    rmspropDecay: 0.95,
    clipNorm: 5,
    evaluateEvery: 1000,
    checkpointEvery: 1000,
    seed: 123,
    ...AS_THEY_DO,
  },
  "torch-rnn": {
    hiddenSize: 128,
    layers: 2,
    embeddingSize: 64,
    sequenceLength: 50,
    batchSize: 50,
    epochs: 50,
    learningRate: 0.002,
    learningRateDecay: 0.5,
    learningRateDecayEvery: 5,
    clipNorm: 5,
    validation: 0.1,
    checkpointEvery: 1000,
    ...AS_THEY_DO,
    // a LookupTable begins so
    embeddingInitializer: "normal",
  },
} as const;

export const LANGUAGE_MODEL_OPTIONS = {
  unit: choice(["char", "byte", "word"], "what a token is", { default: "char" }),
  ...TEXT_OPTIONS,
  ...NORMALIZE,
  embeddingSize: integer("numbers per token (default: 64, or the hidden size)", { max: 65_536 }),
  embeddingInitializer: choice(
    ["normal", "uniform"],
    "distribution of the initial embedding: N(0, 1), or a uniform one of variance 1 / embedding size (default: normal; uniform with --tie-weights)",
    { before: "uniform" },
  ),
  tieWeights: flag("one matrix for embedding and output layer; needs --embedding-size = --hidden-size"),
  sequenceLength: integer("time steps per batch", { default: 50 }),
  shuffle: flag("windows in random order instead of carried state"),
  resetState: number("probability that a row of the carried state is set to zero before a step", { max: 1 }),
  l2: number("penalty: half of this times the sum of squares of the weights", {}),
  activationPenalty: number("penalty: this times the mean square of the outputs (AR)", {}),
  temporalActivationPenalty: number("penalty: this times the mean square of the outputs' changes (TAR)", {}),
  diagnose: flag("say at each evaluation what hinders learning, and what to change", { stored: "free" }),
  stream: flag("read the text as it is needed, not at once (default: above 64 MiB)", { stored: "free" }),
  preset: choice(["char-rnn", "torch-rnn"], "defaults of another tool", { stored: "no" }),
} as const;

export const LANGUAGE_MODEL_PREDICT_OPTIONS = {
  length: integer("tokens to add to each line", { min: 0, default: 100 }),
  temperature: number("below 1 safer, above 1 wilder, 0 always the most probable token", { default: 1 }),
  seed: integer("same seed, same answers", { min: 0, default: 0 }),
  ...TEXT_OPTIONS,
  ...ANSWER_OPTIONS,
} as const;

export const LANGUAGE_MODEL: TaskDeclaration = {
  name: "language-model",
  kind: "languageModel",
  summary: "Train a language model on text, or another task (--task NAME --help).",
  data: "text files, or folders of .txt and .md files",
  options: LANGUAGE_MODEL_OPTIONS,
  defaults: { dialect: "torch", hiddenSize: 256, validation: 0.05, learningRate: 0.01, steps: 2000 },
  presets: PRESETS,
  complete: ({ cell, dialect, tieWeights, embeddingInitializer }, isTyped) => ({
    embeddingInitializer: embeddingInitializer ?? (tieWeights === true ? "uniform" : "normal"),
    // no framework has this cell
    dialect: cell === "mingru" && !isTyped("dialect") ? "tf1" : dialect,
  }),
  predictOptions: LANGUAGE_MODEL_PREDICT_OPTIONS,
  evaluateOptions: TEXT_OPTIONS,
  examples: [
    "unrolled train book.txt --out runs/book",
    "unrolled train chapters/ --cell gru --hidden-size 256 --layers 2 --seconds 600",
    "unrolled train book.txt --unit word --epochs 10",
    "unrolled train --resume runs/book --epochs 100",
    "unrolled train --config runs/book/config.json --seed 2 --out runs/book2",
    "unrolled train book.txt --init-from runs/book --out runs/book2 --learning-rate 0.0005",
    "unrolled train --data_dir book.txt --rnn_size 128 --num_layers 2 --seq_length 50   (as in char-rnn)",
  ],
  pipeline: "text-generation",
  usage: (place) => `unrolled sample ${shellWord(place)}`,
};
