/** @file The language model: what the entry `unrolled` has of it. */
export { generate, generateAll } from "./answers.ts";
export type { GenerateOptions } from "./answers.ts";
export type { LanguageModelConfig } from "./config.ts";
export { diagnose } from "./diagnose/diagnose.ts";
export type { DiagnoseOptions, HistoryEvent } from "./diagnose/diagnose.ts";
export type { Diagnosis, GateSpread, GradientByStep } from "./diagnose/diagnosis.ts";
export { evaluate } from "./evaluation.ts";
export type { EvaluateOptions, Evaluation } from "./evaluation.ts";
export { fit } from "./fit.ts";
export type { FitOptions } from "./fit.ts";
export { trainingBytes } from "./memory.ts";
export type { RunSizes } from "./memory.ts";
export {
  decodeModel,
  DEFAULT_WORDS,
  encodeCorpus,
  LanguageModel,
  languageModel,
  languageModelKinds,
  loadLanguageModel,
} from "./model.ts";
export type { LanguageModelOptions } from "./model.ts";
export { train } from "./train.ts";
export type { TrainOptions } from "./train.ts";
export { languageModelTask } from "./training.ts";
export type { LanguageModelTaskOptions, Penalties } from "./training.ts";
export { trainInWorker } from "./worker/train-in-worker.ts";
export type { WorkerTraining, WorkerTrainOptions } from "./worker/train-in-worker.ts";
export type { WorkerCallback } from "./worker/worker-messages.ts";
