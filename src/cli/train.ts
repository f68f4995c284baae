import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { encodeCorpus, type LanguageModel, languageModel, train as trainModel, type TrainOptions } from "unrolled";
import { loadModel, MODEL_FILE, readCorpus, readCorpusBytes, saveModel } from "unrolled/node";
import { asUsage, EXIT, UsageError } from "./failure.ts";
import { count, duration, plural, real, shellWord } from "./format.ts";
import type { Finish } from "./program.ts";
import { trainingStatus } from "./status.ts";
import {
  declareTrainOptions,
  modelOptions,
  optimizerOf,
  outputDirectory,
  scheduleOf,
  type TrainCommandOptions,
  withPreset,
} from "./train-options.ts";

export function addTrain(program: Command, finish: Finish): void {
  declareTrainOptions(program.command("train").description("Train a language model on text.")).action(
    async (files: string[], options: TrainCommandOptions, command: Command) => {
      finish(await train(files, withPreset(options, command)));
    },
  );
}

async function train(files: readonly string[], options: TrainCommandOptions): Promise<number> {
  const directory = outputDirectory(options, files);
  if (existsSync(join(directory, MODEL_FILE)) && !options.overwrite) {
    const got = `${JSON.stringify(directory)}. Add --overwrite to replace it`;
    throw new UsageError(`--out: expected a directory without a model, got ${got}`);
  }
  if (options.steps !== undefined && options.epochs !== undefined)
    throw new UsageError("expected --steps or --epochs, got both");
  const { model, ids } = asUsage(() => prepare(files, options));
  const stream = options.json ? process.stderr : process.stdout;
  const status = trainingStatus(stream, { quiet: options.quiet === true, seconds: options.seconds });
  status.note(describe(model, ids));

  const { signal, received, release } = catchSignals();
  let saved: string | undefined;
  try {
    for await (const event of trainModel(model, settingsOf(options, ids, signal))) {
      status.show(event);
      if (options.json) process.stdout.write(`${JSON.stringify(event, finiteOnly)}\n`);
      const isDue = event.kind !== "step" || event.step % options.checkpointEvery === 0;
      if (isDue) saved = saveModel(model, directory);
      if (event.kind === "end") {
        status.end();
        const how = event.reason === "aborted" ? "interrupted" : "done";
        status.note(
          `${how} after ${plural(event.step, "step")} in ${duration(event.seconds)}, loss ${real(event.loss)}`,
        );
      }
    }
  } catch (error) {
    status.end();
    if (saved !== undefined) status.note(`the last good model is in ${saved}`);
    throw error;
  } finally {
    release();
  }
  status.note(`saved ${saved}\nnext: unrolled sample ${shellWord(directory)} --prime "…"`);
  const exits = { SIGINT: EXIT.interrupted, SIGTERM: EXIT.terminated };
  const name = received();
  return name === undefined ? EXIT.ok : exits[name];
}

function describe(model: LanguageModel, ids: Int32Array): string {
  const { unit, size } = model.vocabulary;
  const { cell, hiddenSize, layers } = model.config;
  const network = `${cell}, ${plural(layers, "layer")} of ${count(hiddenSize)}, ${count(model.parameterCount)} parameters`;
  return `${plural(ids.length, "token")} (${unit}, ${count(size)} different); ${network}`;
}

function settingsOf(options: TrainCommandOptions, corpus: Int32Array, signal: AbortSignal): TrainOptions {
  const { sequenceLength, batchSize, clipNorm, validation, seed, steps, epochs, seconds, evaluateEvery } = options;
  const perEpoch = Math.floor((corpus.length * (1 - validation)) / (batchSize * sequenceLength));
  const schedule = scheduleOf(options, Math.max(1, perEpoch));
  return {
    corpus,
    sequenceLength,
    batchSize,
    clipNorm,
    validation,
    seed,
    signal,
    optimizer: optimizerOf(options),
    shuffle: options.shuffle === true,
    ...(schedule && { schedule }),
    ...(steps !== undefined && { steps }),
    ...(epochs !== undefined && { epochs }),
    ...(seconds !== undefined && { seconds }),
    ...(evaluateEvery !== undefined && { evaluateEvery }),
  };
}

/** JSON has no NaN: a number that is not finite is written as its name. */
const finiteOnly = (_key: string, value: unknown): unknown =>
  typeof value === "number" && !Number.isFinite(value) ? String(value) : value;

/** The model, new or from a file, and the corpus as its tokens. */
function prepare(files: readonly string[], options: TrainCommandOptions): { model: LanguageModel; ids: Int32Array } {
  const start = options.initFrom === undefined ? undefined : loadModel(options.initFrom);
  const isByte = (start?.vocabulary.unit ?? options.unit) === "byte";
  const corpus = isByte ? readCorpusBytes(files) : readCorpus(files);
  if (start !== undefined) return { model: start, ids: encodeCorpus(start.vocabulary, corpus) };
  const model = languageModel({ corpus, ...modelOptions(options) });
  return { model, ids: model.corpus as Int32Array };
}

/** The first SIGINT or SIGTERM ends training after the running step; the second ends the process at once. */
function catchSignals(): {
  signal: AbortSignal;
  received: () => "SIGINT" | "SIGTERM" | undefined;
  release: () => void;
} {
  const controller = new AbortController();
  let first: "SIGINT" | "SIGTERM" | undefined;
  const handle = (name: NodeJS.Signals): void => {
    if (first !== undefined) process.exit(name === "SIGTERM" ? EXIT.terminated : EXIT.interrupted);
    first = name === "SIGTERM" ? "SIGTERM" : "SIGINT";
    controller.abort();
  };
  process.on("SIGINT", handle);
  process.on("SIGTERM", handle);
  return {
    signal: controller.signal,
    received: () => first,
    release: () => {
      process.off("SIGINT", handle);
      process.off("SIGTERM", handle);
    },
  };
}
