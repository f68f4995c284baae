/** @file The work of `--task translate`. */
import { writeFileSync } from "node:fs";
import { randomStream } from "unrolled";
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
import { count, networkOf, plural } from "../terminal/format.ts";
import { warn } from "../terminal/output.ts";
import { readPairs, sourcesOf } from "./pairs.ts";
import { workSignal } from "../terminal/interruptible.ts";
import type { OptionsOf } from "../options/table.ts";
import { exampleTraining, type Split } from "./example-training.ts";
import { charactersOf, UnknownInput } from "./unknown-input.ts";
import { asTask, type Evaluated, type OptionsWith, type Prediction, type Task } from "./task.ts";
import type { TRANSLATE_OPTIONS, TRANSLATE_PREDICT_OPTIONS } from "./translate-options.ts";

type Options = OptionsWith<typeof TRANSLATE_OPTIONS>;
type PredictOptions = OptionsOf<typeof TRANSLATE_PREDICT_OPTIONS>;

type Pairs = Split<Pair>;

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

async function* predict(
  model: Translator,
  inputs: readonly string[],
  options: PredictOptions,
): AsyncGenerator<Prediction> {
  const { beams, nBest, lengthPenalty, coveragePenalty, maxLength = model.config.maxLength, plot } = options;
  // n best need as many hypotheses
  const search = { beams: Math.max(beams, nBest), nBest, lengthPenalty, coveragePenalty, maxLength };
  const unknown = new UnknownInput("character");
  let isFirst = true;
  let all = 0;
  const cut: string[] = [];
  for await (const { source, join } of sourcesOf(inputs.length === 0 ? ["-"] : inputs, options)) {
    if (source.trim() === "") {
      yield predictionOf(source, [], join);
      continue;
    }
    unknown.add(charactersOf(source, model.source.normalize), (character) => isKnown(model, character));
    const found = await translate(model, source, { ...search, signal: workSignal() });
    if (isFirst && plot !== undefined) writeFileSync(plot, attentionPicture(found.attention));
    isFirst = false;
    all++;
    if (!found.finished) cut.push(source);
    yield predictionOf(source, [found, ...found.alternatives], join);
  }
  if (cut.length > 0) warn(`unrolled: ${cutOff(cut.length, all, maxLength)}, the first: ${shortened(cut[0])}; ${HINT}`);
  unknown.say();
}

const HINT = "--max-length allows more";

const cutOff = (cut: number, all: number, maxLength: number): string =>
  `${count(cut)} of ${plural(all, "translation")} cut off at ${plural(maxLength, "token")}`;

/** A text in a message. */
const shortened = (text: string): string => JSON.stringify(text.length > 60 ? `${text.slice(0, 59)}…` : text);

/** Whether a translator knows a character of the source; its first token is the unknown one. */
const isKnown = ({ source }: Translator, character: string): boolean => !source.encode(character).includes(0);

function predictionOf(
  source: string,
  found: readonly TranslationCandidate[],
  join: Readonly<Record<string, string | number | null>>,
): Prediction {
  const text =
    found.length <= 1
      ? (found[0]?.text ?? "")
      : found.map((translation) => `${translation.score.toFixed(4)}\t${translation.text}`).join("\n");
  const several = found.length === 0 ? [undefined] : found;
  return {
    text,
    json: {
      ...join,
      source,
      translations: found.map(({ text, score, logProbability, finished }) => ({
        text,
        score,
        logProbability,
        finished,
      })),
    },
    rows: several.map((one, i) => ({
      ...join,
      source,
      rank: i + 1,
      translation: one?.text ?? "",
      score: one?.score,
      finished: one?.finished,
    })),
  };
}

async function evaluated(model: Translator, pairs: readonly Pair[]): Promise<Evaluated> {
  const { loss, measures, translations } = await evaluateTranslator(model, pairs, { signal: workSignal() });
  const [pair] = pairs;
  const [translation] = translations;
  const cut = translations.filter(({ finished }) => !finished).length;
  const note = cut === 0 ? "" : `\n${cutOff(cut, translations.length, model.config.maxLength)}`;
  return {
    measures: { loss, ...measures },
    counts: { pairs: pairs.length },
    text: `${pair.source}\n${translation.text}\nexpected ${pair.target}${note}`,
    pictures: { "attention.svg": () => attentionPicture(translation.attention) },
  };
}

async function read(paths: readonly string[], options: Options): Promise<Pairs> {
  const random = randomStream(options.seed).named("split");
  return splitExamples(await readPairs(paths, options), { validation: options.validation, random });
}

const task: Task<Translator, Pairs, Options> = {
  read,
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
  async evaluateHeldOut(model, paths, options) {
    const { validation } = await read(paths, options);
    return validation.length === 0 ? undefined : evaluated(model, validation);
  },
  // a sample: a search for each of many pairs takes long
  finish: async (model, { validation }) =>
    validation.length === 0 ? { measures: {} } : evaluated(model, validation.slice(0, 500)),
};

/** The task as the commands see it. */
export const translateTask: Task = asTask(task);
