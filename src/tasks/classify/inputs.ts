/**
 * @file What classifiers read - texts, sequences of numbers, pictures - as sequences of ids or of
 * rows.
 */
import {
  checkChoice,
  checkInteger,
  DataError,
  describe,
  FormatError,
  kindError,
  sentence,
  valueError,
} from "../../base/index.ts";
import {
  buildVocabulary,
  minMaxScaler,
  type Normalization,
  robustScaler,
  type Scaler,
  type ScalerJSON,
  type ScalerKind,
  scalerFromJSON,
  standardScaler,
  type Unit,
  type Vocabulary,
  type VocabularyJSON,
  vocabularyFromJSON,
} from "../../data/index.ts";
import { field, type Fields, parseFields } from "../../model/index.ts";
import { textUnit } from "./text-unit.ts";

/** A picture: rows from the top, pixels from the left, `channels` values from 0 to 255 each. */
export type Picture = {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Uint8Array;
};

/** A colour, 0 to 255 each. */
export type Color = readonly [red: number, green: number, blue: number];

/** Rows of numbers, one for each time step. */
export type NumberRows = readonly (readonly number[])[];

/** Input of a classifier; all inputs of a model are of one kind. */
export type ClassifierInput = string | NumberRows | Picture;

/** Settings by which a classifier reads its inputs: plain JSON, which a saved model holds. */
export type InputConfig =
  | {
      readonly kind: "text";
      /** Tokens; with unit "word", white space is none. */
      readonly vocabulary: VocabularyJSON;
      readonly lowercase: boolean;
      /** Tokens after these are not read; null: all are. */
      readonly maxLength: number | null;
      readonly embeddingSize: number;
    }
  | {
      readonly kind: "numbers";
      readonly features: number;
      readonly scaler: ScalerJSON | null;
    }
  | {
      readonly kind: "images";
      readonly width: number;
      readonly height: number;
      readonly channels: number;
      /**
       * "rows": a time step is a row of pixels, from the top. "patches": a square of `patch`
       * pixels, in reading order.
       */
      readonly scan: "rows" | "patches";
      /** Side of a square; 1 with "rows". */
      readonly patch: number;
      /**
       * Colour behind transparent pixels of the files that the pictures are read from. Left out
       * where it is black.
       */
      readonly background?: Color;
    };

/** A sequence as the model reads it: `steps` ids, or `steps` rows of features. */
export type EncodedInput = {
  readonly steps: number;
  readonly data: Int32Array | Float32Array;
  /** Steps of the whole input, where the rest is not read. */
  readonly cutFrom?: number;
};

/** Reader that makes sequences of inputs. */
export type InputReader = {
  readonly config: InputConfig;
  /** Features of a time step; undefined for ids. */
  readonly features: number | undefined;
  readonly vocabulary: Vocabulary | undefined;
  /**
   * Throws TypeError and DataError, which begin with `where`, for an input that is not of this kind
   * and size.
   */
  encode(where: string, input: ClassifierInput): EncodedInput;
};

export type InputOptions = {
  /**
   * Unit that a token of a text is. Default "word", but "char" where the texts have few spaces
   * (Chinese, Japanese, Thai, addresses, DNA) or are single words (names).
   */
  readonly unit?: Unit | undefined;
  /**
   * Most frequent tokens of texts to keep. Default: 20,000 words, all characters that occur twice.
   */
  readonly maxVocabulary?: number | undefined;
  /** Whether case makes no difference in texts. Default: true for words. */
  readonly lowercase?: boolean | undefined;
  /**
   * Most tokens of a text that are read, from its beginning; Infinity: all. Default: 1,000 words,
   * or 5,000 characters or bytes.
   */
  readonly maxLength?: number | undefined;
  /** Numbers for a token of a text. Default 64. */
  readonly embeddingSize?: number | undefined;
  /** Unicode form that texts are brought to; it is kept in the vocabulary. Default "nfc". */
  readonly normalize?: Normalization | undefined;
  /** Scaling of each feature of sequences of numbers. Default "standard". */
  readonly scaler?: ScalerKind | "none" | undefined;
  /** Time step of a picture: a row of pixels, or a square of them. Default "rows". */
  readonly scan?: "rows" | "patches" | undefined;
  /**
   * Side of a square of scan "patches", in pixels, which has to divide both
   * sides of the picture. Default 4.
   */
  readonly patch?: number | undefined;
  /**
   * Colour behind transparent pixels: readers of files find it in the configuration, so that
   * pictures are read the same way when the model is used. Default white, as that of `readPicture`.
   */
  readonly background?: Color | undefined;
};

