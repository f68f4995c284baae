/**
 * @file The entry `unrolled/tasks`: applications of recurrent networks, each a model with its data,
 * training and measures.
 */

// every task
export { splitExamples } from "../data/index.ts";
export { decodeModel } from "./decode-model.ts";
export type { TaskModel } from "./decode-model.ts";

// classify: texts, sequences of numbers, pictures
export { accuracy, confusionMatrix, precisionRecallF1, rocAuc } from "../metrics/index.ts";
export type { ClassificationReport, ConfusionMatrix, PrecisionRecallF1 } from "../metrics/index.ts";
export { classifierStream, classify, classifyAll } from "./classify/answers.ts";
export type { Classification, ClassifierStream, ClassifyOptions } from "./classify/answers.ts";
export type { ImageAugmentation } from "./classify/augment.ts";
export type { ClassifierConfig } from "./classify/config.ts";
export { confusionPicture } from "./classify/confusion-picture.ts";
export { evaluateClassifier } from "./classify/evaluation.ts";
export type { ClassifierEvaluation, UnknownLabel } from "./classify/evaluation.ts";
export type { ClassifierInput, Color, InputConfig, InputOptions, NumberRows, Picture } from "./classify/inputs.ts";
export { Classifier, classifier, loadClassifier } from "./classify/model.ts";
export type { ClassifierBatch, ClassifierExample, ClassifierOptions } from "./classify/model.ts";
export { resizePicture } from "./classify/resize.ts";
export { attentionWeights, pool } from "./classify/pooling.ts";
export type { AttentionParameters, Pooling, PoolOptions } from "./classify/pooling.ts";
export { classifierTask } from "./classify/training.ts";
export type { ClassifierTaskOptions } from "./classify/training.ts";

// tag: a tag for each word
export { convertTags, spanF1, spansToTags, tagsToSpans, tokenAccuracy } from "../metrics/index.ts";
export type { F1Score, Span, SpanF1, TagScheme } from "../metrics/index.ts";
export { crfBestPaths, crfLogLikelihood, crfLogNormalizer, crfMarginals, crfViterbi } from "../tensor/index.ts";
export type { CrfConstraints, CrfPath, CrfScores, CrfViterbiOptions } from "../tensor/index.ts";
export { tag, tagAll } from "./tag/answers.ts";
export type { TaggedSentence, TagOptions } from "./tag/answers.ts";
export type { TaggerConfig } from "./tag/config.ts";
export { evaluateTagger } from "./tag/evaluation.ts";
export type { TaggerEvaluation } from "./tag/evaluation.ts";
export { loadTagger, Tagger, tagger } from "./tag/model.ts";
export type { TaggerBatch, TaggerOptions } from "./tag/model.ts";
export { parseBrat } from "./tag/brat.ts";
export type { BratOptions } from "./tag/brat.ts";
export { conllSentences, parseConll } from "./tag/columns.ts";
export type { ConllOptions, ConllSentence, ConllSentencesOptions } from "./tag/columns.ts";
export { labelledRecords, parseTaggedJsonl } from "./tag/json.ts";
export type { LabelledEntry, LabelledRecordsOptions, TaggedJsonlOptions } from "./tag/json.ts";
export type { LabelledRecord } from "./tag/records.ts";
export { isTaggedTable, parseTaggedTable } from "./tag/table.ts";
export type { TaggedRow, TaggedTableOptions } from "./tag/table.ts";
export { tagsInScheme, writtenTag } from "./tag/notation.ts";
export type { ReadSchemeOptions, TagNotation, TagsInScheme } from "./tag/notation.ts";
export { splitTokens, tokensOfText } from "./tag/split-tokens.ts";
export type { PlacedToken, Tokenizer } from "./tag/split-tokens.ts";
export { detectScheme, tagConstraints } from "./tag/scheme.ts";
export type { UnknownTag } from "./tag/scheme.ts";
export { taggerTask } from "./tag/training.ts";
export type { TaggerTaskOptions } from "./tag/training.ts";
export type { TaggedExample } from "./tag/words.ts";

