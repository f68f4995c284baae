/** @file A recurrent network that reads a sequence and tells its class. */
import {
  checkOptions,
  checkChoice,
  checkInteger,
  kindError,
  type RandomStream,
  randomStream,
  type Optional,
} from "../../base/index.ts";
import { NORMALIZATIONS, normalized, padSequences, type Vocabulary } from "../../data/index.ts";
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
import { decodeModelOf, type ModelKinds, type SavedModel, type StackConfig, stackConfigOf } from "../../model/index.ts";
import {
  constant,
  glorotUniform,
  type ParameterSet,
  parameterSet,
  type Parameters,
  type SequenceInputs,
  type State,
} from "../../rnn/index.ts";
import { type Tensor, tensor } from "../../tensor/index.ts";
import { checkLabels, type ClassifierConfig, parseClassifierConfig } from "./config.ts";
import {
  type ClassifierInput,
  type EncodedInput,
  type InputConfig,
  inputConfigOf,
  type InputOptions,
  inputReader,
  type InputReader,
  parseInputConfig,
} from "./inputs.ts";
import { type AttentionParameters, pool, type Pooling, POOLINGS } from "./pooling.ts";

/** An input with its class. */
export type ClassifierExample = {
  readonly input: ClassifierInput;
  readonly label: string;
  /** Place of the example, such as "mails.csv line 7", for messages. */
  readonly place?: string | undefined;
};

export type ClassifierOptions = Optional<StackConfig> &
  InputOptions & {
    /**
     * For training: vocabulary, scaler, size of pictures and labels are taken from them. Validation
     * and test examples don't belong here.
     */
    readonly examples?: readonly ClassifierExample[] | undefined;
    /** Instead of examples: how inputs are read. */
    readonly input?: InputConfig | undefined;
    /** Default: those of the examples, sorted. */
    readonly labels?: readonly string[] | undefined;
    /**
     * Pooling of the outputs of all steps into one vector. Default "mean"; with pictures "last".
     */
    readonly pooling?: Pooling | undefined;
    /** Hidden units of attention. Default: `hiddenSize`. */
    readonly attentionSize?: number | undefined;
    /** Seed of the initial weights. Default 0. */
    readonly seed?: number | undefined;
  };

/** Sequences as the model reads them: ids int32 [T, B] or rows [T, B, F], and the steps of each. */
export type ClassifierBatch = { readonly inputs: Tensor; readonly lengths: Int32Array };

/** Reads a sequence and tells its class. Letters: T time steps, B rows, F features, C classes. */
export class Classifier implements SavedModel {
  /** Pictures have one of their own, since other files are read for them. */
  readonly kind: "classifier" | "imageClassifier";
  readonly config: ClassifierConfig;
  readonly stack: RecurrentStack;
  readonly reader: InputReader;
  readonly #indices: ReadonlyMap<string, number>;
  readonly #embedding: EmbeddingLayer | undefined;
  readonly #attention: ParameterSet | undefined;
  readonly #output: LinearLayer;