/** Inputs, for messages. */
const KINDS = "an input that is a text, rows of numbers or a picture";

/** Configuration that fits training inputs. Throws TypeError, RangeError and DataError. */
export function inputConfigOf(inputs: readonly ClassifierInput[], options: InputOptions): InputConfig {
  const [first] = inputs;
  if (inputs.length === 0) throw new DataError(sentence("classifier examples", "at least one", "none"));
  if (typeof first !== "string" && (typeof first !== "object" || first === null))
    throw kindError("classifier example 1", KINDS, first, "An example is { input, label }");
  if (typeof first === "string") return textConfig(inputs, options);
  return Array.isArray(first) ? numbersConfig(inputs, options) : imagesConfig(first as Picture, options);
}

const DEFAULT_WORDS = 20_000;

/**
 * Tokens of a text that are read unless another number is asked for. Of 4,749 mails the first 1,000
 * words hold all of nine in ten; the ends of the others tell no more, and the longest (some 50,000
 * words) would take as long as hundreds of the rest.
 */
export const DEFAULT_MAX_LENGTH: Readonly<Record<Unit, number>> = { word: 1000, char: 5000, byte: 5000 };

/** Names of tokens, for messages. */
export const UNITS: Readonly<Record<Unit, string>> = { word: "words", char: "characters", byte: "bytes" };

function textConfig(inputs: readonly ClassifierInput[], options: InputOptions): InputConfig {
  const { maxVocabulary, embeddingSize = 64, normalize = "nfc" } = options;
  const texts = inputs.map((input, i) => textOf(`classifier example ${i + 1}`, input));
  const unit = options.unit ?? textUnit(texts);
  const { maxLength = DEFAULT_MAX_LENGTH[unit] } = options;
  const lowercase = options.lowercase ?? unit === "word";
  // between texts, so that white space is always known; and it makes sure that there is something
  const pieces = texts.flatMap((text) => [prepared(text, unit, lowercase), " "]);
  const limited =
    unit === "byte"
      ? {}
      : unit === "word"
        ? { maxSize: maxVocabulary ?? DEFAULT_WORDS }
        : maxVocabulary === undefined
          ? { minCount: 2 }
          : { maxSize: maxVocabulary };
  return {
    kind: "text",
    vocabulary: buildVocabulary(pieces, { unit, normalize, ...limited }).toJSON(),
    lowercase,
    maxLength: maxLength === Infinity ? null : checkInteger("classifier maxLength", maxLength, 1),
    embeddingSize: checkInteger("classifier embeddingSize", embeddingSize, 1),
  };
}

function numbersConfig(inputs: readonly ClassifierInput[], { scaler = "standard" }: InputOptions): InputConfig {
  checkChoice("classifier scaler", scaler, ["standard", "minMax", "robust", "none"]);
  const rows = inputs.flatMap((input, i) => numberRowsOf(`classifier example ${i + 1}`, input));
  const features = rows[0]?.length ?? 0;
  if (features === 0) throw new DataError(sentence("classifier examples", "a row of numbers", "none"));
  const values = new Float64Array(rows.length * features);
  rows.forEach((row, i) => values.set(checkRow(`classifier examples: row ${i + 1}`, row, features), i * features));
  const fit = { standard: standardScaler, minMax: minMaxScaler, robust: robustScaler };
  return { kind: "numbers", features, scaler: scaler === "none" ? null : fit[scaler](values, features).toJSON() };
}

