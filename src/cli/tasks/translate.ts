/** @file The work of `--task translate`. */
import { writeFileSync } from "node:fs";
import { extname } from "node:path";
import { DataError, parseStrictJson, randomStream } from "unrolled";
import { readRecords, type RecordEntry, recordText } from "unrolled/node";
import {
  attentionPicture,
  evaluateTranslator,
  loadTranslator,
  type Pair,
  type ScheduledSampling,
  splitExamples,
  translate,
  type TranslationCandidate,
  type Translator,
  translator,
  translatorTask,
} from "unrolled/tasks";
import { networkOf, plural } from "../terminal/format.ts";
import { notEmpty } from "./not-empty.ts";
import { rest, workSignal } from "../terminal/interruptible.ts";
import type { OptionsOf } from "../options/table.ts";
import { exampleTraining, type Split } from "./example-training.ts";
import { asTask, type Evaluated, type OptionsWith, type Prediction, type Task } from "./task.ts";
import type { TRANSLATE_OPTIONS, TRANSLATE_PREDICT_OPTIONS } from "./translate-options.ts";

type Options = OptionsWith<typeof TRANSLATE_OPTIONS>;
type PredictOptions = OptionsOf<typeof TRANSLATE_PREDICT_OPTIONS>;

type Pairs = Split<Pair>;

const NAMED_COLUMNS = [".jsonl", ".ndjson", ".json", ".csv"];
const hasNames = (path: string): boolean => NAMED_COLUMNS.includes(extname(path).toLowerCase());

/** Two files without columns are parallel texts. */
async function readPairs(paths: readonly string[], options: Partial<Options>): Promise<Pair[]> {
  const [first, second] = paths;
  const isParallel =
    paths.length === 2 && paths.every((path) => path !== "-" && !hasNames(path) && extname(path) !== ".tsv");
  const pairs: Pair[] = isParallel ? await parallel(first, second) : [];
  if (!isParallel)
    for (const path of paths)
      for await (const pair of hasNames(path) ? named(path, options) : tabbed(path, options)) {
        pairs.push(pair);
        await rest();
      }
  if (pairs.length === 0) throw new DataError(`${paths.join(", ")}: expected at least one pair of texts, got none`);
  return pairs;
}

async function* named(
  path: string,
  { sourceColumn = "source", targetColumn = "target" }: Partial<Options>,
): AsyncGenerator<Pair> {
  for await (const entry of readRecords([path]))
    yield { source: recordText(entry, sourceColumn), target: recordText(entry, targetColumn), place: entry.place };
}

/**
 * A first line "source<TAB>target" names the columns. From the standard input lines may also be
 * JSON objects.
 */
async function* tabbed(path: string, options: Partial<Options>): AsyncGenerator<Pair> {
  const { sourceColumn = "source", targetColumn = "target" } = options;
  let isJson = false;
  for await (const entry of readRecords([path], { format: "lines" })) {
    const line = recordText(entry, "text");
    isJson ||= path === "-" && entry.line === 1 && line.startsWith("{");
    if (isJson) {
      const object = jsonEntry(entry, line);
      yield { source: recordText(object, sourceColumn), target: recordText(object, targetColumn), place: entry.place };
      continue;
    }
    const columns = line.split("\t");
    if (columns.length !== 2)
      throw new DataError(
        `${entry.place}: expected a source and a target text with a tab between them, got ${plural(columns.length, "column")}`,
      );
    const [source, target] = columns;
    if (entry.line === 1 && source === "source" && target === "target") continue;
    yield { source, target, place: entry.place };
  }
}

/** The line as an object of JSON. */
function jsonEntry(entry: RecordEntry, line: string): RecordEntry {
  try {
    const record = parseStrictJson(line, { maxBytes: Math.max(1, line.length), where: entry.place });
    if (typeof record === "object" && record !== null && !Array.isArray(record)) return { ...entry, record };
  } catch (error) {
    throw new DataError((error as Error).message, { cause: error });
  }
  throw new DataError(`${entry.place}: expected a JSON object, got ${JSON.stringify(line.slice(0, 40))}`);
}

async function parallel(sources: string, targets: string): Promise<Pair[]> {
  const [left, right] = [await linesOf(sources), await linesOf(targets)];
  const numbers = [...new Set([...left.keys(), ...right.keys()])].sort((a, b) => a - b);
  return numbers.map((line) => {
    const [source, target] = [left.get(line), right.get(line)];
    if (source === undefined || target === undefined)
      throw new DataError(
        `${source === undefined ? sources : targets} line ${line}: expected a text as in the other file, got none`,
      );
    return { source, target, place: `${sources} line ${line}` };
  });
}

/** Lines by their numbers, without empty ones. */
async function linesOf(path: string): Promise<ReadonlyMap<number, string>> {
  const lines = new Map<number, string>();
  for await (const entry of readRecords([path], { format: "lines" })) lines.set(entry.line, recordText(entry, "text"));
  return lines;
}

