import {
  type EmbeddingLayer,
  embeddingLayer,
  type LinearLayer,
  linearLayer,
  parametersOf,
  type RecurrentStack,
  stackOf,
} from "../../layers/index.ts";
import { decodeModelOf, type ModelKinds, checkFields, field, type SavedModel } from "../../model/index.ts";
import {
  checkTied,
  configFields,
  type EmbeddingInitializer,
  type LanguageModelConfig,
  parseLanguageModelConfig,
  withoutDefaults,
} from "./config.ts";
import {
  checkOptions,
  DataError,
  kindError,
  type Optional,
  type RandomStream,
  randomStream,
  sentence,
  withoutUndefined,
} from "../../base/index.ts";
import type { JsonValue } from "../../formats/index.ts";
import { buildVocabulary, type Normalization, type Unit, type Vocabulary } from "../../data/index.ts";
import { type Gates, normal, type Parameters, type State, type Trace } from "../../rnn/index.ts";
import { reshape, type Tensor } from "../../tensor/index.ts";

export type LanguageModelOptions = Optional<Omit<LanguageModelConfig, "tieWeights" | "embeddingInitializer">> & {
  /**
   * Text to learn: its vocabulary is built from it and `train` reads it. Bytes are taken as they
   * are with unit "byte".
   */
  readonly corpus?: string | Uint8Array | undefined;
  /** Instead of a corpus, or to fix the tokens beforehand. */
  readonly vocabulary?: Vocabulary | undefined;
  /** Unit that a token is. Default "char". */
  readonly unit?: Unit | undefined;
  /** Most frequent words to keep with unit "word". Default 10,000. */
  readonly maxVocabulary?: number | undefined;
  /**
   * Unicode form that text is brought to, in training and use; it is kept in the vocabulary.
   * Default "nfc", or "none" with unit "byte".
   */
  readonly normalize?: Normalization | undefined;
  /**
   * One matrix for embedding and output layer (Press and Wolf 2017; Inan, Khosravi and Socher
   * 2017): fewer parameters, mostly for words. `embeddingSize` is then `hiddenSize`, also when it
   * is not given. Default false.
   */
  readonly tieWeights?: boolean | undefined;
  /**
   * Distribution of the initial embedding: "normal" is N(0, 1), as in PyTorch, which learns faster;
   * "uniform" is U(±sqrt(3 / embeddingSize)). Default "normal", but "uniform" with `tieWeights`.
   */
  readonly embeddingInitializer?: EmbeddingInitializer | undefined;
};

/** Settings of `languageModel` where nothing else is asked for. */
export const LANGUAGE_MODEL_DEFAULTS: LanguageModelConfig = {
  cell: "lstm",
  dialect: "tf1",
  hiddenSize: 128,
  layers: 1,
  embeddingSize: 64,
  dropout: 0,
  seed: 0,
};

/** Most frequent words that are kept where nothing else is asked for. */
export const DEFAULT_WORDS = 10_000;

/** Parts of a language model beside its configuration. */
export type LanguageModelParts = {
  readonly vocabulary: Vocabulary;
  /** Token ids of the text that it was made with, if any. */
  readonly corpus?: Int32Array | undefined;
};

export type ForwardOptions = { readonly random?: RandomStream | undefined; readonly trace?: boolean };

/**
 * Predicts the next token of a text: embedding, stacked recurrent cells, a linear layer to one
 * score per token. Letters: T time steps, B rows, V tokens.
 */
export class LanguageModel implements SavedModel {
  readonly kind = "languageModel";
  readonly config: LanguageModelConfig;
  readonly vocabulary: Vocabulary;
  /** Token ids of the corpus that the model was made with, if any. */
  readonly corpus: Int32Array | undefined;
  readonly #embedding: EmbeddingLayer;
  readonly #stack: RecurrentStack;
  readonly #output: LinearLayer;

  /** Use `languageModel(...)`. `initialize: false` leaves the parameters at zero, for loading. */
  constructor(
    config: LanguageModelConfig,
    { vocabulary, corpus, initialize = true }: LanguageModelParts & { readonly initialize?: boolean },
  ) {
    this.config = config;
    this.vocabulary = vocabulary;
    this.corpus = corpus;
    const { hiddenSize, embeddingSize, seed, tieWeights = false, embeddingInitializer } = config;
    const size = vocabulary.size;
    const build = { random: randomStream(seed).named("init"), initialize };
    const initializer = embeddingInitializer === "normal" ? normal(1) : undefined;
    this.#embedding = embeddingLayer({ inputSize: size, outputSize: embeddingSize, initializer, ...build });
    this.#stack = stackOf({ ...config, inputSize: embeddingSize, ...build });
    this.#output = linearLayer({
      name: "output",
      inputSize: hiddenSize,
      outputSize: size,
      tiedKernel: tieWeights ? this.#embedding.table : undefined,
      ...build,
    });
  }

  /**
   * Every trainable tensor by its path: `embedding`, `rnn/0/kernel`, …, `output/kernel` (unless the
   * weights are tied), `output/bias`.
   */
  parameters(): Parameters {
    return parametersOf(this.#embedding, this.#stack, this.#output);
  }

  /** Architecture and vocabulary, as a saved file holds them. */
  configuration(): JsonValue {
    return { ...this.config, vocabulary: this.vocabulary.toJSON() };
  }

  /** Gates of the layers, by their paths in a trace. */
  get gates(): Gates {
    return this.#stack.gates;
  }

  /** The state before the first token, for `batch` rows. */
  initialState(batch: number): State {
    return this.#stack.initialState(batch);
  }

  /**
   * Scores of the next token after each of `ids` (int32 [T, B]): logits [T*B, V], row t*B + b, and
   * the last layer's outputs [T, B, H]. With `random`, dropout is on; with `trace`, every gate and
   * state of every step comes along.
   */
  forward(
    ids: Tensor,
    state: State,
    { random, trace = false }: ForwardOptions = {},
  ): { logits: Tensor; outputs: Tensor; state: State; trace?: Trace } {
    const [steps, batch] = ids.shape;
    const hidden = this.#stack.forward(this.#embedding.inputs(ids), { initialState: state, random, trace });
    const logits = this.#output.forward(reshape(hidden.outputs, [steps * batch, this.config.hiddenSize]));
    return Object.assign(hidden, { logits });
  }
}

