export { evaluate, EVALUATE_DEFAULTS, evaluateInPieces } from "./evaluate.ts";
export type { EvaluateOptions, Evaluation } from "./evaluate.ts";
export type { GenerateOptions } from "./generate.ts";
export { DEFAULT_WORDS, encodeCorpus, LanguageModel, languageModel } from "./language-model.ts";
export type { ForwardOptions, LanguageModelOptions } from "./language-model.ts";
export type { LanguageModelConfig } from "./language-model-config.ts";
export { loadLanguageModel, saveLanguageModel } from "./language-model-file.ts";
