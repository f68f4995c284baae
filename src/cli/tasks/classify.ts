/** @file The work of `--task classify`. */
import { DataError } from "unrolled";
import {
  classFiles,
  filesIn,
  readCorpus,
  readRecords,
  type RecordEntry,
  recordText,
  recordValue,
  statIfAny,
} from "unrolled/node";
import {
  type Classifier,
  classifier,
  type ClassifierExample,
  type ClassifierInput,
  classifyAll,
  loadClassifier,
  type NumberRows,
} from "unrolled/tasks";
import {
  type ClassifierData,
  describeClassifier,
  evaluatedOf,
  modelOptions,
  predictionOf,
  splitOf,
  trainingOf,
} from "./classifier-work.ts";
import { notEmpty } from "./not-empty.ts";
import { rest, workSignal } from "../terminal/interruptible.ts";
import type { CLASSIFY_OPTIONS } from "./classify-options.ts";
import { asTask, type OptionsWith, type Prediction, type Task } from "./task.ts";

type Options = OptionsWith<typeof CLASSIFY_OPTIONS>;

type Reading = Partial<
  Pick<Options, "textColumn" | "labelColumn" | "valuesColumn" | "separator" | "header" | "encoding">
>;

const isFolder = (path: string): boolean => statIfAny(path)?.isDirectory() === true;

/** `model` has to have the labels, where there is one. */
async function readAll(
  paths: readonly string[],
  { labelColumn = "label", ...reading }: Reading,
  model?: Classifier,
): Promise<ClassifierExample[]> {
  const examples: ClassifierExample[] = [];
  for (const path of paths) {
    if (isFolder(path)) {
      for (const { label, file } of classFiles(path, [".txt"]))
        examples.push({ input: readCorpus([file], reading), label, place: file });
      continue;
    }
    const { separator, header, encoding } = reading;
    for await (const entry of readRecords([path], { format: "table", separator, header, encoding })) {
      const label = recordText(entry, labelColumn, "--label-column");
      if (model !== undefined && model.labelIndex(label) === undefined)
        throw new DataError(
          `${entry.place}: expected one of the model's ${model.labels.length} labels, got ${JSON.stringify(label)}`,
        );
      examples.push({ input: inputOf(entry, reading), label, place: entry.place });
      await rest();
    }
  }
  if (examples.length === 0) throw new DataError(`${paths.join(", ")}: expected at least one example, got none`);
  return examples;
}

/** The text of a record or, where it has none, its rows of numbers. */
function inputOf(entry: RecordEntry, { textColumn = "text", valuesColumn = "values" }: Reading): ClassifierInput {
  if (Object.hasOwn(entry.record, textColumn) || !Object.hasOwn(entry.record, valuesColumn))
    return recordText(entry, textColumn, "--text-column");
  const rows = recordValue(entry, valuesColumn);
  if (!isRows(rows))
    throw new DataError(
      `${entry.place}: expected rows of numbers, [[1, 2], [3, 4]], as ${JSON.stringify(valuesColumn)}, got something else`,
    );
  return rows;
}

const isRows = (value: unknown): value is NumberRows =>
  Array.isArray(value) &&
  value.every((row) => Array.isArray(row) && row.every((x) => typeof x === "number" && row.length === value[0].length));

/** An input to be classified, and its name; a blank line has an empty answer. */
type Question = { readonly input: ClassifierInput; readonly name?: string };

/** Records, or lines of plain text. */
async function* questionsOf(model: Classifier, paths: readonly string[], reading: Reading): AsyncGenerator<Question> {
  const { separator, header, encoding, textColumn = "text" } = reading;
  for (const path of paths) {
    if (isFolder(path)) {
      for (const file of filesIn(path, [".txt"])) yield { input: readCorpus([file], { encoding }), name: file };
      continue;
    }
    const options = { separator, header, encoding, ...(model.vocabulary !== undefined && { textColumn }) };
    for await (const entry of notEmpty(path, "example", readRecords([path], { ...options, keepBlank: true })))
      yield { input: inputOf(entry, reading), ...(path !== "-" && { name: entry.place }) };
  }
}

const isBlank = ({ input }: Question): boolean => typeof input === "string" && input.trim() === "";

/** Questions that are answered together. */
const TOGETHER = 64;

async function* predict(model: Classifier, paths: readonly string[], reading: Reading): AsyncGenerator<Prediction> {
  let waiting: Question[] = [];
  const answers = async function* (): AsyncGenerator<Prediction> {
    const questions = waiting;
    waiting = [];
    const inputs = questions.filter((one) => !isBlank(one)).map(({ input }) => input);
    const found = (await classifyAll(model, inputs, { signal: workSignal() })).values();
    for (const one of questions) yield predictionOf(isBlank(one) ? undefined : found.next().value, one.name);
  };
  for await (const question of questionsOf(model, paths, reading)) {
    waiting.push(question);
    await rest();
    // a person who types wants the answer now
    if (waiting.length >= TOGETHER || process.stdin.isTTY) yield* answers();
  }
  yield* answers();
}

/** An example as the model sees it: unknown words in brackets, and at most so many. */
const SHOWN = 60;

function asSeen(model: Classifier, { input, label }: ClassifierExample): string {
  const { steps, data } = model.reader.encode("example", input);
  const { vocabulary, features = 1 } = model.reader;
  const more = steps > SHOWN ? ` … (${steps} steps)` : "";
  if (vocabulary === undefined) {
    const rows = Array.from({ length: Math.min(steps, 3) }, (_, t) =>
      Array.from(data.subarray(t * features, (t + 1) * features), (x) => x.toFixed(3)).join(" "),
    );
    return `${label}: ${steps} rows, scaled: ${rows.join(" | ")} …`;
  }
  const tokens = Array.from(data.subarray(0, SHOWN), (id) => {
    const token = vocabulary.tokens[id];
    return vocabulary.unit === "word" ? token : JSON.stringify(token).slice(1, -1);
  });
  return `${label}: ${tokens.join(vocabulary.unit === "word" ? " " : "")}${more}`;
}

const UNSPACED = "reads characters, since the texts have few spaces or are single words; --unit word reads words";

const task: Task<Classifier, ClassifierData, Options> = {
  read: async (paths, options) => splitOf(await readAll(paths, options), options),
  create(data, options) {
    const { unit, normalize, maxVocabulary, maxLength, embeddingSize, scaler } = options;
    return classifier({
      ...modelOptions(data, options),
      unit,
      normalize,
      maxVocabulary,
      maxLength,
      embeddingSize,
      scaler,
    });
  },
  decode: loadClassifier,
  decided: ({ vocabulary }) => (vocabulary === undefined ? {} : { unit: vocabulary.unit }),
  describe: (model, data) => describeClassifier(model, data, model.vocabulary === undefined ? "sequence" : "text"),
  preview: (model, { training }) => training.slice(0, 3).map((example) => asSeen(model, example)),
  training: (model, data, options) => ({
    ...trainingOf(model, data, options),
    ...(options.unit === undefined && model.vocabulary?.unit === "char" && { notes: [UNSPACED] }),
  }),
  predict,
  evaluate: async (model, paths, options) => evaluatedOf(model, await readAll(paths, options, model)),
  finish: async (model, { validation }) =>
    validation.length === 0 ? { measures: {} } : evaluatedOf(model, validation),
};

/** The task as the commands see it. */
export const classifyTask: Task = asTask(task);
