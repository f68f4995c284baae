import { checkInteger, checkOptions } from "../../base/index.ts";
import type { ActivationName } from "../../engine/index.ts";
import { mul, rnnSequence, rnnStep, type Tensor } from "../../tensor/index.ts";
import type { Cell } from "../cell.ts";
import { parameterSet } from "../parameter-set.ts";
import { arrangeKernels, declareKernels, type Dialect, type Kernels, MOST_UNITS } from "./dialect.ts";

export type RnnState = { readonly h: Tensor };

export type RnnCellOptions = {
  /** Hidden units H, which is also the output size. */
  readonly units: number;
  /** Framework whose parameter layout, names and initial values to use. Default "tf1". */
  readonly dialect?: Dialect | undefined;
  /** Default "tanh". */
  readonly activation?: ActivationName | undefined;
  /** Seed of the initial weights. Default: the driver's stream, or 0. */
  readonly seed?: number | undefined;
};

/**
 * Elman's cell: h' = act(x·W + h·R + b); the output is h' (Elman 1990).
 *
 * tf1: `kernel` [I+H, H], `bias`. keras: `kernel` [I, H], `recurrent_kernel` [H, H], `bias`.
 * torch: `weight_ih` [H, I], `weight_hh` [H, H], `bias_ih`, `bias_hh`.
 */
export function rnnCell({
  units,
  dialect = "tf1",
  activation = "tanh",
  seed,
}: RnnCellOptions): Cell<RnnState, RnnState> {
  checkOptions("rnnCell", arguments[0], "units dialect activation seed");
  checkInteger("rnnCell units", units, 1, MOST_UNITS);
  const sizes = { features: units, width: units, units };
  const weights = parameterSet("rnnCell", (inputSize) => declareKernels(dialect, { inputSize, ...sizes }), seed);
  const operands = (): Kernels => arrangeKernels(dialect, weights.parameters());

  return {
    ...weights,
    outputSize: units,
    stateSize: { h: units },
    memory: [],
    gates: { h: activation },
    masksRecurrence: true,
    step(input, state, context) {
      const previous: Tensor = context?.recurrentMask ? mul(state.h, context.recurrentMask) : state.h;
      const h = rnnStep(input, previous, operands(), activation);
      return { output: h, state: { h } };
    },
    readsTables: true,

    sequence(inputs, state, { lengths, trace }) {
      const { outputs, h } = rnnSequence(Object.assign({ inputs, lengths, h: state.h }, operands()), activation);
      return { outputs, state: { h }, ...(trace && { trace: { h: outputs } }) };
    },
  };
}

/** TensorFlow 1's `BasicRNNCell`: `rnnCell` in the tf1 dialect. */
export const basicRnnCell = (
  units: number,
  options: Omit<RnnCellOptions, "units" | "dialect"> = {},
): Cell<RnnState, RnnState> => rnnCell({ ...options, units });
