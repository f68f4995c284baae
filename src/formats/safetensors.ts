/**
 * @file safetensors: an 8-byte header length, a JSON header, the arrays' bytes. Format:
 * https://github.com/huggingface/safetensors. The reader trusts nothing: all sizes are checked
 * against the file before anything is allocated.
 */
import {
  bytesPerElement,
  dtypeError,
  encodeUtf8,
  FormatError,
  formatShape,
  kindError,
  sentence,
  shapeError,
  sizeOf,
  typedArray,
  valueError,
} from "../base/index.ts";
import type { DType, Shape, TypedArray } from "../base/index.ts";
import { FORBIDDEN_KEYS, isWellFormed } from "./json-text.ts";
import { bytesOf, storedNames, storedTypes } from "./safetensors-dtypes.ts";
import type { StoredType } from "./safetensors-dtypes.ts";
import { parseStrictJson } from "./strict-json.ts";
import type { JsonValue } from "./strict-json.ts";

/** An array with its type and shape; `data` is row-major. */
export type StoredArray = { readonly dtype: DType; readonly shape: Shape; readonly data: TypedArray };

/** Contents of a safetensors file. Both records have a null prototype. */
export type Safetensors = { arrays: Record<string, StoredArray>; metadata: Record<string, string> };

const MAX_HEADER = 25_000_000;
const MAX_TENSORS = 10_000;
const MAX_RANK = 8;
const MAX_NAME = 512;
const MAX_ELEMENTS = 2 ** 31 - 1;
const METADATA = "__metadata__";

const utf8Length = (text: string): number => encodeUtf8(text).length;
const fail = (where: string, expected: string, got: string, hint?: string): FormatError =>
  new FormatError(sentence(where, expected, got, hint));

/**
 * Encodes a safetensors file. The same arrays and metadata give the same bytes, in any order:
 * metadata are sorted by name, arrays by element size (largest first, so that all data are
 * aligned), then by name. Throws TypeError or RangeError for an array whose dtype or shape does not
 * match its data, and for anything that readers would reject.
 */
export function encodeSafetensors(
  arrays: Readonly<Record<string, StoredArray>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const { head, parts, size } = planSafetensors("encodeSafetensors", arrays, metadata);
  const bytes = new Uint8Array(size);
  bytes.set(head);
  for (const { begin, source } of parts) bytes.set(source, begin);
  return bytes;
}

/** The parts of a safetensors file, before they are joined. */
export type SafetensorsPlan = {
  /** Length of the header, and the header. */
  readonly head: Uint8Array;
  /** Arrays in the order of the file: a view of the bytes of each, and their offset in the file. */
  readonly parts: readonly { readonly name: string; readonly begin: number; readonly source: Uint8Array }[];
  /** Size of the whole file in bytes. */
  readonly size: number;
};

/**
 * The parts of the file that `encodeSafetensors` writes; throws as it does. Messages begin with
 * `where`.
 */
export function planSafetensors(
  where: string,
  arrays: Readonly<Record<string, StoredArray>>,
  metadata: Readonly<Record<string, string>>,
): SafetensorsPlan {
  const names = Object.keys(arrays).sort(
    (a, b) => bytesPerElement[arrays[b].dtype] - bytesPerElement[arrays[a].dtype] || (a < b ? -1 : 1),
  );
  if (names.length > MAX_TENSORS) throw valueError(where, `at most ${MAX_TENSORS} arrays`, names.length);
  const members: string[] = [];
  const labels = Object.keys(metadata).sort();
  if (labels.length > 0) {
    const pairs = labels.map((label) => {
      checkName(where, label);
      const text: unknown = metadata[label];
      if (typeof text !== "string") throw kindError(where, `text for the metadata "${label}"`, text);
      if (!isWellFormed(text)) throw valueError(where, `well-formed metadata "${label}"`, text);
      return `${JSON.stringify(label)}:${JSON.stringify(text)}`;
    });
    members.push(`"${METADATA}":{${pairs.join(",")}}`);
  }
  let offset = 0;
  const sources = names.map((name) => {
    checkArray(where, name, arrays[name]);
    const { dtype, shape, data } = arrays[name];
    const begin = offset;
    offset += data.byteLength;
    members.push(
      `${JSON.stringify(name)}:{"dtype":"${storedNames[dtype]}","shape":[${shape.join(",")}],"data_offsets":[${begin},${offset}]}`,
    );
    return { name, begin, source: bytesOf(data) };
  });
  const text = encodeUtf8(`{${members.join(",")}}`);
  const headerSize = Math.ceil(text.length / 8) * 8;
  if (headerSize > MAX_HEADER) throw valueError(where, `a header of at most ${MAX_HEADER} bytes`, headerSize);
  const head = new Uint8Array(8 + headerSize).fill(0x20, 8);
  new DataView(head.buffer).setUint32(0, headerSize, true);
  head.set(text, 8);
  const parts = sources.map(({ begin, ...part }) => ({ ...part, begin: head.length + begin }));
  return { head, parts, size: head.length + offset };
}

