import {
  checkOptions,
  checkChoice,
  checkInteger,
  kindError,
  randomStream,
  type RandomStream,
  type Optional,
} from "../../base/index.ts";
import { type Normalization, NORMALIZATIONS, normalized } from "../../data/index.ts";
import type { JsonValue } from "../../formats/index.ts";
import {
  type EmbeddingLayer,
  embeddingLayer,
  type LinearLayer,
  linearLayer,
  parametersOf,
  type RecurrentStack,
  stackOf,
} from "../../layers/index.ts";
import { convertTags, type TagScheme } from "../../metrics/index.ts";
import {
  decodeModelOf,
  field,
  type ModelKinds,
  type BuildModel,
  type SavedModel,
  type StackConfig,
  stackConfigOf,
} from "../../model/index.ts";
import { constant, type ParameterSet, parameterSet, type Parameters, type State } from "../../rnn/index.ts";
import {
  concat,
  crfLogLikelihood,
  type CrfConstraints,
  dropout,
  gather,
  reshape,
  sparseSoftmaxCrossEntropy,
  maskSequence,
  neg,
  sum,
  type Tensor,
  tensor,
} from "../../tensor/index.ts";
import { parseTaggerConfig, type TaggerConfig, taggerFields } from "./config.ts";
import { isOwnNotation, ownTag, schemeOf, type TagNotation, tagsInScheme } from "./notation.ts";
import { tagConstraints, tagSet, unknownTagError } from "./scheme.ts";
import { type Tokenizer, tokenizerOf, TOKENIZERS } from "./split-tokens.ts";
import {
  charactersOf,
  checkExamples,
  checkTokens,
  countedTable,
  SHAPES,
  shapeOf,
  type TaggedExample,
  tokenPlaceOf,
  TokenTable,
} from "./words.ts";

export type TaggerOptions = Optional<StackConfig> & {
  /** Training data: words, characters and tags are taken from it. */
  readonly examples: readonly TaggedExample[];
  /**
   * Scheme of the tags that the model gives. Those of the examples are converted, whatever their
   * notation is; "none" takes them as they are. Default: that of the examples.
   */
  readonly scheme?: TagScheme | undefined;
  /** Tags beside those of the examples, such as those of held-out sentences. Default: none. */
  readonly tags?: readonly string[] | undefined;
  /**
   * Notation of tags in files, which the model keeps. It is not that of the tags that the model
   * gives. Default: that of the examples.
   */
  readonly notation?: TagNotation | undefined;
  /**
   * Way to cut a text into tokens: at "spaces", at "punctuation" too, or into "characters".
   * Default: the one that gives tokens like those of the examples.
   */
  readonly tokenizer?: Tokenizer | undefined;
  /** Unicode form that words are brought to, to look them up. Default "nfc". */
  readonly normalize?: Normalization | undefined;
  /** Words that occur less often are not known. Default 1. */
  readonly minCount?: number | undefined;
  /** Most frequent words to keep. Default 50,000. */
  readonly maxVocabulary?: number | undefined;
  /** Look words up in lower case. Default true. */
  readonly lowercase?: boolean | undefined;
  /** Default 100. */
  readonly embeddingSize?: number | undefined;
  /**
   * Numbers for a character, and units in each direction of the layer that reads them. 0 turns
   * characters off. Default 25.
   */
  readonly characterSize?: number | undefined;
  /** Numbers for how a word is written (capitals, digits). 0 turns it off. Default 8. */
  readonly shapeSize?: number | undefined;
  /** Default "crf". */
  readonly output?: "crf" | "softmax" | undefined;
  /** Default 0.3. */
  readonly inputDropout?: number | undefined;
  /** Seed of the initial weights. Default 0. */
  readonly seed?: number | undefined;
};

/** Sentences as a tagger reads them: T tokens at most, B rows, W different words. */
export type TaggerBatch = {
  /** [B] */
  readonly lengths: Int32Array;
  /** Word ids [T, B], 0 on padding. */
  readonly words: Int32Array;
  readonly steps: number;
  /** Number of the different word that stands in each place, [T, B]. */
  readonly spellings: Int32Array;
  /** The different words, as they are written, at least one. */
  readonly distinct: readonly string[];
};

