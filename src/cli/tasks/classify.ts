/** @file The work of `--task classify`. */
import { DataError } from "unrolled";
import { classFiles, filesIn, readCorpus, readRecords, type RecordEntry, recordText, statIfAny } from "unrolled/node";
import {
  type Classifier,
  classifier,
  type ClassifierExample,
  type ClassifierInput,
  classifyAll,
  loadClassifier,
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
import { warn } from "../terminal/output.ts";
import { rest, workSignal } from "../terminal/interruptible.ts";
import type { OptionsOf } from "../options/table.ts";
import type { CLASSIFY_OPTIONS, CLASSIFY_PREDICT_OPTIONS } from "./classify-options.ts";
import { labelWarnings } from "./label-warnings.ts";
import { LeftOut } from "./left-out.ts";
import { hasNumbers, numberRows } from "./numeric-columns.ts";
import { joinFields, recordLabel, type RecordOptions, recordOptions } from "./record-reading.ts";
import { watchTexts } from "./unknown-input.ts";
import { asTask, type OptionsWith, type Prediction, type Task } from "./task.ts";

type Options = OptionsWith<typeof CLASSIFY_OPTIONS>;

type Reading = RecordOptions & Partial<Pick<Options, "textColumn" | "labelColumn" | "valuesColumn">>;

/** Files of folders that are texts. */
const TEXTS: readonly string[] = [".txt", ".text", ".md", ""];

const isFolder = (path: string): boolean => statIfAny(path)?.isDirectory() === true;

type ReadFor = "training" | "evaluation";

async function readAll(paths: readonly string[], reading: Reading, use: ReadFor): Promise<ClassifierExample[]> {
  const { labelColumn = "label", skipBad = false } = reading;
  const examples: ClassifierExample[] = [];
  const left = new LeftOut("row", skipBad);
  const exampleOf = (entry: RecordEntry): ClassifierExample => {
    const label = recordLabel(entry, labelColumn);
    return { input: inputOf(entry, reading), label, place: entry.place };
  };
  for (const path of paths) {
    if (isFolder(path)) {
      for (const { label, file } of classFiles(path, TEXTS))
        examples.push({ input: readCorpus([file], { encoding: reading.encoding }), label, place: file });
      continue;
    }
    const options = { ...recordOptions(reading), format: "table", onBad: left.onBad } as const;
    for await (const entry of readRecords([path], options)) {
      const example = left.takeRow(() => exampleOf(entry));
      if (example !== undefined) examples.push(example);
      await rest();
    }
  }
  left.say();
  if (examples.length === 0) throw new DataError(`${paths.join(", ")}: expected at least one example, got none`);
  if (use === "evaluation") return examples;
  const column = paths.every(isFolder) ? undefined : labelColumn;
  for (const warning of labelWarnings(
    examples.map((one) => one.label),
    column,
  ))
    warn(`unrolled: ${warning}`);
  const [{ label }] = examples;
  if (examples.every((one) => one.label === label))
    throw new DataError(
      `${paths.join(", ")}: expected at least two classes, got only ${JSON.stringify(label)}. --label-column names the column of the class`,
    );
  return examples;
}

/** The text of a record or, where it has none, its rows of numbers. */
function inputOf(entry: RecordEntry, { textColumn = "text", valuesColumn = "values" }: Reading): ClassifierInput {
  const hasText = Object.hasOwn(entry.record, textColumn);
  return !hasText && hasNumbers(entry, valuesColumn)
    ? numberRows(entry, valuesColumn)
    : recordText(entry, textColumn, "--text-column, or --values-column for numbers,");
}

type PredictOptions = Reading & Partial<OptionsOf<typeof CLASSIFY_PREDICT_OPTIONS>>;

/** An input to be classified, and where it stands; a blank line has an empty answer. */
type Question = {
  readonly input: ClassifierInput;
  /** For people. Undefined on standard input. */
  readonly name: string | undefined;
  /** Fields of the answer for programs, which join it with the input. */
  readonly join: Readonly<Record<string, string | number | null>>;
};

/** Records, or lines of plain text. */
async function* questionsOf(
  model: Classifier,
  paths: readonly string[],
  reading: PredictOptions,
): AsyncGenerator<Question> {
  const { textColumn = "text", skipBad = false } = reading;
  const left = new LeftOut("row", skipBad);
  const options = {
    ...recordOptions(reading),
    ...(model.vocabulary !== undefined && { textColumn }),
    keepBlank: true,
    onBad: left.onBad,
  };
  for (const path of paths) {
    if (isFolder(path)) {
      for (const file of filesIn(path, TEXTS)) {
        const input = readCorpus([file], { encoding: reading.encoding });
        yield { input, name: file, join: { file, line: null, text: input } };
      }
      continue;
    }
    for await (const entry of notEmpty(path, "example", readRecords([path], options))) {
      const question = left.takeRow(() => {
        const input = inputOf(entry, reading);
        const join = { ...joinFields(entry, reading), ...(typeof input === "string" && { text: input }) };
        return { input, name: path === "-" ? undefined : entry.place, join };
      });
      if (question !== undefined) yield question;
    }
  }
  left.say();
}

const isBlank = ({ input }: Question): boolean => typeof input === "string" && input.trim() === "";

/** Questions that are answered together. */
const TOGETHER = 64;

async function* predict(
  model: Classifier,
  paths: readonly string[],
  reading: PredictOptions,
): AsyncGenerator<Prediction> {
  let waiting: Question[] = [];
  const watch = watchTexts(model);
  const answers = async function* (): AsyncGenerator<Prediction> {
    const questions = waiting;
    waiting = [];
    const inputs = questions.filter((one) => !isBlank(one)).map(({ input }) => input);
    const found = (await classifyAll(model, inputs, { signal: workSignal() })).values();
    for (const one of questions) yield predictionOf(isBlank(one) ? undefined : found.next().value, one.name, one.join);
  };
  for await (const question of questionsOf(model, paths, reading)) {
    waiting.push(question);
    watch(question.input);
    await rest();
    // a person who types wants the answer now
    if (waiting.length >= TOGETHER || process.stdin.isTTY) yield* answers();
  }
  yield* answers();
  watch(undefined).say();
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
  read: async (paths, options) => splitOf(await readAll(paths, options, "training"), options),
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
  evaluate: async (model, paths, options) => evaluatedOf(model, await readAll(paths, options, "evaluation")),
  async evaluateHeldOut(model, paths, options) {
    const { validation } = splitOf(await readAll(paths, options, "evaluation"), options);
    return validation.length === 0 ? undefined : evaluatedOf(model, validation);
  },
  finish: async (model, { validation }) =>
    validation.length === 0 ? { measures: {} } : evaluatedOf(model, validation),
};

/** The task as the commands see it. */
export const classifyTask: Task = asTask(task);
