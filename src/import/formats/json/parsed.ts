/** @file Values of JSON with the place that errors begin with. */
import type { JsonValue } from "../../../formats/index.ts";

/** A file of JSON, parsed, with the beginning of errors about it. */
export type ParsedJson = { readonly where: string; readonly value: JsonValue };

/** An object of JSON. */
export type JsonObject = { readonly [key: string]: JsonValue };

/** Whether a value is an object, no list. */
export const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);
