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

const taskModelKinds: ModelKinds<TaskModel> = {
  ...languageModelKinds,
  ...classifierKinds,
  ...forecasterKinds,
  ...taggerKinds,
  ...transcriberKinds,
  ...translatorKinds,
};

/**
 * The model in the bytes that `encodeModel` made: one of this package, or, with builders of models
 * of your own by their `kind`, one of those. Throws as `decodeModel` of unrolled.
 */
export function decodeModel(bytes: Uint8Array): TaskModel;
export function decodeModel<M extends SavedModel>(bytes: Uint8Array, kinds: ModelKinds<M>): M;
export function decodeModel<M extends SavedModel>(bytes: Uint8Array, kinds: ModelKinds<M, never>): M;
export function decodeModel(bytes: Uint8Array, kinds: ModelKinds<SavedModel, never> = taskModelKinds): SavedModel {
  return decodeModelOf("decodeModel", bytes, kinds);
}
