export { copyOf } from "./loop/averaging.ts";
export { earlyStopping, reduceOnPlateau } from "./loop/callbacks.ts";
export type { Callback, EarlyStoppingOptions, RunControl } from "./loop/callbacks.ts";
export type {
  EndEvent,
  EndReason,
  EpochEvent,
  EvaluationEvent,
  StepEvent,
  TrainEvent,
  Trouble,
  WarningEvent,
} from "./loop/events.ts";
export type { Finding, Verdict } from "./loop/finding.ts";
export { fitOn, historyOf } from "./fit-on.ts";
export type { FitOnOptions, History } from "./fit-on.ts";
export type { Communicator, RankSums } from "./loop/communicator.ts";
export { SCHEDULE_STEPS } from "./loop/run-snapshots.ts";
export { rehearsalBytes } from "./memory/memory-plan.ts";
export type { ParameterGroup } from "./loop/parameter-groups.ts";
export type { Snapshot } from "./loop/snapshot.ts";
export type { EpochBatches, Loss, LossContext, Measured, Rehearsal, Task } from "./loop/task.ts";
export { trainOn, trainOnLater } from "./train-on.ts";
export { TRAIN_ON_HINTS, TRAIN_ON_OPTIONS } from "./train-options.ts";
export type { Fingerprint, OwnTask, SeekableBatches } from "./train-on.ts";
export type { TrainOnOptions } from "./train-options.ts";
export type { Training } from "./loop/training.ts";
