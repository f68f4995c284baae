/**
 * @file Table of all that the kernels and their callers have to agree on: the jobs with their
 * arguments, the numbers of functions, shared constants. `job-sources.ts` writes both sides from
 * it. A job's arguments lie in shared memory, so that one thread or several can run it.
 */
import type { ActivationName, BinaryOp, UnaryOp } from "../../src/engine/engine.ts";
import { ADDED_PART, LONG_SUM, SUM_PART } from "../../src/engine/reference/long-sums.ts";

/**
 * Kind of an argument.
 * - `address`: a place in memory. `optionalAddress`: a place, or 0 where there is none.
 * - `operand`: an array, of which the kernel gets the address. `optionalOperand`: an array that may
 *   be absent; then the address is 0.
 * - `count`: an integer, such as a number of elements. `bytes`: a distance in memory.
 * - `number`: a float32. `flag`: a boolean. `activation`: the name of one.
 * - `{ is }`: whether a string is that one.
 */
export type ArgumentKind =
  | "address"
  | "optionalAddress"
  | "operand"
  | "optionalOperand"
  | "count"
  | "bytes"
  | "number"
  | "flag"
  | "activation"
  | { readonly is: string };

/** Arguments that come as one object: a struct in the kernels. */
export type Group = {
  readonly struct: string;
  readonly arguments: Arguments;
  /** Type of `src/engine/engine.ts` that has the same fields. */
  readonly of?: string;
};

/** Arguments by name, in the order in which they lie in memory. */
export type Arguments = { readonly [name: string]: ArgumentKind | Group };

export type JobRow = {
  /** Name of the job, and of the function that does a thread's part of it. */
  readonly name: string;
  /** File of `kernels/assembly` that has the function. */
  readonly file: string;
  readonly arguments: Arguments;
};

const job = (name: string, file: string, args: Arguments): JobRow => ({ name, file, arguments: args });
const group = (struct: string, args: Arguments): Group => ({ struct, arguments: args });
/** Some fields of a type of the engine's contract. */
const fieldsOf = (type: string, struct: string, args: Arguments): Group => ({ struct, arguments: args, of: type });

/** T, B, I, P. */
const sizes = group("LayerSizes", { steps: "count", batch: "count", features: "count", outputs: "count" });
/** `x` has inputs, or with `ids` the rows of x·W; then there is no `inputKernel`. */
const inputs = group("ReadOperands", { x: "address", ids: "optionalAddress", inputKernel: "optionalAddress" });

const lstmGates = group("LstmGates", { input: "count", forget: "count", candidate: "count", output: "count" });
const lstmSpec = group("LstmSpec", {
  gates: lstmGates,
  forgetBias: "number",
  cellClip: "number",
  projectionClip: "number",
  gateActivation: "activation",
  candidateActivation: "activation",
  outputActivation: "activation",
});
const gruSpec = group("GruSpec", {
  gates: group("GruGates", { reset: "count", update: "count", candidate: "count" }),
  reset: { is: "after" },
  updateGate: { is: "keep" },
  gateActivation: "activation",
  candidateActivation: "activation",
});

/** One parameter, and what happens to each element before the optimizer's own formula. */
const step = group("OptimizerStep", {
  elements: "count",
  item: group("OptimizerItem", { parameter: "operand", gradient: "operand" }),
  preparation: group("Preparation", {
    parameterDecay: "number",
    gradientScale: "number",
    gradientDecay: "number",
    damping: "number",
  }),
});
/** Factors: on the gradient before it enters the velocity, on the velocity, on the old velocity. */
const velocityFactors = { gradient: "number", velocity: "number", momentum: "number" } as const;
const momentumFactors = group("MomentumFactors", velocityFactors);
/** What is added inside the root, and outside. */
const epsilons = { inside: "number", outside: "number" } as const;

