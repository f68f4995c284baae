export { asFormatError, checkFields, field, parseFields } from "./fields.ts";
export type { Fields } from "./fields.ts";
export { layerCell, RecurrentStack, stackConfigOf, stackFields } from "./recurrent-stack.ts";
export type { StackConfig, StackResult, StackRunOptions } from "./recurrent-stack.ts";
export { countParameters, decodeModelOf, encodeModel } from "./saved-model.ts";
export type { BuildModel, ModelKinds, SavedModel } from "./saved-model.ts";
export { each, interruptible, one } from "./interruptible.ts";
export type { Interruptible } from "./interruptible.ts";