const [WHITE, BLACK]: readonly Color[] = [
  [255, 255, 255],
  [0, 0, 0],
];

function imagesConfig(first: Picture, { scan = "rows", patch = 4, background = WHITE }: InputOptions): InputConfig {
  const { width, height, channels } = checkPicture("classifier example 1", first);
  checkChoice("classifier scan", scan, ["rows", "patches"]);
  return checkedPatches("classifier", {
    kind: "images",
    width,
    height,
    channels,
    scan,
    patch: scan === "rows" ? 1 : patch,
    ...backgroundOf("classifier background", background),
  });
}

/** Black is what models had before there was a choice: it is left out of the configuration. */
function backgroundOf(where: string, value: unknown): { readonly background?: Color } {
  const numbers = field.list((at, x) => checkInteger(at, x, 0, 255))(where, value);
  if (numbers.length !== 3) throw valueError(where, "red, green and blue", numbers);
  const [red, green, blue] = numbers;
  return red + green + blue === 0 ? {} : { background: [red, green, blue] };
}

type ImagesConfig = Extract<InputConfig, { kind: "images" }>;

function checkedPatches(where: string, config: ImagesConfig): ImagesConfig {
  checkInteger(`${where} patch`, config.patch, 1);
  if (config.width % config.patch !== 0 || config.height % config.patch !== 0)
    throw valueError(`${where} patch`, `a divisor of ${config.width} and ${config.height}`, config.patch);
  return config;
}

/** Throws FormatError for a configuration that was not made here. */
export function parseInputConfig(where: string, value: unknown): InputConfig {
  const kind = typeof value === "object" && value !== null && "kind" in value ? value.kind : undefined;
  const choice =
    <C extends string>(...choices: C[]) =>
    (at: string, given: unknown): C =>
      checkChoice(at, given, choices);
  const orNull =
    <T>(check: (at: string, given: unknown) => T) =>
    (at: string, given: unknown): T | null =>
      given === null ? null : check(at, given);
  type Of<K> = Extract<InputConfig, { kind: K }>;
  if (kind === "text") {
    const fields: Fields<Of<"text">> = {
      kind: choice("text"),
      vocabulary: (_, given) => vocabularyFromJSON(given).toJSON(),
      lowercase: (at, given) => field.flag(at, given),
      maxLength: orNull((at, given) => checkInteger(at, given, 1)),
      embeddingSize: field.size,
    };
    return parseFields(where, value, fields);
  }
  if (kind === "numbers") {
    const fields: Fields<Of<"numbers">> = {
      kind: choice("numbers"),
      features: field.size,
      scaler: orNull((_, given) => scalerFromJSON(given).toJSON()),
    };
    const config = parseFields(where, value, fields);
    if (config.scaler !== null && config.scaler.center.length !== config.features)
      throw new FormatError(
        sentence(`${where}: scaler`, `${config.features} columns`, String(config.scaler.center.length)),
      );
    return config;
  }
  if (kind === "images") {
    const fields: Fields<Of<"images">> = {
      kind: choice("images"),
      width: field.size,
      height: field.size,
      channels: field.size,
      scan: choice("rows", "patches"),
      patch: field.size,
      // absent where it is black
      background: (at, given = [0, 0, 0]) => backgroundOf(at, given).background ?? BLACK,
    };
    const { background, ...others } = parseFields(where, value, fields);
    const config = { ...others, ...backgroundOf(`${where}: background`, background) };
    if (config.width % config.patch !== 0 || config.height % config.patch !== 0)
      throw new FormatError(
        sentence(`${where}: patch`, `a divisor of ${config.width} and ${config.height}`, String(config.patch)),
      );
    return config;
  }
  throw new FormatError(sentence(`${where}: kind`, '"text" | "numbers" | "images"', describe(kind)));
}

export function inputReader(config: InputConfig): InputReader {
  if (config.kind === "text") return textReader(config);
  return config.kind === "numbers" ? numbersReader(config) : imagesReader(config);
}

