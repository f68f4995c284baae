import { checkInteger, valueError } from "../../base/index.ts";
import type { ActivationName, GruSpec } from "../../engine/index.ts";
import { gruSequence, gruStep, mul, reshape, slice, type Tensor } from "../../tensor/index.ts";
import type { Cell, Trace } from "../cell.ts";
import { ParameterSet } from "../parameter-set.ts";
import { type Dialect, MOST_UNITS } from "./dialect.ts";
import { type ArrangedGru, arrangeGru, declareGru, gruGates } from "./gru-dialects.ts";

export type GruState = { readonly h: Tensor };

export type GruCellOptions = {
  /** Hidden units H, which is also the output size. */
  readonly units: number;
  /** Whose parameter layout, names and initial values. Default "tf1". */
  readonly dialect?: Dialect;
  /** Whether the reset gate multiplies h·R (true) or h (false). tf1 is always false, torch always true, keras defaults to true. */
  readonly resetAfter?: boolean;
  /** What the update gate u means. `keep` (default): h' = u h + (1-u) n. `write`: h' = u n + (1-u) h, as in char-rnn. */
  readonly updateGate?: "keep" | "write";
  /** Of the candidate. Default "tanh". */
  readonly activation?: ActivationName;
  /** Of the gates. Default "sigmoid". */
  readonly recurrentActivation?: ActivationName;
  /** Of the initial values. Default: the driver's stream, or 0. */
  readonly seed?: number;
};

/**
 * Gated recurrent unit (Cho et al. 2014):
 *
 *   r = act(x·Wr + h·Rr + br)     u = act(x·Wu + h·Ru + bu)
 *   reset before: n = tanh(x·Wn + (r h)·Rn + bn)          reset after: n = tanh(x·Wn + bn + r (h·Rn + bn'))
 *   keep: h' = u h + (1-u) n                              write: h' = u n + (1-u) h
 *
 * tf1 (`GRUCell`): `gates/kernel` [I+H, 2H] with r, u, `gates/bias` (starts at 1), `candidate/kernel` [I+H, H], `candidate/bias`.
 * keras: `kernel` [I, 3H], `recurrent_kernel` [H, 3H], `bias` [2, 3H] ([3H] with reset before), gates u, r, n (z, r, h there).
 * torch: `weight_ih` [3H, I], `weight_hh` [3H, H], `bias_ih`, `bias_hh`, gates r, u, n (r, z, n there).
 */
export function gruCell({
  units,
  dialect = "tf1",
  resetAfter = dialect !== "tf1",
  updateGate = "keep",
  activation = "tanh",
  recurrentActivation = "sigmoid",
  seed,
}: GruCellOptions): Cell<GruState> {
  checkInteger("gruCell units", units, 1, MOST_UNITS);
  if (dialect !== "keras" && resetAfter !== (dialect === "torch")) {
    throw valueError(
      "gruCell resetAfter",
      `${dialect === "torch"} in the ${dialect} dialect`,
      resetAfter,
      "Only keras has both",
    );
  }
  const settings = { units, dialect, resetAfter, updateGate, activation, recurrentActivation };
  const parameters = new ParameterSet("gruCell", (inputSize) => declareGru(settings, inputSize), seed);
  const gates = gruGates(dialect);
  const spec: GruSpec = {
    gates,
    reset: resetAfter ? "after" : "before",
    updateGate,
    gateActivation: recurrentActivation,
    candidateActivation: activation,
  };
  const operands = (): ArrangedGru => arrangeGru(settings, parameters.values());

  return {
    name: "gruCell",
    outputSize: units,
    stateSize: { h: units },
    memory: [],
    gates: { r: recurrentActivation, u: recurrentActivation, n: activation },
    masksRecurrence: true,
    build: (inputSize, options) => parameters.build(inputSize, options),
    parameters: () => parameters.values(),

    step(input, { h }, context) {
      const previous = context?.recurrentMask ? mul(h, context.recurrentMask) : h;
      const next = gruStep(input, { h, previous }, operands(), spec);
      return { output: next.h, state: { h: next.h } };
    },

    readsTables: true,

    sequence(inputs, state, { lengths, trace }) {
      const result = gruSequence({ ...operands(), inputs, lengths, h: state.h }, spec);
      return { outputs: result.outputs, state: { h: result.h }, ...(trace && { trace: traceOf(result) }) };
    },
  };
}

/** Gates r, u, candidate n and state h of every step. */
function traceOf({ gates, outputs }: { gates: Tensor; outputs: Tensor }): Trace {
  const [steps, batch, , units] = gates.shape;
  const named = ["r", "u", "n"].map((name, k): [string, Tensor] => [
    name,
    reshape(slice(gates, [0, 0, k], [-1, -1, 1]), [steps, batch, units]),
  ]);
  return { ...Object.fromEntries(named), h: outputs };
}
