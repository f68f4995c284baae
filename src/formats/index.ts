export { CHECKPOINT_VERSION, decodeCheckpoint, encodeCheckpoint } from "./checkpoint.ts";
export type { Checkpoint, CheckpointContents } from "./checkpoint.ts";
export { decodeNative, encodeNative, NATIVE_VERSION } from "./native.ts";
export type { NativeContents, NativeFile } from "./native.ts";
export { decodeSafetensors, encodeSafetensors } from "./safetensors.ts";
export type { Safetensors, StoredArray } from "./safetensors.ts";
export { parseStrictJson } from "./strict-json.ts";
export type { JsonValue, StrictJsonOptions } from "./strict-json.ts";
export { writeStrictJson } from "./write-json.ts";
