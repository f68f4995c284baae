/** @file What every model that can be saved has in common, and its bytes. */
import { firstNotFinite, FormatError, formatShape, NotFiniteError, sameShape, sentence } from "../base/index.ts";
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
  /** Trainable numbers. */
  readonly parameterCount: number;
};

/** Trainable numbers of a model. */
export const countParameters = (parameters: Parameters): number =>
  Object.values(parameters).reduce((total, { size }) => total + size, 0);

/** Builders of models, by the kind in their files. */
export type ModelKinds<M extends SavedModel> = Readonly<Record<string, BuildModel<M>>>;

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
 * Throws NotFiniteError, which names the parameter, for weights that are NaN or infinite: no answer of theirs would mean anything. `decodeNative` reads
 * such a file without building its model.
 */
export function decodeModelOf<M extends SavedModel>(where: string, bytes: Uint8Array, kinds: ModelKinds<M>): M {
  const { kind, config, arrays } = decodeNative(bytes);
  if (!Object.hasOwn(kinds, kind)) {
    const known = Object.keys(kinds).map((name) => JSON.stringify(name));
    throw new FormatError(sentence(where, `a file of kind ${known.join(", ")}`, JSON.stringify(kind)));
  }
  // parameters are float32, so arrays of anything else can't become any
  const numbers = Object.values(arrays).reduce(
    (total, { dtype, data }) => total + (dtype === "float32" ? data.length : 0),
    0,
  );
  const model = withParameterBudget(numbers, () => built(where, () => kinds[kind](config)));
  const parameters = model.parameters();
  for (const [name, parameter] of Object.entries(parameters)) {
    const array = arrays[name];
    if (array === undefined) throw new FormatError(sentence(where, `a parameter "${name}"`, "none"));
    if (array.dtype !== parameter.dtype || !sameShape(array.shape, parameter.shape)) {
      const expected = `"${name}" ${parameter.dtype} ${formatShape(parameter.shape)}`;
      throw new FormatError(sentence(where, expected, `${array.dtype} ${formatShape(array.shape)}`));
    }
    checkWeights(where, name, array);
    assign(parameter, array.data);
  }
  for (const name of Object.keys(arrays)) {
    if (!Object.hasOwn(parameters, name))
      throw new FormatError(sentence(where, "no other parameters", JSON.stringify(name)));
  }
  return model;
}

/** What `build` gives. What a constructor refuses becomes a FormatError: wrong is the file. */
function built<M>(where: string, build: () => M): M {
  try {
    return build();
  } catch (error) {
    if (!(error instanceof RangeError || error instanceof TypeError)) throw error;
    throw new FormatError(`${where}: ${error.message}`, { cause: error });
  }
}

/** Throws NotFiniteError for an array that holds NaN or an infinity. */
function checkWeights(where: string, name: string, { data }: StoredArray): void {
  const bad = firstNotFinite(data);
  if (bad < 0) return;
  const got = `${data[bad]} at element ${bad} of ${JSON.stringify(name)}`;
  throw new NotFiniteError(sentence(where, "finite weights", got, "The model has diverged, or the file is damaged"));
}
