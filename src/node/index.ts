export { checkpointStore } from "./run/checkpoint-store.ts";
export type {
  CheckpointStore,
  CheckpointStoreOptions,
  LoadCheckpointOptions,
  LoadedCheckpoint,
  SaveCheckpointOptions,
  SavedCheckpoint,
  StoredCheckpoint,
} from "./run/checkpoint-store.ts";
export { CHECKPOINTS_FOLDER, clearRun } from "./run/clear-run.ts";
export { compareCurves, CURVES_FILE, runCurves, writeCurves } from "./pictures/curves.ts";
export type { NamedRun } from "./pictures/curves.ts";
export { GATES_FILE, GRADIENTS_FILE, writeDiagnosis } from "./pictures/diagnosis-pictures.ts";
export { writeFileDurably, writeFileDurablySync } from "./files/durable-file.ts";
export type { FileSystem, NewFile } from "./files/file-system.ts";
export { METRICS_FILE, metricsLine, metricsLog, readMetrics } from "./run/metrics-log.ts";
export type { Metrics, MetricsEvent, MetricsLog, ReadMetricsOptions } from "./run/metrics-log.ts";
export { CARD_FILE, modelCard, writeModelCard } from "./run/model-card.ts";
export type { ModelCardOptions } from "./run/model-card.ts";
export { BEST_FILE, loadModel, MODEL_FILE, readModelBytes, saveModel } from "./run/model-file.ts";
export { filesIn } from "./read/files-in.ts";
export type { FileTokens } from "./read/file-tokens.ts";
export { corpusBytes, readCorpus, readCorpusBytes, textFiles } from "./read/read-corpus.ts";
export type { ReadCorpusOptions } from "./read/read-corpus.ts";
export { readCsv } from "./read/read-csv.ts";
export { CONFIG_FILE, readRunConfig, readRunOptions, writeRunConfig } from "./run/run-config.ts";
export type { OptionValue, RunConfig } from "./run/run-config.ts";
export { checkRunData, dataHash, describeData } from "./run/run-data.ts";
export type { CheckRunDataOptions, DataFile } from "./run/run-data.ts";
export { runDirectory } from "./run/run-directory.ts";
export type { RecordOptions, ResumePoint, RunDirectory, RunRecorder } from "./run/run-directory.ts";
export { runMaker } from "./run/run-maker.ts";
export type { RunMaker, RunPart } from "./run/run-maker.ts";
export { LOCK_FILE, lockRun } from "./run/run-lock.ts";
export type { RunLock } from "./run/run-lock.ts";
export { statIfAny } from "./files/stat-if-any.ts";
export { summarizeRun } from "./run/run-summary.ts";
export type { BestEvaluation, RunSummary } from "./run/run-summary.ts";
export { streamCorpus } from "./read/stream-corpus.ts";
export type { StreamCorpusOptions, StreamedCorpus } from "./read/stream-corpus.ts";
export { eventWriter } from "./run/tensorboard.ts";
export type { EventWriter, EventWriterOptions } from "./run/tensorboard.ts";
export { classFiles, readRecords } from "./read/read-examples.ts";
export { MissingColumnError, recordNumber, recordText, recordValue } from "./read/record-values.ts";
export type { ClassFile } from "./read/read-examples.ts";
export type { ReadRecordsOptions, RecordEntry, RecordFormat, TableHead, TableOptions } from "./read/record.ts";
export { readTagged } from "./read/read-tagged.ts";
export type { ReadTaggedOptions } from "./read/read-tagged.ts";
export { decodeSound, SOUND_EXTENSIONS } from "./read/read-sound.ts";
export { readModelSource } from "./read/model-source.ts";
export { readRecordings } from "./read/read-recordings.ts";
export type { ReadRecordingsOptions, Recording, Recordings } from "./read/read-recordings.ts";
export { spectrogramSvg } from "./pictures/spectrogram.ts";
export type { SpectrogramOptions } from "./pictures/spectrogram.ts";
export { decodeIdx, idxPictures, readIdx } from "./read/read-idx.ts";
export type { IdxArray } from "./read/read-idx.ts";
export { decodePicture, PICTURE_EXTENSIONS, pictureSize, readPicture } from "./read/read-pictures.ts";
export type { PictureOptions } from "./read/read-pictures.ts";
export { forecastPicture } from "./pictures/forecast-picture.ts";
export type { ForecastPictureOptions } from "./pictures/forecast-picture.ts";
export { readSeries } from "./read/read-series.ts";
export type { SeriesFile } from "./read/read-series.ts";
export type { ReadSeriesOptions, SeriesReading, TableReading } from "./read/series-options.ts";
export type { Decimal } from "./read/table-numbers.ts";
