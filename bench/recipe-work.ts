/**
 * @file What is trained in the race of the recipes: the models of `examples/recipes`, each with one batch of made-up data of the recipe's shapes. Without
 * dropout and distortions, whose random numbers are others in each framework.
 */
import { encodeSafetensors, type OwnTask, randomStream, type RandomStream } from "unrolled";
import {
  classifier,
  type ClassifierExample,
  classifierTask,
  forecaster,
  forecasterTask,
  type TaggedExample,
  tagger,
  taggerTask,
  transcriber,
  transcriberTask,
  translator,
  translatorTask,
  type Utterance,
} from "unrolled/tasks";
import { datePairs } from "../examples/recipes/translate/pairs.ts";
import type { Recipe, RecipeName } from "./recipe-cases.ts";

/** Row-major, sequences in time order. */
type Arrays = Readonly<Record<string, Int32Array | Float32Array>>;

export type RecipeWork = {
  /** Every batch is the same one. */
  readonly task: OwnTask<unknown>;
  /** First parameters and batch for a peer: a safetensors file, with the arrays under `model/` and `batch/`. */
  bytes(): Uint8Array;
};

export function recipeWork({ recipe, batch }: Recipe): RecipeWork {
  return makers[recipe](batch, randomStream(1).named(recipe));
}

/** `arraysOf`: the batch as a peer takes it. */
function workOf<B>(task: OwnTask<B>, arraysOf: (batch: B) => Arrays): RecipeWork {
  const [batch] = task.batches(0) as Iterable<B>;
  const parameters = Object.entries(task.parameters);
  return {
    task: {
      ...task,
      *batches() {
        for (;;) yield batch;
      },
    } as OwnTask<unknown>,
    bytes: () =>
      encodeSafetensors({
        ...Object.fromEntries(
          parameters.map(([path, x]) => [`model/${path}`, { dtype: x.dtype, shape: x.shape, data: x.values() }]),
        ),
        ...Object.fromEntries(
          Object.entries(arraysOf(batch)).map(([name, data]) => [
            `batch/${name}`,
            { dtype: data instanceof Int32Array ? "int32" : "float32", shape: [data.length], data },
          ]),
        ),
      }),
  };
}

const makers: Readonly<Record<RecipeName, (batch: number, random: RandomStream) => RecipeWork>> = {
  image,
  transcribe,
  tag,
  translate,
  forecast,
  classify,
};

const times = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));
const between = (random: RandomStream, least: number, most: number): number => least + random.integer(most - least + 1);

/** Pictures of noise, which are read as digits are. */
function image(batch: number, random: RandomStream): RecipeWork {
  const [side, digits] = [28, 10];
  const training = times(batch, (i): ClassifierExample => {
    const data = Uint8Array.from({ length: side * side }, () => random.integer(256));
    return { input: { width: side, height: side, channels: 1, data }, label: String(i % digits) };
  });
  const model = classifier({ examples: training, cell: "lstm", hiddenSize: 96, layers: 2 });
  return workOf(classifierTask(model, { training, batchSize: batch }), (examples) => ({
    inputs: model.batch(examples.map(({ encoded }) => encoded)).inputs.values() as Float32Array,
    targets: Int32Array.from(examples, ({ target }) => target),
  }));
}

/** Noise of 1.2 to 2.2 seconds, as long as spoken numbers, with random letters of theirs. */
function transcribe(batch: number, random: RandomStream): RecipeWork {
  const [sampleRate, alphabet] = [22050, "zerontwhfiuvsxglyd "];
  const training = times(batch, (): Utterance => {
    const samples = Float32Array.from({ length: between(random, 26_460, 48_510) }, () => random.normal());
    return {
      samples,
      text: times(between(random, 10, 18), () => alphabet[random.integer(alphabet.length)]).join(""),
    };
  });
  const model = transcriber({
    utterances: training,
    alphabet,
    features: { sampleRate, bands: 32, highHertz: 8000 },
    timeReduction: 3,
    hiddenSize: 96,
  });
  return workOf(transcriberTask(model, { training, batchSize: batch }), (examples) => {
    const { inputs, lengths } = model.batch(examples.map(({ heard }) => heard));
    return {
      inputs: inputs.values() as Float32Array,
      lengths,
      labels: Int32Array.from(examples.flatMap(({ labels }) => [...labels])),
      labelLengths: Int32Array.from(examples, ({ labels }) => labels.length),
    };
  });
}

