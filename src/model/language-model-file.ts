import { decodeModel, encodeModel, checkDeclaredSize } from "./saved-model.ts";
import { parseLanguageModelConfig } from "./language-model-config.ts";
import { LanguageModel } from "./language-model.ts";
import type { JsonValue } from "../formats/index.ts";

const WHERE = "loadLanguageModel";

/** The bytes of a file that holds everything: architecture, vocabulary, parameters (safetensors; the same model, the same bytes). */
export const saveLanguageModel = (model: LanguageModel): Uint8Array => encodeModel(model);

/**
 * The model in the bytes that `saveLanguageModel` made. Throws FormatError for anything else: not a file of ours, a newer version,
 * a configuration that doesn't fit, a parameter that is missing, superfluous, of another shape or dtype.
 */
export const loadLanguageModel = (bytes: Uint8Array): LanguageModel =>
  decodeModel(WHERE, bytes, { languageModel: buildLanguageModel });

function buildLanguageModel(configuration: JsonValue, numbers: number): LanguageModel {
  const { config, vocabulary } = parseLanguageModelConfig(configuration);
  checkDeclaredSize(WHERE, config, numbers);
  return new LanguageModel(config, vocabulary, undefined, false);
}
