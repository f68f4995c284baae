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
export { writeFileDurably, writeFileDurablySync } from "./durable-file.ts";
export type { FileSystem, NewFile } from "./file-system.ts";
export { loadModel, MODEL_FILE, saveModel } from "./model-file.ts";
export { readCorpus, readCorpusBytes } from "./read-corpus.ts";
export { LOCK_FILE, lockRun } from "./run-lock.ts";
export type { RunLock } from "./run-lock.ts";
