export { adagrad } from "./adagrad.ts";
export type { AdagradOptions } from "./adagrad.ts";
export { adam, adamw } from "./adam.ts";
export type { AdamOptions, EpsilonMode } from "./adam.ts";
export { clipByGlobalNorm, clipByNorm, clipByValue, clipScale, globalNorm, scaleOfNorm } from "./clip.ts";
export type { ClipByGlobalNorm, ClipByNorm, ClipScale } from "./clip.ts";
export { lion } from "./lion.ts";
export type { LionOptions } from "./lion.ts";
export { momentum, nesterov } from "./momentum.ts";
export type { MomentumOptions, VelocityForm } from "./momentum.ts";
export type { Optimizer, OptimizerConfig, OptimizerState, Parameters, UpdateOptions } from "./optimizer.ts";
export { plateau } from "./plateau.ts";
export type { Plateau, PlateauOptions, PlateauState } from "./plateau.ts";
export { optimizerFromConfig, optimizers, presets } from "./presets.ts";
export type { Framework, OptimizerName } from "./presets.ts";
export { rmsprop } from "./rmsprop.ts";
export type { EpsilonPlace, RmspropOptions } from "./rmsprop.ts";
export {
  charRnn,
  constant,
  cosineAnnealing,
  cosineDecay,
  exponentialDecay,
  stepDecay,
  torchRnn,
  warmUp,
} from "./schedules.ts";
export type { Schedule } from "./schedules.ts";
export { sgd } from "./sgd.ts";
export type { SgdOptions } from "./sgd.ts";
