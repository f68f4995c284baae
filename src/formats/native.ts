/**
 * @file The Unrolled file: a safetensors file (any reader can open its arrays) whose metadata
 * contain the whole configuration. "unrolled.format" version of this layout, "1" "unrolled.kind"
 * which model it is, such as "languageModel" "unrolled.config" JSON text, checked by that model
 */
import { FormatError, sentence, valueError } from "../base/index.ts";
import { decodeMetadata, decodeSafetensors, encodeSafetensors } from "./safetensors.ts";
import type { StoredArray } from "./safetensors.ts";
import { parseStrictJson } from "./strict-json.ts";
import type { JsonValue } from "./strict-json.ts";
import { writeStrictJson } from "./write-json.ts";

/** Version of Unrolled files that are written, and the newest that can be read. */
export const NATIVE_VERSION = 1;

/** Contents of an Unrolled file to be written. */
export type NativeContents = {
  /** Kind of model: letters, digits and "-", at most 64, a letter first. */
  kind: string;
  /** Configuration as plain JSON: everything needed to rebuild the model. */
  config: unknown;
  /** Parameters by path. */
  arrays: Readonly<Record<string, StoredArray>>;
};

/**
 * Contents of an Unrolled file that was read. `config` is valid JSON; the model has to check its
 * fields.
 */
export type NativeFile = { kind: string; config: JsonValue; arrays: Record<string, StoredArray> };

const kindPattern = /^[A-Za-z][A-Za-z0-9-]{0,63}$/;

/**
 * Encodes an Unrolled file; the same contents give the same bytes. Throws TypeError or RangeError,
 * with the path, for a configuration that JSON cannot hold (NaN, infinity, functions, typed arrays)
 * and for arrays as `encodeSafetensors` does.
 */
export function encodeNative({ kind, config, arrays }: NativeContents): Uint8Array {
  if (!kindPattern.test(kind)) throw valueError("encodeNative kind", 'letters, digits and "-" (at most 64)', kind);
  return encodeSafetensors(arrays, {
    "unrolled.format": String(NATIVE_VERSION),
    "unrolled.kind": kind,
    "unrolled.config": writeStrictJson(config, "encodeNative config"),
  });
}

/**
 * The kind of the model in an Unrolled file, such as "languageModel". Reads only the header:
 * `bytes` may end after it, and the rest is not checked. Throws FormatError as `decodeNative`.
 */
export const kindOf = (bytes: Uint8Array): string => checkedKind("kindOf", decodeMetadata("kindOf", bytes));

/**
 * Decodes an Unrolled file. Throws FormatError if it is not a valid safetensors file, has no
 * Unrolled configuration, or was written by a newer version (the message names both).
 */
export function decodeNative(bytes: Uint8Array): NativeFile {
  const where = "decodeNative";
  const { arrays, metadata } = decodeSafetensors(bytes);
  const kind = checkedKind(where, metadata);
  const config = metadata["unrolled.config"];
  if (config === undefined) throw new FormatError(sentence(where, "unrolled.config: JSON text", "none"));
  return { kind, config: parseStrictJson(config, { where: `${where} config` }), arrays };
}

function checkedKind(where: string, metadata: Readonly<Record<string, string>>): string {
  const version = metadata["unrolled.format"];
  const kind = metadata["unrolled.kind"];
  if (version === undefined) {
    throw new FormatError(
      sentence(
        where,
        "an Unrolled file",
        "a safetensors file without an Unrolled configuration",
        "decodeSafetensors(bytes) reads its arrays alone",
      ),
    );
  }
  if (!/^[1-9][0-9]{0,8}$/.test(version)) {
    throw new FormatError(sentence(where, "unrolled.format: a version number", JSON.stringify(version.slice(0, 40))));
  }
  if (Number(version) > NATIVE_VERSION) {
    throw new FormatError(
      sentence(
        where,
        `Unrolled format ${NATIVE_VERSION}`,
        `format ${version}`,
        "A newer Unrolled wrote this file; update the package",
      ),
    );
  }
  if (kind === undefined || !kindPattern.test(kind)) {
    throw new FormatError(
      sentence(
        where,
        "unrolled.kind: the kind of model",
        kind === undefined ? "none" : JSON.stringify(kind.slice(0, 40)),
      ),
    );
  }
  return kind;
}
