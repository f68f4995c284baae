/** @file What every model that can be saved has in common, and its bytes. */
import { FormatError, formatShape, sameShape, sentence } from "../base/index.ts";
import { decodeNative, encodeNative, type JsonValue, type StoredArray } from "../formats/index.ts";
import { type Parameters, withParameterBudget } from "../rnn/index.ts";
import { assign } from "../tensor/index.ts";

/** A model with all that is needed to build and use it again. */
export type SavedModel = {
  /** Which model it is, such as "languageModel": letters, digits and "-". */
  readonly kind: string;
  /** Architecture, vocabularies, labels, scalers: plain JSON, from which the model is built again. */
  configuration(): JsonValue;
  /** Every trainable tensor by its path. */
  parameters(): Parameters;
};

/** Builds a model whose parameters are zero from what `configuration()` gave. Throws FormatError. */
export type BuildModel<M extends SavedModel> = (configuration: JsonValue) => M;

/** The bytes of a file that holds everything (safetensors; the same model, the same bytes). */
export function encodeModel(model: SavedModel): Uint8Array {
  const arrays: Record<string, StoredArray> = {};
  for (const [name, value] of Object.entries(model.parameters())) {
    arrays[name] = { dtype: value.dtype, shape: value.shape, data: value.values() };
  }
  return encodeNative({ kind: model.kind, config: model.configuration(), arrays });
}

/**
 * The model in the bytes that `encodeModel` made, of one of `kinds`. Throws FormatError for anything else: not a file of ours, a newer version, another
 * kind, a configuration that doesn't fit or declares more than the file holds, a parameter that is missing, superfluous, of another shape or dtype.
 */
export function decodeModel<M extends SavedModel>(
  where: string,
  bytes: Uint8Array,
  kinds: Readonly<Record<string, BuildModel<M>>>,
): M {
  const { kind, config, arrays } = decodeNative(bytes);
  if (!Object.hasOwn(kinds, kind)) {
    const known = Object.keys(kinds).map((name) => JSON.stringify(name));
    throw new FormatError(sentence(where, `a file of kind ${known.join(", ")}`, JSON.stringify(kind)));
  }
  const numbers = Object.values(arrays).reduce((total, { data }) => total + data.length, 0);
  const model = withParameterBudget(numbers, () => kinds[kind](config));
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
