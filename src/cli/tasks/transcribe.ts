/** @file The work of `--task transcribe`. */
import { DataError, loadLanguageModel, randomStream } from "unrolled";
import {
  decodeSound,
  readModelBytes,
  type Recording,
  readRecordings,
  type Recordings,
  SOUND_EXTENSIONS,
  spectrogramSvg,
} from "unrolled/node";
import {
  type AlignedCharacter,
  type SpeechAugmentation,
  characterErrorRate,
  characterScore,
  evaluateTranscriber,
  loadTranscriber,
  logMel,
  resample,
  splitExamples,
  transcribe,
  type TranscribeOptions,
  type Transcriber,
  transcriber,
  transcriberTask,
  type TranscriberEvaluation,
} from "unrolled/tasks";
import { UsageError } from "../terminal/failure.ts";
import { count, duration, networkOf, plural, table } from "../terminal/format.ts";
import { workSignal } from "../terminal/interruptible.ts";
import { warn } from "../terminal/output.ts";
import type { OptionsOf } from "../options/table.ts";
import { exampleTraining, type Split } from "./example-training.ts";
import { inputBytes, inputFiles, inputName } from "./input-bytes.ts";
import { LeftOut } from "./left-out.ts";
import { Plots } from "./plots.ts";
import { asTask, type Evaluated, type Measures, type OptionsWith, type Prediction, type Task } from "./task.ts";
import type { TRANSCRIBE_OPTIONS, TRANSCRIBE_PREDICT_OPTIONS } from "./transcribe-options.ts";

type Options = OptionsWith<typeof TRANSCRIBE_OPTIONS>;
type PredictOptions = OptionsOf<typeof TRANSCRIBE_PREDICT_OPTIONS>;

type TranscribeData = Split<Recording> & { readonly sampleRate: number };

/** Beams of a search with a language model where nothing else is asked for. */
const BEAMS = 16;
/** Texts that are shown at most, and their characters. */
const [WORST, SHOWN] = [10, 60];
/** Length of a recording that is good to look at. */
const SECONDS = 3;

/** Recordings at the model's rate, or at the one that is asked for. */
async function readAll(
  paths: readonly string[],
  options: Partial<Options>,
  rate: number | undefined = options.sampleRate,
): Promise<Recordings> {
  if (paths.includes("-"))
    throw new DataError("-: expected a folder of recordings or its table, got the standard input");
  const { fileColumn, textColumn, separator, header, encoding, lowercase, skipBad = false } = options;
  const left = new LeftOut("recording", skipBad);
  const bad: [name: string, error: Error][] = [];
  const found = await readRecordings(paths, {
    fileColumn,
    textColumn,
    separator,
    header,
    encoding,
    sampleRate: rate,
    onBad(name, error) {
      if (!skipBad) throw new DataError(`${error.message}. --skip-bad leaves such files out`, { cause: error });
      bad.push([name, error]);
    },
  });
  for (const { name } of found.recordings) await left.take(name, () => name);
  for (const [name, error] of bad)
    await left.take(name, () => {
      throw error;
    });
  left.say();
  if (found.resampled > 0) sayResampled(found, rate === undefined || rate === options.sampleRate);
  return lowercase
    ? { ...found, recordings: found.recordings.map((one) => ({ ...one, text: one.text.toLowerCase() })) }
    : found;
}

function sayResampled({ resampled, recordings, sampleRate }: Recordings, isChoice: boolean): void {
  const hint = isChoice ? "; --sample-rate sets another rate" : ", the rate of the model";
  const all = plural(recordings.length, "recording");
  warn(`unrolled: ${count(resampled)} of ${all} resampled to ${count(sampleRate)} samples per second${hint}`);
}

function create({ sampleRate, training, validation }: TranscribeData, options: Options): Transcriber {
  const { cell, dialect, hiddenSize, layers, dropout, seed, bidirectional, timeReduction, normalization } = options;
  const { features: kind, bands, coefficients, windowSeconds, hopSeconds, lowHertz, highHertz } = options;
  return transcriber({
    utterances: training,
    // what is held out may have a letter that nothing else has
    normalize: options.normalize,
    alphabet: options.alphabet ?? [...training, ...validation].map(({ text }) => text).join(""),
    features: {
      kind,
      sampleRate,
      bands,
      windowSeconds,
      hopSeconds,
      lowHertz,
      ...(coefficients !== undefined && { coefficients }),
      ...(highHertz !== undefined && { highHertz }),
    },
    cell,
    dialect,
    hiddenSize,
    layers,
    dropout,
    bidirectional,
    timeReduction,
    ...(normalization !== undefined && { normalization }),
    seed,
  });
}

