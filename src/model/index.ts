export { asFormatError } from "../base/index.ts";
export { checkFields, field, parseFields } from "./fields.ts";
export type { Fields } from "./fields.ts";
export { stackConfigOf, stackFields } from "./stack-config.ts";
export type { StackConfig } from "./stack-config.ts";
export { decodeModelOf, encodeModel } from "./saved-model.ts";
export type { BuildModel, ModelKinds, SavedModel } from "./saved-model.ts";
export { allAnswers, interruptible, oneAnswer } from "./interruptible.ts";
export type { Interruptible, WorkInPieces } from "./interruptible.ts";
