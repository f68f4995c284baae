/** @file Numbers and arrays of numpy in a pickle. */
import { sizeOf } from "../../../base/index.ts";
import type { ByteCursor } from "../../byte-cursor.ts";
import { bytesOfElement, readElements } from "../../element-types.ts";
import { numpyElementType } from "../../numpy-types.ts";
import { checkSizes } from "../../stored-tensor.ts";
import { type NumpyArray, NumpyType, type Pickled, Sequence } from "./values.ts";

/** A number, as `scalar(type, bytes)` makes it. */
export function numpyScalar(cursor: ByteCursor, [type, bytes]: readonly Pickled[]): Pickled {
  if (!(type instanceof NumpyType) || !(bytes instanceof Uint8Array))
    throw cursor.error(`a number of numpy before offset ${cursor.at}`, "something else");
  const element = numpyElementType(cursor.where, type.code, type.isBigEndian);
  if (bytes.length !== bytesOfElement(element))
    throw cursor.error(`${bytesOfElement(element)} bytes of a number`, String(bytes.length));
  const [value] = readElements(cursor.where, element, bytes, 1);
  return element === "bool" ? value === 1 : value;
}

/** Fills an array from its state: (version, shape, type, whether column-major, bytes). */
export function numpyArray(cursor: ByteCursor, target: NumpyArray, state: Sequence): void {
  const [, shape, type, isColumnMajor, bytes] = state.items;
  const isShape = shape instanceof Sequence && shape.items.every((n) => Number.isSafeInteger(n) && (n as number) >= 0);
  if (!isShape || !(type instanceof NumpyType) || !(bytes instanceof Uint8Array))
    throw cursor.error(`an array of numpy before offset ${cursor.at}`, "something else");
  const sizes = shape.items as number[];
  checkSizes(cursor.where, sizes);
  const element = numpyElementType(cursor.where, type.code, type.isBigEndian);
  const expected = sizeOf(sizes) * bytesOfElement(element);
  if (bytes.length !== expected) throw cursor.error(`${expected} bytes of an array of numpy`, String(bytes.length));
  Object.assign(target, { type: element, shape: sizes, isColumnMajor: isColumnMajor === true, bytes });
}
