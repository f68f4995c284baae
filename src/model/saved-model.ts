/** @file What every model that can be saved has in common, and its bytes. */
import { FormatError, isFloat, sentence } from "../base/index.ts";
import { decodeNative, encodeNative, type JsonValue } from "../formats/index.ts";
import { arraysOf, type Layer, loadParameters } from "../layers/index.ts";
import { withParameterBudget } from "../rnn/index.ts";

/** A model with all that is needed to build and use it again. */
export type SavedModel = Layer & {
  /** Kind of the model, such as "languageModel": letters, digits and "-". */
  readonly kind: string;
  /**
   * Architecture, vocabularies, labels, scalers: plain JSON, from which the model is built again.
   */
  configuration(): JsonValue;
};

/** Builders of models, by the kind in their files. With `C` never: any, whatever each takes. */
export type ModelKinds<M extends SavedModel, C = JsonValue> = Readonly<Record<string, BuildModel<M, C>>>;

/**
 * Builds a model whose parameters are zero from what `configuration()` gave. Throws FormatError.
 * `C` is what it takes the configuration for, which only it can check.
 */
export type BuildModel<M extends SavedModel, C = JsonValue> = (configuration: C) => M;

/** The bytes of a file that holds everything (safetensors; the same model, the same bytes). */
export const encodeModel = (model: SavedModel): Uint8Array =>
  encodeNative({ kind: model.kind, config: model.configuration(), arrays: arraysOf(model) });

/**
 * The model in the bytes that `encodeModel` made, of one of `kinds`. Throws FormatError for
 * anything else: not a file of ours, a newer version, another kind, a configuration that doesn't
 * fit or declares more than the file holds, parameters that don't fit as `loadParameters` says.
 * Throws NotFiniteError, which names the parameter, for weights that are NaN or infinite: no answer
 * of theirs would mean anything. `decodeNative` reads such a file without building its model.
 */
export function decodeModelOf<M extends SavedModel>(where: string, bytes: Uint8Array, kinds: ModelKinds<M, never>): M {
  const { kind, config, arrays } = decodeNative(bytes);
  if (!Object.hasOwn(kinds, kind)) {
    const known = Object.keys(kinds).map((name) => JSON.stringify(name));
    throw new FormatError(sentence(where, `a file of kind ${known.join(", ")}`, JSON.stringify(kind)));
  }
  // parameters are floating point, so arrays of anything else can't become any
  const numbers = Object.values(arrays).reduce(
    (total, { dtype, data }) => total + (isFloat(dtype) ? data.length : 0),
    0,
  );
  const model = withParameterBudget(numbers, () => built(where, () => kinds[kind](config as never)));
  loadParameters(model, arrays, {}, where);
  return model;
}

/** Calls `build`. Values that a constructor refuses become a FormatError: the file is wrong. */
function built<M>(where: string, build: () => M): M {
  try {
    return build();
  } catch (error) {
    if (!(error instanceof RangeError || error instanceof TypeError)) throw error;
    throw new FormatError(`${where}: ${error.message}`, { cause: error });
  }
}