function textReader(config: Extract<InputConfig, { kind: "text" }>): InputReader {
  const vocabulary = vocabularyFromJSON(config.vocabulary);
  const space = vocabulary.unit === "word" ? vocabulary.idOf(" ") : undefined;
  return {
    config,
    features: undefined,
    vocabulary,
    encode(where, input) {
      const ids = vocabulary.encode(prepared(textOf(where, input), vocabulary.unit, config.lowercase));
      const words = space === undefined ? ids : ids.filter((id) => id !== space);
      const data = config.maxLength === null ? words : words.subarray(0, config.maxLength);
      return { steps: data.length, data, ...(data.length < words.length && { cutFrom: words.length }) };
    },
  };
}

/**
 * Text cut as the vocabulary cuts it: with unit "word", each run of white space is one token, the
 * same one.
 */
function prepared(text: string, unit: Unit, lowercase: boolean): string {
  const cased = lowercase ? text.toLowerCase() : text;
  return unit === "word" ? cased.replaceAll(/\s+/gu, " ") : cased;
}

function numbersReader(config: Extract<InputConfig, { kind: "numbers" }>): InputReader {
  const { features } = config;
  const scaler: Scaler | undefined = config.scaler === null ? undefined : scalerFromJSON(config.scaler);
  return {
    config,
    features,
    vocabulary: undefined,
    encode(where, input) {
      const rows = numberRowsOf(where, input);
      const values = new Float64Array(rows.length * features);
      rows.forEach((row, t) => values.set(checkRow(`${where}: row ${t + 1}`, row, features), t * features));
      return { steps: rows.length, data: Float32Array.from(scaler?.transform(values) ?? values) };
    },
  };
}

function imagesReader(config: ImagesConfig): InputReader {
  const { width, height, channels, scan, patch } = config;
  const [across, down] = scan === "rows" ? [width, 1] : [patch, patch];
  const features = across * down * channels;
  return {
    config,
    features,
    vocabulary: undefined,
    encode(where, input) {
      const { data } = checkPicture(where, input, config);
      const out = new Float32Array(data.length);
      let at = 0;
      for (let top = 0; top < height; top += down) {
        for (let left = 0; left < width; left += across) {
          for (let y = top; y < top + down; y++) {
            const from = (y * width + left) * channels;
            for (let i = from; i < from + across * channels; i++) out[at++] = data[i] / 255;
          }
        }
      }
      return { steps: out.length / features, data: out };
    },
  };
}

function textOf(where: string, input: unknown): string {
  if (typeof input !== "string") throw kindError(where, "text", input);
  return input;
}

function numberRowsOf(where: string, input: unknown): NumberRows {
  if (!Array.isArray(input)) throw kindError(where, "a list of rows of numbers", input);
  return input as NumberRows;
}

function checkRow(where: string, row: unknown, features: number): readonly number[] {
  if (!Array.isArray(row)) throw kindError(where, `${features} numbers`, row);
  if (row.length !== features) throw new DataError(sentence(where, `${features} numbers`, String(row.length)));
  const bad: unknown = row.find((value) => !Number.isFinite(value));
  if (bad !== undefined) throw new DataError(sentence(where, "finite numbers", describe(bad)));
  return row as number[];
}

type Size = Pick<Picture, "width" | "height" | "channels">;

function checkPicture(where: string, input: unknown, size?: Size): Picture {
  if (typeof input !== "object" || input === null || !("data" in input) || !(input.data instanceof Uint8Array))
    throw kindError(where, "a picture { width, height, channels, data }", input);
  const picture = input as Picture;
  const text = ({ width, height, channels }: Size): string => `${width} x ${height} pixels of ${channels} channels`;
  for (const name of ["width", "height", "channels"] as const) checkInteger(`${where} ${name}`, picture[name], 1);
  if (size !== undefined && text(size) !== text(picture))
    throw new DataError(sentence(where, text(size), text(picture)));
  if (picture.data.length !== picture.width * picture.height * picture.channels)
    throw new DataError(sentence(where, text(picture), `${picture.data.length} values`));
  return picture;
}
