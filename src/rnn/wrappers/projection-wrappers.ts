import { checkInteger, checkOptions, withPrefix } from "../../base/index.ts";
import { add, maskSequence, matmul, type Tensor } from "../../tensor/index.ts";
import { type Cell, outlineOf, type SequenceContext, type State, type Trace } from "../cell.ts";
import { runSequence } from "../dynamic-rnn.ts";
import { constant, glorotUniform } from "../initializers.ts";
import { type ParameterSet, parameterSet } from "../parameter-set.ts";

type ProjectionOptions = { readonly seed?: number };

/** A linear map to `size` features: `projection/kernel` [I, size], `projection/bias` [size]. */
function linear(
  where: string,
  size: number,
  seed: number | undefined,
): { weights: ParameterSet; apply: (x: Tensor) => Tensor } {
  checkInteger(`${where} size`, size, 1);
  const weights = parameterSet(
    where,
    (inputSize) => ({
      "projection/kernel": { shape: [inputSize, size], initializer: glorotUniform },
      "projection/bias": { shape: [size], initializer: constant(0) },
    }),
    seed,
  );
  const apply = (x: Tensor): Tensor =>
    add(matmul(x, weights.parameters()["projection/kernel"]), weights.parameters()["projection/bias"]);
  return { weights, apply };
}

/** Padding must be zero again after a bias was added. */
const masked = (x: Tensor, { lengths }: SequenceContext): Tensor =>
  lengths === undefined ? x : maskSequence(x, lengths);

/**
 * The inner cell reads a linear map of the input to `size` features (TensorFlow 1's
 * `InputProjectionWrapper`).
 */
export function inputProjectionWrapper<S extends State, T extends Trace = Trace>(
  cell: Cell<S, T>,
  size: number,
  { seed }: ProjectionOptions = {},
): Cell<S, T> {
  checkOptions("inputProjectionWrapper", arguments[2], "seed");
  const { weights, apply } = linear("inputProjectionWrapper", size, seed);
  return {
    name: `inputProjectionWrapper(${cell.name})`,
    ...outlineOf(cell),
    build(inputSize, options) {
      weights.build(inputSize, options);
      cell.build(size, options);
    },
    parameters: () => ({ ...weights.parameters(), ...withPrefix("cell", cell.parameters()) }),
    step: (input, state, context) => cell.step(apply(input), state, context),
    sequence: (inputs: Tensor, state, context) => runSequence(cell, masked(apply(inputs), context), state, context),
  };
}

/**
 * The output is a linear map of the inner output to `size` features (TensorFlow 1's
 * `OutputProjectionWrapper`).
 */
export function outputProjectionWrapper<S extends State, T extends Trace = Trace>(
  cell: Cell<S, T>,
  size: number,
  { seed }: ProjectionOptions = {},
): Cell<S, T> {
  checkOptions("outputProjectionWrapper", arguments[2], "seed");
  const { weights, apply } = linear("outputProjectionWrapper", size, seed);
  return {
    name: `outputProjectionWrapper(${cell.name})`,
    ...outlineOf(cell),
    outputSize: size,
    build(inputSize, options) {
      weights.build(cell.outputSize, options);
      cell.build(inputSize, options);
    },
    parameters: () => ({ ...weights.parameters(), ...withPrefix("cell", cell.parameters()) }),
    step(input, state, context) {
      const inner = cell.step(input, state, context);
      return { ...inner, output: apply(inner.output) };
    },
    readsTables: true,
    sequence(inputs, state, context) {
      const inner = runSequence(cell, inputs, state, context);
      return { ...inner, outputs: masked(apply(inner.outputs), context) };
    },
  };
}