/** Every job. Its place is its number. */
export const jobs: readonly JobRow[] = [
  job("packMatrix", "products", {
    b: "address",
    bRow: "bytes",
    bColumn: "bytes",
    k: "count",
    n: "count",
    to: "address",
    first: "count",
    rows: "count",
  }),
  job("product", "products", {
    c: "address",
    cRow: "bytes",
    a: "address",
    aRow: "bytes",
    aSum: "bytes",
    packed: "address",
    m: "count",
    k: "count",
    n: "count",
    fresh: "flag",
    sums: "optionalAddress",
  }),
  job("productRow", "products", {
    c: "address",
    a: "address",
    aSum: "bytes",
    b: "address",
    bRow: "bytes",
    k: "count",
    n: "count",
    fresh: "flag",
  }),
  job("productBatch", "products", {
    batches: "count",
    m: "count",
    k: "count",
    n: "count",
    fresh: "flag",
    c: "address",
    a: "address",
    aBatch: "bytes",
    aRow: "bytes",
    aSum: "bytes",
    b: "address",
    bBatch: "bytes",
    bRow: "bytes",
    bColumn: "bytes",
  }),
  job("rnnForward", "rnn", {
    sizes,
    inputs,
    layer: fieldsOf("RnnForward", "RnnForwardLayer", {
      recurrent: "operand",
      bias: "operand",
      lengths: "optionalOperand",
      hLast: "operand",
      activation: "activation",
    }),
    packed: "optionalAddress",
    outputs: "address",
    xh: "address",
    z: "address",
  }),
  job("rnnUnits", "rnn", {
    sizes,
    inputs,
    layer: fieldsOf("RnnForward", "RnnUnitsLayer", { recurrent: "operand", bias: "operand", activation: "activation" }),
    outputs: "address",
  }),
  job("rnnBackward", "rnn", {
    sizes,
    layer: fieldsOf("RnnBackward", "RnnBackwardLayer", {
      lengths: "optionalOperand",
      dOutputs: "operand",
      dh0: "operand",
      dInputs: "optionalOperand",
      activation: "activation",
    }),
    inputBack: "optionalAddress",
    recurrentBack: "address",
    outputs: "address",
    dz: "address",
    zs: "address",
    carried: "address",
  }),
  job("lstmForward", "lstm", {
    sizes,
    units: "count",
    inputs,
    layer: fieldsOf("LstmForward", "LstmForwardLayer", {
      recurrent: "operand",
      bias: "operand",
      peepholes: "optionalOperand",
      lengths: "optionalOperand",
      hLast: "operand",
      cLast: "operand",
      gates: "operand",
      cells: "operand",
      cellsUnclipped: "optionalOperand",
      hidden: "optionalOperand",
      spec: lstmSpec,
    }),
    packed: "optionalAddress",
    packedProjection: "optionalAddress",
    outputs: "address",
    xh: "address",
    z: "address",
    raw: "optionalAddress",
    next: "optionalAddress",
  }),
  job("lstmUnits", "lstm", {
    sizes,
    inputs,
    layer: fieldsOf("LstmForward", "LstmUnitsLayer", {
      recurrent: "operand",
      bias: "operand",
      hLast: "operand",
      cLast: "operand",
      spec: group("LstmUnitsSpec", { gates: lstmGates, forgetBias: "number" }),
    }),
    z: "address",
    outputs: "address",
    gates: "address",
    cells: "address",
  }),
  job("lstmBackward", "lstm", {
    sizes,
    units: "count",
    layer: fieldsOf("LstmBackward", "LstmBackwardLayer", {
      peepholes: "optionalOperand",
      lengths: "optionalOperand",
      c0: "operand",
      gates: "operand",
      cells: "operand",
      cellsUnclipped: "optionalOperand",
      dOutputs: "operand",
      dh0: "operand",
      dc0: "operand",
      dInputs: "optionalOperand",
      dPeepholes: "optionalOperand",
      spec: lstmSpec,
    }),
    inputBack: "optionalAddress",
    recurrentBack: "address",
    projectionBack: "optionalAddress",
    outputs: "address",
    dz: "address",
    dProjectedOutputs: "optionalAddress",
    zs: "address",
    dNext: "address",
    dRaw: "address",
    carried: "address",
    longPeepholes: "optionalAddress",
  }),
  job("gruForward", "gru", {
    sizes,
    inputs,
    layer: fieldsOf("GruForward", "GruForwardLayer", {
      recurrent: "operand",
      bias: "operand",
      recurrentBias: "optionalOperand",
      lengths: "optionalOperand",
      hLast: "operand",
      gates: "operand",
      resetTerm: "operand",
      spec: gruSpec,
    }),
    packRU: "optionalAddress",
    packW: "optionalAddress",
    packN: "optionalAddress",
    outputs: "address",
    xh: "address",
    z: "address",
    term: "address",
  }),
  job("gruUnits", "gru", {
    sizes,
    inputs,
    layer: fieldsOf("GruForward", "GruUnitsLayer", {
      recurrent: "operand",
      bias: "operand",
      recurrentBias: "optionalOperand",
      spec: gruSpec,
    }),
    outputs: "address",
    gates: "address",
    resetTerm: "address",
    z: "address",
    computesGates: "flag",
    computesState: "flag",
  }),
  job("gruBackward", "gru", {
    sizes,
    layer: fieldsOf("GruBackward", "GruBackwardLayer", {
      lengths: "optionalOperand",
      states: "operand",
      gates: "operand",
      resetTerm: "operand",
      dOutputs: "operand",
      dh0: "operand",
      dInputs: "optionalOperand",
      spec: gruSpec,
    }),
    inputBack: "optionalAddress",
    backR: "address",
    backU: "optionalAddress",
    backN: "address",
    outputs: "address",
    dz: "address",
    dRecurrent: "optionalAddress",
    zs: "address",
    rs: "address",
    carried: "address",
    dTerm: "address",
  }),
  job("weightGradients", "panels", {
    a: "operand",
    aRow: "bytes",
    m: "count",
    rows: "count",
    units: "count",
    gates: "count",
    first: "count",
    last: "count",
    dz: "address",
    to: "operand",
    bias: "optionalOperand",
    longs: "optionalAddress",
  }),
  job("projectedGradients", "panels", {
    ids: "operand",
    inputs: "count",
    rows: "count",
    units: "count",
    gates: "count",
    dz: "address",
    to: "operand",
  }),
  job("crossEntropy", "loss", {
    logits: "operand",
    targets: "operand",
    loss: "operand",
    probabilities: "operand",
    rows: "count",
    classes: "count",
  }),
  job("crossEntropyBackward", "loss", {
    probabilities: "operand",
    targets: "operand",
    dLoss: "operand",
    dLogits: "operand",
    rows: "count",
    classes: "count",
  }),
  job("layerNorm", "layer-norm", {
    rows: "count",
    n: "count",
    layer: fieldsOf("LayerNormForward", "LayerNormLayer", {
      x: "operand",
      gain: "optionalOperand",
      shift: "optionalOperand",
      y: "operand",
      normal: "operand",
      root: "operand",
      epsilon: "number",
    }),
  }),
  job("layerNormBackward", "layer-norm", {
    rows: "count",
    n: "count",
    layer: fieldsOf("LayerNormBackward", "LayerNormBackwardLayer", {
      gain: "optionalOperand",
      normal: "operand",
      root: "operand",
      dy: "operand",
      dx: "optionalOperand",
      dGain: "optionalOperand",
      dShift: "optionalOperand",
    }),
  }),
  job("sgd", "optimizer", { step, learningRate: "number" }),
  job("momentum", "optimizer", { step, velocity: "operand", factors: momentumFactors }),
  job("nesterov", "optimizer", { step, velocity: "operand", factors: momentumFactors }),
  job("rmsprop", "optimizer", {
    step,
    meanSquare: "operand",
    velocity: "optionalOperand",
    mean: "optionalOperand",
    factors: group("RmspropFactors", { ...velocityFactors, ...epsilons, decay: "number", rest: "number" }),
  }),
  job("adagrad", "optimizer", {
    step,
    sumOfSquares: "operand",
    factors: group("AdagradFactors", { ...epsilons, learningRate: "number" }),
  }),
  job("adam", "optimizer", {
    step,
    m: "operand",
    v: "operand",
    factors: group("AdamFactors", {
      stepSize: "number",
      rootScale: "number",
      beta1: "number",
      rest1: "number",
      beta2: "number",
      rest2: "number",
      epsilon: "number",
    }),
  }),
];