/** Of words that were made up, the n-th as frequent as 1/n, as in a language. */
function tag(batch: number, random: RandomStream): RecipeWork {
  const wordCount = 13_000;
  const letters = "etaoinshrdlucmfwypvbgkjqxz";
  const words = times(
    wordCount,
    (i) => `${times(between(random, 1, 7), () => letters[random.integer(26)]).join("")}${letters[i % 26]}`,
  );
  const training = times(batch, (): TaggedExample => {
    const tokens = times(between(random, 20, 26), () => words[Math.floor(wordCount ** random.uniform())]);
    const isName = tokens.map(() => random.uniform() < 0.2);
    return { tokens, tags: isName.map((is, t) => (!is ? "O" : t > 0 && isName[t - 1] ? "I-NAME" : "B-NAME")) };
  });
  const all = { tokens: words, tags: words.map(() => "O") };
  const model = tagger({ examples: [...training, all], shapeSize: 0, inputDropout: 0, dropout: 0 });
  const idOf = new Map(model.config.characters.map((character, id) => [character, id]));
  return workOf(taggerTask(model, { training, batchSize: batch, wordDropout: 0 }), (examples) => {
    const { words: ids, lengths, spellings, distinct, steps } = model.batch(examples.map(({ tokens }) => tokens));
    const characters = distinct.map((word) => [...word].map((c) => idOf.get(c) ?? 0));
    const longest = Math.max(...characters.map(({ length }) => length));
    return {
      words: ids,
      lengths,
      spellings,
      characters: Int32Array.from(times(longest, (t) => characters.map((own) => own[t] ?? 0)).flat()),
      characterLengths: Int32Array.from(characters, ({ length }) => length),
      targets: model.tagIds(examples, steps),
    };
  });
}

/** The recipe's own data, which are computed. */
function translate(batch: number): RecipeWork {
  const pairs = datePairs(2000, "de", 1);
  const model = translator({ pairs, merges: 0, attention: "general", embeddingSize: 32 });
  const task = translatorTask(model, { training: pairs, batchSize: batch });
  return workOf(task, ({ source, sourceLengths, inputs, targets, targetLengths }) => ({
    source,
    sourceLengths,
    inputs,
    targets,
    targetLengths,
  }));
}

/** A weekly series with noise, and ten covariates. */
function forecast(batch: number, random: RandomStream): RecipeWork {
  const holidays = times(10, (i) => `holiday ${i}`);
  const days = 2000;
  const series = {
    start: "1994-01-01",
    values: times(days, (i) => 10_000 + 1000 * Math.sin((2 * Math.PI * i) / 7) + 300 * random.normal()),
    covariates: times(days, () => holidays.map(() => Number(random.uniform() < 0.02))),
  };
  const model = forecaster({
    series: [series],
    horizon: 28,
    contextLength: 84,
    hiddenSize: 48,
    head: "studentT",
    lags: [7, 14, 28, 364, 371],
    covariates: holidays,
  });
  const task = forecasterTask(model, { series: [series], batchSize: batch, stride: 14 });
  return workOf(task, ({ features, targets, weights }) => ({ features, targets, weights }));
}

/** E-mails of made-up words: half are cut off at 200 words, the others shorter. */
function classify(batch: number, random: RandomStream): RecipeWork {
  const wordCount = 9_999;
  const words = times(wordCount, (i) => `w${i}`);
  const training = times(batch, (i): ClassifierExample => {
    const count = i % 2 === 0 ? 200 : between(random, 80, 200);
    const input = times(count, () => words[Math.floor(wordCount ** random.uniform())]).join(" ");
    return { input, label: i % 4 === 0 ? "spam" : "ham" };
  });
  const model = classifier({
    examples: [...training, { input: words.join(" "), label: "ham" }],
    unit: "word",
    maxVocabulary: 10_000,
    maxLength: 200,
    embeddingSize: 32,
    hiddenSize: 32,
    bidirectional: true,
    pooling: "attention",
  });
  return workOf(classifierTask(model, { training, batchSize: batch, classWeights: "balanced" }), (examples) => {
    const { inputs, lengths } = model.batch(examples.map(({ encoded }) => encoded));
    const targets = Int32Array.from(examples, ({ target }) => target);
    const counts = model.labels.map((_, label) => targets.filter((target) => target === label).length);
    return {
      inputs: inputs.values() as Int32Array,
      lengths,
      targets,
      classWeights: Float32Array.from(counts, (count) => batch / (model.labels.length * count)),
    };
  });
}
