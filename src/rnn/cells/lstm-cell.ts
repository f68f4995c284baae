import { checkInteger, checkNumber, checkOptions } from "../../base/index.ts";
import type { ActivationName, LstmSpec } from "../../engine/index.ts";
import { lstmSequence, lstmStep, mul, stack, type Tensor } from "../../tensor/index.ts";
import type { Cell } from "../cell.ts";
import { gateTrace } from "../gates.ts";
import { parameterSet } from "../parameter-set.ts";
import { type Dialect, MOST_UNITS } from "./dialect.ts";
import { type ArrangedLstm, arrangeLstm, declareLstm, lstmGates } from "./lstm-dialects.ts";

/**
 * Cell state c and output h. The order of the two in other frameworks' tuples plays no role here.
 */
export type LstmState = { readonly c: Tensor; readonly h: Tensor };

/** Input gate, forget gate, candidate and output gate, and both states, of every step. */
export type LstmTrace = {
  readonly i: Tensor;
  readonly f: Tensor;
  readonly g: Tensor;
  readonly o: Tensor;
  readonly c: Tensor;
  readonly h: Tensor;
};

export type LstmCellOptions = {
  /** Hidden units H. */
  readonly units: number;
  /** Framework whose parameter layout, names and initial values to use. Default "tf1". */
  readonly dialect?: Dialect | undefined;
  /**
   * Added to the forget gate when computing. Default 1 for tf1, else 0 (Keras puts a 1 into the
   * initial bias instead).
   */
  readonly forgetBias?: number | undefined;
  /**
   * Gates see the cell state: `w_i_diag`, `w_f_diag` the old one, `w_o_diag` the new. Default
   * false.
   */
  readonly peepholes?: boolean | undefined;
  /** Output features P < H through a linear map without bias. Default: none, P = H. */
  readonly projection?: number | undefined;
  /** The cell state is clipped to ±cellClip and carried clipped. Default: no clipping. */
  readonly cellClip?: number | undefined;
  /** The projected output is clipped to ±projectionClip. Default: no clipping. */
  readonly projectionClip?: number | undefined;
  /** Input gate = 1 - forget gate; tf1 then has the gate order j, f, o. Default false. */
  readonly coupled?: boolean | undefined;
  /** Activation of the candidate, and of the cell state on its way out. Default "tanh". */
  readonly activation?: ActivationName | undefined;
  /** Activation of the cell state on its way out, if different. Default `activation`. */
  readonly outputActivation?: ActivationName | undefined;
  /** Activation of the gates. Default "sigmoid". */
  readonly recurrentActivation?: ActivationName | undefined;
  /** Seed of the initial weights. Default: the driver's stream, or 0. */
  readonly seed?: number | undefined;
};

/**
 * Long short-term memory (Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al.
 * 2000):
 *
 *   i = act(x·Wi + h·Ri + bi + p_i c)     f = act(… + forgetBias + p_f c)     g = tanh(…)
 *   c' = clip(f c + i g)                  o = act(… + p_o c')
 *   h' = o tanh(c'), then projected and clipped
 *
 * tf1 (`BasicLSTMCell`, `LSTMCell`): `kernel` [I+P, 4H] with gates i, j, f, o, `bias`. keras:
 * `kernel` [I, 4H], `recurrent_kernel` [P, 4H], `bias`, gates i, f, c, o. torch: `weight_ih` [4H,
 * I], `weight_hh` [4H, P], `bias_ih`, `bias_hh`, gates i, f, g, o.
 */
export function lstmCell({
  units,
  dialect = "tf1",
  forgetBias = dialect === "tf1" ? 1 : 0,
  peepholes = false,
  projection,
  cellClip = Infinity,
  projectionClip = Infinity,
  coupled = false,
  activation = "tanh",
  outputActivation = activation,
  recurrentActivation = "sigmoid",
  seed,
}: LstmCellOptions): Cell<LstmState, LstmTrace> {
  checkOptions(
    "lstmCell",
    arguments[0],
    "units dialect forgetBias peepholes projection cellClip projectionClip coupled activation outputActivation recurrentActivation seed",
  );
  checkInteger("lstmCell units", units, 1, MOST_UNITS);
  checkNumber("lstmCell forgetBias", forgetBias);
  if (projection !== undefined) checkInteger("lstmCell projection", projection, 1, MOST_UNITS);
  if (cellClip !== Infinity) checkNumber("lstmCell cellClip", cellClip, 0);
  if (projectionClip !== Infinity) checkNumber("lstmCell projectionClip", projectionClip, 0);
  const settings = {
    units,
    dialect,
    forgetBias,
    peepholes,
    projection,
    cellClip,
    projectionClip,
    coupled,
    activation,
    outputActivation,
    recurrentActivation,
  };
  const weights = parameterSet("lstmCell", (inputSize) => declareLstm(settings, inputSize), seed);
  const gates = lstmGates(dialect, coupled);
  const named = { i: recurrentActivation, f: recurrentActivation, g: activation, o: recurrentActivation };
  const outputSize = projection ?? units;
  const spec: LstmSpec = {
    gates,
    forgetBias,
    coupled,
    gateActivation: recurrentActivation,
    candidateActivation: activation,
    outputActivation,
    cellClip,
    projectionClip,
  };
  const operands = (): ArrangedLstm => arrangeLstm(settings, weights.parameters());

  return {
    ...weights,
    outputSize,
    stateSize: { c: units, h: outputSize },
    memory: ["c"],
    gates: named,
    masksRecurrence: true,

    step(input, { c, h }, context) {
      const previous = context?.recurrentMask ? mul(h, context.recurrentMask) : h;
      const next = lstmStep(input, { c, previous }, operands(), spec);
      return { output: next.output, state: { c: next.c, h: next.output } };
    },

    readsTables: true,

    sequence(inputs, state, { lengths, trace }) {
      const arranged = operands();
      const { peephole, projectionKernel } = arranged;
      const own = {
        inputs,
        lengths,
        c: state.c,
        h: state.h,
        peepholes: peephole && stack([peephole.input, peephole.forget, peephole.output]),
        projection: projectionKernel,
      };
      const result = lstmSequence(Object.assign(own, arranged), spec);
      const { outputs, c, h, cells } = result;
      const shown = trace && { trace: { ...gateTrace(named, result.gates), c: cells, h: outputs } };
      return { outputs, state: { c, h }, ...shown };
    },
  };
}

/** TensorFlow 1's `BasicLSTMCell`: `lstmCell` in the tf1 dialect. */
export const basicLstmCell = (
  units: number,
  options: Pick<LstmCellOptions, "forgetBias" | "activation" | "seed"> = {},
): Cell<LstmState, LstmTrace> => lstmCell({ ...options, units });
