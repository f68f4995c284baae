export { checkpointStore } from "./checkpoint-store.ts";
export type {
  CheckpointStore,
  CheckpointStoreOptions,
  LoadCheckpointOptions,
  LoadedCheckpoint,
  SaveCheckpointOptions,
  SavedCheckpoint,
  StoredCheckpoint,
} from "./checkpoint-store.ts";
export { CHECKPOINTS_FOLDER, clearRun } from "./clear-run.ts";
export { compareCurves, CURVES_FILE, runCurves, writeCurves } from "./curves.ts";
export type { NamedRun } from "./curves.ts";
export { GATES_FILE, GRADIENTS_FILE, writeDiagnosis } from "./diagnosis-pictures.ts";
export { writeFileDurably, writeFileDurablySync } from "./durable-file.ts";
export type { FileSystem, NewFile } from "./file-system.ts";
export { METRICS_FILE, metricsLine, metricsLog, readMetrics } from "./metrics-log.ts";
export type { Metrics, MetricsEvent, MetricsLog, ReadMetricsOptions } from "./metrics-log.ts";
export { CARD_FILE, modelCard, writeModelCard } from "./model-card.ts";
export type { ModelCardOptions } from "./model-card.ts";
export { BEST_FILE, loadModel, MODEL_FILE, readModelBytes, saveModel } from "./model-file.ts";
export type { FileTokens } from "./file-tokens.ts";
export { corpusBytes, readCorpus, readCorpusBytes } from "./read-corpus.ts";
export { readCsv } from "./read-csv.ts";
export {
  CONFIG_FILE,
  continuedBy,
  dataHash,
  describeData,
  OPTIONAL_TRAINING,
  readRunConfig,
  readRunOptions,
  runMaker,
  writeRunConfig,
} from "./run-config.ts";
export type {
  DataFile,
  RunConfig,
  RunFacts,
  RunMaker,
  RunModel,
  RunOptions,
  RunPart,
  RunTraining,
} from "./run-config.ts";
export { checkRunData } from "./run-data.ts";
export type { CheckRunDataOptions } from "./run-data.ts";
export { LOCK_FILE, lockRun } from "./run-lock.ts";
export type { RunLock } from "./run-lock.ts";
export { statIfAny } from "./stat-if-any.ts";
export { summarizeRun } from "./run-summary.ts";
export type { BestEvaluation, RunSummary } from "./run-summary.ts";
export { streamCorpus } from "./stream-corpus.ts";
export type { StreamCorpusOptions, StreamedCorpus } from "./stream-corpus.ts";
export { eventWriter } from "./tensorboard.ts";
export type { EventWriter, EventWriterOptions } from "./tensorboard.ts";
export { classFiles, readRecords, recordNumber, recordText, recordValue } from "./read-examples.ts";
export type { ClassFile, ReadRecordsOptions, RecordEntry, RecordFormat } from "./read-examples.ts";
export { describeFiles, readTaskRunConfig, taskOfRun, writeTaskRunConfig } from "./task-run-config.ts";
export type { TaskRunConfig } from "./task-run-config.ts";
export { writeTaskCard } from "./task-card.ts";
export { readTagged } from "./read-tagged.ts";
export type { ReadTaggedOptions } from "./read-tagged.ts";
export { readRecordings } from "./read-recordings.ts";
export type { Recording, Recordings } from "./read-recordings.ts";
export { spectrogramSvg } from "./spectrogram.ts";
export type { SpectrogramOptions } from "./spectrogram.ts";
export { decodePng, idxPictures, readIdx, readPng } from "./read-pictures.ts";
export type { IdxArray, PngOptions } from "./read-pictures.ts";
export { forecastPicture } from "./forecast-picture.ts";
export type { ForecastPictureOptions } from "./forecast-picture.ts";
export { readSeries } from "./read-series.ts";
export type { ReadSeriesOptions, SeriesFile } from "./read-series.ts";