/** A recording as the model sees it. */
function asSeen(model: Transcriber, { name, samples, text }: Recording): string {
  const { frames, size } = model.hear(samples);
  const { timeReduction } = model.config;
  return [
    `${name}, ${secondsOf(model, samples).toFixed(2)} s`,
    `${plural(frames, "frame")} x ${size}, ${plural(model.stepsOf(frames), "step")} of ${timeReduction * size}`,
    `text   ${JSON.stringify(text)}`,
    `labels ${model.labelsOf(text).join(" ")}`,
  ].join("\n");
}

const secondsOf = ({ features }: Transcriber, samples: Float32Array): number => samples.length / features.sampleRate;

const augmentation = ({ noise, timeMasks, timeWidth, bandMasks, bandWidth }: Options): SpeechAugmentation => ({
  noise,
  timeMasks,
  timeWidth,
  bandMasks,
  bandWidth,
});

/** Measures by the names that everybody knows. */
const shortNames = ({ characterErrorRate: cer, wordErrorRate: wer }: TranscriberEvaluation["measures"]): Measures => ({
  cer,
  wer,
});

/** Throws DataError for a rate that is not the model's, where that was trained before. */
function checkRate({ features }: Transcriber, { sampleRate }: TranscribeData): void {
  if (sampleRate === features.sampleRate) return;
  const hint = `--sample-rate ${features.sampleRate} brings them to it`;
  throw new DataError(
    `recordings: expected ${features.sampleRate} samples per second, as those of the model, got ${sampleRate}. ${hint}`,
  );
}

function trainingOf(
  model: Transcriber,
  { training, validation }: TranscribeData,
  options: Options,
): ReturnType<typeof transcriberTask> {
  const { batchSize, seed } = options;
  const own = transcriberTask(model, { training, validation, batchSize, seed, augment: augmentation(options) });
  const measure = own.evaluate?.bind(own);
  if (measure === undefined) return own;
  return {
    ...own,
    evaluate: async (signal) => {
      const { loss, measures } = (await measure(signal)) as TranscriberEvaluation;
      return { loss, measures: shortNames(measures) };
    },
  };
}

/** Whether it was said that a recording has less than the model hears. */
const said = new WeakSet<Transcriber>();

async function soundOf(model: Transcriber, path: string): Promise<Float32Array> {
  const name = inputName(path);
  const { sampleRate, samples } = await decodeSound(name, await inputBytes(path, "a WAV, FLAC or MP3 file"));
  const rate = model.features.sampleRate;
  if (sampleRate < rate && !said.has(model)) {
    said.add(model);
    const missing = `above ${count(sampleRate / 2)} Hz there is nothing to hear`;
    warn(`unrolled: ${name}: ${count(sampleRate)} samples per second, the model's are ${count(rate)}: ${missing}`);
  }
  return resample(samples, sampleRate, rate);
}

function searchOf(
  { vocabulary }: Transcriber,
  { beams, languageModel, languageWeight, lengthBonus }: PredictOptions,
): TranscribeOptions {
  if (languageModel === undefined) {
    if (languageWeight !== undefined) throw new UsageError("--language-weight: expected --language-model with it");
    return { beams: beams ?? 1, lengthBonus };
  }
  if (beams === 1) throw new UsageError("--beams: expected 2 or more with --language-model, got 1");
  const language = loadLanguageModel(readModelBytes(languageModel));
  const score = characterScore(language);
  warnOfLacking(vocabulary.tokens, (character) => language.vocabulary.has(character));
  return {
    beams: beams ?? BEAMS,
    languageModel: score,
    ...(languageWeight !== undefined && { languageWeight }),
    lengthBonus,
  };
}

/** Tells which characters of the alphabet a language model lacks: they are hardly ever written. */
function warnOfLacking(alphabet: readonly string[], isKnown: (character: string) => boolean): void {
  const lacking = alphabet.filter((character) => !isKnown(character));
  if (lacking.length === 0) return;
  const listed = lacking.slice(0, 20).map((character) => JSON.stringify(character));
  const more = lacking.length > listed.length ? ` and ${lacking.length - listed.length} more` : "";
  warn(
    `unrolled: --language-model: its text has not had ${lacking.length} of the ${plural(alphabet.length, "character")} of the alphabet, which are hardly ever written now: ${listed.join(", ")}${more}. Train it on a text that has them`,
  );
}

async function* predict(
  model: Transcriber,
  inputs: readonly string[],
  options: PredictOptions,
): AsyncGenerator<Prediction> {
  const search = searchOf(model, options);
  const left = new LeftOut("file", options.skipBad === true);
  const files = inputFiles(inputs, SOUND_EXTENSIONS);
  const plots = options.plot === undefined ? undefined : new Plots(options.plot);
  // a folder may hold a single recording
  const isOne = files.length === 1 && files[0] === inputs[0];
  for (const [i, path] of files.entries()) {
    const samples = await left.take(path, () => soundOf(model, path));
    if (samples === undefined) continue;
    const { text, score, alignment } = await transcribe(model, samples, { ...search, signal: workSignal() });
    plots?.write(picture(model, samples, alignment, text), i);
    yield {
      text: isOne ? text : `${path}\t${text}`,
      json: { file: path, text, score, alignment: alignment.map((one) => ({ ...one })) },
      rows: [{ file: path === "-" ? null : path, text, score }],
    };
  }
  plots?.say();
  left.say();
}

