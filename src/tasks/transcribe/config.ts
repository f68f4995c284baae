/** @file Everything about a transcriber but its weights, as its file holds it. */
import { checkChoice, checkInteger, FormatError, sentence } from "../../base/index.ts";
import { type Scaler, scalerFromJSON, type Vocabulary, vocabularyFromJSON } from "../../data/index.ts";
import type { JsonValue } from "../../formats/index.ts";
import { field, type Fields, parseFields, type StackConfig, stackFields } from "../../model/index.ts";
import { type FeatureConfig, featureConfigOf, featureSize } from "./features.ts";

/** Architecture of a transcriber. */
export type TranscriberConfig = StackConfig & {
  /**
   * Frames that are put together into one step of the recurrent layers: the sequence is that many
   * times shorter.
   */
  readonly timeReduction: number;
  /**
   * Scaling of frames to mean 0 and deviation 1 in each band: by the statistics of the
   * training data ("global"), or each recording's own ("utterance"), which takes away much of what
   * differs between voices and microphones but needs the whole recording.
   */
  readonly normalization: "global" | "utterance";
  readonly seed: number;
};

const featureFields: Fields<FeatureConfig> = {
  kind: (where, value) => checkChoice(where, value, ["logMel", "mfcc"]),
  sampleRate: field.integer,
  bands: field.size,
  coefficients: field.size,
  windowSeconds: (_, value) => value as number,
  hopSeconds: (_, value) => value as number,
  lowHertz: (_, value) => value as number,
  highHertz: (_, value) => value as number,
};

type FileFields = TranscriberConfig & {
  readonly features: FeatureConfig;
  readonly scaler: Scaler;
  readonly vocabulary: Vocabulary;
};

const fileFields: Fields<FileFields> = {
  ...stackFields,
  timeReduction: (where, value) => checkInteger(where, value, 1, 64),
  normalization: (where, value) => checkChoice(where, value, ["global", "utterance"]),
  seed: field.integer,
  // each number is checked as an option is
  features: (where, value) => featureConfigOf(where, parseFields(where, value, featureFields)),
  scaler: (_, value) => scalerFromJSON(value),
  vocabulary: (_, value) => vocabularyFromJSON(value),
};

/**
 * The configuration, frames, scales and alphabet in a file. Throws FormatError for anything else.
 */
export function parseTranscriberConfig(value: JsonValue): FileFields {
  const where = "transcriber file";
  const fields = parseFields(where, value, fileFields);
  const { features, scaler, vocabulary } = fields;
  if (vocabulary.unit !== "char") throw new FormatError(sentence(where, "an alphabet of characters", vocabulary.unit));
  if (scaler.features !== featureSize(features))
    throw new FormatError(sentence(where, `${featureSize(features)} scales`, String(scaler.features)));
  return fields;
}
