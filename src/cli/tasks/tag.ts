/** @file The work of `--task tag`. */
import { DataError, randomStream } from "unrolled";
import { readRecords, readTagged, recordText } from "unrolled/node";
import {
  evaluateTagger,
  loadTagger,
  splitExamples,
  type SpanF1,
  tagAll,
  type TaggedExample,
  type Tagger,
  tagger,
  taggerTask,
  type TagNotation,
  tagsInScheme,
  writtenTag,
} from "unrolled/tasks";
import { uninterrupted, workSignal } from "../terminal/interruptible.ts";
import type { OptionsOf } from "../options/table.ts";
import { reasonsOf } from "./left-out.ts";
import { count, networkOf, plural } from "../terminal/format.ts";
import { warn } from "../terminal/output.ts";
import { mistakesOf } from "./evaluated.ts";
import { exampleTraining, type Split } from "./example-training.ts";
import { notEmpty } from "./not-empty.ts";
import { predictionOf, type Question, questionsOf } from "./tag-inputs.ts";
import type { TAG_OPTIONS, TAG_PREDICT_OPTIONS } from "./tag-options.ts";
import { UnknownInput } from "./unknown-input.ts";
import { asTask, type Evaluated, type OptionsWith, type Prediction, type Task } from "./task.ts";

type Options = OptionsWith<typeof TAG_OPTIONS>;

type TagData = Split<TaggedExample> & Pick<Read, "notation" | "notes">;

/** A column by its number, or by its name. */
const columnOf = (typed: string | undefined): number | string | undefined =>
  typed !== undefined && /^-?\d+$/.test(typed) ? Number(typed) : typed;

type Read = {
  readonly examples: readonly TaggedExample[];
  /** Notation that their tags had. Undefined where they are as they were. */
  readonly notation?: TagNotation | undefined;
  /** Lines to print about them. */
  readonly notes: readonly string[];
};

/** The sentences of files. `isStrict`: a tag that is not of the scheme of most is an error. */
function readAll(paths: readonly string[], options: Partial<Options>, isStrict: boolean): Read {
  const { tokenColumn, tagColumn, offsets, badSpans, separator, encoding, skipBad = false } = options;
  const notes: string[] = [];
  const bad: string[] = [];
  const onBad = skipBad ? (error: DataError): void => void bad.push(error.message) : undefined;
  const read = paths.flatMap((path) =>
    readTagged(path, {
      tokenColumn: columnOf(tokenColumn),
      tagColumn: columnOf(tagColumn),
      offsets,
      badSpans,
      separator,
      encoding,
      onNote: (note) => notes.push(note),
      onBad,
    }),
  );
  const scheme = options.scheme === "none" ? "none" : undefined;
  const found = isStrict || skipBad ? tagsInScheme(read, { scheme, onBad }) : { examples: read };
  if (bad.length > 0) notes.push(leftOut(bad));
  if (found.examples.length === 0) throw new DataError(`${paths.join(", ")}: expected at least one sentence, got none`);
  return { ...found, notes };
}

const leftOut = (bad: readonly string[]): string => `${plural(bad.length, "sentence")} left out: ${reasonsOf(bad)}`;

const splitOf = (examples: readonly TaggedExample[], { validation, seed }: Options): Split<TaggedExample> =>
  splitExamples(examples, { validation, random: randomStream(seed).named("split") });

function create({ training, validation, notation }: TagData, options: Options): Tagger {
  const { cell, dialect, hiddenSize, layers, dropout, bidirectional, seed } = options;
  const { scheme, tokenizer, output, embeddingSize, characterSize, shapeSize, minCount, maxVocabulary } = options;
  const { inputDropout, lowercase, normalize } = options;
  return tagger({
    examples: training,
    // a rare tag may be among those that are held out
    tags: [...new Set(validation.flatMap(({ tags }) => tags))],
    notation,
    tokenizer,
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
    normalize,
    seed,
  });
}

/** A sentence as the model sees it: words that it does not know in brackets. */
function asSeen(model: Tagger, { tokens, tags }: TaggedExample): string {
  return tokens.map((token, t) => `${model.wordId(token) === 0 ? `[${token}]` : token}/${tags[t]}`).join(" ");
}

async function* linesOf(path: string, encoding: string | undefined): AsyncGenerator<string> {
  for await (const entry of readRecords([path], { format: "lines", keepBlank: true, encoding }))
    yield recordText(entry, "text");
}

