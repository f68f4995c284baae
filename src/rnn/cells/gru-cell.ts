import { checkInteger, checkOptions, valueError } from "../../base/index.ts";
import type { ActivationName, GruSpec } from "../../engine/index.ts";
import { gruSequence, gruStep, mul, type Tensor } from "../../tensor/index.ts";
import type { Cell } from "../cell.ts";
import { gateTrace } from "../gates.ts";
import { parameterSet } from "../parameter-set.ts";
import { type Dialect, MOST_UNITS } from "./dialect.ts";
import { type ArrangedGru, arrangeGru, declareGru, gruGates } from "./gru-dialects.ts";

export type GruState = { readonly h: Tensor };

/** Reset gate, update gate, candidate and state of every step. */
export type GruTrace = { readonly r: Tensor; readonly u: Tensor; readonly n: Tensor; readonly h: Tensor };

export type GruCellOptions = {
  /** Hidden units H, which is also the output size. */
  readonly units: number;
  /** Framework whose parameter layout, names and initial values to use. Default "tf1". */
  readonly dialect?: Dialect | undefined;
  /**
   * Whether the reset gate multiplies h·R (true) or h (false). tf1 is always false, torch always
   * true, keras defaults to true.
   */
  readonly resetAfter?: boolean | undefined;
  /**
   * Meaning of the update gate u. `keep` (default): h' = u h + (1-u) n. `write`: h' = u n + (1-u)
   * h, as in char-rnn.
   */
  readonly updateGate?: "keep" | "write" | undefined;
  /** Activation of the candidate. Default "tanh". */
  readonly activation?: ActivationName | undefined;
  /** Activation of the gates. Default "sigmoid". */
  readonly recurrentActivation?: ActivationName | undefined;
  /** Seed of the initial weights. Default: the driver's stream, or 0. */
  readonly seed?: number | undefined;
};

/**
 * Gated recurrent unit (Cho et al. 2014):
 *
 *   r = act(x·Wr + h·Rr + br)     u = act(x·Wu + h·Ru + bu)
 *   reset before: n = tanh(x·Wn + (r h)·Rn + bn)
 *   reset after: n = tanh(x·Wn + bn + r (h·Rn + bn'))
 *   keep: h' = u h + (1-u) n      write: h' = u n + (1-u) h
 *
 * tf1 (`GRUCell`): `gates/kernel` [I+H, 2H] with r, u, `gates/bias` (starts at 1),
 * `candidate/kernel` [I+H, H], `candidate/bias`. keras: `kernel` [I, 3H], `recurrent_kernel` [H,
 * 3H], `bias` [2, 3H] ([3H] with reset before), gates u, r, n (z, r, h there). torch: `weight_ih`
 * [3H, I], `weight_hh` [3H, H], `bias_ih`, `bias_hh`, gates r, u, n (r, z, n there).
 */
export function gruCell({
  units,
  dialect = "tf1",
  resetAfter = dialect !== "tf1",
  updateGate = "keep",
  activation = "tanh",
  recurrentActivation = "sigmoid",
  seed,
}: GruCellOptions): Cell<GruState, GruTrace> {
  checkOptions("gruCell", arguments[0], "units dialect resetAfter updateGate activation recurrentActivation seed");
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
  const weights = parameterSet("gruCell", (inputSize) => declareGru(settings, inputSize), seed);
  const gates = gruGates(dialect);
  const named = { r: recurrentActivation, u: recurrentActivation, n: activation };
  const spec: GruSpec = {
    gates,
    reset: resetAfter ? "after" : "before",
    updateGate,
    gateActivation: recurrentActivation,
    candidateActivation: activation,
  };
  const operands = (): ArrangedGru => arrangeGru(settings, weights.parameters());

  return {
    ...weights,
    outputSize: units,
    stateSize: { h: units },
    memory: [],
    gates: named,
    masksRecurrence: true,

    step(input, { h }, context) {
      const previous = context?.recurrentMask ? mul(h, context.recurrentMask) : h;
      const next = gruStep(input, { h, previous }, operands(), spec);
      return { output: next.h, state: { h: next.h } };
    },

    readsTables: true,

    sequence(inputs, state, { lengths, trace }) {
      const { outputs, h, gates: all } = gruSequence(Object.assign({ inputs, lengths, h: state.h }, operands()), spec);
      return { outputs, state: { h }, ...(trace && { trace: { ...gateTrace(named, all), h: outputs } }) };
    },
  };
}
