import {
  checkOptions,
  checkChoice,
  checkInteger,
  DataError,
  kindError,
  type RandomStream,
  randomStream,
  sentence,
  type Optional,
} from "../../base/index.ts";
import { buildVocabulary, type Normalization, type Scaler, standardScaler, type Vocabulary } from "../../data/index.ts";
import { type LinearLayer, linearLayer, parametersOf, type RecurrentStack, stackOf } from "../../layers/index.ts";
import type { JsonValue } from "../../formats/index.ts";
import {
  asFormatError,
  decodeModelOf,
  type ModelKinds,
  type SavedModel,
  type StackConfig,
  stackConfigOf,
} from "../../model/index.ts";
import type { Parameters, State } from "../../rnn/index.ts";
import { tensor, type Tensor } from "../../tensor/index.ts";
import { parseTranscriberConfig, type TranscriberConfig } from "./config.ts";
import {
  type FeatureConfig,
  featureConfigOf,
  featureExtractor,
  type FeatureOptions,
  type Features,
  featureSize,
  windowOf,
} from "./features.ts";

/** A recording with what is said in it. */
export type Utterance = {
  readonly samples: Float32Array;
  readonly text: string;
  /** Named in errors, such as the file. */
  readonly name?: string;
};

export type TranscriberOptions = Optional<TranscriberConfig> & {
  /** Settings of the frames; the sample rate of all recordings is needed. */
  readonly features: FeatureOptions;
  /** Training data: the alphabet and the scales are taken from it. */
  readonly utterances: readonly Utterance[];
  /** Characters that can be written, where they are not to be those of the utterances. */
  readonly alphabet?: string | undefined;
  /** Unicode form that texts are brought to; it is kept in the vocabulary. Default "nfc". */
  readonly normalize?: Normalization | undefined;
};

/** Parts of a transcriber beside its configuration. */
export type TranscriberParts = {
  readonly features: FeatureConfig;
  readonly vocabulary: Vocabulary;
  readonly scaler: Scaler;
};

/** Settings of `transcriber` where nothing else is asked for. */
const DEFAULTS: Partial<StackConfig> = { cell: "lstm", bidirectional: true };

/**
 * Writes down what is said: frames of log-mel energies or MFCC, some of them put together,
 * recurrent layers, and a linear layer to one score for each character and the blank. Letters: T
 * steps, B rows, k frames of a step, F numbers of a frame, C classes.
 */
export class Transcriber implements SavedModel {
  readonly kind = "transcriber";
  readonly config: TranscriberConfig;
  readonly features: FeatureConfig;
  readonly vocabulary: Vocabulary;
  readonly scaler: Scaler;
  readonly #extract: (samples: Float32Array) => Features;
  readonly #stack: RecurrentStack;
  readonly #output: LinearLayer;

  /** Use `transcriber(...)`. `initialize: false` leaves the parameters at zero, for loading. */
  constructor(
    config: TranscriberConfig,
    { features, vocabulary, scaler, initialize = true }: TranscriberParts & { readonly initialize?: boolean },
  ) {
    this.config = config;
    this.features = features;
    this.vocabulary = vocabulary;
    this.scaler = scaler;
    this.#extract = featureExtractor(features);
    const build = { random: randomStream(config.seed).named("init"), initialize };
    this.#stack = stackOf({ ...config, inputSize: this.inputSize, ...build });
    const { outputSize } = this.#stack;
    this.#output = linearLayer({ name: "output", inputSize: outputSize, outputSize: this.classes, ...build });
  }

  /** C: characters and the blank. */
  get classes(): number {
    return this.vocabulary.size + 1;
  }

  /** k · F. */
  get inputSize(): number {
    return this.config.timeReduction * featureSize(this.features);
  }

  /** Seconds from frame to frame: `features.hopSeconds`, in whole samples. */
  get frameSeconds(): number {
    return windowOf(this.features).hop / this.features.sampleRate;
  }

