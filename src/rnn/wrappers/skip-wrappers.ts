import { checkOptions, shapeError, withPrefix } from "../../base/index.ts";
import { add, sigmoid, matmul, mul, sub, type Tensor } from "../../tensor/index.ts";
import { type Cell, outlineOf, type State, type Trace } from "../cell.ts";
import { runSequence } from "../dynamic-rnn.ts";
import { constant, glorotUniform } from "../initializers.ts";
import { parameterSet } from "../parameter-set.ts";

/** Names of the inner cell's parameters start with this. */
const INNER = "cell";

function checkSameSize(where: string, cell: Cell, inputSize: number): void {
  if (cell.outputSize !== inputSize) {
    throw shapeError(where, `inputs of the cell's output size ${cell.outputSize}`, [inputSize], "The two are added");
  }
}

/**
 * Output = inner output + input (He et al. 2016; TensorFlow 1's `ResidualWrapper`). The state is
 * the inner cell's. Needs inputs of the inner output's size.
 */
export function residualWrapper<S extends State, T extends Trace = Trace>(cell: Cell<S, T>): Cell<S, T> {
  return {
    name: `residualWrapper(${cell.name})`,
    ...outlineOf(cell),
    build(inputSize, options) {
      checkSameSize("residualWrapper", cell, inputSize);
      cell.build(inputSize, options);
    },
    parameters: () => withPrefix(INNER, cell.parameters()),
    step(input, state, context) {
      const inner = cell.step(input, state, context);
      return { ...inner, output: add(inner.output, input) };
    },
    sequence(inputs: Tensor, state, context) {
      const inner = runSequence(cell, inputs, state, context);
      return { ...inner, outputs: add(inner.outputs, inputs) };
    },
  };
}

/**
 * Output = t * input + (1 - t) * inner output with the gate t = sigmoid(input · `highway/kernel` +
 * `highway/bias`) (Srivastava et al. 2015; TensorFlow 1's `HighwayWrapper` with coupled gates). The
 * bias starts at 1: the input is carried. Needs inputs of the inner output's size.
 */
export function highwayWrapper<S extends State, T extends Trace = Trace>(
  cell: Cell<S, T>,
  { seed }: { seed?: number } = {},
): Cell<S, T> {
  checkOptions("highwayWrapper", arguments[1], "seed");
  const weights = parameterSet(
    "highwayWrapper",
    (size) => ({
      "highway/kernel": { shape: [size, size], initializer: glorotUniform },
      "highway/bias": { shape: [size], initializer: constant(1) },
    }),
    seed,
  );
  const join = (input: Tensor, output: Tensor): Tensor => {
    const p = weights.parameters();
    const carry = sigmoid(add(matmul(input, p["highway/kernel"]), p["highway/bias"]));
    return add(mul(carry, input), mul(sub(1, carry), output));
  };
  return {
    name: `highwayWrapper(${cell.name})`,
    ...outlineOf(cell),
    build(inputSize, options) {
      checkSameSize("highwayWrapper", cell, inputSize);
      weights.build(inputSize, options);
      cell.build(inputSize, options);
    },
    parameters: () => ({ ...weights.parameters(), ...withPrefix(INNER, cell.parameters()) }),
    step(input, state, context) {
      const inner = cell.step(input, state, context);
      return { ...inner, output: join(input, inner.output) };
    },
    sequence(inputs: Tensor, state, context) {
      const inner = runSequence(cell, inputs, state, context);
      return { ...inner, outputs: join(inputs, inner.outputs) };
    },
  };
}
