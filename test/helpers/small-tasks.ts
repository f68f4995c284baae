/** @file Every task on a handful of examples. */
import {
  type SpeechAugmentation,
  classifier,
  classifierTask,
  forecaster,
  forecasterTask,
  type ScheduledSampling,
  tagger,
  taggerTask,
  transcriber,
  transcriberTask,
  translator,
  translatorTask,
} from "../../src/tasks/index.ts";
import type { OwnTask } from "../../src/train/index.ts";

const texts = [
  { input: "free money", label: "spam" },
  { input: "meeting on the third of next month at noon", label: "ham" },
  { input: "offer", label: "spam" },
  { input: "money for nothing and more", label: "spam" },
];
const sentences = [
  { tokens: ["Oslo"], tags: ["B-LOC"] },
  { tokens: ["we", "saw", "New", "York", "in", "rain"], tags: ["O", "O", "B-LOC", "I-LOC", "O", "O"] },
  { tokens: ["it", "rains"], tags: ["O", "O"] },
];
const pairs = [
  { source: "a", target: "b" },
  { source: "a b c", target: "one two three four five six" },
  { source: "b c", target: "two three" },
];
const sound = (n: number, rate: number): Float32Array => Float32Array.from({ length: n }, (_, i) => Math.sin(i * rate));
const utterances = [
  { samples: sound(4000, 0.1), text: "a" },
  { samples: sound(9000, 0.3), text: "abba" },
  { samples: sound(6000, 0.2), text: "ba" },
];
// long stretches are missing, so that windows have few values or none
const wave = Array.from({ length: 40 }, (_, i) => (i > 8 && i < 31 && i % 11 !== 0 ? NaN : (i % 7) + (i % 3)));
const counts = wave.map((y) => Math.round(y * 3));

/** The commands hand tasks on without a type for their batches too. */
const anyTask = <B>(own: OwnTask<B>): OwnTask<unknown> => own as unknown as OwnTask<unknown>;

const classify = (classWeights?: "balanced" | Record<string, number>) => (batchSize: number) =>
  anyTask(
    classifierTask(classifier({ examples: texts, unit: "word", hiddenSize: 4 }), {
      training: texts,
      batchSize,
      classWeights,
    }),
  );
const tag = (output: "crf" | "softmax") => (batchSize: number) =>
  anyTask(
    taggerTask(tagger({ examples: sentences, hiddenSize: 4, output, dropout: 0, inputDropout: 0 }), {
      training: sentences,
      batchSize,
      wordDropout: 0,
    }),
  );
const forecast = (head: "studentT" | "normal" | "negativeBinomial" | "quantile" | "mean") => (batchSize: number) => {
  const series = [{ values: head === "negativeBinomial" ? counts : wave }];
  const model = forecaster({ series, horizon: 4, contextLength: 4, hiddenSize: 4, head });
  return anyTask(forecasterTask(model, { series, batchSize, stride: 8 }));
};

export const translate = (scheduledSampling?: ScheduledSampling) => (batchSize: number) => {
  const model = translator({ pairs, hiddenSize: 4, embeddingSize: 4 });
  return anyTask(translatorTask(model, { training: pairs, batchSize, scheduledSampling }));
};
export const transcribe =
  (augment: SpeechAugmentation = {}) =>
  (batchSize: number) => {
    const model = transcriber({ utterances, features: { sampleRate: 8000, bands: 8 }, hiddenSize: 4 });
    return anyTask(transcriberTask(model, { training: utterances, batchSize, augment }));
  };

/**
 * Every task but the language model's, with `batchSize` examples per batch and a model that is
 * always the same.
 */
export const smallTasks: Readonly<Record<string, (batchSize: number) => OwnTask<unknown>>> = {
  classify: classify(),
  "classify, balanced": classify("balanced"),
  "classify, weights": classify({ ham: 7, spam: 0.5 }),
  "tag, CRF": tag("crf"),
  "tag, softmax": tag("softmax"),
  translate: translate(),
  transcribe: transcribe(),
  "forecast, studentT": forecast("studentT"),
  "forecast, normal": forecast("normal"),
  "forecast, negativeBinomial": forecast("negativeBinomial"),
  "forecast, quantile": forecast("quantile"),
  "forecast, mean": forecast("mean"),
};