/**
 * A language model over characters (default), bytes or words. Give it a `corpus`, or a `vocabulary`
 * when the text comes later. Defaults: one LSTM layer of 128 units in the tf1 dialect, embeddings
 * of 64 from N(0, 1), no dropout, seed 0.
 *
 * Throws TypeError without corpus and vocabulary, DataError for an empty or malformed corpus,
 * RangeError for sizes.
 */
export function languageModel({
  corpus,
  vocabulary,
  unit = "char",
  maxVocabulary,
  normalize = unit === "byte" ? "none" : "nfc",
  tieWeights = false,
  embeddingInitializer = tieWeights ? "uniform" : "normal",
  ...rest
}: LanguageModelOptions): LanguageModel {
  checkOptions(
    "languageModel",
    arguments[0],
    "cell dialect hiddenSize layers embeddingSize dropout seed corpus vocabulary unit maxVocabulary normalize tieWeights embeddingInitializer",
  );
  const where = "languageModel";
  const given: LanguageModelConfig = {
    ...LANGUAGE_MODEL_DEFAULTS,
    ...(tieWeights && { embeddingSize: rest.hiddenSize ?? LANGUAGE_MODEL_DEFAULTS.hiddenSize }),
    ...(withoutUndefined(rest) as Partial<LanguageModelConfig>),
    tieWeights,
    embeddingInitializer,
  };
  // the limits are those of a saved model
  checkFields<LanguageModelConfig>(where, given, { ...configFields, dropout: field.dropout });
  const config = withoutDefaults(given);
  checkTied(where, config);
  if (corpus === undefined && vocabulary === undefined) throw kindError(where, "a corpus or a vocabulary", undefined);
  if (corpus instanceof Uint8Array && unit !== "byte")
    throw kindError(`${where} corpus`, `text with unit "${unit}"`, corpus);
  const tokens =
    vocabulary ??
    buildVocabulary(typeof corpus === "string" ? corpus : "bytes", {
      unit,
      normalize,
      ...(unit === "word" && { maxSize: maxVocabulary ?? DEFAULT_WORDS }),
    });
  const ids = corpus === undefined ? undefined : encodeCorpus(tokens, corpus);
  if (ids?.length === 0) throw new DataError(sentence(`${where} corpus`, "at least one token", "none"));
  return new LanguageModel(config, { vocabulary: tokens, corpus: ids });
}

/** Token ids of a text, or of bytes for a byte vocabulary. */
export function encodeCorpus(vocabulary: Vocabulary, corpus: string | Uint8Array): Int32Array {
  if (typeof corpus === "string") return vocabulary.encode(corpus);
  if (vocabulary.unit !== "byte") throw kindError("corpus", `text for unit "${vocabulary.unit}"`, corpus);
  return Int32Array.from(corpus);
}

/** The model that `configuration()` describes, with parameters of zero. Throws FormatError. */
function buildLanguageModel(configuration: JsonValue): LanguageModel {
  const { config, vocabulary } = parseLanguageModelConfig(configuration);
  return new LanguageModel(config, { vocabulary, initialize: false });
}

/** Builders by the kind in a file. */
export const languageModelKinds: ModelKinds<LanguageModel> = { languageModel: buildLanguageModel };

/**
 * The language model in the bytes that `encodeModel` made. Throws FormatError for anything else.
 */
export const loadLanguageModel = (bytes: Uint8Array): LanguageModel =>
  decodeModelOf("loadLanguageModel", bytes, languageModelKinds);

/**
 * The model in the bytes that `encodeModel` made: a language model, or, with builders of models of
 * your own by their `kind`, one of those. `decodeModel` of unrolled/tasks knows the models of all
 * tasks.
 *
 * Throws FormatError for anything else: not a file of ours, a newer version, another kind, a
 * configuration that doesn't fit, parameters that don't fit as `loadParameters` says;
 * NotFiniteError, which names the parameter, for weights that are NaN or infinite.
 */
export function decodeModel(bytes: Uint8Array): LanguageModel;
export function decodeModel<M extends SavedModel>(bytes: Uint8Array, kinds: ModelKinds<M>): M;
export function decodeModel<M extends SavedModel>(bytes: Uint8Array, kinds: ModelKinds<M, never>): M;
export function decodeModel(bytes: Uint8Array, kinds: ModelKinds<SavedModel, never> = languageModelKinds): SavedModel {
  return decodeModelOf("decodeModel", bytes, kinds);
}

/** Throws TypeError for a model of another kind. */
export function checkLanguageModel(where: string, model: LanguageModel): void {
  if (model?.kind !== "languageModel") throw kindError(where, "a languageModel", model?.kind ?? model);
}
