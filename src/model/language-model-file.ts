import { FormatError, formatShape, sameShape, sentence } from "../base/index.ts";
import { decodeNative, encodeNative, type StoredArray } from "../formats/index.ts";
import { assign } from "../tensor/index.ts";
import { parseLanguageModelConfig } from "./language-model-config.ts";
import { LanguageModel } from "./language-model.ts";

/** The bytes of a file that holds everything: architecture, vocabulary, parameters (safetensors; the same model, the same bytes). */
export function saveLanguageModel(model: LanguageModel): Uint8Array {
  const arrays: Record<string, StoredArray> = {};
  for (const [name, value] of Object.entries(model.parameters())) {
    arrays[name] = { dtype: value.dtype, shape: value.shape, data: value.values() };
  }
  return encodeNative({ kind: model.kind, config: { ...model.config, vocabulary: model.vocabulary.toJSON() }, arrays });
}

/**
 * The model in the bytes that `saveLanguageModel` made. Throws FormatError for anything else: not a file of ours, a newer version,
 * a configuration that doesn't fit, a parameter that is missing, superfluous, of another shape or dtype.
 */
export function loadLanguageModel(bytes: Uint8Array): LanguageModel {
  const where = "loadLanguageModel";
  const { kind, config: stored, arrays } = decodeNative(bytes);
  if (kind !== "languageModel")
    throw new FormatError(sentence(where, `a file of kind "languageModel"`, JSON.stringify(kind)));
  const { config, vocabulary } = parseLanguageModelConfig(stored);
  checkDeclaredSize(where, config.hiddenSize, config.layers, arrays);
  const model = new LanguageModel(config, vocabulary, undefined, false);
  const parameters = model.parameters();
  for (const [name, parameter] of Object.entries(parameters)) {
    const array = arrays[name];
    if (array === undefined) throw new FormatError(sentence(where, `a parameter "${name}"`, "none"));
    if (array.dtype !== parameter.dtype || !sameShape(array.shape, parameter.shape)) {
      const expected = `"${name}" ${parameter.dtype} ${formatShape(parameter.shape)}`;
      throw new FormatError(sentence(where, expected, `${array.dtype} ${formatShape(array.shape)}`));
    }
    assign(parameter, array.data);
  }
  for (const name of Object.keys(arrays)) {
    if (!Object.hasOwn(parameters, name))
      throw new FormatError(sentence(where, "no other parameters", JSON.stringify(name)));
  }
  return model;
}

/** The smallest recurrent layer has H² numbers: a file that declares more than it holds is refused before anything is allocated. */
function checkDeclaredSize(
  where: string,
  hiddenSize: number,
  layers: number,
  arrays: Readonly<Record<string, StoredArray>>,
): void {
  const held = Object.values(arrays).reduce((total, { data }) => total + data.length, 0);
  if (hiddenSize * hiddenSize * layers > held) {
    throw new FormatError(
      sentence(where, `parameters for ${layers} layers of ${hiddenSize} units`, `${held} numbers in all`),
    );
  }
}