/**
 * Gives each token of a sentence a tag (Huang, Xu and Yu 2015; Lample et al. 2016): embeddings of
 * the word, of its characters as a small network reads them from both ends, and of its shape;
 * recurrent layers; a score for each tag; a CRF over their order. Letters: T time steps, B rows, K
 * tags.
 */
export class Tagger implements SavedModel {
  readonly kind = "tagger";
  readonly config: TaggerConfig;
  /** Tags that the scheme allows to follow each other. */
  readonly constraints: CrfConstraints;
  readonly words: TokenTable;
  readonly #characters: TokenTable;
  readonly #idOfTag: ReadonlyMap<string, number>;
  readonly #embeddings: {
    readonly words: EmbeddingLayer;
    readonly characters: EmbeddingLayer | undefined;
    readonly shapes: EmbeddingLayer | undefined;
  };
  readonly #speller: RecurrentStack | undefined;
  readonly #stack: RecurrentStack;
  readonly #output: LinearLayer;
  readonly #crf: ParameterSet | undefined;

  /** Use `tagger(...)`. `initialize: false` leaves the parameters at zero, for loading. */
  constructor(config: TaggerConfig, { initialize = true }: { readonly initialize?: boolean | undefined } = {}) {
    this.config = config;
    const { tags, scheme, embeddingSize, characterSize, shapeSize, output, seed } = config;
    this.constraints = tagConstraints(tags, scheme);
    this.words = new TokenTable(config.words);
    this.#characters = new TokenTable(config.characters);
    this.#idOfTag = new Map(tags.map((tag, id) => [tag, id]));
    const build = { random: randomStream(seed).named("init"), initialize };
    const table = (name: string, rows: number, size: number): EmbeddingLayer | undefined =>
      size === 0
        ? undefined
        : embeddingLayer({ name: `${name}/embedding`, inputSize: rows, outputSize: size, ...build });
    this.#embeddings = {
      words: table("words", this.words.size, embeddingSize) as EmbeddingLayer,
      characters: table("characters", this.#characters.size, characterSize),
      shapes: table("shapes", SHAPES, shapeSize),
    };
    if (characterSize > 0) {
      const { cell, dialect } = config;
      const reader = { cell, dialect, hiddenSize: characterSize, bidirectional: true };
      this.#speller = stackOf({ ...reader, name: "characters", inputSize: characterSize, ...build });
    }
    this.#stack = stackOf({ ...config, inputSize: embeddingSize + 2 * characterSize + shapeSize, ...build });
    const count = tags.length;
    this.#output = linearLayer({ name: "output", inputSize: this.#stack.outputSize, outputSize: count, ...build });
    if (output === "crf") {
      const zero = (...shape: number[]) => ({ shape, initializer: constant(0) });
      this.#crf = parameterSet("crf", () => ({
        "crf/transitions": zero(count, count),
        "crf/start": zero(count),
        "crf/end": zero(count),
      }));
      this.#crf.build(count, build);
    }
  }

  /** Every trainable tensor by its path. */
  parameters(): Parameters {
    const { words, characters, shapes } = this.#embeddings;
    return parametersOf(words, characters, shapes, this.#speller, this.#stack, this.#output, this.#crf);
  }

  configuration(): JsonValue {
    return taggerFields(this.config);
  }

  /**
   * The CRF's scores of two tags in a row, and of the first and the last; undefined with softmax.
   */
  crf(): { readonly transitions: Tensor; readonly start: Tensor; readonly end: Tensor } | undefined {
    if (this.#crf === undefined) return undefined;
    const { "crf/transitions": transitions, "crf/start": start, "crf/end": end } = this.#crf.parameters();
    return { transitions, start, end };
  }

  /** Batch of sentences. Throws DataError for tokens that are empty or not text. */
  batch(sentences: readonly (readonly string[])[]): TaggerBatch {
    const rows = sentences.length;
    const lengths = Int32Array.from(sentences, ({ length }) => length);
    const steps = lengths.reduce((a, b) => Math.max(a, b), 0);
    const words = new Int32Array(steps * rows);
    const spellings = new Int32Array(steps * rows);
    const places = new Map<string, number>();
    sentences.forEach((tokens, b) => {
      checkTokens("tagger", tokens);
      tokens.forEach((token, t) => {
        words[t * rows + b] = this.wordId(token);
        const written = this.#inForm(token);
        const place = places.get(written) ?? places.size;
        places.set(written, place);
        spellings[t * rows + b] = place;
      });
    });
    return { lengths, steps, words, spellings, distinct: places.size === 0 ? [" "] : [...places.keys()] };
  }

  /** 0 for a word that is not known. */
  wordId(token: string): number {
    const written = this.#inForm(token);
    return this.words.idOf(this.config.lowercase ? written.toLowerCase() : written);
  }

  #inForm(token: string): string {
    return normalized(token, this.config.normalize ?? "none");
  }

  /** Whether the model can give a tag of its scheme. */
  hasTag(tag: string): boolean {
    return this.#idOfTag.has(tag);
  }

  /**
   * Ids of tags that are in the model's scheme, [T, B], 0 on padding. Throws DataError, with the
   * place, for one that the model does not have.
   */
  tagIds(examples: readonly TaggedExample[], steps: number): Int32Array {
    const ids = new Int32Array(steps * examples.length);
    examples.forEach(({ tags }, b) => {
      tags.forEach((tag, t) => {
        const id = this.#idOfTag.get(tag);
        if (id === undefined) throw unknownTagError(this.config.tags, { tag, place: tokenPlaceOf(examples[b], t) });
        ids[t * examples.length + b] = id;
      });
    });
    return ids;
  }

  /** Scores of the tags, [T, B, K]. With `random`, dropout is on. */
  emissions(batch: TaggerBatch, random?: RandomStream): Tensor {
    const inputs = dropout(this.#inputs(batch), this.config.inputDropout, random?.named("input"));
    const { outputs } = this.#stack.forward(inputs, { lengths: batch.lengths, random: random?.named("rnn") });
    return this.#output.forward(outputs);
  }

  /** Inputs of the layers for each word: [T, B, I]. */
  #inputs({ words, spellings, distinct, steps, lengths }: TaggerBatch): Tensor {
    const shape = [steps, lengths.length];
    const parts = [this.#embeddings.words.forward(tensor(words, { shape }))];
    const places = tensor(spellings, { shape });
    const { characters } = this.#embeddings;
    if (characters !== undefined) parts.push(gather(this.#spell(characters, distinct), places));
    const { shapes } = this.#embeddings;
    if (shapes !== undefined) parts.push(gather(shapes.forward(tensor(Int32Array.from(distinct, shapeOf))), places));
    return parts.length === 1 ? parts[0] : concat(parts, 2);
  }

  /** Words read from both ends: the last state of each direction, [W, 2C]. */
  #spell(embedding: EmbeddingLayer, distinct: readonly string[]): Tensor {
    const spelled = distinct.map((word) => charactersOf(word).map((c) => this.#characters.idOf(c)));
    const lengths = Int32Array.from(spelled, ({ length }) => length);
    const longest = lengths.reduce((a, b) => Math.max(a, b), 0);
    const ids = new Int32Array(longest * distinct.length);
    spelled.forEach((own, w) => own.forEach((id, t) => (ids[t * distinct.length + w] = id)));
    const letters = embedding.inputs(tensor(ids, { shape: [longest, distinct.length] }));
    const { forward, backward } = (this.#speller as RecurrentStack).forward(letters, { lengths }).state[
      "0"
    ] as unknown as Directed;
    return concat([forward.h, backward.h], 1);
  }

  /** Minus the log-probability of the tags (int32 [T, B]), summed over all tokens: a scalar. */
  loss(batch: TaggerBatch, tags: Int32Array, random?: RandomStream): Tensor {
    const emissions = this.emissions(batch, random);
    const [steps, rows, count] = emissions.shape;
    const crf = this.crf();
    const ids = tensor(tags, { shape: [steps, rows] });
    if (crf) return neg(sum(crfLogLikelihood(emissions, ids, { ...crf, lengths: batch.lengths })));
    const losses = sparseSoftmaxCrossEntropy(reshape(emissions, [steps * rows, count]), tensor(tags));
    return sum(maskSequence(reshape(losses, [steps, rows]), tensor(batch.lengths)));
  }
}

type Directed = { readonly forward: State & { readonly h: Tensor }; readonly backward: State & { readonly h: Tensor } };

/**
 * A tagger whose words, characters and tags are those of `examples`. Defaults: one LSTM layer of
 * 100 units in each direction, words of 100 numbers, characters of 25, shapes of 8, a CRF, dropout
 * 0.3 before the layer.
 *
 * Throws DataError for no examples, tokens without tags, tags that the scheme does not have;
 * RangeError and TypeError for options.
 */
export function tagger(options: TaggerOptions): Tagger {
  checkOptions(
    "tagger",
    options,
    "cell dialect hiddenSize layers bidirectional dropout examples scheme tags notation tokenizer normalize minCount maxVocabulary lowercase embeddingSize characterSize shapeSize output inputDropout seed",
  );
  const where = "tagger";
  const { examples, minCount = 1, maxVocabulary = 50_000, lowercase = true } = options;
  const {
    embeddingSize = 100,
    characterSize = 25,
    shapeSize = 8,
    output = "crf",
    inputDropout = 0.3,
    seed = 0,
  } = options;
  if (typeof lowercase !== "boolean") throw kindError(`${where} lowercase`, "true or false", lowercase);
  checkExamples(where, examples);
  const asked = options.scheme && checkChoice(`${where} scheme`, options.scheme, ["BIO", "BIOES", "none"]);
  const tokenizer = options.tokenizer && checkChoice(`${where} tokenizer`, options.tokenizer, TOKENIZERS);
  const { examples: own, scheme: found, notation } = tagsInScheme(examples, { scheme: asked });
  const written = options.notation ?? notation;
  const scheme = asked ?? found;
  const normalize = checkChoice(`${where} normalize`, options.normalize ?? "nfc", NORMALIZATIONS);
  const tokens = examples.flatMap((example) => example.tokens.map((token) => normalized(token, normalize)));
  const cased = lowercase ? tokens.map((token) => token.toLowerCase()) : tokens;
  // the notation of other tags is that of the examples
  const others = (options.tags ?? []).map((tag) => (notation && ownTag(tag, notation)) ?? tag);
  const isWritten = written !== undefined && !isOwnNotation(written) && schemeOf(written) === scheme;
  return new Tagger({
    ...stackConfigOf(where, options, { hiddenSize: 100, bidirectional: true, dropout: 0.3 }),
    scheme,
    tags: tagSet(
      [
        ...own.flatMap(({ tags }) => converted(tags, found, scheme)),
        ...others.flatMap((tag) => converted([tag], found, scheme)),
      ],
      scheme,
    ),
    ...(isWritten && { notation: written }),
    ...(normalize !== "none" && { normalize }),
    tokenizer: tokenizer ?? tokenizerOf(examples.map((example) => example.tokens)),
    words: countedTable(
      cased,
      checkInteger(`${where} minCount`, minCount, 1),
      checkInteger(`${where} maxVocabulary`, maxVocabulary, 2),
    ),
    characters: countedTable(
      tokens.flatMap((token) => [...token]),
      1,
      Infinity,
    ),
    lowercase,
    embeddingSize: checkInteger(`${where} embeddingSize`, embeddingSize, 1, 65_536),
    characterSize: checkInteger(`${where} characterSize`, characterSize, 0, 65_536),
    shapeSize: checkInteger(`${where} shapeSize`, shapeSize, 0, 65_536),
    output: checkChoice(`${where} output`, output, ["crf", "softmax"]),
    inputDropout: field.dropout(`${where} inputDropout`, inputDropout),
    seed: checkInteger(`${where} seed`, seed),
  });
}

const converted = (tags: readonly string[], from: TagScheme, to: TagScheme): readonly string[] =>
  from === "none" || from === to ? tags : convertTags(tags, from, to);

/** The tagger that `configuration()` describes, with parameters of zero. Throws FormatError. */
const buildTagger: BuildModel<Tagger> = (configuration) =>
  new Tagger(parseTaggerConfig(configuration), { initialize: false });

/** Builders by the kind in a file. */
export const taggerKinds: ModelKinds<Tagger> = { tagger: buildTagger };

/** The tagger in the bytes that `encodeModel` made. Throws FormatError for anything else. */
export const loadTagger = (bytes: Uint8Array): Tagger => decodeModelOf("loadTagger", bytes, taggerKinds);
