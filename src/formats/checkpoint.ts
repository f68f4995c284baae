/**
 * @file A checkpoint: a safetensors file (any reader can open its arrays) that reveals damage to
 * any bit. Its metadata: "unrolled.checkpoint" version of this layout, "1" "unrolled.state" JSON
 * text, whatever the trainer needs besides the arrays "unrolled.arrays" JSON text, the SHA-256 of
 * each array's bytes by name "unrolled.digest" SHA-256 of the header's length and the header, these
 * 64 digits as zeros The arrays fill the file without a gap, so the last two together cover every
 * bit. All versions have "unrolled.digest", so that a damaged version number is not mistaken for a
 * newer version.
 */
import { checkOptions, DamagedError, encodeUtf8, FormatError, sentence, UnsupportedError } from "../base/index.ts";
import { sha256, yieldToHost } from "#platform";
import { planSafetensors, readArrays, readLayout } from "./safetensors.ts";
import type { SafetensorsLayout, SafetensorsPlan, StoredArray } from "./safetensors.ts";
import { parseStrictJson } from "./strict-json.ts";
import type { JsonValue } from "./strict-json.ts";
import { writeStrictJson } from "./write-json.ts";

/** Version of checkpoints that are written, and the newest that can be read. */
export const CHECKPOINT_VERSION = 1;

/** Contents of a checkpoint to be written. */
export type CheckpointContents = {
  /** State as plain JSON, of at most a million values. Numbers in bulk belong in `arrays`. */
  readonly state: unknown;
  /** Arrays by name. All bits are kept, including NaN. */
  readonly arrays: Readonly<Record<string, StoredArray>>;
};

/**
 * Contents of a checkpoint that was read. `state` is valid JSON; the trainer has to check its
 * fields. The record has a null prototype.
 */
export type Checkpoint = { version: number; state: JsonValue; arrays: Record<string, StoredArray> };

const DIGITS = 64;
const NO_DIGEST = "0".repeat(DIGITS);
/** Bytes before the digest, unique in a header: inside JSON text, these quotes would be escaped. */
const DIGEST_LABEL = Uint8Array.from('"unrolled.digest":"', (letter) => letter.charCodeAt(0));

/** Bytes that are copied or hashed before yielding to the host, which takes a few milliseconds. */
const PIECE = 4 * 2 ** 20;

/**
 * Encodes a checkpoint; the same contents give the same bytes. The host runs between pieces of the
 * work, so the contents must not change before the promise resolves. Rejects with TypeError or
 * RangeError, with the path, for a state that JSON cannot hold (NaN, infinity, undefined,
 * functions, typed arrays), and for arrays as `encodeSafetensors` does. Rejects with FormatError
 * for a state too large to be read back.
 */
export async function encodeCheckpoint({ state, arrays }: CheckpointContents): Promise<Uint8Array> {
  const where = "encodeCheckpoint";
  const text = writeStrictJson(state, `${where} state`, { omitUndefined: false });
  parseStrictJson(text, { where: `${where} state` });
  const planWith = (digests: Readonly<Record<string, string>>): SafetensorsPlan =>
    planSafetensors(where, arrays, {
      "unrolled.checkpoint": String(CHECKPOINT_VERSION),
      "unrolled.state": text,
      "unrolled.arrays": writeStrictJson(digests, where),
      "unrolled.digest": NO_DIGEST,
    });

  // this header has its final length, so the arrays can be copied first, and the copy hashed
  const { parts, size } = planWith(Object.fromEntries(Object.keys(arrays).map((name) => [name, NO_DIGEST])));
  const bytes = new Uint8Array(size);
  await copyParts(parts, bytes);
  const copies = parts.map(({ name, begin, source }) => ({
    name,
    source: bytes.subarray(begin, begin + source.length),
  }));
  const digests: Record<string, string> = {};
  for await (const [name, digest] of digestsOf(copies)) digests[name] = digest;
  const { head } = planWith(digests);
  bytes.set(head);
  bytes.set(encodeUtf8(await sha256(head)), digestOffset(head));
  return bytes;
}

/**
 * Decodes a checkpoint into new arrays. `name` (default "checkpoint") is the file name in errors.
 * Rejects with DamagedError if any bit has changed, the file is cut off or it is not a checkpoint:
 * its `file` is `name`, its `array` the damaged array. Sizes are checked before anything is
 * allocated. Rejects with UnsupportedError for a newer version (the message names both).
 */
