import {
  type Ambient,
  checkInteger,
  context,
  type FloatDType,
  FormatError,
  formatShape,
  misuseError,
  type RandomStream,
  randomStream,
  sentence,
  type Shape,
  shapeError,
  sizeOf,
} from "../base/index.ts";
import { outsideScopes, type Tensor, zeros } from "../tensor/index.ts";
import type { BuildOptions, Parameters } from "./cell.ts";
import type { Initializer } from "./initializers.ts";

/** Shape and initial values of each parameter, by name. */
export type ParameterDeclarations = Readonly<
  Record<string, { readonly shape: Shape; readonly initializer: Initializer }>
>;

/** Named parameters that are made once and live as long as what they belong to. */
export type ParameterSet = {
  /** Names them in messages. */
  readonly name: string;
  /**
   * Creates them for inputs of `inputSize` features. Called again with the same size, it does
   * nothing; with another, it throws RangeError.
   */
  readonly build: (inputSize: number, options?: BuildOptions) => void;
  /** Throws RangeError until `build` has been called. */
  readonly parameters: () => Parameters;
};

/**
 * The parameters of a cell or a layer: `declare` says their shapes and initial values for the input
 * size that `build` is given. They are kept outside every scope. Each is drawn from the stream of
 * its name, so that one more changes none of the others. `seed` wins over the stream that `build`
 * is given.
 */
export function parameterSet(
  name: string,
  declare: (inputSize: number) => ParameterDeclarations,
  seed?: number,
): ParameterSet {
  let built: { readonly inputSize: number; readonly values: Parameters } | undefined;
  return {
    name,
    build(inputSize, { random, dtype = "float32", initialize = true } = {}) {
      checkInteger(`${name} input size`, inputSize, 1);
      if (built === undefined) {
        const stream = seed === undefined && random !== undefined ? random : randomStream(seed ?? 0);
        const values = outsideScopes(() => create(declare(inputSize), initialize ? stream : undefined, dtype));
        built = { inputSize, values };
      } else if (inputSize !== built.inputSize) {
        throw shapeError(name, `input with ${built.inputSize} features, as in its first call`, [inputSize]);
      }
    },
    parameters() {
      if (built === undefined)
        throw misuseError(name, "parameters", "none yet", "Run it on an input, or call build(inputSize)");
      return built.values;
    },
  };
}

/** Numbers that parameters may still take. */
const budget = context.budget as Ambient<number>;

/**
 * Runs `f`, which may make parameters of at most `numbers` numbers in all. Throws
 * FormatError for the first that is too many, before it takes memory: a file that declares a large
 * model holds as many numbers.
 */
export const withParameterBudget = <R>(numbers: number, f: () => R): R => budget.with(numbers, f);

/** The declared tensors, or zeros without a stream. */
function create(declarations: ParameterDeclarations, random: RandomStream | undefined, dtype: FloatDType): Parameters {
  const values: Record<string, Tensor> = {};
  for (const [name, { shape, initializer }] of Object.entries(declarations)) {
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
