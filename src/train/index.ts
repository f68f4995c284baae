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
export { diagnose } from "./diagnose/diagnose.ts";
export type { DiagnoseOptions, HistoryEvent } from "./diagnose/diagnose.ts";
export type { Diagnosis, Finding, GateSpread, GradientByStep, Verdict } from "./diagnose/diagnosis.ts";
export { fit, fitOn } from "./fit.ts";
export type { FitOnOptions, FitOptions, History } from "./fit.ts";
export type { Penalties } from "./language-model-task.ts";
export type { Training } from "./loop/loop.ts";
export { trainingBytes } from "./memory/memory-plan.ts";
export type { RunSizes } from "./memory/memory-plan.ts";
export type { ParameterGroup } from "./loop/parameter-groups.ts";
export type { Snapshot } from "./loop/snapshot.ts";
export type { Loss, LossContext, Measured } from "./loop/task.ts";
export { trainOn } from "./train-on.ts";
export type { OwnTask } from "./train-on.ts";
export type { TrainOnOptions } from "./train-options.ts";
export { trainInWorker } from "./worker/train-in-worker.ts";
export type { WorkerTraining, WorkerTrainOptions } from "./worker/train-in-worker.ts";
export { train } from "./train.ts";
export type { TrainOptions } from "./train.ts";
export type { WorkerCallback } from "./worker/worker-messages.ts";
