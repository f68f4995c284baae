/** @file Arrays of numpy: .npy (numpy.lib.format, versions 1 to 3) and .npz, a zip file of them. */
import { FormatError, sentence, sizeOf, UnsupportedError } from "../../base/index.ts";
import type { JsonValue } from "../../formats/index.ts";
import { ByteCursor } from "../byte-cursor.ts";
import { bytesOfElement, type ElementType } from "../element-types.ts";
import { numpyElementType } from "../numpy-types.ts";
import { beginningOf, type FileBytes, onlyFile, type SourceFiles } from "../source.ts";
import { checkedShape, checkNames, storedTensor } from "../stored-tensor.ts";
import { columnMajorStrides, placesOf } from "../strides.ts";
import type { StoredTensor, Weights } from "../weights.ts";
import type { ZipEntry } from "../zip/read-zip.ts";

const WHERE = "readWeights";
const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
/** Longest header. numpy itself refuses those above 10,000 bytes. */
const MAX_HEADER = 65_536;
const BEGINNING = MAX_HEADER + 12;
/** Most letters of an array of texts that become metadata. */
const MAX_LETTERS = 1_000_000;

/** An array of numpy after its header. */
type Header = {
  /** Type of numpy without its byte order, such as "f4" or "U5". */
  readonly code: string;
  readonly isBigEndian: boolean;
  readonly shape: readonly number[];
  readonly isColumnMajor: boolean;
  /** Offset of the numbers. */
  readonly start: number;
};

const beginsAsNpy = (bytes: Uint8Array): boolean => MAGIC.every((byte, i) => bytes[i] === byte);

/** Whether the only file is an array of numpy. */
export function isNpy(files: SourceFiles): boolean {
  const file = onlyFile(files);
  return file !== undefined && file.length >= 10 && beginsAsNpy(beginningOf(file, 6));
}

/** An array of numpy, which is named "array" here, since the file has no name for it. */
export function readNpy(files: SourceFiles): Weights {
  const file = onlyFile(files) as FileBytes;
  const header = readHeader(WHERE, beginningOf(file, BEGINNING));
  const tensor = tensorOf("array", header, file.length, (begin, end) => file.view(begin, end));
  return { format: "npy", tensors: [tensor], metadata: {} };
}

/** Whether a zip file has arrays of numpy only. */
export const isNpz = (entries: ReadonlyMap<string, ZipEntry>): boolean =>
  entries.size > 0 && [...entries.keys()].every((name) => name.endsWith(".npy"));

/** Arrays of numpy by their names. Arrays of texts become metadata. */
export function readNpz(entries: ReadonlyMap<string, ZipEntry>): Weights {
  const tensors: StoredTensor[] = [];
  const metadata = Object.create(null) as Record<string, JsonValue>;
  for (const [path, entry] of entries) {
    const name = path.slice(0, -".npy".length);
    const header = readHeader(`${WHERE} ${path}`, entry.beginning(BEGINNING));
    if (/^[SU]\d+$/.test(header.code)) metadata[name] = textsIn(`${WHERE} ${path}`, header, entry);
    else tensors.push(tensorOf(name, header, entry.size, entry.readRange));
  }
  return { format: "npz", tensors: checkNames(WHERE, tensors), metadata };
}

function readHeader(where: string, bytes: Uint8Array): Header {
  const cursor = new ByteCursor(where, bytes);
  if (!beginsAsNpy(cursor.take(6))) throw cursor.error("an array of numpy", "other bytes");
  const major = cursor.uint8();
  cursor.uint8();
  if (major < 1 || major > 3)
    throw new UnsupportedError(sentence(where, "version 1, 2 or 3 of the format of numpy", String(major)));
  const size = major === 1 ? cursor.uint16() : cursor.uint32();
  if (size > MAX_HEADER) throw cursor.error(`a header of at most ${MAX_HEADER} bytes`, String(size));
  const text = cursor.text(size, "the header");
  const found = HEADER.exec(text);
  if (found === null) {
    const isStructured = /'descr':\s*\[/.test(text);
    const expected = "'descr', 'fortran_order' and 'shape' of an array of numbers";
    if (isStructured) throw new UnsupportedError(sentence(where, expected, "a structured array"));
    throw cursor.error(expected, JSON.stringify(text.trim().slice(0, 80)));
  }
  const [, order, code, isColumnMajor, sizes] = found;
  const shape = sizes.split(",").map((part) => part.trim());
  // a tuple of one has a comma at its end
  if (shape.at(-1) === "") shape.pop();
  return {
    code,
    isBigEndian: order === ">",
    shape: checkedShape(where, shape.map(Number)),
    isColumnMajor: isColumnMajor === "True",
    start: cursor.at,
  };
}

/** The header as every version of numpy writes it: a literal with the keys in this order. */
const HEADER =
  /^\{'descr': '([<>|=])([a-zA-Z]\d*)', 'fortran_order': (True|False), 'shape': \(((?:\d{1,16}L?(?:, ?\d{1,16}L?)*,?)?)\),? ?\}\s*$/;

function elementType(where: string, { code, isBigEndian }: Header): ElementType {
  if (code.startsWith("O"))
    throw new UnsupportedError(
      sentence(where, "an array of numbers", "an array of objects, which may be code", "Convert it to numbers"),
    );
  return numpyElementType(where, code, isBigEndian);
}

function tensorOf(
  name: string,
  header: Header,
  size: number,
  view: (begin: number, end: number) => Uint8Array,
): StoredTensor {
  const where = `${WHERE} ${JSON.stringify(name)}`;
  const type = elementType(where, header);
  const { shape, start, isColumnMajor } = header;
  const expected = sizeOf(shape) * bytesOfElement(type);
  if (size - start !== expected)
    throw new FormatError(sentence(where, `${expected} bytes of numbers`, `${size - start}`));
  const place = isColumnMajor && shape.length > 1 ? placesOf(shape, columnMajorStrides(shape)) : undefined;
  return storedTensor(WHERE, { name, type, shape, bytes: () => view(start, size), place });
}

/** Texts of an array: of four bytes a letter ("U"), or of one ("S"). Zeros at the end are none. */
function textsIn(where: string, { code, shape, start, isBigEndian }: Header, entry: ZipEntry): JsonValue {
  const letters = Number(code.slice(1));
  const each = code.startsWith("U") ? 4 : 1;
  const count = sizeOf(shape);
  const expected = count * letters * each;
  if (!(count * letters <= MAX_LETTERS) || count > MAX_LETTERS)
    throw new FormatError(sentence(where, `at most ${MAX_LETTERS} letters`, String(count * letters)));
  if (entry.size - start !== expected)
    throw new FormatError(sentence(where, `${expected} bytes of text`, String(entry.size - start)));
  if (isBigEndian) throw new UnsupportedError(sentence(where, "little-endian text", "big-endian text"));
  const bytes = entry.readRange(start, entry.size);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const texts = Array.from({ length: count }, (_, i) => {
    const points = Array.from({ length: letters }, (__, k) => {
      const at = (i * letters + k) * each;
      return each === 4 ? view.getUint32(at, true) : view.getUint8(at);
    });
    if (points.some((point) => point > 0x10_ffff)) throw new FormatError(sentence(where, "letters", "other numbers"));
    return String.fromCodePoint(...points).replace(/\0+$/, "");
  });
  return shape.length === 0 ? texts[0] : texts;
}
