/** @file Everything about a classifier but its weights, as its file holds it. */
import { checkChoice, DataError, firstRepeated, sentence, valueError } from "../../base/index.ts";
import type { JsonValue } from "../../formats/index.ts";
import { field, type Fields, parseFields, type StackConfig, stackFields } from "../../model/index.ts";
import { type InputConfig, parseInputConfig } from "./inputs.ts";
import { type Pooling, POOLINGS } from "./pooling.ts";

/** Everything that a classifier is built from: plain JSON. */
export type ClassifierConfig = StackConfig & {
  readonly input: InputConfig;
  /** At least two, all different. */
  readonly labels: readonly string[];
  readonly pooling: Pooling;
  /** Hidden units of attention. */
  readonly attentionSize: number;
  readonly seed: number;
};

/** Throws DataError for fewer than two labels, RangeError for two that are equal. */
export function checkLabels(where: string, value: unknown): readonly string[] {
  const labels = field.list((at, label) => field.text(at, label))(where, value);
  if (labels.length < 2)
    throw new DataError(
      sentence(where, "at least two classes", labels.length === 0 ? "none" : JSON.stringify(labels[0])),
    );
  const twice = firstRepeated(labels);
  if (twice !== undefined) throw valueError(where, "labels that differ", twice);
  return labels;
}

const classifierFields: Fields<ClassifierConfig> = {
  ...stackFields,
  input: parseInputConfig,
  labels: checkLabels,
  pooling: (where, value) => checkChoice(where, value, POOLINGS),
  attentionSize: field.size,
  seed: field.integer,
};

/** The configuration in a file. Throws FormatError for one that isn't. */
export const parseClassifierConfig = (value: JsonValue): ClassifierConfig =>
  parseFields("classifier", value, classifierFields);
