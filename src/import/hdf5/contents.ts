/** @file The objects of an HDF5 file: arrays of numbers, and groups with their attributes. */
import type { Metadata } from "h5wasm";
import { FormatError, sentence, sizeOf, UnsupportedError } from "../../base/index.ts";
import type { JsonValue } from "../../formats/index.ts";
import { bytesOfElement, type ElementType } from "../element-types.ts";
import { beginningOf, type FileBytes } from "../source.ts";
import { checkSizes, storedTensor } from "../stored-tensor.ts";
import type { StoredTensor } from "../weights.ts";
import { checkGlobalHeaps } from "./global-heaps.ts";
import { type H5Module, loadHdf5, withHdf5 } from "./library.ts";

/** A group with all that is below it. */
export type Hdf5Group = {
  /** Path from the beginning of the file; "" for the file itself. */
  readonly path: string;
  /** Numbers, texts and lists of them; attributes of other types are left out. */
  readonly attributes: Readonly<Record<string, JsonValue>>;
  readonly groups: ReadonlyMap<string, Hdf5Group>;
  /** Arrays of numbers, named by their path; those of other types are left out. */
  readonly arrays: ReadonlyMap<string, StoredTensor>;
};

/**
 * Bytes that all arrays of a file may be together, beyond 20 times its size; an array that was
 * never written takes none of the file's.
 */
const ALWAYS = 16 * 2 ** 20;
const RATIO = 20;
const MOST_DEPTH = 32;
const MOST_OBJECTS = 20_000;
/** Filters that are read: deflate, shuffle, and the checksum Fletcher-32. */
const FILTERS: readonly number[] = [1, 2, 3];
const CLASS = { integer: 0, float: 1, text: 3 };
const SIGNATURE = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];

/** Whether a file begins as HDF5 files do. */
export function isHdf5(file: FileBytes): boolean {
  const bytes = beginningOf(file, SIGNATURE.length);
  return SIGNATURE.every((byte, i) => bytes[i] === byte);
}

/**
 * Reads the list of objects of an HDF5 file; arrays are read when they are asked for. Throws
 * FormatError for a file that is damaged, or has cycles, links to other files, or sizes that cannot
 * be; UnsupportedError for other compressions than deflate.
 */
export async function readHdf5(where: string, file: FileBytes): Promise<Hdf5Group> {
  const library = await loadHdf5();
  checkGlobalHeaps(where, file);
  return withHdf5(where, library, file, (id) => new Reader(where, library, file, id).group("", 0));
}

class Reader {
  readonly #where: string;
  readonly #library: H5Module;
  readonly #file: FileBytes;
  readonly #id: bigint;
  readonly #most: number;
  /** Each object takes some bytes of the file, unless groups contain each other. */
  readonly #mostObjects: number;
  #objects = 0;
  #bytes = 0;

  constructor(where: string, library: H5Module, file: FileBytes, id: bigint) {
    this.#where = where;
    this.#library = library;
    this.#file = file;
    this.#id = id;
    this.#most = ALWAYS + RATIO * file.length;
    this.#mostObjects = Math.min(MOST_OBJECTS, 16 + file.length / 16);
  }

