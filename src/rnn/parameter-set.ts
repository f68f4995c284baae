import {
  type Ambient,
  checkInteger,
  context,
  type FloatDType,
  FormatError,
  formatShape,
  type RandomStream,
  randomStream,
  sentence,
  type Shape,
  shapeError,
  sizeOf,
  valueError,
} from "../base/index.ts";
import { outsideScopes, type Tensor, zeros } from "../tensor/index.ts";
import type { BuildOptions, Parameters } from "./cell.ts";
import type { Initializer } from "./initializers.ts";

/** Shape and initial values of each parameter of a cell. */
export type Declaration = Readonly<Record<string, { readonly shape: Shape; readonly initializer: Initializer }>>;

/** The parameters of one cell, created when the input size is known and kept outside every scope. */
export class ParameterSet {
  readonly #name: string;
  readonly #declare: (inputSize: number) => Declaration;
  readonly #seed: number | undefined;
  #inputSize: number | undefined;
  #values: Parameters | undefined;

  /** `seed` wins over the stream that `build` is given. */
  constructor(name: string, declare: (inputSize: number) => Declaration, seed?: number) {
    this.#name = name;
    this.#declare = declare;
    this.#seed = seed;
  }

  build(inputSize: number, { random, dtype = "float32", initialize = true }: BuildOptions = {}): void {
    checkInteger(`${this.#name} input size`, inputSize, 1);
    if (this.#values !== undefined) {
      if (inputSize !== this.#inputSize) {
        throw shapeError(this.#name, `input with ${this.#inputSize} features, as in its first call`, [inputSize]);
      }
      return;
    }
    const stream = this.#seed === undefined && random !== undefined ? random : randomStream(this.#seed ?? 0);
    this.#values = outsideScopes(() => create(this.#declare(inputSize), initialize ? stream : undefined, dtype));
    this.#inputSize = inputSize;
  }

  /** Throws RangeError until `build` has been called. */
  values(): Parameters {
    if (this.#values === undefined) {
      throw valueError(this.#name, "a built cell", "one without parameters", "Run it once, or call build(inputSize)");
    }
    return this.#values;
  }

  get inputSize(): number {
    this.values();
    return this.#inputSize as number;
  }
}

/** Numbers that parameters may still take. */
const budget = context.budget as Ambient<number>;

/**
 * What `f` gives, in which parameters of no more than `numbers` numbers are made in all. Throws FormatError for the first that is too many, before it takes
 * memory: a file that declares a large model holds as many numbers.
 */
export const withParameterBudget = <R>(numbers: number, f: () => R): R => budget.with(numbers, f);

/** The declared tensors, or zeros without a stream. */
function create(declaration: Declaration, random: RandomStream | undefined, dtype: FloatDType): Parameters {
  const values: Record<string, Tensor> = {};
  for (const [name, { shape, initializer }] of Object.entries(declaration)) {
    const size = sizeOf(shape);
    if (size > budget.value)
      throw new FormatError(
        sentence(name, `a parameter of at most ${budget.value} numbers, as the file has left`, formatShape(shape)),
      );
    budget.value -= size;
    values[name] = random === undefined ? zeros(shape, dtype) : initializer(shape, random.named(name), dtype);
  }
  return values;
}
