/** @file Tensors of ONNX files. */
import { FormatError, formatShape, sentence, UnsupportedError } from "../../base/index.ts";
import type { StoredArray } from "../../formats/index.ts";
import { bytesOfElement, dtypeAfterReading, type ElementType, readElements } from "../element-types.ts";
import { namedFile, type SourceFiles } from "../source.ts";
import type { StoredTensor } from "../weights.ts";
import type { OnnxTensor } from "./messages.ts";

/** Element types by their numbers in onnx.proto. */
const ELEMENT_TYPES: Readonly<Record<number, ElementType>> = {
  1: "float32",
  2: "uint8",
  3: "int8",
  4: "uint16",
  5: "int16",
  6: "int32",
  7: "int64",
  9: "bool",
  10: "float16",
  11: "float64",
  12: "uint32",
  13: "uint64",
  16: "bfloat16",
};

/** The element type of a number. Throws UnsupportedError for texts, complex numbers, float8. */
export function elementTypeOf(where: string, type: number): ElementType {
  if (!Object.hasOwn(ELEMENT_TYPES, type))
    throw new UnsupportedError(sentence(where, "numbers or bool", `element type ${type}`));
  return ELEMENT_TYPES[type];
}

const MOST_ELEMENTS = 2 ** 31 - 1;

/** A tensor of the file, whose data are read when they are asked for. Sizes are checked now. */
export function storedTensor(where: string, tensor: OnnxTensor, files: SourceFiles): StoredTensor {
  const at = `${where} tensor ${JSON.stringify(tensor.name)}`;
  const type = elementTypeOf(at, tensor.type);
  const shape = tensor.dims;
  const count = shape.reduce((product, n) => product * n, 1);
  if (shape.some((n) => n < 0) || !(count <= MOST_ELEMENTS))
    throw new FormatError(sentence(at, "sizes from 0 on, and fewer than 2^31 elements", formatShape(shape)));
  const bytes = bytesIn(at, tensor, files);
  const wanted = count * bytesOfElement(type);
  if (bytes !== undefined && bytes.length !== wanted)
    throw new FormatError(sentence(at, `${wanted} bytes for ${type} ${formatShape(shape)}`, String(bytes.length)));
  const numbers = [tensor.floats, tensor.doubles, tensor.integers].find((list) => list.length > 0) ?? [];
  if (bytes === undefined && numbers.length !== count)
    throw new FormatError(sentence(at, `${count} numbers for ${formatShape(shape)}`, String(numbers.length)));
  return {
    name: tensor.name,
    type,
    shape,
    read: (): StoredArray => {
      if (bytes !== undefined)
        return { dtype: dtypeAfterReading(type), shape, data: readNumbers(at, type, bytes, count) };
      return { dtype: dtypeAfterReading(type), shape, data: fromNumbers(at, type, numbers) };
    },
  };
}

/**
 * Reads numbers; integers of 64 bits beyond 32, which stand for "to the end", become the largest
 * and smallest of 32.
 */
function readNumbers(where: string, type: ElementType, bytes: Uint8Array, count: number): StoredArray["data"] {
  if (type !== "int64") return readElements(where, type, bytes, count);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Int32Array.from({ length: count }, (_, i) => clampToInt32(Number(view.getBigInt64(8 * i, true))));
}

/** The nearest integer of 32 bits. */
export const clampToInt32 = (value: number): number => Math.min(2_147_483_647, Math.max(-2_147_483_648, value));

/** Numbers that the file lists; 16-bit floats are given as the numbers of their bits. */
function fromNumbers(where: string, type: ElementType, numbers: readonly number[]): StoredArray["data"] {
  const each = bytesOfElement(type);
  const bytes = new Uint8Array(numbers.length * each);
  const view = new DataView(bytes.buffer);
  numbers.forEach((value, i) => {
    const at = i * each;
    if (type === "float32") view.setFloat32(at, value, true);
    else if (type === "float64") view.setFloat64(at, value, true);
    else if (each === 1) view.setUint8(at, value);
    else if (each === 2) view.setUint16(at, value, true);
    else if (each === 4) view.setInt32(at, value, true);
    else view.setBigInt64(at, BigInt(value), true);
  });
  return readNumbers(where, type, bytes, numbers.length);
}

/** The bytes of the data, if they are in one piece: in the message, or in a file beside it. */
function bytesIn(where: string, { raw, external }: OnnxTensor, files: SourceFiles): Uint8Array | undefined {
  if (external.size === 0) return raw;
  const file = namedFile(where, files, external.get("location") ?? "");
  const offset = Number(external.get("offset") ?? 0);
  const length = Number(external.get("length") ?? file.length - offset);
  const fits = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0;
  if (!fits || offset + length > file.length)
    throw new FormatError(sentence(where, `data within ${file.length} bytes`, `${length} at ${offset}`));
  return file.view(offset, offset + length);
}
