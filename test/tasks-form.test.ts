/**
 * @file The six task folders have one form: the same file names, the same verbs, the same shapes of
 * answers, and every kind of model goes through one pair of functions.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import * as unrolled from "../src/index.ts";
import { encodeModel, type EvaluationEvent, kindOf, type OwnTask, type SavedModel, trainOn } from "../src/index.ts";
import * as tasks from "../src/tasks/index.ts";
import { decodeModel } from "../src/tasks/index.ts";

const place = (path: string): URL => new URL(path, import.meta.url);

/** SHA-256 of the files of the models below, as version 0.1.0 wrote them before the tasks had one form. */
const FILES_BEFORE: Readonly<Record<string, string>> = {
  languageModel: "ed4ab54ff1f3792e37a04a3d40a070169f8ec19f8406c6999d998bd1430b656e",
  classifier: "7fd6fc25c27304c5ae82c17fb8b95eac3721fe448e8c3904e11ccada4107673c",
  imageClassifier: "91842fa190a842460b4a4e162e395326f1c41c3c8e60335db0ae45c2442393e5",
  tagger: "4297d4b4909fb08e70636d185c4b72c436a01846560d4d2a14957eb2a4fbb887",
  forecaster: "5b95c88c444f71220c57241f79891f7709c541f69f2ec06f92bdb972afdd6f68",
  translator: "b14e0481fcfb48c1058d7ac68b44326d1052928b4eb4350af9b48638ce810906",
  transcriber: "3ca4c50e7839648e565897b0da4d565b9ff9dc0c15fdd6c2847cde0f4e6808d1",
};

const FILES = ["config.ts", "model.ts", "training.ts", "evaluation.ts", "answers.ts"];

/** Names that a folder exports, and functions of those for one small model. */
type Form = {
  readonly kind: string;
  readonly names: {
    readonly model: string;
    readonly one: string;
    readonly all: string;
    readonly evaluate: string;
  };
  readonly model: SavedModel & { readonly config: object };
  readonly load: (bytes: Uint8Array) => SavedModel;
  readonly task: () => OwnTask<never>;
  readonly evaluate: (signal?: AbortSignal) => unknown;
  /** Answers for two inputs: by one call for each, and by one call. */
  readonly one: readonly [unknown, unknown];
  readonly all: (signal?: AbortSignal) => unknown;
};

/** With a signal the answer is a promise; without one the options are empty all the same. */
type Options = { readonly signal: AbortSignal };

/** What a folder exports: `Input` is what is asked for, `Example` what is learned. */
function formOf<Model extends Form["model"], Input, Examples>(
  names: Form["names"],
  given: {
    readonly model: Model;
    readonly load: (bytes: Uint8Array) => SavedModel;
    readonly task: (model: Model) => unknown;
    readonly examples: Examples;
    readonly inputs: readonly [Input, Input];
    readonly evaluate: (model: Model, examples: Examples, options: Options) => unknown;
    readonly one: (model: Model, input: Input) => unknown;
    readonly all: (model: Model, inputs: readonly Input[], options: Options) => unknown;
  },
): Form {
  const { model, examples, inputs } = given;
  const withSignal = (signal?: AbortSignal): Options => (signal === undefined ? {} : { signal }) as Options;
  return {
    names,
    kind: model.kind,
    model,
    load: given.load,
    task: () => given.task(model) as OwnTask<never>,
    evaluate: (signal) => given.evaluate(model, examples, withSignal(signal)),
    one: [given.one(model, inputs[0]), given.one(model, inputs[1])],
    all: (signal) => given.all(model, inputs, withSignal(signal)),
  };
}

/** An answer that is equal to others: without functions, and a text as one. */
async function plain(answer: unknown): Promise<unknown> {
  const value = await answer;
  if (typeof value === "object" && value !== null && Symbol.asyncIterator in value) {
    let text = "";
    for await (const piece of value as AsyncIterable<string>) text += piece;
    return text;
  }
  return JSON.parse(JSON.stringify(value)) as unknown;
}