// forecast: distributions of the next values of series
export { coverage, crps, crpsFromQuantiles, mase, meanAbsoluteError, pinball, smape } from "../metrics/index.ts";
export type { CrpsOptions, MaseOptions } from "../metrics/index.ts";
export { negativeBinomialLoss, normalLoss, studentTLoss } from "../tensor/index.ts";
export { forecast, forecastAll, ForecastTracker, forecastTracker } from "./forecast/answers.ts";
export type { ForecastOptions } from "./forecast/answers.ts";
export { backtest, calibrate, seasonalNaive } from "./forecast/backtest.ts";
export type {
  Backtest,
  BacktestOptions,
  Fold,
  ForecastFactory,
  ForecastMeasures,
  SeasonalNaiveOptions,
} from "./forecast/backtest.ts";
export {
  calendarFeatures,
  formatTime,
  formatTimes,
  frequenciesBetween,
  frequencyBetween,
  parseTime,
} from "./forecast/calendar.ts";
export type { CalendarFeature } from "./forecast/calendar.ts";
export type { Columns, Covariate, ForecasterConfig, KnownSeries, Reading } from "./forecast/config.ts";
export { evaluateForecaster } from "./forecast/evaluation.ts";
export type { ForecasterEvaluation } from "./forecast/evaluation.ts";
export { checkFrequency, formatFrequency, parseFrequency, stepsBetween, timeAfter } from "./forecast/frequency.ts";
export type { Frequency } from "./forecast/frequency.ts";
export type { HeadName } from "./forecast/heads.ts";
export { featureNames } from "./forecast/inputs.ts";
export { Forecaster, forecaster, loadForecaster } from "./forecast/model.ts";
export type { ForecasterOptions, ForecasterOutput } from "./forecast/model.ts";
export type { Forecast, Interval } from "./forecast/result.ts";
export { seasonOf } from "./forecast/season.ts";
export type { ScalerName, Series, SeriesNeeds, SeriesScale } from "./forecast/series.ts";
export type { Spread } from "./forecast/spread.ts";
export { firstWindows, forecasterTask } from "./forecast/training.ts";
export type { ForecasterTaskOptions } from "./forecast/training.ts";
export { trainedLength } from "./forecast/windows.ts";
export type { WindowBatch } from "./forecast/windows.ts";
export { checkTimeZone, momentsOf, wallTime } from "./forecast/zone.ts";

// translate: a text from a text
export { bleu, chrF, exactMatch } from "../metrics/index.ts";
export type { Bleu, BleuOptions, ChrFOptions } from "../metrics/index.ts";
export { attention, attentionWrapper } from "../rnn/index.ts";
export type {
  AttendedMemory,
  Attention,
  AttentionKind,
  AttentionOptions,
  AttentionState,
  AttentionWrapperOptions,
} from "../rnn/index.ts";
export { translate, translateAll, TRANSLATE_DEFAULTS } from "./translate/answers.ts";
export type { AttentionMap, TranslateOptions, Translation, TranslationCandidate } from "./translate/answers.ts";
export { attentionPicture } from "./translate/attention-picture.ts";
export type { AttentionPictureOptions } from "./translate/attention-picture.ts";
export { beamSearch, coverageOf, lengthPenaltyOf } from "./translate/beam-search.ts";
export type { BeamSearchOptions, Beginning, Continuation, Hypothesis } from "./translate/beam-search.ts";
export { BytePairEncoding, bytePairEncoding } from "./translate/byte-pair-encoding.ts";
export type { BytePairOptions } from "./translate/byte-pair-encoding.ts";
export type { TranslatorConfig } from "./translate/config.ts";
export { evaluateTranslator } from "./translate/evaluation.ts";
export type { TranslatorEvaluation } from "./translate/evaluation.ts";
export type { TranslationBatch } from "./translate/inputs.ts";
export { loadTranslator, Translator, translator, TRANSLATOR_DEFAULTS } from "./translate/model.ts";
export type { Pair, TranslatorOptions } from "./translate/model.ts";
export { teacherProbability } from "./translate/scheduled-sampling.ts";
export type { ScheduledSampling } from "./translate/scheduled-sampling.ts";
export { translatorTask } from "./translate/training.ts";
export type { TranslatorTaskOptions } from "./translate/training.ts";

// transcribe: the text of a recording
export { characterErrorRate, editDistance, wordErrorRate } from "../metrics/index.ts";
export type { Edits } from "../metrics/index.ts";
export { ctcLoss } from "../tensor/index.ts";
export type { CtcOptions } from "../tensor/index.ts";
export { alignText, characterScore, transcribe, transcribeAll } from "./transcribe/answers.ts";
export type { AlignedCharacter, CharacterScore, TranscribeOptions, Transcript } from "./transcribe/answers.ts";
export type { TranscriberConfig } from "./transcribe/config.ts";
export { ctcAlign, ctcBeamSearch, ctcGreedy } from "./transcribe/ctc-decoding.ts";
export type { BeamOptions, Labelling, StepProbabilities } from "./transcribe/ctc-decoding.ts";
export { evaluateTranscriber } from "./transcribe/evaluation.ts";
export type { TranscriberEvaluation } from "./transcribe/evaluation.ts";
export { logMel, mfcc } from "./transcribe/features.ts";
export type { FeatureConfig, FeatureOptions, Features } from "./transcribe/features.ts";
export type { HeardUtterance } from "./transcribe/inputs.ts";
export { loadTranscriber, Transcriber, transcriber } from "./transcribe/model.ts";
export type { TranscriberOptions, Utterance } from "./transcribe/model.ts";
export { transcriberStream } from "./transcribe/stream.ts";
export type { TranscriberStream } from "./transcribe/stream.ts";
export { transcriberTask } from "./transcribe/training.ts";
export type { SpeechAugmentation, TranscriberTaskOptions } from "./transcribe/training.ts";
export { resample } from "./transcribe/resample.ts";
export { decodeWav, encodeWav } from "./transcribe/wav.ts";
export type { EncodeWavOptions, Sound, WavFormat } from "./transcribe/wav.ts";
