import {
  countParameters,
  decodeModelOf,
  type ModelKinds,
  checkFields,
  field,
  layerCell,
  type SavedModel,
} from "../../model/index.ts";
import { checkTied, configFields, type LanguageModelConfig, parseLanguageModelConfig } from "./config.ts";
import { DataError, kindError, type RandomStream, randomStream, sentence, withPrefix } from "../../base/index.ts";
import type { JsonValue } from "../../formats/index.ts";
import { buildVocabulary, type Unit, type Vocabulary } from "../../data/index.ts";
import {
  type Cell,
  type Gates,
  glorotUniform,
  multiRnnCell,
  ParameterSet,
  type Parameters,
  runSequence,
  type State,
  type Trace,
  uniform,
  constant,
  zeroState,
} from "../../rnn/index.ts";
import { linear, reshape, type Tensor } from "../../tensor/index.ts";

export type LanguageModelOptions = Partial<Omit<LanguageModelConfig, "tieWeights">> & {
  /** Text to learn: its vocabulary is built from it and `train` reads it. Bytes are taken as they are with unit "byte". */
  readonly corpus?: string | Uint8Array;
  /** Instead of a corpus, or to fix the tokens beforehand. */
  readonly vocabulary?: Vocabulary;
  /** What a token is. Default "char". */
  readonly unit?: Unit;
  /** Most frequent words to keep with unit "word". Default 10,000. */
  readonly maxVocabulary?: number;
  /**
   * One matrix for embedding and output layer (Press and Wolf 2017; Inan, Khosravi and Socher 2017): fewer parameters, mostly for words. `embeddingSize` is
   * then `hiddenSize`, also when it is not given. Default false.
   */
  readonly tieWeights?: boolean;
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

/** What a language model has beside its configuration. */
export type LanguageModelParts = {
  readonly vocabulary: Vocabulary;
  /** Token ids of the text that it was made with, if any. */
  readonly corpus?: Int32Array | undefined;
};

export type ForwardOptions = { readonly random?: RandomStream | undefined; readonly trace?: boolean };

/**
 * Predicts the next token of a text: embedding, stacked recurrent cells, a linear layer to one score per token.
 * Letters: T time steps, B rows, V tokens.
 */
export class LanguageModel implements SavedModel {
  readonly kind = "languageModel";
  readonly config: LanguageModelConfig;
  readonly vocabulary: Vocabulary;
  /** Token ids of the corpus that the model was made with, if any. */
  readonly corpus: Int32Array | undefined;
  readonly #cell: Cell;
  readonly #embedding: ParameterSet;
  readonly #output: ParameterSet;

  /** Use `languageModel(...)`. `initialize: false` leaves the parameters at zero, for loading. */
  constructor(
    config: LanguageModelConfig,
    { vocabulary, corpus, initialize = true }: LanguageModelParts & { readonly initialize?: boolean },
  ) {
    this.config = config;
    this.vocabulary = vocabulary;
    this.corpus = corpus;
    const { hiddenSize, embeddingSize, seed, tieWeights = false } = config;
    const size = vocabulary.size;
    this.#cell = stackedCell(config);
    this.#embedding = new ParameterSet("embedding", () => ({
      embedding: { shape: [size, embeddingSize], initializer: uniform(Math.sqrt(3 / embeddingSize)) },
    }));
    this.#output = new ParameterSet("output", () => ({
      ...(!tieWeights && { "output/kernel": { shape: [hiddenSize, size], initializer: glorotUniform } }),
      "output/bias": { shape: [size], initializer: constant(0) },
    }));
    const random = randomStream(seed).named("init");
    this.#embedding.build(size, { random, initialize });
    this.#cell.build(embeddingSize, { random: random.named("rnn"), initialize });
    this.#output.build(hiddenSize, { random, initialize });
  }

  /** Every trainable tensor by its path: `embedding`, `rnn/0/kernel`, …, `output/kernel` (unless the weights are tied), `output/bias`. */
  parameters(): Parameters {
    return { ...this.#embedding.values(), ...withPrefix("rnn", this.#cell.parameters()), ...this.#output.values() };
  }

  /** Architecture and vocabulary, as a saved file holds them. */
  configuration(): JsonValue {
    return { ...this.config, vocabulary: this.vocabulary.toJSON() };
  }

  /** Gates of the layers, by their paths in a trace. */
  get gates(): Gates {
    return this.#cell.gates ?? {};
  }

  /** Number of trainable numbers. */
  get parameterCount(): number {
    return countParameters(this.parameters());
  }

  /** The state before the first token, for `batch` rows. */
  initialState(batch: number): State {
    return zeroState(this.#cell, batch);
  }

  /**
   * Scores of the next token after each of `ids` (int32 [T, B]): logits [T*B, V], row t*B + b, and the last layer's outputs [T, B, H]. With `random`,
   * dropout is on; with `trace`, every gate and state of every step comes along.
   */
  forward(
    ids: Tensor,
    state: State,
    { random, trace = false }: ForwardOptions = {},
  ): { logits: Tensor; outputs: Tensor; state: State; trace?: Trace } {
    const [steps, batch] = ids.shape;
    const { embedding } = this.#embedding.values();
    const hidden = runSequence(this.#cell, { table: embedding, ids }, state, { random, trace });
    const { "output/kernel": kernel, "output/bias": bias } = this.#output.values();
    const flat = reshape(hidden.outputs, [steps * batch, this.config.hiddenSize]);
    const logits = this.config.tieWeights
      ? linear(flat, embedding, bias, { transposeKernel: true })
      : linear(flat, kernel, bias);
    return { ...hidden, logits };
  }
}

/** One direction; dropout between layers and before the output layer. */
const stackedCell = (config: LanguageModelConfig): Cell =>
  multiRnnCell(Array.from({ length: config.layers }, () => layerCell(config)));

/**
 * A language model over characters (default), bytes or words. Give it a `corpus`, or a `vocabulary` when the text comes later.
 * Defaults: one LSTM layer of 128 units in the tf1 dialect, embeddings of 64, no dropout, seed 0.
 *
 * Throws TypeError without corpus and vocabulary, DataError for an empty or malformed corpus, RangeError for sizes.
 */
export function languageModel({
  corpus,
  vocabulary,
  unit = "char",
  maxVocabulary,
  tieWeights = false,
  ...rest
}: LanguageModelOptions): LanguageModel {
  const where = "languageModel";
  const config: LanguageModelConfig = {
    ...LANGUAGE_MODEL_DEFAULTS,
    ...(tieWeights && { embeddingSize: rest.hiddenSize ?? LANGUAGE_MODEL_DEFAULTS.hiddenSize }),
    ...rest,
    ...(tieWeights && { tieWeights }),
  };
  // the limits are those of a saved model
  checkFields<LanguageModelConfig>(where, { ...config, tieWeights }, { ...configFields, dropout: field.dropout });
  checkTied(where, config);
  if (corpus === undefined && vocabulary === undefined) throw kindError(where, "a corpus or a vocabulary", undefined);
  if (corpus instanceof Uint8Array && unit !== "byte")
    throw kindError(`${where} corpus`, `text with unit "${unit}"`, corpus);
  const tokens =
    vocabulary ??
    buildVocabulary(typeof corpus === "string" ? corpus : "bytes", {
      unit,
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

/** The language model in the bytes that `encodeModel` made. Throws FormatError for anything else. */
export const loadLanguageModel = (bytes: Uint8Array): LanguageModel =>
  decodeModelOf("loadLanguageModel", bytes, languageModelKinds);

/**
 * The model in the bytes that `encodeModel` made: a language model, or one of `kinds`, which are builders
 * of models of your own by their `kind`. `decodeModel` of unrolled/tasks knows the models of all tasks.
 *
 * Throws FormatError for anything else: not a file of ours, a newer version, another kind, a configuration
 * that doesn't fit, a parameter that is missing, superfluous, of another shape or dtype; NotFiniteError,
 * which names the parameter, for weights that are NaN or infinite.
 */
export const decodeModel = <M extends SavedModel = LanguageModel>(
  bytes: Uint8Array,
  kinds: ModelKinds<M> = {},
): LanguageModel | M => decodeModelOf<LanguageModel | M>("decodeModel", bytes, { ...languageModelKinds, ...kinds });