const sizes = { hiddenSize: 4, seed: 1 };
const texts = ["a good day", "a bad day", "good", "bad"].map((input, i) => ({ input, label: i % 2 ? "no" : "yes" }));
const picture = (grey: number) => ({ width: 3, height: 2, channels: 1, data: new Uint8Array(6).fill(grey) });
const pictures = [9, 200, 30, 220].map((grey) => ({ input: picture(grey), label: grey > 100 ? "light" : "dark" }));
const tagged = tasks.parseConll("Oslo B-LOC\nis O\n\nto O\nLima B-LOC\n\n");
const series = [1, 2].map((id) => ({ id: String(id), values: Array.from({ length: 24 }, (_, i) => (i * id) % 5) }));
const pairs = ["ab", "ba", "b"].map((source) => ({ source, target: source.toUpperCase() }));
const sound = (hertz: number) => Float32Array.from({ length: 2000 }, (_, i) => Math.sin((i * hertz) / 1000));
const utterances = [60, 200].map((hertz, i) => ({ samples: sound(hertz), text: i === 0 ? "a" : "b" }));
// as the defaults were then: texts as they are, pictures on black, the initial embedding that all had
const before = { normalize: "none", background: [0, 0, 0] } as const;
const lm = unrolled.languageModel({
  corpus: "hello world. ".repeat(8),
  normalize: before.normalize,
  embeddingInitializer: "uniform",
  ...sizes,
});

const classify = { model: "Classifier", one: "classify", all: "classifyAll", evaluate: "evaluateClassifier" };
const isOfPictures = ([{ input }]: readonly tasks.ClassifierExample[]): boolean =>
  typeof input === "object" && "width" in input;
const classifierForm = (examples: readonly tasks.ClassifierExample[]): Form =>
  formOf(classify, {
    model: tasks.classifier({
      examples,
      ...before,
      unit: "char",
      bidirectional: isOfPictures(examples),
      ...sizes,
    }),
    load: tasks.loadClassifier,
    task: (model) => tasks.classifierTask(model, { training: examples, validation: examples }),
    examples,
    inputs: [examples[0].input, examples[1].input],
    evaluate: tasks.evaluateClassifier,
    one: tasks.classify,
    all: tasks.classifyAll,
  });

const forms: Readonly<Record<string, Form>> = {
  "language-model": formOf(
    // `evaluate`, `train` and `fit` are short for what the others spell out
    { model: "LanguageModel", one: "generate", all: "generateAll", evaluate: "evaluate" },
    {
      model: lm,
      load: unrolled.loadLanguageModel,
      task: (model) => unrolled.languageModelTask(model, { sequenceLength: 4, batchSize: 2, validation: 0.2 }),
      examples: lm.corpus as Int32Array,
      inputs: ["he", "wo"],
      evaluate: unrolled.evaluate,
      one: (model, prime) => unrolled.generate(model, prime, { maxLength: 5 }),
      all: (model, primes, options) => unrolled.generateAll(model, primes, { maxLength: 5, ...options }),
    },
  ),
  classify: classifierForm(texts),
  "classify, images": classifierForm(pictures),
  tag: formOf(
    { model: "Tagger", one: "tag", all: "tagAll", evaluate: "evaluateTagger" },
    {
      model: tasks.tagger({
        examples: tagged,
        normalize: before.normalize,
        embeddingSize: 3,
        characterSize: 2,
        shapeSize: 2,
        ...sizes,
      }),
      load: tasks.loadTagger,
      task: (model) => tasks.taggerTask(model, { training: tagged, validation: tagged }),
      examples: tagged,
      inputs: [["Oslo"], ["to", "Rome"]],
      evaluate: tasks.evaluateTagger,
      one: tasks.tag,
      all: tasks.tagAll,
    },
  ),
  forecast: formOf(
    { model: "Forecaster", one: "forecast", all: "forecastAll", evaluate: "evaluateForecaster" },
    {
      // without what was added since
      model: tasks.forecaster({ series, horizon: 2, contextLength: 4, lags: [], levelSteps: 0, ...sizes }),
      load: tasks.loadForecaster,
      task: (model) => tasks.forecasterTask(model, { series, heldOut: 4 }),
      examples: series,
      inputs: [series[0], series[1]],
      evaluate: (model, all, options) => tasks.evaluateForecaster(model, all, { folds: 2, ...options }),
      one: tasks.forecast,
      all: tasks.forecastAll,
    },
  ),
  translate: formOf(
    { model: "Translator", one: "translate", all: "translateAll", evaluate: "evaluateTranslator" },
    {
      model: tasks.translator({ pairs, merges: 2, embeddingSize: 3, normalize: before.normalize, ...sizes }),
      load: tasks.loadTranslator,
      task: (model) => tasks.translatorTask(model, { training: pairs, validation: pairs }),
      examples: pairs,
      inputs: ["ab", "b"],
      evaluate: tasks.evaluateTranslator,
      one: tasks.translate,
      all: tasks.translateAll,
    },
  ),
  transcribe: formOf(
    { model: "Transcriber", one: "transcribe", all: "transcribeAll", evaluate: "evaluateTranscriber" },
    {
      model: tasks.transcriber({
        utterances,
        features: { sampleRate: 4000, bands: 8 },
        normalize: before.normalize,
        ...sizes,
      }),
      load: tasks.loadTranscriber,
      task: (model) => tasks.transcriberTask(model, { training: utterances, validation: utterances }),
      examples: utterances,
      inputs: [utterances[0].samples, utterances[1].samples],
      evaluate: tasks.evaluateTranscriber,
      one: tasks.transcribe,
      all: tasks.transcribeAll,
    },
  ),
};