  /** Parameters by path: `rnn/0/forward/kernel`, …, `output/kernel`, `output/bias`. */
  parameters(): Parameters {
    return parametersOf(this.#stack, this.#output);
  }

  /** All that is needed to hear as in training: architecture, frames, scales, alphabet. */
  configuration(): JsonValue {
    return {
      ...this.config,
      features: { ...this.features },
      scaler: this.scaler.toJSON(),
      vocabulary: this.vocabulary.toJSON(),
    };
  }

  /** Frames as they are before scaling. */
  frames(samples: Float32Array): Features {
    return this.#extract(samples);
  }

  /** Scaled frames. */
  normalize({ data, frames, size }: Features): Features {
    if (frames === 0) return { data, frames, size };
    const scaler = this.config.normalization === "global" ? this.scaler : standardScaler(data, size);
    return { data: scaler.transform(data), frames, size };
  }

  /**
   * Scaled frames of a recording, as the layers see them. Throws DataError for samples that are not
   * finite.
   */
  hear(samples: Float32Array): Features {
    return this.normalize(this.frames(samples));
  }

  /** Steps that `frames` become: those of the last one are filled up with zeros. */
  stepsOf(frames: number): number {
    return Math.ceil(frames / this.config.timeReduction);
  }

  /** Classes of the characters of a text. Throws DataError for one that is not in the alphabet. */
  labelsOf(text: string): Int32Array {
    return this.vocabulary.encode(text).map((id) => id + 1);
  }

  textOf(labels: Int32Array): string {
    return this.vocabulary.decode(labels.map((label) => label - 1));
  }

  /**
   * Scores [T, B, C] of inputs [T, B, k · F], and the state of layers in one direction. With
   * `random`, dropout is on.
   */
  forward(
    inputs: Tensor,
    options: {
      readonly lengths?: Int32Array;
      readonly random?: RandomStream;
      readonly initialState?: State | undefined;
    } = {},
  ): { readonly logits: Tensor; readonly state: State } {
    const { outputs, state } = this.#stack.forward(inputs, options);
    return { logits: this.#output.forward(outputs), state };
  }

  /** Recordings side by side: inputs [T, B, k · F] and the steps of each. */
  batch(heard: readonly Features[]): { readonly inputs: Tensor; readonly lengths: Int32Array } {
    const lengths = Int32Array.from(heard, ({ frames }) => this.stepsOf(frames));
    const steps = Math.max(1, ...lengths);
    const data = new Float32Array(steps * heard.length * this.inputSize);
    heard.forEach((one, b) => {
      for (let t = 0; t < lengths[b]; t++) {
        const from = t * this.inputSize;
        data.set(one.data.subarray(from, from + this.inputSize), (t * heard.length + b) * this.inputSize);
      }
    });
    return { inputs: tensor(data, { shape: [steps, heard.length, this.inputSize] }), lengths };
  }
}

/**
 * A transcriber for recordings like `utterances`. Defaults: log-mel frames (see `FeatureOptions`),
 * two frames to a step, one LSTM layer of 128 units in both directions, each recording scaled by
 * itself (by the training data for layers in one direction), seed 0.
 *
 * Throws TypeError and RangeError for options, DataError without utterances or text, and for
 * samples that are not finite.
 */
export function transcriber({
  features,
  utterances,
  alphabet,
  normalize = "nfc",
  ...rest
}: TranscriberOptions): Transcriber {
  checkOptions(
    "transcriber",
    arguments[0],
    "cell dialect hiddenSize layers bidirectional dropout timeReduction normalization seed features utterances alphabet normalize",
  );
  const where = "transcriber";
  const stack = stackConfigOf(where, rest, DEFAULTS);
  const { timeReduction = 2, seed = 0, normalization = stack.bidirectional ? "utterance" : "global" } = rest;
  const config: TranscriberConfig = {
    ...stack,
    timeReduction: checkInteger(`${where} timeReduction`, timeReduction, 1, 64),
    normalization: checkChoice(`${where} normalization`, normalization, ["global", "utterance"]),
    seed: checkInteger(`${where} seed`, seed),
  };
  if (!Array.isArray(utterances)) throw kindError(`${where} utterances`, "a list", utterances);
  const featureConfig = featureConfigOf(`${where} features`, features);
  const vocabulary = buildVocabulary(alphabet ?? utterances.map(({ text }: Utterance) => text), { normalize });
  const scaler = scalerOf(utterances, featureConfig);
  return new Transcriber(config, { features: featureConfig, vocabulary, scaler });
}

/** Statistics of some thousand seconds are as good as those of all. */
const MEASURED = 1000;

function scalerOf(utterances: readonly Utterance[], config: FeatureConfig): Scaler {
  const extract = featureExtractor(config);
  const parts = utterances.slice(0, MEASURED).map(({ samples }) => extract(samples).data);
  const all = new Float32Array(parts.reduce((total, { length }) => total + length, 0));
  if (all.length === 0)
    throw new DataError(sentence("transcriber utterances", "at least one of a window's length", "none"));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return standardScaler(all, featureSize(config));
}

/**
 * Builds a transcriber whose parameters are zero from its `configuration()`; throws FormatError for
 * any other.
 */
function buildTranscriber(configuration: JsonValue): Transcriber {
  const { features, scaler, vocabulary, ...config } = parseTranscriberConfig(configuration);
  return asFormatError(() => new Transcriber(config, { features, scaler, vocabulary, initialize: false }));
}

/** Builders by the kind in a file. */
export const transcriberKinds: ModelKinds<Transcriber> = { transcriber: buildTranscriber };

/** The transcriber in the bytes that `encodeModel` made. Throws FormatError for anything else. */
export const loadTranscriber = (bytes: Uint8Array): Transcriber =>
  decodeModelOf("loadTranscriber", bytes, transcriberKinds);