/** Mel bands in all cases: cosine coefficients are nothing to look at. */
function picture(
  { features, frameSeconds }: Transcriber,
  samples: Float32Array,
  alignment: readonly AlignedCharacter[],
  title: string,
): string {
  const { sampleRate, bands, windowSeconds, hopSeconds, lowHertz, highHertz } = features;
  const frames = logMel(samples, { sampleRate, bands, windowSeconds, hopSeconds, lowHertz, highHertz });
  return spectrogramSvg(frames, { hopSeconds: frameSeconds, alignment, title, hertz: [lowHertz, highHertz] });
}

const shortened = (text: string): string => {
  const quoted = JSON.stringify(text);
  return quoted.length <= SHOWN ? quoted : `${quoted.slice(0, SHOWN - 1)}…`;
};

/** The texts with the most errors for their length. */
function worst(recordings: readonly Recording[], texts: readonly string[]): string {
  const wrong = recordings
    .map(({ name, text }, i) => ({ name, text, heard: texts[i], cer: characterErrorRate([text], [texts[i]]) }))
    .filter(({ cer }) => cer > 0)
    .toSorted((a, b) => b.cer - a.cer);
  const all = plural(recordings.length, "recording");
  if (wrong.length === 0) return `${all}, all as they should be`;
  const rows = wrong
    .slice(0, WORST)
    .map(({ cer, text, heard, name }) => [(100 * cer).toFixed(0), shortened(text), shortened(heard), name]);
  const head = ["CER %", "text", "transcript", "file"];
  return `${all}, ${count(wrong.length)} with errors; the worst:\n${table([head, ...rows], new Set([0]))}`;
}

async function evaluated(model: Transcriber, recordings: readonly Recording[]): Promise<Evaluated> {
  const { loss, measures, texts } = await evaluateTranscriber(model, recordings, { signal: workSignal() });
  return {
    measures: { loss, ...shortNames(measures) },
    counts: { recordings: recordings.length },
    text: worst(recordings, texts),
  };
}

/** The recording whose length is nearest to `SECONDS`. */
const goodToSee = (model: Transcriber, recordings: readonly Recording[]): Recording => {
  const distance = ({ samples }: Recording): number => Math.abs(secondsOf(model, samples) - SECONDS);
  return recordings.reduce((best, one) => (distance(one) < distance(best) ? one : best));
};

async function finish(model: Transcriber, { validation }: TranscribeData): Promise<Evaluated> {
  if (validation.length === 0) return { measures: {} };
  const shown = goodToSee(model, validation);
  const found = await transcribe(model, shown.samples, { signal: workSignal() });
  const title = found.text === shown.text ? found.text : `${found.text} (${shown.text})`;
  return {
    ...(await evaluated(model, validation)),
    pictures: { "spectrogram.svg": () => picture(model, shown.samples, found.alignment, title) },
  };
}

const splitOf = (recordings: readonly Recording[], { validation, seed }: Options): Split<Recording> =>
  splitExamples(recordings, { validation, random: randomStream(seed).named("split") });

const task: Task<Transcriber, TranscribeData, Options> = {
  async read(paths, options) {
    const { sampleRate, recordings } = await readAll(paths, options);
    return { sampleRate, ...splitOf(recordings, options) };
  },
  create,
  decode: loadTranscriber,
  describe(model, { training, validation }) {
    const all = [...training, ...validation];
    const length = duration(all.reduce((sum, { samples }) => sum + secondsOf(model, samples), 0));
    const data = `${plural(all.length, "recording")} (${length}, ${count(model.features.sampleRate)} samples per second)`;
    return `${data}; ${networkOf(model.config)}, ${plural(model.vocabulary.size, "character")}`;
  },
  preview: (model, { training }) => training.slice(0, 3).map((one) => asSeen(model, one)),
  training(model, data, options) {
    const { training, validation } = data;
    checkRate(model, data);
    return exampleTraining(trainingOf(model, data, options), {
      training: training.length,
      validation: validation.length,
    });
  },
  predict: (model, inputs, options) => predict(model, inputs, options as PredictOptions),
  evaluate: async (model, paths, options) =>
    evaluated(model, (await readAll(paths, options, model.features.sampleRate)).recordings),
  async evaluateHeldOut(model, paths, options) {
    const { recordings } = await readAll(paths, options, model.features.sampleRate);
    const { validation } = splitOf(recordings, options);
    return validation.length === 0 ? undefined : evaluated(model, validation);
  },
  finish,
};

/** The task as the commands see it. */
export const transcribeTask: Task = asTask(task);