/** Options that every model has, under the same names. */
const OF_EVERY_MODEL = ["cell", "dialect", "hiddenSize", "layers", "dropout", "seed"];

describe.each(Object.entries(forms))("%s", (name, form) => {
  const [folder] = name.split(",");
  const { names, model } = form;

  test("has the files", () => {
    for (const file of FILES) expect(existsSync(place(`../src/tasks/${folder}/${file}`)), file).toBe(true);
  });

  test("exports the verbs", () => {
    const entry: Readonly<Record<string, unknown>> = folder === "language-model" ? unrolled : tasks;
    const factory = names.model[0].toLowerCase() + names.model.slice(1);
    const verbs = [names.model, factory, `${factory}Task`, names.one, names.all, names.evaluate, `load${names.model}`];
    expect(verbs.filter((verb) => typeof entry[verb] !== "function")).toEqual([]);
    expect(entry).not.toHaveProperty(`save${names.model}`);
  });

  test("has a configuration with the common options, which is plain JSON in its file", () => {
    expect(Object.keys(model.config)).toEqual(expect.arrayContaining(OF_EVERY_MODEL));
    const configuration = model.configuration();
    expect(JSON.parse(JSON.stringify(configuration))).toEqual(configuration);
  });

  test("answers many inputs as it answers each, also as a promise", async () => {
    const each = [await plain(form.one[0]), await plain(form.one[1])];
    expect(await plain(form.all())).toEqual(each);
    expect(await plain(form.all(new AbortController().signal))).toEqual(each);
  });

  test("is evaluated with a loss and measures, also as a promise", async () => {
    const evaluation = form.evaluate() as { readonly loss: unknown; readonly measures: object };
    expect(evaluation.loss).toEqual(expect.any(Number));
    const measures: unknown[] = Object.values(evaluation.measures);
    expect(measures.length).toBeGreaterThan(0);
    for (const value of measures) expect(value).toEqual(expect.any(Number));
    // no measure stands beside them once more
    for (const measure of Object.keys(evaluation.measures)) expect(evaluation).not.toHaveProperty(measure);
    const later = form.evaluate(new AbortController().signal);
    expect(later).toBeInstanceOf(Promise);
    expect(JSON.stringify(await later)).toBe(JSON.stringify(evaluation));
  });

  test("every kind becomes bytes and a model again", () => {
    const bytes = encodeModel(model);
    expect(kindOf(bytes)).toBe(form.kind);
    for (const again of [form.load(bytes), decodeModel(bytes)]) {
      expect(again.kind).toBe(form.kind);
      expect(encodeModel(again)).toEqual(bytes);
    }
  });

  test("its file has the bytes of before: initial weights, configuration and format", () => {
    expect(createHash("sha256").update(encodeModel(model)).digest("hex")).toBe(FILES_BEFORE[form.kind]);
  });

  // the last, since it changes the model
  test("is trained by trainOn, with evaluations", async () => {
    const evaluations: EvaluationEvent[] = [];
    for await (const event of trainOn(form.task(), { steps: 1 }))
      if (event.kind === "evaluation") evaluations.push(event);
    expect(evaluations).toHaveLength(1);
    expect(evaluations[0].loss).toEqual(expect.any(Number));
  });
});

test("models of one's own are decoded with the others", () => {
  const mine = { kind: "mine", configuration: () => ({}), parameters: () => ({}) };
  const bytes = encodeModel(mine);
  expect(decodeModel(bytes, { mine: () => mine })).toBe(mine);
  expect(() => decodeModel(bytes)).toThrow('decodeModel: expected a file of kind "languageModel", "classifier"');
});
