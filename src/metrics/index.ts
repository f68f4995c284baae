/** @file Measures of the quality of predictions, on plain values. */
export { spanF1, tokenAccuracy } from "./span-f1.ts";
export type { F1Score, SpanF1 } from "./span-f1.ts";
export { convertTags, isTagOf, OUTSIDE, partsOf, spansToTags, tagsToSpans } from "./spans.ts";
export type { Span, TagScheme } from "./spans.ts";
export {
  accuracy,
  classificationReport,
  confusionMatrix,
  largestClasses,
  mostFrequent,
  othersName,
  precisionRecallF1,
  rocAuc,
} from "./classification.ts";
export type { ClassificationReport, ConfusionMatrix, PrecisionRecallF1 } from "./classification.ts";
export { characterErrorRate, editDistance, wordErrorRate } from "./edit-distance.ts";
export type { Edits } from "./edit-distance.ts";
export { coverage, crps, crpsFromQuantiles, mase, meanAbsoluteError, pinball, smape } from "./forecast.ts";
export type { CrpsOptions, MaseOptions } from "./forecast.ts";
export { bleu } from "./bleu.ts";
export type { Bleu, BleuOptions } from "./bleu.ts";
export { chrF } from "./chrf.ts";
export type { ChrFOptions } from "./chrf.ts";
export { exactMatch } from "./exact-match.ts";
