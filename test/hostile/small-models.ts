/** A small model of every kind, how it is loaded, and one short question to it. */
import { generate, languageModel, loadLanguageModel } from "../../src/index.ts";
import { evaluate } from "../../src/tasks/language-model/index.ts";
import type { SavedModel } from "../../src/model/index.ts";
import {
  classifier,
  type ClassifierInput,
  classifyAll,
  forecast,
  forecaster,
  type HeadName,
  loadClassifier,
  loadForecaster,
  loadTagger,
  loadTranscriber,
  loadTranslator,
  parseConll,
  tag,
  tagger,
  transcribe,
  transcriber,
  translate,
  translator,
} from "../../src/tasks/index.ts";

export type SmallModel = {
  readonly name: string;
  readonly kind: string;
  readonly model: SavedModel;
  readonly load: (bytes: Uint8Array) => SavedModel;
  /** Asks a model of this kind, which need not be this one, something that is soon answered. */
  readonly run: (model: SavedModel) => unknown;
};

const tone = (n: number): Float32Array => Float32Array.from({ length: n }, (_, i) => Math.sin(i / 5));
const picture = { width: 6, height: 6, channels: 1, data: new Uint8Array(36).fill(100) };
const series = { start: "2001-01-01", values: Array.from({ length: 60 }, (_, i) => i % 7) };

/** `M` is the model's own type: what a loader gives is what `run` is given. */
const small = <M extends SavedModel>(
  name: string,
  model: M,
  load: (bytes: Uint8Array) => M,
  run: (model: M) => unknown,
): SmallModel => ({ name, kind: model.kind, model, load, run: (given) => run(given as M) });

const classifierOf = (name: string, inputs: readonly ClassifierInput[], pooling: "attention" | "last"): SmallModel => {
  const examples = inputs.map((input, i) => ({ input, label: String(i) }));
  return small(name, classifier({ examples, pooling, hiddenSize: 3 }), loadClassifier, (model) => {
    const { input } = model.config;
    if (input.kind === "text") return classifyAll(model, ["a good day"]);
    if (input.kind === "numbers") return classifyAll(model, [[Array.from({ length: input.features }, (_, i) => i)]]);
    const { width, height, channels } = input;
    if (width * height * channels > 1e6) return undefined;
    return classifyAll(model, [{ width, height, channels, data: new Uint8Array(width * height * channels).fill(9) }]);
  });
};

const forecasterOf = (head: HeadName): SmallModel =>
  small(
    `forecaster, ${head}`,
    forecaster({ series: [series], hiddenSize: 3, horizon: 7, head }),
    loadForecaster,
    (model) => {
      const { covariates, horizon } = model.config;
      const rows = Array.from({ length: 80 }, () => covariates.map(() => 1));
      const { mean, quantiles } = forecast(
        model,
        { ...series, id: model.config.series[0]?.id ?? "", covariates: rows },
        {
          horizon: Math.min(horizon, 5),
          samples: 5,
        },
      );
      return { mean, quantiles };
    },
  );

export const smallModels = (): SmallModel[] => [
  small("language model", languageModel({ corpus: "hello world", hiddenSize: 3 }), loadLanguageModel, async (model) => {
    let text = "";
    for await (const piece of generate(model, "", { maxLength: 8 })) text += piece;
    return { text, tokens: evaluate(model, Int32Array.of(0, 0, 0)).tokens };
  }),
  small(
    "language model of words",
    languageModel({ corpus: "hello hello world", unit: "word", cell: "gru", tieWeights: true, hiddenSize: 4 }),
    loadLanguageModel,
    async (model) => {
      let text = "";
      for await (const piece of generate(model, "", { maxLength: 8 })) text += piece;
      return text;
    },
  ),
  classifierOf("classifier of texts", ["a good day", "a bad day"], "attention"),
  classifierOf(
    "classifier of numbers",
    [
      [[1, 2]],
      [
        [3, 4],
        [5, 6],
      ],
    ],
    "last",
  ),
  classifierOf("classifier of pictures", [picture, picture], "last"),
  small(
    "tagger",
    tagger({
      examples: parseConll("Oslo B-LOC\nis O\n\nto O\nLima B-LOC\n\n"),
      hiddenSize: 3,
      embeddingSize: 3,
      characterSize: 2,
      shapeSize: 2,
    }),
    loadTagger,
    (model) => {
      const { tags, score, probabilities } = tag(model, ["Oslo", "is", "far"]);
      return { tags, score, probabilities: probabilities.map((row) => [...row]) };
    },
  ),
  forecasterOf("studentT"),
  forecasterOf("negativeBinomial"),
  forecasterOf("quantile"),
  forecasterOf("normal"),
  forecasterOf("mean"),
  small(
    "translator",
    translator({ pairs: [{ source: "ab", target: "ba" }], hiddenSize: 4, embeddingSize: 3, merges: 2 }),
    loadTranslator,
    (model) => translate(model, "ab", { maxLength: 5 }),
  ),
  small(
    "transcriber",
    transcriber({
      utterances: [{ samples: tone(4000), text: "ab" }],
      features: { sampleRate: 8000, bands: 16 },
      hiddenSize: 3,
    }),
    loadTranscriber,
    (model) => transcribe(model, tone(2000)),
  ),
];
