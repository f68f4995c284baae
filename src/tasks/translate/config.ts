/** @file Everything about a translator but its weights, as its file holds it. */
import { checkChoice, valueError } from "../../base/index.ts";
import type { JsonValue } from "../../formats/index.ts";
import { asFormatError, field, type Fields, parseFields, type StackConfig, stackFields } from "../../model/index.ts";
import { ATTENTION_KINDS, type AttentionKind } from "../../rnn/index.ts";
import { type BytePairEncoding, bytePairEncoding } from "./byte-pair-encoding.ts";

export type TranslatorConfig = StackConfig & {
  /** Features of a token, source and target. */
  readonly embeddingSize: number;
  readonly attention: AttentionKind;
  /**
   * Whether the decoder reads the attentional vector of the step before. Without effect for
   * "bahdanau".
   */
  readonly inputFeeding: boolean;
  /** Most tokens of a translation. */
  readonly maxLength: number;
  /** Seed of the initial weights. */
  readonly seed: number;
};

/** Throws RangeError for a size that has no half, where each direction needs one. */
export function checkHalves(where: string, { bidirectional, hiddenSize }: StackConfig): void {
  if (bidirectional && hiddenSize % 2 !== 0)
    throw valueError(`${where} hiddenSize`, "an even number of units, half for each direction", hiddenSize);
}

type FileFields = TranslatorConfig & { readonly source: BytePairEncoding; readonly target: BytePairEncoding };

const fileFields: Fields<FileFields> = {
  ...stackFields,
  embeddingSize: field.size,
  attention: (where, value) => checkChoice(where, value as AttentionKind, ATTENTION_KINDS),
  inputFeeding: (where, value) => field.flag(where, value),
  maxLength: field.size,
  seed: field.integer,
  source: (_, value) => bytePairEncoding.fromJSON(value),
  target: (_, value) => bytePairEncoding.fromJSON(value),
};

/** The configuration and both encodings in a file. Throws FormatError for anything else. */
export function parseTranslatorConfig(value: JsonValue): FileFields {
  const where = "translator file";
  const fields = parseFields(where, value, fileFields);
  asFormatError(() => checkHalves(where, fields));
  return fields;
}
