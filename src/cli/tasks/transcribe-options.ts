/** @file The task `transcribe`: its name, texts and options. */
import { choice, flag, integer, number, onUnless, text } from "../options/table.ts";
import { SKIP_BAD } from "../options/file-options.ts";
import { ANSWER_OPTIONS, NORMALIZE, TABLE_OPTIONS } from "../options/table-options.ts";
import { svgName } from "../options/values.ts";
import { shellWord } from "../terminal/format.ts";
import type { TaskDeclaration } from "./task.ts";

/** Options of tables of recordings. */
const DATA = {
  fileColumn: text("name", "column of the recordings' files (default: file, path, wav_filename, file_name …)", {}),
  textColumn: text("name", "column of what is said (default: text, sentence, transcript, transcription …)", {}),
  ...TABLE_OPTIONS,
  ...SKIP_BAD,
} as const;

export const TRANSCRIBE_OPTIONS = {
  ...DATA,
  sampleRate: integer("samples per second that recordings are brought to (default: the lowest of theirs)", {
    min: 100,
    max: 1_000_000,
  }),
  features: choice(["logMel", "mfcc"], "what a frame holds: energies in mel bands, or their cosine transform", {
    default: "logMel",
  }),
  bands: integer("mel bands", { max: 1024, default: 40 }),
  coefficients: integer("numbers of a frame with mfcc (default: 13)", { max: 1024 }),
  windowSeconds: number("sound in a frame", { max: 10, default: 0.025, formerly: "window" }),
  hopSeconds: number("from frame to frame", { max: 10, default: 0.01, formerly: "hop" }),
  lowHertz: number("lower edge of the bands", { default: 20 }),
  highHertz: number("upper edge (default: half the sample rate)", {}),
  timeReduction: integer("frames that the layers read at once", { max: 64, default: 2 }),
  normalization: choice(
    ["global", "utterance"],
    "scale by the training data, or each recording by itself (default: utterance; global with --no-bidirectional)",
    {},
  ),
  bidirectional: onUnless("read from the beginning only, as a stream needs it", { formerly: "oneDirection" }),
  alphabet: text("characters", "characters that can be written (default: those of the texts)", {}),
  ...NORMALIZE,
  lowercase: flag("put the texts in lowercase", { formerly: "lowerCase" }),
  noise: number("deviation of noise that is added to scaled frames while training", { default: 0 }),
  timeMasks: integer("runs of frames that are silenced while training", { min: 0, default: 0 }),
  timeWidth: integer("longest such run", { min: 0, default: 10 }),
  bandMasks: integer("runs of bands that are silenced while training", { min: 0, default: 0 }),
  bandWidth: integer("widest such run", { min: 0, default: 6 }),
} as const;

export const TRANSCRIBE_PREDICT_OPTIONS = {
  beams: integer("hypotheses that are kept in the search", { max: 1000 }),
  languageModel: text("dir", "run or file of a model over characters that takes part in the search", {}),
  languageWeight: number("its weight (default: 0.5)", {}),
  lengthBonus: number("added for each character, against the language model's liking for short texts", {
    min: -1000,
    default: 0,
  }),
  plot: text("file", "draw the answer (SVG)", { parse: svgName }),
  ...ANSWER_OPTIONS,
  ...SKIP_BAD,
} as const;

export const TRANSCRIBE: TaskDeclaration = {
  name: "transcribe",
  kind: "transcriber",
  summary: "Train a model that writes down what is said in recordings.",
  data: "tables of recordings (WAV, FLAC, MP3) and their texts, or folders with one: ours, LJSpeech, Common Voice, DeepSpeech, Hugging Face, LibriSpeech",
  readsInput: false,
  options: TRANSCRIBE_OPTIONS,
  defaults: { hiddenSize: 128, batchSize: 16, learningRate: 0.005, clipNorm: 1 },
  predictOptions: TRANSCRIBE_PREDICT_OPTIONS,
  evaluateOptions: DATA,
  examples: [
    "unrolled train recordings --task transcribe --epochs 20 --out runs/digits",
    "unrolled train cv-corpus/en/train.tsv --task transcribe --sample-rate 16000 --skip-bad --out runs/english",
    "unrolled predict runs/digits recording.wav --beams 16 --plot recording.svg",
    "unrolled predict runs/digits recordings/",
    "unrolled evaluate runs/digits other-recordings",
  ],
  pipeline: "automatic-speech-recognition",
  usage: (place) => `unrolled predict ${shellWord(place)} FILE`,
};
