import { decodeModel, encodeModel } from "./saved-model.ts";
import { parseLanguageModelConfig } from "./language-model-config.ts";
import { LanguageModel } from "./language-model.ts";
import type { JsonValue } from "../formats/index.ts";

/** The bytes of a file that holds everything: architecture, vocabulary, parameters (safetensors; the same model, the same bytes). */
export const saveLanguageModel = (model: LanguageModel): Uint8Array => encodeModel(model);

/**
 * The model in the bytes that `saveLanguageModel` made. Throws FormatError for anything else: not a file of ours, a newer version,
 * a configuration that doesn't fit, a parameter that is missing, superfluous, of another shape or dtype.
 */
export const loadLanguageModel = (bytes: Uint8Array): LanguageModel =>
  decodeModel("loadLanguageModel", bytes, { languageModel: buildLanguageModel });

function buildLanguageModel(configuration: JsonValue): LanguageModel {
  const { config, vocabulary } = parseLanguageModelConfig(configuration);
  return new LanguageModel(config, vocabulary, undefined, false);
}
