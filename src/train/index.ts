export { train } from "./train.ts";
export type { TrainEvent, TrainOptions } from "./train.ts";