  /** Use `classifier(...)`. `initialize: false` leaves the parameters at zero, for loading. */
  constructor(config: ClassifierConfig, { initialize = true }: { readonly initialize?: boolean | undefined } = {}) {
    this.config = config;
    this.kind = config.input.kind === "images" ? "imageClassifier" : "classifier";
    this.reader = inputReader(config.input);
    const random = randomStream(config.seed).named("init");
    const { vocabulary, features } = this.reader;
    const { input, labels } = config;
    const own = labels.map((label, i) => [label, i] as const);
    this.#indices = new Map([...own.map(([label, i]) => [normalized(label, "nfc"), i] as const), ...own]);
    const build = { random, initialize };
    if (vocabulary !== undefined && input.kind === "text")
      this.#embedding = embeddingLayer({ inputSize: vocabulary.size, outputSize: input.embeddingSize, ...build });
    const inputSize = this.#embedding?.outputSize ?? (features as number);
    this.stack = stackOf({ ...config, inputSize, ...build });
    if (config.pooling === "attention") {
      const hidden = config.attentionSize;
      this.#attention = parameterSet("attention", (size) => ({
        "attention/kernel": { shape: [size, hidden], initializer: glorotUniform },
        "attention/bias": { shape: [hidden], initializer: constant(0) },
        "attention/context": { shape: [hidden, 1], initializer: glorotUniform },
      }));
      this.#attention.build(this.stack.outputSize, build);
    }
    this.#output = linearLayer({
      name: "output",
      inputSize: this.stack.outputSize,
      outputSize: labels.length,
      ...build,
    });
  }

  /** The classes, in the order of the logits. */
  get labels(): readonly string[] {
    return this.config.labels;
  }

  /**
   * Index of a label in either Unicode spelling, as folders in NFD have it; undefined for one that
   * the model lacks.
   */
  labelIndex(label: string): number | undefined {
    return this.#indices.get(label) ?? this.#indices.get(normalized(label, "nfc"));
  }

  /** Vocabulary of a model that reads texts; else undefined. */
  get vocabulary(): Vocabulary | undefined {
    return this.reader.vocabulary;
  }

  /**
   * Parameters by path: `embedding` (of texts), `rnn/0/kernel`, …, `attention/…` (with that
   * pooling), `output/kernel`, `output/bias`.
   */
  parameters(): Parameters {
    return parametersOf(this.#embedding, this.stack, this.#attention, this.#output);
  }

  configuration(): JsonValue {
    return { ...this.config, labels: [...this.config.labels] } as unknown as JsonValue;
  }

  /** One batch of sequences, padded to the longest, at least one step. */
  batch(sequences: readonly EncodedInput[]): ClassifierBatch {
    const { features } = this.reader;
    const length = sequences.reduce((longest, { steps }) => Math.max(longest, steps), 1);
    const options = { timeMajor: true, length };
    const { data, shape, lengths } =
      features === undefined
        ? padSequences(
            sequences.map((each) => each.data as Int32Array),
            options,
          )
        : padSequences(
            sequences.map((each) => ({ data: each.data as Float32Array, features })),
            options,
          );
    return { inputs: tensor(data, { shape }), lengths };
  }

  /**
   * Scores of the classes, [B, C]. With `random`, dropout is on. What stands in the padding has no
   * effect.
   */
  logits({ inputs, lengths }: ClassifierBatch, random?: RandomStream): Tensor {
    const { outputs } = this.stack.forward(this.#embedded(inputs), { lengths, random });
    const { pooling, bidirectional } = this.config;
    return this.#output.forward(
      pool(outputs, lengths, { pooling, bidirectional, attention: this.#attentionParameters() }),
    );
  }

  /**
   * Scores after some more steps [T, 1] or [T, 1, F] of one sequence, and the state then; only with
   * pooling "last" in one direction.
   */
  advance(inputs: Tensor, initialState: State | undefined): { readonly logits: Tensor; readonly state: State } {
    const { outputs, state } = this.stack.forward(this.#embedded(inputs), { initialState });
    const lengths = Int32Array.of(inputs.shape[0]);
    return { logits: this.#output.forward(pool(outputs, lengths, { pooling: "last", bidirectional: false })), state };
  }

  /** Inputs of the layers: the numbers, or the embeddings of these ids. */
  #embedded(inputs: Tensor): SequenceInputs {
    return this.#embedding === undefined ? inputs : this.#embedding.inputs(inputs);
  }

  #attentionParameters(): AttentionParameters | undefined {
    if (this.#attention === undefined) return undefined;
    const values = this.#attention.parameters();
    return {
      kernel: values["attention/kernel"],
      bias: values["attention/bias"],
      context: values["attention/context"],
    };
  }
}

/**
 * A classifier of texts, of sequences of numbers, or of pictures: which it is, its vocabulary or
 * scaler, and its labels are taken from the training examples. Defaults: one LSTM layer of 64
 * units in both directions, mean pooling (pictures: last).
 *
 * Throws DataError without examples or with fewer than two classes, TypeError and RangeError for
 * options and examples of a wrong kind.
 */
export function classifier(options: ClassifierOptions): Classifier {
  checkOptions(
    "classifier",
    options,
    "cell dialect hiddenSize layers bidirectional dropout unit maxVocabulary lowercase maxLength embeddingSize normalize scaler scan patch background examples input labels pooling attentionSize seed",
  );
  const where = "classifier";
  const { examples, seed = 0, attentionSize } = options;
  if (examples === undefined && options.input === undefined) throw kindError(where, "examples, or an input", undefined);
  const input =
    options.input === undefined
      ? inputConfigOf(
          (examples ?? []).map((each) => each.input),
          options,
        )
      : parseInputConfig(`${where} input`, options.input);
  const form = checkChoice(`${where} normalize`, options.normalize ?? "nfc", NORMALIZATIONS);
  const given = options.labels ?? (examples ?? []).map(({ label }) => label);
  const all = given.map((label) => (typeof label === "string" ? normalized(label, form) : label));
  const found = options.labels === undefined ? [...new Set(all)].toSorted() : all;
  const isImage = input.kind === "images";
  const stack = stackConfigOf(where, stackOptions(options), { hiddenSize: 64, bidirectional: true });
  const config: ClassifierConfig = {
    ...stack,
    input,
    labels: checkLabels(`${where} labels`, found),
    pooling: checkChoice(`${where} pooling`, options.pooling ?? (isImage ? "last" : "mean"), POOLINGS),
    attentionSize: checkInteger(`${where} attentionSize`, attentionSize ?? stack.hiddenSize, 1),
    seed: checkInteger(`${where} seed`, seed),
  };
  return new Classifier(config);
}

const stackOptions = ({
  cell,
  dialect,
  hiddenSize,
  layers,
  bidirectional,
  dropout,
}: ClassifierOptions): Optional<StackConfig> =>
  Object.fromEntries(
    Object.entries({ cell, dialect, hiddenSize, layers, bidirectional, dropout }).filter(
      ([, value]) => value !== undefined,
    ),
  );

/** The classifier that `configuration()` describes, with parameters of zero. Throws FormatError. */
const buildClassifier = (configuration: JsonValue): Classifier =>
  new Classifier(parseClassifierConfig(configuration), { initialize: false });

/** Builders by the kind in a file. */
export const classifierKinds: ModelKinds<Classifier> = {
  classifier: buildClassifier,
  imageClassifier: buildClassifier,
};

/** The classifier in the bytes that `encodeModel` made. Throws FormatError for anything else. */
export const loadClassifier = (bytes: Uint8Array): Classifier =>
  decodeModelOf("loadClassifier", bytes, classifierKinds);
