/** @file The tensors that readers list: checks of what files say about them, and reading them. */
import { FormatError, formatShape, sentence, type Shape, sizeOf, UnsupportedError } from "../base/index.ts";
import { bytesOfElement, dtypeAfterReading, type ElementType, readElements } from "./element-types.ts";
import type { StoredTensor } from "./weights.ts";

/** Most sizes of a shape, tensors of a file, characters of a name, and numbers of a tensor. */
const MAX_RANK = 8;
const MAX_TENSORS = 100_000;
const MAX_NAME = 1024;
const MAX_NUMBERS = 2 ** 31 - 1;

/** A tensor as a file describes it; its bytes are read when they are needed. */
export type TensorPlace = {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: Shape;
  /** Reads the bytes of the tensor, which nobody changes. */
  readonly bytes: () => Uint8Array;
  /** Index among the elements of those bytes, for each element in row-major order. */
  readonly place?: ((index: number) => number) | undefined;
};

/** Reads a shape as JSON has it. Throws FormatError for anything but sizes. */
export function checkedShape(where: string, shape: unknown): number[] {
  if (!Array.isArray(shape) || !shape.every((n) => Number.isSafeInteger(n) && (n as number) >= 0))
    throw new FormatError(sentence(where, "a shape of integers >= 0", JSON.stringify(shape)?.slice(0, 80) ?? "none"));
  checkSizes(where, shape as number[]);
  return shape as number[];
}

/** Throws UnsupportedError for more axes than tensors may have, FormatError for more numbers. */
export function checkSizes(where: string, shape: readonly number[]): void {
  if (shape.length > MAX_RANK)
    throw new UnsupportedError(sentence(where, `at most ${MAX_RANK} axes`, String(shape.length)));
  const count = sizeOf(shape);
  if (!(count <= MAX_NUMBERS)) throw new FormatError(sentence(where, "fewer than 2^31 numbers", formatShape(shape)));
}

/** Bytes of a tensor in a file. */
export const bytesOfTensor = (type: ElementType, shape: Shape): number => sizeOf(shape) * bytesOfElement(type);

/** A tensor that is read when `read` is called. */
export function storedTensor(where: string, { name, type, shape, bytes, place }: TensorPlace): StoredTensor {
  const at = `${where} tensor ${JSON.stringify(name)}`;
  checkSizes(at, shape);
  const count = sizeOf(shape);
  return {
    name,
    type,
    shape,
    read: () => ({ dtype: dtypeAfterReading(type), shape, data: readElements(at, type, bytes(), count, place) }),
  };
}

/**
 * Checks the names of all tensors of a file, and how many there are. Throws FormatError for a name
 * twice, for one that could reach a prototype, for long ones and for too many.
 */
export function checkNames(where: string, tensors: readonly StoredTensor[]): readonly StoredTensor[] {
  if (tensors.length > MAX_TENSORS)
    throw new FormatError(sentence(where, `at most ${MAX_TENSORS} tensors`, String(tensors.length)));
  const seen = new Set<string>();
  for (const { name } of tensors) {
    if (name === "__proto__") throw new FormatError(sentence(where, "an ordinary name", '"__proto__"'));
    if (name.length > MAX_NAME)
      throw new FormatError(sentence(where, `names of at most ${MAX_NAME} characters`, `${name.length}`));
    if (seen.has(name)) throw new FormatError(sentence(where, "each name once", `${JSON.stringify(name)} twice`));
    seen.add(name);
  }
  return tensors;
}