/** The schedule in a text that the option's parser has checked. */
function scheduleOf(text: string | undefined): ScheduledSampling | undefined {
  if (text === undefined) return undefined;
  const [name, value] = text.split(":");
  const number = Number(value);
  if (name === "linear") return { kind: "linear", slope: number };
  return { kind: name === "exponential" ? "exponential" : "inverseSigmoid", k: number };
}

function create({ training }: Pairs, options: Options): Translator {
  const { cell, dialect, hiddenSize, layers, dropout, seed } = options;
  const { merges, normalize, embeddingSize, attention, bidirectional, inputFeeding } = options;
  return translator({
    pairs: training,
    cell,
    dialect,
    hiddenSize,
    layers,
    dropout,
    seed,
    bidirectional,
    inputFeeding,
    merges,
    normalize,
    embeddingSize,
    attention,
  });
}

/** A pair as the model sees it: tokens between bars. */
function asSeen(model: Translator, { source, target }: Pair): string {
  const cut = (encoding: Translator["source"], text: string): string =>
    Array.from(encoding.encode(text), (id) => encoding.tokens[id]).join("|");
  return `${cut(model.source, source)} -> ${cut(model.target, target)}`;
}

/** Texts of lines, and of the source columns of tables and JSON. */
async function* sourcesOf(paths: readonly string[], sourceColumn: string): AsyncGenerator<string> {
  for (const path of paths) {
    if (path !== "-" && hasNames(path))
      for await (const entry of notEmpty(path, "text", readRecords([path]))) yield recordText(entry, sourceColumn);
    else
      for await (const entry of notEmpty(path, "text", readRecords([path], { format: "lines" }))) {
        const text = recordText(entry, "text");
        // pairs, such as those of training
        yield extname(path).toLowerCase() === ".tsv" ? text.split("\t")[0] : text;
      }
  }
}

async function* predict(
  model: Translator,
  inputs: readonly string[],
  { sourceColumn, beams, nBest, lengthPenalty, coveragePenalty, plot }: PredictOptions,
): AsyncGenerator<Prediction> {
  // n best need as many hypotheses
  const options = { beams: Math.max(beams, nBest), nBest, lengthPenalty, coveragePenalty };
  let isFirst = true;
  for await (const source of sourcesOf(inputs.length === 0 ? ["-"] : inputs, sourceColumn)) {
    const found = await translate(model, source, { ...options, signal: workSignal() });
    if (isFirst && plot !== undefined) writeFileSync(plot, attentionPicture(found.attention));
    isFirst = false;
    yield predictionOf(source, [found, ...found.alternatives]);
  }
}

function predictionOf(source: string, found: readonly TranslationCandidate[]): Prediction {
  const text =
    found.length === 1
      ? found[0].text
      : found.map((translation) => `${translation.score.toFixed(4)}\t${translation.text}`).join("\n");
  return {
    text,
    json: {
      source,
      translations: found.map(({ text, score, logProbability, finished }) => ({
        text,
        score,
        logProbability,
        finished,
      })),
    },
  };
}

async function evaluated(model: Translator, pairs: readonly Pair[]): Promise<Evaluated> {
  const { loss, measures, translations } = await evaluateTranslator(model, pairs, { signal: workSignal() });
  const [pair] = pairs;
  const [translation] = translations;
  return {
    measures: { loss, ...measures },
    text: `${pair.source}\n${translation.text}\nexpected ${pair.target}`,
    pictures: { "attention.svg": () => attentionPicture(translation.attention) },
  };
}

const task: Task<Translator, Pairs, Options> = {
  async read(paths, options) {
    const random = randomStream(options.seed).named("split");
    return splitExamples(await readPairs(paths, options), { validation: options.validation, random });
  },
  create,
  decode: loadTranslator,
  describe(model, { training, validation }) {
    const pairs = plural(training.length + validation.length, "pair");
    const network = `${networkOf(model.config)}, ${model.config.attention} attention`;
    return `${pairs} (${model.source.size} and ${model.target.size} tokens); ${network}`;
  },
  preview: (model, { training }) => training.slice(0, 3).map((pair) => asSeen(model, pair)),
  training: (model, { training, validation }, { batchSize, seed, ...options }) =>
    exampleTraining(
      translatorTask(model, {
        training,
        validation,
        batchSize,
        seed,
        scheduledSampling: scheduleOf(options.scheduledSampling),
      }),
      { training: training.length, validation: validation.length },
      { unit: "tokens" },
    ),
  predict: (model, inputs, options) => predict(model, inputs, options as PredictOptions),
  evaluate: async (model, paths, options) => evaluated(model, await readPairs(paths, options)),
  // a sample: a search for each of many pairs takes long
  finish: async (model, { validation }) =>
    validation.length === 0 ? { measures: {} } : evaluated(model, validation.slice(0, 500)),
};

/** The task as the commands see it. */
export const translateTask: Task = asTask(task);
