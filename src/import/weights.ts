/** @file Named arrays in a file of any framework, before and after they are read. */
import { FormatError, sentence, type Shape } from "../base/index.ts";
import type { JsonValue, StoredArray } from "../formats/index.ts";
import type { NamedArrays } from "../layers/index.ts";
import type { ElementType } from "./element-types.ts";

/** A tensor in a file. Its data are read when they are asked for. */
export type StoredTensor = {
  readonly name: string;
  /** Element type in the file. */
  readonly type: ElementType;
  readonly shape: Shape;
  /**
   * Reads the data as a row-major array: floating point of 16 bits becomes float32, integers become
   * int32. Where nothing changes, the array may be a view of the bytes that were given: copy it
   * before you write to it. Throws FormatError for values that do not fit.
   */
  readonly read: () => StoredArray;
};

/** Contents of a file of weights. */
export type Weights = {
  /** Format that was found in the content, such as "safetensors" or "torch". */
  readonly format: WeightsFormat;
  readonly tensors: readonly StoredTensor[];
  /** Other contents: versions, configurations, settings. */
  readonly metadata: Readonly<Record<string, JsonValue>>;
};

/** Formats that can be read, by the names that `formatOf` gives. */
export type WeightsFormat =
  | "native"
  | "safetensors"
  | "npy"
  | "npz"
  | "torch"
  | "keras"
  | "hdf5"
  | "tf-checkpoint"
  | "tfjs"
  | "deeplearn"
  | "brain"
  | "onnx"
  | "tesseract";

/** Most numbers that all arrays of a file may have together: 8 GiB of float32. */
const MOST_NUMBERS = 2 ** 31;

/**
 * All arrays of a file, or those that `select` wants, by name. Throws FormatError where two have
 * the same name or a value does not fit.
 */
export function arraysIn({ tensors }: Weights, select: (name: string) => boolean = () => true): NamedArrays {
  const arrays = Object.create(null) as Record<string, StoredArray>;
  let numbers = 0;
  for (const { name, shape, read } of tensors) {
    if (!select(name)) continue;
    if (name in arrays) throw new FormatError(sentence("readWeights", "each name once", JSON.stringify(name)));
    numbers += shape.reduce((product, n) => product * n, 1);
    if (numbers > MOST_NUMBERS)
      throw new FormatError(sentence("readWeights", `at most ${MOST_NUMBERS} numbers`, String(numbers)));
    arrays[name] = read();
  }
  return arrays;
}
