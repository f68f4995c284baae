export { buildVocabulary, Vocabulary, vocabularyFromJSON } from "./vocabulary.ts";
export type { VocabularyJSON, VocabularyOptions } from "./vocabulary.ts";
export { NORMALIZATIONS, normalized } from "./normalize.ts";
export type { Normalization } from "./normalize.ts";
export type { DecodeStream, EncodeStream } from "./token-codecs.ts";
export { readTokens } from "./token-source.ts";
export { shardBatches, shardRows, WHOLE } from "./shard.ts";
export type { Shard } from "./shard.ts";
export type { TokenSource } from "./token-source.ts";
export type { Unit } from "./text-units.ts";
export { oneHotArray } from "./one-hot.ts";
export type { OneHotOptions } from "./one-hot.ts";
export { contiguousBatches, shuffledWindows, splitTail } from "./windows.ts";
export type {
  ContiguousOptions,
  ShuffledOptions,
  SplitOptions,
  Splittable,
  TokenBatch,
  TokenBatches,
} from "./windows.ts";
export { csvRows } from "./csv.ts";
export type { CsvOptions, CsvRow } from "./csv.ts";
export { slidingWindows } from "./sliding-windows.ts";
export type { SeriesBatch, SeriesWindows, SlidingOptions } from "./sliding-windows.ts";
export { bucketByLength, padSequences } from "./batch.ts";
export type { BucketOptions, Buckets, FeatureSequence, PaddedBatch, PadOptions } from "./batch.ts";
export { minMaxScaler, robustScaler, scalerFromJSON, standardScaler } from "./scaler.ts";
export type { MinMaxOptions, RobustOptions, Scaler, ScalerJSON, ScalerKind, Table } from "./scaler.ts";
export { batchesInOrder, exampleBatches, largestBatch, mostRows, splitExamples } from "./examples.ts";
export type { ExampleBatchOptions } from "./examples.ts";