/**
 * Decodes a safetensors file into new arrays and metadata. F16 and BF16 become float32, I64 becomes
 * int32. Throws FormatError, before anything is allocated, if the file does not match its header;
 * also for element types other than F64, F32, F16, BF16, I64, I32 and BOOL, for I64 values beyond
 * 32 bits, more than 10,000 tensors, rank above 8 or a name above 512 bytes.
 */
export function decodeSafetensors(bytes: Uint8Array): Safetensors {
  const where = "decodeSafetensors";
  const layout = readLayout(where, bytes);
  return { arrays: readArrays(where, layout), metadata: layout.metadata };
}

/**
 * The metadata of a file, read from its header only. Throws FormatError as `decodeSafetensors`;
 * messages begin with `where`.
 */
export function decodeMetadata(where: string, bytes: Uint8Array): Record<string, string> {
  if (!(bytes instanceof Uint8Array)) throw kindError(where, "a Uint8Array", bytes);
  return readMetadata(where, readHeader(where, bytes).header[METADATA]);
}

/** The layout of a safetensors file. */
export type SafetensorsLayout = {
  readonly metadata: Record<string, string>;
  /** Length of the header, and the header, as in the file. */
  readonly head: Uint8Array;
  /** Arrays in the order of the header, each with its bytes as in the file. */
  readonly entries: readonly StoredEntry[];
};

/** An array in a file, before it is read. */
export type StoredEntry = {
  readonly name: string;
  /** Element type by its name in the file, such as "F32". */
  readonly typeName: string;
  readonly type: StoredType;
  readonly shape: number[];
  readonly count: number;
  /** Offsets in the file. */
  readonly begin: number;
  readonly end: number;
  readonly source: Uint8Array;
};

/**
 * Reads the header and checks all sizes against the file; throws as `decodeSafetensors` does.
 * Messages begin with `where`. `size` is that of the file, where `bytes` are only its beginning.
 */
export function readLayout(where: string, bytes: Uint8Array, size: number = bytes.length): SafetensorsLayout {
  if (!(bytes instanceof Uint8Array)) throw kindError(where, "a Uint8Array", bytes);
  const { header, dataStart } = readHeader(where, bytes);
  const metadata = readMetadata(where, header[METADATA]);
  const names = Object.keys(header).filter((name) => name !== METADATA);
  if (names.length > MAX_TENSORS) throw fail(where, `at most ${MAX_TENSORS} tensors`, String(names.length));
  const entries = names.map((name) => readEntry(where, name, header[name]));

  // contiguous from 0 to the end: no gap can hide data, no overlap can share it
  let offset = 0;
  for (const { name, begin, end } of [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== offset)
      throw fail(
        where,
        `tensor "${name}" at offset ${offset}`,
        String(begin),
        "Tensors may not overlap or leave holes",
      );
    offset = end;
  }
  const dataSize = size - dataStart;
  if (offset !== dataSize) {
    throw fail(
      where,
      `${offset} bytes of data as the header says`,
      String(dataSize),
      offset > dataSize ? "The file is cut off" : "Something was added to the file",
    );
  }
  return {
    metadata,
    head: bytes.subarray(0, dataStart),
    entries: entries.map((entry) => {
      const begin = dataStart + entry.begin;
      const end = dataStart + entry.end;
      return { ...entry, begin, end, source: bytes.subarray(begin, end) };
    }),
  };
}

/**
 * Copies of a file's arrays, in a record with a null prototype. Throws FormatError for values that
 * no `DType` can hold.
 */
export function readArrays(where: string, { entries }: SafetensorsLayout): Record<string, StoredArray> {
  const arrays = Object.create(null) as Record<string, StoredArray>;
  for (const { name, type, shape, count, source } of entries) {
    arrays[name] = { dtype: type.dtype, shape, data: type.read(source, count, `${where} tensor "${name}"`) };
  }
  return arrays;
}

type JsonObject = { [key: string]: JsonValue };
/** An entry as the header has it, whose offsets count from the end of the header. */
type Entry = Omit<StoredEntry, "source">;

const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function readHeader(where: string, bytes: Uint8Array): { header: JsonObject; dataStart: number } {
  if (bytes.length < 10) throw fail(where, "at least 10 bytes", String(bytes.length), "The file is cut off");
  const view = new DataView(bytes.buffer, bytes.byteOffset, 8);
  const size = view.getUint32(0, true) + view.getUint32(4, true) * 4294967296;
  if (size > MAX_HEADER || size < 2) {
    throw fail(where, `a header of 2 to ${MAX_HEADER} bytes`, String(size), "This may not be a safetensors file");
  }
  if (size > bytes.length - 8) {
    throw fail(
      where,
      `a header that fits the file (${bytes.length - 8} bytes left)`,
      String(size),
      "The file is cut off",
    );
  }
  if (bytes[8] !== 0x7b) {
    throw fail(where, `a header that starts with "{"`, `byte ${bytes[8]}`, "This may not be a safetensors file");
  }
  const header = parseStrictJson(bytes.subarray(8, 8 + size), {
    maxDepth: 8,
    maxValues: 500_000,
    where: `${where} header`,
  });
  return { header: header as JsonObject, dataStart: 8 + size };
}

