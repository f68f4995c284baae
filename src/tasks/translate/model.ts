/**
 * @file The translator: an encoder reads a source text, a decoder with attention writes the target
 * text.
 */
import {
  checkOptions,
  checkChoice,
  checkInteger,
  DataError,
  kindError,
  type RandomStream,
  randomStream,
  sentence,
  type Tree,
  withPrefix,
  zipTrees,
  type Optional,
} from "../../base/index.ts";
import {
  type EmbeddingLayer,
  embeddingLayer,
  type LinearLayer,
  linearLayer,
  parametersOf,
  type RecurrentStack,
  stackOf,
  stackedCell,
} from "../../layers/index.ts";
import type { Normalization } from "../../data/index.ts";
import type { JsonValue } from "../../formats/index.ts";
import { decodeModelOf, type ModelKinds, field, type SavedModel, stackConfigOf } from "../../model/index.ts";
import {
  type AttendedMemory,
  type Attention,
  attention,
  ATTENTION_KINDS,
  attentionInputSize,
  type AttentionState,
  attentionWrapper,
  type Cell,
  type Parameters,
  type State,
  zeroState,
} from "../../rnn/index.ts";
import { concat, gather, swapLeading, type Tensor, tensor } from "../../tensor/index.ts";
import { type BytePairEncoding, bytePairEncoding } from "./byte-pair-encoding.ts";
import { checkHalves, parseTranslatorConfig, type TranslatorConfig } from "./config.ts";

/** Two texts that say the same. */
export type Pair = {
  readonly source: string;
  readonly target: string;
  /** Place of the pair, such as "dates.tsv line 7", for messages. */
  readonly place?: string | undefined;
};

export type TranslatorOptions = Optional<TranslatorConfig> & {
  /** The pairs to learn: both encodings are learned from them. */
  readonly pairs?: readonly Pair[] | undefined;
  /** Instead of pairs, or to fix an encoding beforehand. */
  readonly source?: BytePairEncoding | undefined;
  readonly target?: BytePairEncoding | undefined;
  /** Merges of each encoding that is learned; 0 gives characters. Default 500. */
  readonly merges?: number | undefined;
  /** Unicode form that texts are brought to; it is kept in the encodings. Default "nfc". */
  readonly normalize?: Normalization | undefined;
};

/**
 * Settings of `translator` where nothing else is asked for; `maxLength` is for models without
 * pairs.
 */
export const TRANSLATOR_DEFAULTS: TranslatorConfig & { readonly merges: number } = {
  cell: "lstm",
  dialect: "tf1",
  hiddenSize: 128,
  layers: 1,
  bidirectional: true,
  dropout: 0,
  embeddingSize: 64,
  attention: "general",
  inputFeeding: true,
  maxLength: 200,
  seed: 0,
  merges: 500,
};

/** Parts of a translator beside its configuration. */
export type TranslatorParts = { readonly source: BytePairEncoding; readonly target: BytePairEncoding };

/** A batch of source texts after the encoder. */
export type Encoded = {
  readonly memory: AttendedMemory;
  /** State that the decoder begins with. */
  readonly state: AttentionState;
};

/**
 * Encoder-decoder with attention. Letters: B rows, S source tokens, T target tokens, H hidden
 * units, V target tokens of the vocabulary.
 *
 * The encoder's last state is where the decoder begins (Sutskever, Vinyals and Le 2014). In both
 * directions each of the encoder's layers has H/2 units per direction, whose states are joined to
 * the decoder's H, as in OpenNMT.
 */
export class Translator implements SavedModel {
  readonly kind = "translator";
  readonly config: TranslatorConfig;
  readonly source: BytePairEncoding;
  readonly target: BytePairEncoding;
  /** Stands behind every source text. */
  readonly sourceEnd: number;
  /** Token that the decoder reads first. */
  readonly start: number;
  /** Token that ends a target text. */
  readonly end: number;
  readonly #encoder: RecurrentStack;
  readonly #decoder: Cell;
  readonly #attention: Attention;
  readonly #embeddings: { readonly source: EmbeddingLayer; readonly target: EmbeddingLayer };
  readonly #output: LinearLayer;

