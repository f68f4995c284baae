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
export { fit } from "./fit.ts";
export type { FitOptions, History } from "./fit.ts";
export type { Penalties } from "./language-model-task.ts";
export type { Training } from "./loop.ts";
export { trainingBytes } from "./memory-plan.ts";
export type { RunSizes } from "./memory-plan.ts";
export type { ParameterGroup } from "./parameter-groups.ts";
export type { Snapshot } from "./snapshot.ts";
export { train } from "./train.ts";
export type { TrainOptions } from "./train.ts";