export async function decodeCheckpoint(
  bytes: Uint8Array,
  { name: file = "checkpoint" }: { readonly name?: string | undefined } = {},
): Promise<Checkpoint> {
  checkOptions("decodeCheckpoint", arguments[1], "name");
  const where = `decodeCheckpoint ${JSON.stringify(file)}`;
  const damaged = (expected: string, got: string): DamagedError =>
    new DamagedError(sentence(where, expected, got), { file });
  const checked = <R>(read: () => R): R => {
    try {
      return read();
    } catch (error) {
      if (error instanceof FormatError) throw new DamagedError(error.message, { file, cause: error });
      throw error;
    }
  };

  const layout = checked(() => readLayout(where, bytes));
  const { metadata, entries } = layout;
  const stored = await headDigest(layout);
  if (stored === undefined) throw damaged("a checkpoint", "a safetensors file without unrolled.digest in its metadata");
  if (stored.computed !== stored.written) {
    throw damaged(`a header with the SHA-256 ${stored.written}`, `${stored.computed}. The header is damaged`);
  }

  const version = metadata["unrolled.checkpoint"] ?? "";
  if (!/^[1-9][0-9]{0,8}$/.test(version)) {
    throw damaged("unrolled.checkpoint: a version number", JSON.stringify(version.slice(0, 40)));
  }
  if (Number(version) > CHECKPOINT_VERSION) {
    const hint = "A newer Unrolled wrote this file; update the package";
    throw new UnsupportedError(
      sentence(where, `a checkpoint of version ${CHECKPOINT_VERSION}`, `version ${version}`, hint),
    );
  }

  const digests = checked(() => readDigests(where, layout));
  for await (const [name, computed] of digestsOf(entries)) {
    if (computed === digests[name]) continue;
    const message = sentence(
      `${where} array ${JSON.stringify(name)}`,
      `bytes with the SHA-256 ${digests[name]}`,
      computed,
      "The array is damaged",
    );
    throw new DamagedError(message, { file, array: name });
  }
  return checked(() => ({
    version: Number(version),
    state: parseStrictJson(metadata["unrolled.state"] ?? "", { where: `${where} state` }),
    arrays: readArrays(where, layout),
  }));
}

async function copyParts(parts: SafetensorsPlan["parts"], bytes: Uint8Array): Promise<void> {
  let work = 0;
  for (const { begin, source } of parts) {
    for (let at = 0; at < source.length; at += PIECE) {
      const piece = source.subarray(at, at + PIECE);
      if (work + piece.length > PIECE) {
        await yieldToHost();
        work = 0;
      }
      bytes.set(piece, begin + at);
      work += piece.length;
    }
  }
}

/** The SHA-256 of each array, in order. */
async function* digestsOf(
  arrays: readonly { readonly name: string; readonly source: Uint8Array }[],
): AsyncGenerator<readonly [name: string, digest: string], void, undefined> {
  let work = 0;
  for (const { name, source } of arrays) {
    // sha256 yields to the host within an array, but not between many small ones
    if (work + source.length > PIECE) {
      await yieldToHost();
      work = 0;
    }
    yield [name, await sha256(source)];
    work += source.length;
  }
}

/** Offset in the header of the header's digest, or -1. */
function digestOffset(head: Uint8Array): number {
  for (let at = head.indexOf(DIGEST_LABEL[0]); at >= 0; at = head.indexOf(DIGEST_LABEL[0], at + 1)) {
    if (DIGEST_LABEL.every((byte, i) => head[at + i] === byte)) return at + DIGEST_LABEL.length;
  }
  return -1;
}

/** The header's digest, as written and as computed; undefined if none is written. */
async function headDigest({ head }: SafetensorsLayout): Promise<{ written: string; computed: string } | undefined> {
  const at = digestOffset(head);
  if (at < 0) return undefined;
  const zeroed = Uint8Array.from(head); // not slice, which shares memory when it is a Buffer
  zeroed.fill(0x30, at, at + DIGITS);
  return { written: String.fromCharCode(...head.subarray(at, at + DIGITS)), computed: await sha256(zeroed) };
}

/**
 * The digests by array, from the metadata. Throws FormatError unless there is exactly one for each
 * array.
 */
function readDigests(where: string, { metadata, entries }: SafetensorsLayout): Readonly<Record<string, string>> {
  const digests = parseStrictJson(metadata["unrolled.arrays"] ?? "", { where: `${where} unrolled.arrays` });
  const names = new Set(entries.map(({ name }) => name));
  const isComplete =
    typeof digests === "object" &&
    digests !== null &&
    Object.keys(digests).length === names.size &&
    Object.entries(digests).every(([name, digest]) => names.has(name) && typeof digest === "string");
  if (!isComplete) {
    throw new FormatError(sentence(where, "unrolled.arrays: a SHA-256 for each array", "something else"));
  }
  return digests as Record<string, string>;
}
