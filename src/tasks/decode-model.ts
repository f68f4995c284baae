/** @file Models of every kind from their bytes. */
import { decodeModelOf, type ModelKinds, type SavedModel } from "../model/index.ts";
import { type Classifier, classifierKinds } from "./classify/model.ts";
import { type Forecaster, forecasterKinds } from "./forecast/model.ts";
import { type LanguageModel, languageModelKinds } from "./language-model/index.ts";
import { type Tagger, taggerKinds } from "./tag/model.ts";
import { type Transcriber, transcriberKinds } from "./transcribe/model.ts";
import { type Translator, translatorKinds } from "./translate/model.ts";

/** A model of this package; its `kind` tells which. */
export type TaskModel = LanguageModel | Classifier | Tagger | Forecaster | Translator | Transcriber;

/**
 * The model in the bytes that `encodeModel` made: one of this package, or one of `kinds`, which are
 * builders of models of your own by their `kind`.
 *
 * Throws FormatError for anything else: not a file of ours, a newer version, another kind, a configuration
 * that doesn't fit or declares more than the file holds, a parameter that is missing, superfluous, of
 * another shape or dtype; NotFiniteError, which names the parameter, for weights that are NaN or infinite.
 */
export const decodeModel = <M extends SavedModel = TaskModel>(
  bytes: Uint8Array,
  kinds: ModelKinds<M> = {},
): TaskModel | M =>
  decodeModelOf<TaskModel | M>("decodeModel", bytes, {
    ...languageModelKinds,
    ...classifierKinds,
    ...taggerKinds,
    ...forecasterKinds,
    ...translatorKinds,
    ...transcriberKinds,
    ...kinds,
  });