async function* predict(
  model: Tagger,
  inputs: readonly string[],
  { batchSize, constrained, encoding, ...options }: OptionsOf<typeof TAG_PREDICT_OPTIONS>,
): AsyncGenerator<Prediction> {
  let waiting: { readonly path: string; readonly question: Question }[] = [];
  const unknown = new UnknownInput("word");
  const answers = async function* (): AsyncGenerator<Prediction> {
    const asked = waiting;
    waiting = [];
    const sentences = asked.map(({ question }) => question.tokens);
    const found = await tagAll(model, sentences, { constrained, batchSize, signal: workSignal() });
    for (const [i, sentence] of found.entries()) yield predictionOf(model, asked[i], sentence);
  };
  for (const path of inputs.length === 0 ? ["-"] : inputs) {
    // a person who types wants the answer now
    const isTyped = path === "-" && process.stdin.isTTY;
    const columns = { tokenColumn: columnOf(options.tokenColumn), tagColumn: columnOf(options.tagColumn) };
    const questions = questionsOf(model, path, linesOf(path, encoding), {
      ...options,
      ...columns,
      peeked: isTyped ? 1 : batchSize,
    });
    for await (const question of notEmpty(path, "sentence", questions)) {
      waiting.push({ path, question });
      unknown.add(question.tokens, (token) => model.wordId(token) !== 0);
      if (waiting.length >= batchSize || isTyped) yield* answers();
    }
  }
  yield* answers();
  unknown.say();
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

/** Line that says what F1 counts where the tags have no scheme. */
const WORDS = 'the tags have no scheme: F1 counts words, those with the tag "O" left out';

async function evaluated(model: Tagger, examples: readonly TaggedExample[]): Promise<Evaluated> {
  const found = await evaluateTagger(model, examples, { signal: workSignal() });
  const { loss, measures, spans } = found;
  const unknown = found.unknown.map(({ tag, ...rest }) => ({ ...rest, name: tag }));
  const notes = [...(model.config.scheme === "none" ? [WORDS] : []), ...mistakesOf("word", "tag", unknown)];
  return {
    measures: { ...(Number.isFinite(loss) && { loss }), ...measures },
    counts: {
      sentences: examples.length,
      words: examples.reduce((sum, { tokens }) => sum + tokens.length, 0),
      spans: spans.micro.support,
    },
    text: [table(spans), ...notes].join("\n"),
  };
}

const task: Task<Tagger, TagData, Options> = {
  read(paths, options) {
    const { examples, notation, notes } = readAll(paths, options, true);
    return { ...splitOf(examples, options), notation, notes };
  },
  create,
  decode: loadTagger,
  optionsOf: ({ config }) => config,
  describe(model, { training, validation }) {
    const { tags, words, output, scheme, notation } = model.config;
    const sentences = plural(training.length + validation.length, "sentence");
    const shown = (tag: string): string => (notation === undefined ? tag : writtenTag(tag, notation));
    const example = tags.find((tag) => shown(tag) !== tag);
    const written = example === undefined ? "" : `, ${example} is written ${shown(example)}`;
    const as = scheme === "none" ? "no scheme" : `scheme ${scheme}${written}`;
    return `${sentences} (${plural(tags.length, "tag")}, ${as}, ${count(words.length)} words); ${networkOf(model.config)}, ${output}`;
  },
  preview: (model, { training }) => training.slice(0, 3).map((example) => asSeen(model, example)),
  training: (model, { training, validation, notes }, { batchSize, seed, wordDropout }) =>
    exampleTraining(
      taggerTask(model, { training, validation, batchSize, seed, wordDropout }),
      { training: training.length, validation: validation.length },
      { unit: "words", notes: model.config.scheme === "none" ? [...notes, WORDS] : notes },
    ),
  predict: (model, inputs, options) => predict(model, inputs, options as OptionsOf<typeof TAG_PREDICT_OPTIONS>),
  async evaluate(model, paths, options) {
    const { examples, notes } = uninterrupted(() => readAll(paths, options, false));
    for (const note of notes) warn(`unrolled evaluate: ${note}`);
    return evaluated(model, examples);
  },
  async evaluateHeldOut(model, paths, options) {
    const { examples, notes } = uninterrupted(() => readAll(paths, options, true));
    for (const note of notes) warn(`unrolled evaluate: ${note}`);
    const { validation } = splitOf(examples, options);
    return validation.length === 0 ? undefined : evaluated(model, validation);
  },
  finish: async (model, { validation }) => (validation.length === 0 ? { measures: {} } : evaluated(model, validation)),
};

/** The task as the commands see it. */
export const tagTask: Task = asTask(task);
