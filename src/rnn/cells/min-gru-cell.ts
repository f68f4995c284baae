import { checkInteger, checkOptions, valueError } from "../../base/index.ts";
import { add, linear, mul, sigmoid, slice, sub, type Tensor } from "../../tensor/index.ts";
import type { Cell } from "../cell.ts";
import { constant, glorotUniform } from "../initializers.ts";
import { parameterSet } from "../parameter-set.ts";
import { type Dialect, MOST_UNITS } from "./dialect.ts";

export type MinGruState = { readonly h: Tensor };

/** Gate and state of every step. */
export type MinGruTrace = { readonly z: Tensor; readonly h: Tensor };

export type MinGruCellOptions = {
  /** Hidden units H, which is also the output size. */
  readonly units: number;
  /** Only "tf1", the default: no framework has this cell. */
  readonly dialect?: Dialect | undefined;
  /** Seed of the initial values. Default: the driver's stream, or 0. */
  readonly seed?: number | undefined;
};

/**
 * Minimal GRU, whose gate and candidate read the input only (Feng et al. 2024, "Were RNNs All We
 * Needed?", section 3.1):
 *
 *   n = x·Wn + bn     z = sigmoid(x·Wz + bz)     h' = (1-z) h + z n
 *
 * `kernel` [I, 2H] and `bias` [2H] with n, z. Composed of tensor ops. Throws RangeError for units
 * and dialect.
 */
export function minGruCell({ units, dialect = "tf1", seed }: MinGruCellOptions): Cell<MinGruState, MinGruTrace> {
  checkOptions("minGruCell", arguments[0], "units dialect seed");
  checkInteger("minGruCell units", units, 1, MOST_UNITS);
  if (dialect !== "tf1") throw valueError("minGruCell dialect", '"tf1"', dialect, "No framework has this cell");
  const weights = parameterSet(
    "minGruCell",
    (inputSize) => ({
      kernel: { shape: [inputSize, 2 * units], initializer: glorotUniform },
      bias: { shape: [2 * units], initializer: constant(0) },
    }),
    seed,
  );
  return {
    ...weights,
    outputSize: units,
    stateSize: { h: units },
    memory: [],
    gates: { z: "sigmoid" },
    step(input, { h }) {
      const { kernel, bias } = weights.parameters();
      const both = linear(input, kernel, bias);
      const n = slice(both, [0, 0], [-1, units]);
      const z = sigmoid(slice(both, [0, units], [-1, units]));
      const next = add(mul(sub(1, z), h), mul(z, n));
      return { output: next, state: { h: next }, trace: { z } };
    },
  };
}