  group(path: string, depth: number): Hdf5Group {
    const library = this.#library;
    if (depth > MOST_DEPTH)
      throw this.#error(path, `at most ${MOST_DEPTH} groups inside each other`, "more, or a cycle");
    const groups = new Map<string, Hdf5Group>();
    const arrays = new Map<string, StoredTensor>();
    for (const name of library.get_names(this.#id, path === "" ? "/" : path, false)) {
      if (++this.#objects > this.#mostObjects)
        throw this.#error(path, `at most ${Math.floor(this.#mostObjects)} objects`, "more, or a cycle");
      const inside = path === "" ? name : `${path}/${name}`;
      if (name === "" || name.includes("/")) throw this.#error(path, "names without slashes", JSON.stringify(name));
      // what a link refers to would be read in its place, so it is asked for first
      if (this.#isLink(inside)) throw this.#error(inside, "an object of this file", "a link");
      const type = library.get_type(this.#id, inside);
      if (type === library.H5G_GROUP) groups.set(name, this.group(inside, depth + 1));
      else if (type === library.H5G_DATASET) {
        const array = this.#array(inside);
        if (array !== undefined) arrays.set(name, array);
      } else if (type !== library.H5G_TYPE) throw this.#error(inside, "a group or an array", `type ${type}`);
    }
    return { path, attributes: this.#attributes(path === "" ? "/" : path), groups, arrays };
  }

  #isLink(path: string): boolean {
    const library = this.#library;
    const soft: string | null = library.get_symbolic_link(this.#id, path);
    const external: { filename?: string } | null = library.get_external_link(this.#id, path);
    return soft !== null || external?.filename !== undefined;
  }

  /** An array of numbers; undefined for one of texts or other elements. */
  #array(path: string): StoredTensor | undefined {
    const metadata = this.#library.get_dataset_metadata(this.#id, path);
    const type = elementTypeOf(metadata);
    if (type === undefined || metadata.shape === null) return undefined;
    const { shape, chunks } = metadata;
    const at = `${this.#where} ${JSON.stringify(path)}`;
    checkSizes(at, shape);
    if ((metadata.virtual_sources?.length ?? 0) > 0)
      throw new UnsupportedError(sentence(at, "numbers in this file", "a virtual array, whose are in others"));
    const other = this.#library.get_dataset_filters(this.#id, path).find(({ id }) => !FILTERS.includes(id));
    if (other !== undefined)
      throw new UnsupportedError(sentence(at, "numbers stored or deflated", `the filter ${other.id} ${other.name}`));
    const bytes = sizeOf(shape) * bytesOfElement(type);
    this.#bytes += bytes;
    // a chunk is unpacked whole, however little of it is in the array
    const largest = Math.max(this.#bytes, chunks === null ? 0 : sizeOf(chunks) * bytesOfElement(type));
    if (!(largest <= this.#most))
      throw this.#error(path, `at most ${this.#most} bytes unpacked from ${this.#file.length}`, String(largest));
    return storedTensor(this.#where, { name: path, type, shape, bytes: () => this.#copy(path, bytes) });
  }

  /** Opens the file once more: it was closed when its list had been read. */
  #copy(path: string, bytes: number): Uint8Array {
    const library = this.#library;
    const where = `${this.#where} ${JSON.stringify(path)}`;
    if (bytes === 0) return new Uint8Array(0);
    return withHdf5(where, library, this.#file, (id) =>
      withMemory(where, library, bytes, (pointer) => {
        if (library.get_dataset_data(id, path, null, null, null, BigInt(pointer)) !== 0)
          throw new FormatError(sentence(where, "numbers", "damaged ones"));
        return library.HEAPU8.slice(pointer, pointer + bytes);
      }),
    );
  }

  #attributes(path: string): Record<string, JsonValue> {
    const library = this.#library;
    const found = Object.create(null) as Record<string, JsonValue>;
    for (const name of library.get_attribute_names(this.#id, path)) {
      if (++this.#objects > this.#mostObjects)
        throw this.#error(path, `at most ${Math.floor(this.#mostObjects)} objects`, "more, or a cycle");
      const value = this.#attribute(path, name);
      if (value !== undefined && name !== "__proto__") found[name] = value;
    }
    return found;
  }

  /** A number, a text or a list of them; undefined for other types. */
  #attribute(path: string, name: string): JsonValue | undefined {
    const library = this.#library;
    const metadata = library.get_attribute_metadata(this.#id, path, name);
    const { shape, size, vlen } = metadata;
    const isText = metadata.type === CLASS.text;
    if ((!isText && elementTypeOf(metadata) === undefined) || shape === null) return undefined;
    const count = sizeOf(shape);
    const bytes = count * size;
    // texts of any length lie elsewhere in the file, each of them at most as long as it is
    const most = vlen ? count * this.#file.length : bytes;
    if (!(this.#bytes + most <= this.#most && bytes <= this.#file.length))
      throw this.#error(path, `an attribute ${JSON.stringify(name)} within the file`, `${bytes} bytes`);
    this.#bytes += bytes;
    if (count === 0) return [];
    const values = withMemory(this.#where, library, bytes, (pointer): JsonValue[] => {
      library.get_attribute_data(this.#id, path, name, BigInt(pointer));
      const data = library.HEAPU8.slice(pointer, pointer + bytes);
      if (!isText) return [...numbersOf(data, metadata, count)];
      if (!vlen) return Array.from({ length: count }, (_, i) => textOf(data.subarray(i * size, (i + 1) * size)));
      const texts = Array.from(new Uint32Array(data.buffer), (at) => (at === 0 ? "" : library.UTF8ToString(at)));
      this.#bytes += texts.reduce((sum, text) => sum + text.length, 0);
      library.reclaim_vlen_memory(this.#id, path, name, BigInt(pointer));
      return texts;
    });
    return shape.length === 0 ? values[0] : values;
  }

  #error(path: string, expected: string, got: string): FormatError {
    return new FormatError(sentence(`${this.#where} ${JSON.stringify(path)}`, expected, got));
  }
}

/** Calls `use` with so many bytes of the library's memory, set to zero. */
function withMemory<T>(where: string, library: H5Module, bytes: number, use: (pointer: number) => T): T {
  const pointer = library._malloc(bytes);
  if (pointer === 0) throw new UnsupportedError(sentence(where, "less memory for HDF5", `${bytes} bytes`));
  try {
    library.HEAPU8.fill(0, pointer, pointer + bytes);
    return use(pointer);
  } finally {
    library._free(pointer);
  }
}

/** Text up to its first zero, or to its end. */
function textOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}

function* numbersOf(data: Uint8Array, { type, size, signed }: Metadata, count: number): Iterable<number> {
  const view = new DataView(data.buffer);
  for (let i = 0; i < count; i++) {
    const at = i * size;
    if (type === CLASS.float) yield size === 4 ? view.getFloat32(at, true) : size === 8 ? view.getFloat64(at, true) : 0;
    else if (size === 8) yield Number(signed ? view.getBigInt64(at, true) : view.getBigUint64(at, true));
    else if (size === 4) yield signed ? view.getInt32(at, true) : view.getUint32(at, true);
    else if (size === 2) yield signed ? view.getInt16(at, true) : view.getUint16(at, true);
    else yield signed ? view.getInt8(at) : view.getUint8(at);
  }
}

/** Element type of an array after the library has made it little-endian; undefined for others. */
function elementTypeOf({ type, size, signed }: Metadata): ElementType | undefined {
  const bits = size * 8;
  if (type === CLASS.float)
    return bits === 16 ? "float16" : bits === 32 ? "float32" : bits === 64 ? "float64" : undefined;
  if (type !== CLASS.integer || ![8, 16, 32, 64].includes(bits)) return undefined;
  return `${signed ? "" : "u"}int${bits}` as ElementType;
}