  /** Use `translator(...)`. `initialize: false` leaves the parameters at zero, for loading. */
  constructor(
    config: TranslatorConfig,
    { source, target, initialize = true }: TranslatorParts & { readonly initialize?: boolean },
  ) {
    const { hiddenSize, bidirectional, embeddingSize, inputFeeding, seed } = config;
    this.config = config;
    this.source = source;
    this.target = target;
    this.sourceEnd = source.size;
    this.start = target.size;
    this.end = target.size + 1;
    const random = randomStream(seed).named("init");
    const build = { random, initialize };
    const encoderSize = bidirectional ? hiddenSize / 2 : hiddenSize;
    this.#encoder = stackOf({
      ...config,
      name: "encoder",
      inputSize: embeddingSize,
      hiddenSize: encoderSize,
      ...build,
    });
    this.#decoder = stackedCell(config);
    this.#attention = attention({ kind: config.attention, querySize: hiddenSize, memorySize: hiddenSize });
    this.#attention.build({ random: random.named("attention"), initialize });
    const read = embeddingSize + attentionInputSize(this.#attention, inputFeeding);
    this.#decoder.build(read, { random: random.named("decoder"), initialize });
    const table = (name: string, inputSize: number): EmbeddingLayer =>
      embeddingLayer({ name: `${name}/embedding`, inputSize, outputSize: embeddingSize, ...build });
    const targetSize = target.size + 2;
    this.#embeddings = { source: table("source", source.size + 1), target: table("target", targetSize) };
    this.#output = linearLayer({ name: "output", inputSize: hiddenSize, outputSize: targetSize, ...build });
  }

  /**
   * Every trainable tensor by its path: `source/embedding`, `target/embedding`, `encoder/…`,
   * `attention/…`, `decoder/…`, `output/kernel`, `output/bias`.
   */
  parameters(): Parameters {
    return {
      ...parametersOf(this.#embeddings.source, this.#embeddings.target, this.#encoder),
      ...withPrefix("attention", this.#attention.parameters()),
      ...withPrefix("decoder", this.#decoder.parameters()),
      ...this.#output.parameters(),
    };
  }

  /** Architecture and both encodings, as a saved file holds them. */
  configuration(): JsonValue {
    return { ...this.config, source: this.source.toJSON(), target: this.target.toJSON() };
  }

  /** Ids of a source text, with the end. */
  sourceIds(text: string): Int32Array {
    return Int32Array.of(...this.source.encode(text), this.sourceEnd);
  }

  /** Ids of a target text, with the end. */
  targetIds(text: string): Int32Array {
    return Int32Array.of(...this.target.encode(text), this.end);
  }

  /**
   * Reads source ids int32 [S, B], whose rows have `lengths` tokens; `random` turns dropout on. Row
   * b then stands in `copies` rows.
   */
  encode(
    ids: Tensor,
    lengths: Int32Array,
    { random, copies = 1 }: { readonly random?: RandomStream | undefined; readonly copies?: number | undefined } = {},
  ): Encoded {
    const inputs = this.#embeddings.source.inputs(ids);
    const { outputs, state } = this.#encoder.forward(inputs, { lengths, random: random?.named("encoder") });
    const repeat = copiesOf(copies, lengths.length);
    const memory = this.#attention.over(repeat.tensor(swapLeading(outputs)), repeat.list(lengths));
    return { memory, state: this.#beginning(memory, state, repeat.tensor) };
  }

  /** The decoder's cell over what was encoded: input [B, E], output [B, H]. */
  cell({ memory }: Encoded): Cell<AttentionState> {
    return attentionWrapper(this.#decoder, { memory, inputFeeding: this.config.inputFeeding });
  }

  /** Embeddings [..., E] of target ids. */
  embed(ids: Tensor): Tensor {
    return this.#embeddings.target.forward(ids);
  }

  /** Scores [..., V] of the next token from the decoder's outputs [..., H]. */
  logits(outputs: Tensor): Tensor {
    return this.#output.forward(outputs);
  }

  #beginning(memory: AttendedMemory, encoder: State, repeat: (x: Tensor) => Tensor): AttentionState {
    const { layers, bidirectional } = this.config;
    const cell: Record<string, State> = {};
    for (let layer = 0; layer < layers; layer++) {
      const own = encoder[String(layer)] as State;
      const joined = bidirectional
        ? zipTrees(own["forward"] as Tree<Tensor>, own["backward"] as Tree<Tensor>, (a, b) => concat([a, b], 1))
        : (own as Tree<Tensor>);
      cell[String(layer)] = mapState(joined as State, repeat);
    }
    const { h } = cell[String(layers - 1)] as { h: Tensor };
    const zero = zeroState(this.cell({ memory, state: undefined as never }), h.shape[0]);
    return { ...zero, cell, ...(zero.query !== undefined && { query: h }) };
  }
}

const mapState = (state: State, f: (x: Tensor) => Tensor): State =>
  Object.fromEntries(Object.entries(state).map(([name, part]) => [name, f(part as Tensor)]));

/** Each row several times. */
function copiesOf(
  copies: number,
  batch: number,
): { tensor: (x: Tensor) => Tensor; list: (x: Int32Array) => Int32Array } {
  if (copies === 1) return { tensor: (x) => x, list: (x) => x };
  const rows = Int32Array.from({ length: batch * copies }, (_, i) => Math.floor(i / copies));
  const indices = tensor(rows);
  return { tensor: (x) => gather(x, indices), list: (x) => rows.map((row) => x[row]) };
}

/**
 * A translator for `pairs`, from whose texts byte-pair encodings are learned, or for given
 * encodings. Defaults: one LSTM layer of 128 units, both directions in the encoder, embeddings of
 * 64, general attention with input feeding, 500 merges, no dropout.
 *
 * Throws TypeError without pairs and encodings, DataError for empty texts, RangeError for sizes;
 * `hiddenSize` must be even with `bidirectional`.
 */
export function translator({
  pairs,
  source,
  target,
  merges,
  normalize = "nfc",
  ...rest
}: TranslatorOptions): Translator {
  checkOptions(
    "translator",
    arguments[0],
    "cell dialect hiddenSize layers bidirectional dropout embeddingSize attention inputFeeding maxLength seed pairs source target merges normalize",
  );
  const where = "translator";
  if (pairs?.length === 0) throw new DataError(sentence(`${where} pairs`, "at least one pair", "none"));
  const learned = (given: BytePairEncoding | undefined, side: "source" | "target"): BytePairEncoding => {
    if (given !== undefined) return given;
    if (pairs === undefined) throw kindError(where, `pairs, or an encoding as ${side}`, undefined);
    return bytePairEncoding.train(
      pairs.map((pair) => pair[side]),
      { merges: merges ?? TRANSLATOR_DEFAULTS.merges, normalize },
    );
  };
  const encodings = { source: learned(source, "source"), target: learned(target, "target") };
  const longest = pairs?.reduce((most, pair) => Math.max(most, encodings.target.encode(pair.target).length), 1);
  const config: TranslatorConfig = {
    ...stackConfigOf(where, rest, { bidirectional: TRANSLATOR_DEFAULTS.bidirectional }),
    embeddingSize: checkInteger(`${where} embeddingSize`, rest.embeddingSize ?? TRANSLATOR_DEFAULTS.embeddingSize, 1),
    attention: checkChoice(`${where} attention`, rest.attention ?? TRANSLATOR_DEFAULTS.attention, ATTENTION_KINDS),
    inputFeeding: field.flag(`${where} inputFeeding`, rest.inputFeeding ?? TRANSLATOR_DEFAULTS.inputFeeding),
    maxLength: checkInteger(
      `${where} maxLength`,
      rest.maxLength ?? (longest === undefined ? TRANSLATOR_DEFAULTS.maxLength : 2 * longest),
      1,
    ),
    seed: checkInteger(`${where} seed`, rest.seed ?? TRANSLATOR_DEFAULTS.seed),
  };
  checkHalves(where, config);
  return new Translator(config, encodings);
}

/**
 * The model that `configuration()` describes, with zero parameters, for `decodeModel`. Throws
 * FormatError.
 */
function buildTranslator(configuration: JsonValue): Translator {
  const { source, target, ...config } = parseTranslatorConfig(configuration);
  return new Translator(config, { source, target, initialize: false });
}

/** Builders by the kind in a file. */
export const translatorKinds: ModelKinds<Translator> = { translator: buildTranslator };

/** The translator in the bytes that `encodeModel` made. Throws FormatError for anything else. */
export const loadTranslator = (bytes: Uint8Array): Translator =>
  decodeModelOf("loadTranslator", bytes, translatorKinds);