function readMetadata(where: string, value: JsonValue | undefined): Record<string, string> {
  const metadata = Object.create(null) as Record<string, string>;
  if (value === undefined) return metadata;
  if (!isObject(value)) throw fail(where, `${METADATA}: an object`, kindOf(value));
  for (const label of Object.keys(value)) {
    const text = value[label];
    if (typeof text !== "string") throw fail(where, `${METADATA}: text for every key`, kindOf(text));
    metadata[label] = text;
  }
  return metadata;
}

function readEntry(outer: string, name: string, value: JsonValue): Entry {
  const length = utf8Length(name);
  if (length > MAX_NAME) throw fail(outer, `tensor names of at most ${MAX_NAME} bytes`, String(length));
  const where = `${outer} tensor "${name}"`;
  if (!isObject(value)) throw fail(where, "an object { dtype, shape, data_offsets }", kindOf(value));
  const { dtype, shape, data_offsets: offsets } = value;
  if (Object.keys(value).length !== 3 || dtype === undefined || shape === undefined || offsets === undefined) {
    throw fail(
      where,
      "exactly dtype, shape and data_offsets",
      Object.keys(value).slice(0, 8).join(", ").slice(0, 200) || "nothing",
    );
  }
  const type = typeof dtype === "string" ? storedTypes.get(dtype) : undefined;
  if (type === undefined) {
    const got = typeof dtype === "string" ? `"${dtype.slice(0, 40)}"` : kindOf(dtype);
    throw fail(where, `a dtype of ${[...storedTypes.keys()].join(", ")}`, got);
  }
  if (!isSizes(shape) || shape.length > MAX_RANK)
    throw fail(where, `a shape of at most ${MAX_RANK} integers >= 0`, kindOf(shape));
  if (!isSizes(offsets) || offsets.length !== 2 || offsets[1] < offsets[0]) {
    throw fail(where, "data_offsets [begin, end] with begin <= end", kindOf(offsets));
  }
  const count = sizeOf(shape); // a float product: at rank 8 it is finite, and never wraps
  if (count > MAX_ELEMENTS) throw fail(where, "fewer than 2^31 elements", formatShape(shape));
  const [begin, end] = offsets;
  if (end - begin !== count * type.bytes) {
    throw fail(where, `${count * type.bytes} bytes for ${String(dtype)} ${formatShape(shape)}`, String(end - begin));
  }
  return { name, typeName: String(dtype), type, shape, count, begin, end };
}

const isSizes = (value: JsonValue): value is number[] =>
  Array.isArray(value) && value.every((n) => typeof n === "number" && Number.isSafeInteger(n) && n >= 0);

function kindOf(value: JsonValue): string {
  if (Array.isArray(value)) {
    const shown = value
      .slice(0, 10)
      .map((item) => (typeof item === "number" ? String(item) : kindOf(Array.isArray(item) ? "[…]" : item)));
    return `[${shown.join(", ")}${value.length > 10 ? ", …" : ""}]`;
  }
  if (typeof value === "string") return JSON.stringify(value.slice(0, 40));
  return typeof value === "object" && value !== null ? "an object" : String(value);
}

function checkName(where: string, name: string): void {
  if (FORBIDDEN_KEYS.has(name) || name === METADATA) throw valueError(where, "an ordinary name", name);
  if (!isWellFormed(name)) throw valueError(where, "a well-formed name", name);
  if (utf8Length(name) > MAX_NAME) throw valueError(where, `a name of at most ${MAX_NAME} bytes`, name);
}

function checkArray(where: string, name: string, { dtype, shape, data }: StoredArray): void {
  checkName(where, name);
  const at = `${where} "${name}"`;
  if (!Object.hasOwn(storedNames, dtype)) throw dtypeError(at, "float32, float64, int32 or bool", String(dtype));
  if (!ArrayBuffer.isView(data)) throw kindError(at, `${dtype} data (a typed array)`, data);
  if (!(data instanceof typedArray(dtype, 0).constructor)) {
    throw dtypeError(at, `${dtype} data`, (data as object).constructor.name);
  }
  if (!isSizes([...shape]) || shape.length > MAX_RANK)
    throw shapeError(at, `a shape of at most ${MAX_RANK} sizes`, shape);
  if (sizeOf(shape) !== data.length) throw shapeError(at, `a shape for ${data.length} elements`, shape);
  if (dtype === "bool") {
    const bad = data.findIndex((x: number) => x > 1);
    if (bad >= 0) throw valueError(at, `0 or 1 at element ${bad}`, data[bad]);
  }
}
