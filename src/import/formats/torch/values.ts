/** @file What the pickle of a torch file may hold. All of it is data. */
import type { ElementType } from "../../element-types.ts";

/** A list, a tuple or a set. */
export class Sequence {
  readonly items: Pickled[];

  constructor(items: Pickled[]) {
    this.items = items;
  }
}

/** A dictionary, by the texts of its keys; also an object whose attributes it holds. */
export class Dictionary {
  readonly entries: Map<string, Pickled> = new Map();
}

/** A name in a module, such as "torch.FloatStorage". Nothing is looked up. */
export class Global {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** The numbers of one or more tensors: a file of its own in the zip file. */
export class Storage {
  /** Undefined for a storage of bytes; the tensors then have types. */
  readonly type: ElementType | undefined;
  /** Name of its file. */
  readonly key: string;
  /** Number of elements, or of bytes without a type. */
  readonly count: number;

  constructor(type: ElementType | undefined, key: string, count: number) {
    this.type = type;
    this.key = key;
    this.count = count;
  }
}

/** A tensor: a view of a storage. */
export class Tensor {
  readonly storage: Storage;
  readonly type: ElementType;
  /** Index of its first element in the storage. */
  readonly offset: number;
  readonly shape: readonly number[];
  /** Elements from one index to the next, for each axis. */
  readonly strides: readonly number[];

  constructor(
    storage: Storage,
    type: ElementType,
    offset: number,
    { shape, strides }: { readonly shape: readonly number[]; readonly strides: readonly number[] },
  ) {
    this.storage = storage;
    this.type = type;
    this.offset = offset;
    this.shape = shape;
    this.strides = strides;
  }
}

/** An element type of numpy. */
export class NumpyType {
  readonly code: string;
  isBigEndian: boolean = false;

  constructor(code: string) {
    this.code = code;
  }
}

/** An array of numpy, which has its numbers in the pickle. */
export class NumpyArray {
  type: ElementType | undefined;
  shape: readonly number[] = [];
  isColumnMajor: boolean = false;
  bytes: Uint8Array | undefined;
}

export type Pickled =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | Sequence
  | Dictionary
  | Global
  | Storage
  | Tensor
  | NumpyType
  | NumpyArray;
