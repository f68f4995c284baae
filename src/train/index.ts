export { earlyStopping, reduceOnPlateau } from "./callbacks.ts";
export type { Callback, EarlyStoppingOptions, RunControl } from "./callbacks.ts";
export type {
  EndEvent,
  EndReason,
  EpochEvent,
  EvaluationEvent,
  StepEvent,
  TrainEvent,
  Trouble,
  WarningEvent,
} from "./events.ts";
export { diagnose } from "./diagnose.ts";
export type { DiagnoseOptions, HistoryEvent } from "./diagnose.ts";
export type { Diagnosis, Finding, GateSpread, GradientByStep, Verdict } from "./diagnosis.ts";
export { fit, fitOn } from "./fit.ts";
export type { FitOnOptions, FitOptions, History } from "./fit.ts";
export type { Penalties } from "./language-model-task.ts";
export type { Training } from "./loop.ts";
export { trainingBytes } from "./memory-plan.ts";
export type { RunSizes } from "./memory-plan.ts";
export type { ParameterGroup } from "./parameter-groups.ts";
export type { Snapshot } from "./snapshot.ts";
export type { Loss, LossContext, Measured } from "./task.ts";
export { trainOn } from "./train-on.ts";
export type { OwnTask } from "./train-on.ts";
export type { TrainOnOptions } from "./train-options.ts";
export { trainInWorker } from "./train-in-worker.ts";
export type { WorkerTraining, WorkerTrainOptions } from "./train-in-worker.ts";
export { train } from "./train.ts";
export type { TrainOptions } from "./train.ts";
export type { WorkerCallback } from "./worker-messages.ts";