const activations = [
  "sigmoid",
  "tanh",
  "relu",
  "linear",
  "softsign",
  "hardSigmoid",
  "hardSigmoid02",
] as const satisfies readonly ActivationName[];

/** Functions that have a number: the place of the name. */
export const functions: {
  readonly Activation: readonly ActivationName[];
  readonly Unary: readonly UnaryOp[];
  readonly Binary: readonly BinaryOp[];
} = {
  Activation: activations,
  // activations first: those without a loop of their own are computed as such
  Unary: [...activations, "neg", "abs", "exp", "sqrt", "square", "reciprocal", "floor"],
  Binary: ["add", "sub", "mul", "div", "maximum", "minimum"],
};

/** Address from which on the kernels' constants lie, above a job. */
export const KERNEL_DATA = 4096;

/** Constants that both sides know. */
export const constants = {
  /** Address of a job: its number, then its arguments, in 32 bits each. */
  JOB: 512,
  /** Columns of the narrowest panel, of which packed matrices have whole ones. */
  NARROWEST: 8,
  /** Columns of the widest panel. */
  WIDEST: 16,
  /**
   * Floats between rows of scratch that is the left side of a product. Without them, rows a power
   * of two apart would fall on the same place of the caches.
   */
  GAP: 16,
} as const;

/** Constants of the kernels that the reference engine defines. */
export const referenceConstants = { LONG_SUM, SUM_PART, ADDED_PART } as const;
