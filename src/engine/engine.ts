/**
 * @file The engine contract: blocks of memory in, kernels run, blocks out. An engine has no
 * gradients and no cells except the recurrent kernels below. The reference engine defines what each
 * kernel computes; the others are tested against it.
 *
 * Letters: B batch, T time steps, I input features, H hidden units, P output features (H, or the
 * projection), N rows, V classes. Arrays are row-major and contiguous; sequences are time-major.
 */
import type { DType, Shape } from "../base/index.ts";

/** Memory owned by an engine. Its initial content is unspecified. */
export interface Block {
  readonly dtype: DType;
  readonly length: number;
}

/** A contiguous array inside a block. Tensors have this form. */
export interface Operand {
  readonly block: Block;
  /** Offset of the first element in the block, in elements. */
  readonly offset: number;
  readonly shape: Shape;
  readonly dtype: DType;
}

/**
 * Classes of engines whose results are bitwise equal. `portable` rounds after every multiply and
 * add, the same everywhere; `fma` uses fused multiply-add and equals only itself.
 */
export type NumericsClass = "portable" | "fma";

/** Operations on one array, element by element. */
export type UnaryOp =
  | "neg"
  | "abs"
  | "sign"
  | "exp"
  | "log"
  | "log1p"
  | "sqrt"
  | "square"
  | "reciprocal"
  | "floor"
  | "not"
  | "isFinite"
  | ActivationName
  | "softplus";

/** Operations on two arrays of numbers, element by element. */
export type ArithmeticOp = "add" | "sub" | "mul" | "div" | "pow" | "maximum" | "minimum";
/** Operations on two arrays, element by element, with bool results. */
export type ComparisonOp = "equal" | "notEqual" | "less" | "lessEqual" | "greater" | "greaterEqual" | "and" | "or";
/** Operations on two arrays, element by element, with broadcasting. */
export type BinaryOp = ArithmeticOp | ComparisonOp;
/** Reductions along an axis. */
export type ReduceOp = "sum" | "max" | "min" | "argmax" | "argmin";

/**
 * Activations that a recurrent kernel can apply. Each derivative is a function of the activation's
 * own value. `hardSigmoid` is Keras 3's clip(x/6 + 0.5), `hardSigmoid02` Keras 2's and
 * TensorFlow.js's clip(0.2x + 0.5).
 */
export type ActivationName = "sigmoid" | "tanh" | "relu" | "linear" | "softsign" | "hardSigmoid" | "hardSigmoid02";

/** The order in which a strided copy visits one of its two arrays, in elements. */
export type Strides = { readonly offset: number; readonly strides: readonly number[] };

/** Options of an LSTM kernel. */
export type LstmSpec = {
  /**
   * Position of each gate's block of H columns in the packed matrices. `input` is -1 when coupled.
   */
  readonly gates: {
    readonly input: number;
    readonly forget: number;
    readonly candidate: number;
    readonly output: number;
  };
  /** Bias added to the forget gate's pre-activation. */
  readonly forgetBias: number;
  /** Whether the input gate is 1 - forget gate; the packed matrices then have three blocks. */
  readonly coupled: boolean;
  readonly gateActivation: ActivationName;
  readonly candidateActivation: ActivationName;
  readonly outputActivation: ActivationName;
  /** Bound of the cell state, which is carried clipped to ±cellClip. Infinity: no clipping. */
  readonly cellClip: number;
  /** Bound of the projected output, which is clipped to ±projectionClip. Infinity: no clipping. */
  readonly projectionClip: number;
};

/** Options of a GRU kernel. */
export type GruSpec = {
  readonly gates: { readonly reset: number; readonly update: number; readonly candidate: number };
  /**
   * Place of the reset gate. `before`: the candidate uses (r*h)R. `after`: r*(hR + recurrent bias).
   */
  readonly reset: "before" | "after";
  /**
   * Meaning of the update gate. `keep`: h' = u*h + (1-u)*candidate. `write`: h' = u*candidate +
   * (1-u)*h.
   */
  readonly updateGate: "keep" | "write";
  readonly gateActivation: ActivationName;
  readonly candidateActivation: ActivationName;
};

/**
 * Input of a recurrent layer: one vector per step, or indices into V vectors already multiplied by
 * W.
 */
export type LayerInputs =
  | {
      /** [T, B, I]. */
      readonly inputs: Operand;
      /** W [I, G*H]. */
      readonly inputKernel: Operand;
      readonly projected?: undefined;
      readonly ids?: undefined;
    }
  | {
      readonly inputs?: undefined;
      readonly inputKernel?: undefined;
      /** [V, G*H]: x·W of each of the V vectors. */
      readonly projected: Operand;
      /**
       * int32 [T, B]: step t of row b reads row ids[t, b] of `projected`. Each must be in [0, V),
       * on padding too.
       */
      readonly ids: Operand;
    };

/** Gradients of a recurrent layer's input, with the arrays that they are computed from. */
export type LayerInputGradients =
  | {
      readonly inputs: Operand;
      readonly inputKernel: Operand;
      /** [T, B, I], result; absent if not wanted. */
      readonly dInputs?: Operand | undefined;
      /** [I, G*H], result. */
      readonly dInputKernel: Operand;
      readonly ids?: undefined;
      readonly dProjected?: undefined;
    }
  | {
      readonly inputs?: undefined;
      readonly inputKernel?: undefined;
      readonly dInputs?: undefined;
      readonly dInputKernel?: undefined;
      readonly ids: Operand;
      /**
       * [V, G*H], result: for each of the V vectors, the sum over the steps and rows that read it,
       * in order. The bias gradient is the sum of these rows.
       */
      readonly dProjected: Operand;
    };

/**
 * One recurrent layer over a whole sequence. Each pre-activation is one sum: x·W over the inputs,
 * continued with h·R, then the bias is added. Rows with t >= length output 0 and copy their state;
 * inputs there must be finite.
 */
type RecurrentOperands = LayerInputs & {
  /** [P, G*H]. */
  readonly recurrent: Operand;
  /** [G*H]. */
  readonly bias: Operand;
  /** int32 [B]. Absent: every row has T steps. */
  readonly lengths?: Operand | undefined;
  /** [B, P]. */
  readonly h0: Operand;
  /** [T+1, B, P], result: h0, then the output of each step. */
  readonly states: Operand;
  /** [B, P], result. */
  readonly hLast: Operand;
};

/** Arguments of `rnnForward`. */
export type RnnForward = RecurrentOperands & { readonly activation: ActivationName };

/** Arguments of `lstmForward`. */
export type LstmForward = RecurrentOperands & {
  readonly spec: LstmSpec;
  /** [3, H]: input, forget, output. */
  readonly peepholes?: Operand | undefined;
  /** [H, P]. */
  readonly projection?: Operand | undefined;
  /** [B, H]. */
  readonly c0: Operand;
  /** [B, H], result. */
  readonly cLast: Operand;
  /** [T, B, 4, H], result: activated gates in the order input, forget, candidate, output. */
  readonly gates: Operand;
  /** [T, B, H], result: cell state after each step, clipped. */
  readonly cells: Operand;
  /** [T, B, H], result: cell state before clipping; only with a finite cellClip. */
  readonly cellsUnclipped?: Operand | undefined;
  /** [T, B, H], result: output before projection; only with a projection. */
  readonly hidden?: Operand | undefined;
};

/** Arguments of `gruForward`. */
export type GruForward = RecurrentOperands & {
  readonly spec: GruSpec;
  /** [3*H], added to h·R before the reset gate is applied; only with reset "after". */
  readonly recurrentBias?: Operand | undefined;
  /** [T, B, 3, H], result: activated gates in the order reset, update, candidate. */
  readonly gates: Operand;
  /**
   * [T, B, H], result. With reset "after": h·R + recurrent bias of the candidate. With reset
   * "before": r*h.
   */
  readonly resetTerm: Operand;
};

/**
 * Arrays that all three backward kernels read, and gradients that they write. Gradients of weights
 * are sums over all steps and rows in order; that of the recurrent kernel uses the states before
 * each step.
 */
type RecurrentGradients = LayerInputGradients &
  Pick<RecurrentOperands, "recurrent" | "lengths" | "states"> & {
    /** [T, B, P]. */
    readonly dOutputs: Operand;
    /** [B, P]; absent: zero. */
    readonly dhLast?: Operand | undefined;
    /** [P, G*H], result. */
    readonly dRecurrent: Operand;
    /** [G*H], result. */
    readonly dBias: Operand;
    /** [B, P], result. */
    readonly dh0: Operand;
  };

/** Arguments of `rnnBackward`. */
export type RnnBackward = RecurrentGradients & Pick<RnnForward, "activation">;

/** Arguments of `lstmBackward`. */
export type LstmBackward = RecurrentGradients &
  Pick<LstmForward, "spec" | "peepholes" | "projection" | "c0" | "gates" | "cells" | "cellsUnclipped" | "hidden"> & {
    /** [B, H]; absent: zero. */
    readonly dcLast?: Operand | undefined;
    /** [B, H], result. */
    readonly dc0: Operand;
    /** [3, H], result; only with peepholes. */
    readonly dPeepholes?: Operand | undefined;
    /** [H, P], result; only with a projection. */
    readonly dProjection?: Operand | undefined;
  };

/** Arguments of `gruBackward`. */
export type GruBackward = RecurrentGradients &
  Pick<GruForward, "spec" | "gates" | "resetTerm"> & {
    /**
     * [3*H], result; only with a recurrent bias. For the reset and update gates it equals the bias
     * gradient.
     */
    readonly dRecurrentBias?: Operand | undefined;
  };

/**
 * Arguments of `layerNorm`: y = normal · gain + shift, normal = (x - mean) / root, root =
 * sqrt(variance + epsilon). Mean and variance are over the n elements of a row.
 */
export type LayerNormForward = {
  readonly epsilon: number;
  /** [..., n]. */
  readonly x: Operand;
  /** [n]; absent: 1. */
  readonly gain?: Operand | undefined;
  /** [n]; absent: 0. */
  readonly shift?: Operand | undefined;
  /** [..., n], result. May be `normal` without gain and shift. */
  readonly y: Operand;
  /** [..., n], result. */
  readonly normal: Operand;
  /** [...], result. */
  readonly root: Operand;
};

/**
 * Arguments of `layerNormBackward`: dx = (g - mean(g) - normal · mean(g · normal)) / root, g = dy ·
 * gain. The gradients of gain and shift are sums over the rows in order.
 */
export type LayerNormBackward = Pick<LayerNormForward, "gain" | "normal" | "root"> & {
  /** [..., n]. */
  readonly dy: Operand;
  /** [..., n], result; absent if not wanted. */
  readonly dx?: Operand | undefined;
  /** [n], result; only with a gain. */
  readonly dGain?: Operand | undefined;
  /** [n], result; only with a shift. */
  readonly dShift?: Operand | undefined;
};

/**
 * An optimizer's formula and constants. Each slot has the shape of its parameter; slots are in the
 * order listed here.
 */
export type OptimizerUpdate =
  /** SGD. No slots. */
  | { readonly kind: "sgd"; readonly learningRate: number }
  /** Momentum. Slots: velocity. */
  | {
      readonly kind: "momentum";
      readonly learningRate: number;
      readonly momentum: number;
      readonly nesterov: boolean;
      /** Content of the velocity slot. `scaled`: lr*g (Keras). `plain`: g (TF1, PyTorch). */
      readonly velocity: "plain" | "scaled";
    }
  /**
   * RMSProp. Slots: mean square; velocity if momentum > 0; mean if centered. A negative variance
   * (mean square - mean²) counts as 0.
   */
  | {
      readonly kind: "rmsprop";
      readonly learningRate: number;
      readonly decay: number;
      readonly epsilon: number;
      readonly epsilonInside: boolean;
      readonly momentum: number;
      readonly centered: boolean;
      /** Content of the velocity slot. `scaled`: lr*step (TF1, Keras). `plain`: step (PyTorch). */
      readonly velocity: "plain" | "scaled";
    }
  /** Adagrad. Slots: sum of squares. */
  | {
      readonly kind: "adagrad";
      readonly learningRate: number;
      readonly epsilon: number;
      readonly epsilonInside: boolean;
    }
  /** Adam. Slots: m, v. */
  | {
      readonly kind: "adam";
      /**
       * Learning rate with the correction of the bias: θ -= stepSize * m / (sqrt(v) * rootScale +
       * epsilon).
       */
      readonly stepSize: number;
      readonly rootScale: number;
      readonly beta1: number;
      readonly beta2: number;
      readonly epsilon: number;
    };

/**
 * Changes to each parameter θ and gradient g before the optimizer's step, in this order. Absent
 * fields, and values without effect, are skipped.
 */
export type OptimizerPreparation = {
  /** Decoupled weight decay: θ -= parameterDecay θ. */
  readonly parameterDecay?: number;
  /** Factor of the gradient, for clipping: g = gradientScale g. */
  readonly gradientScale?: number;
  /** L2 penalty: g = g + gradientDecay θ. */
  readonly gradientDecay?: number;
  /** Factor of the gradient after the penalty: g = damping g. */
  readonly damping?: number;
};

/** A parameter with its gradient and slots, all of one shape. */
export type OptimizerItem = {
  readonly parameter: Operand;
  readonly gradient: Operand;
  readonly slots: readonly Operand[];
};

/** The choices of an engine and their reasons, for `unrolled doctor`. */
export type EngineReport = {
  readonly name: string;
  readonly numerics: NumericsClass;
  /** Number of threads for large kernels, once all have started. */
  readonly threads: number;
  /**
   * Number of threads that the next large kernel will use: 1 until all workers have started, which
   * is not awaited.
   */
  readonly running: number;
  /** Memory taken from the system, in bytes. */
  readonly bytes: number;
  /** The choices, in the order in which they were made, each with its reason. */
  readonly choices: readonly { readonly what: string; readonly chosen: string; readonly why: string }[];
};

/** Memory that is in use. */
export type EngineStats = {
  /** Blocks allocated and not yet freed. */
  readonly liveBlocks: number;
  readonly liveBytes: number;
};

/** Functions that kernels call while their work is recorded. */
export interface Recorder {
  /** Adds a piece of work to the recording; `again` repeats it on the same memory. */
  note(again: () => void): void;
  /** Allocates scratch memory that belongs to the recording. */
  allocate(dtype: DType, length: number): Block;
  /** Frees a block, which is then reused within the recording only. */
  free(block: Block): void;
}

/**
 * An engine that predicts the memory of some work: it counts blocks without allocating them, and
 * its kernels do nothing.
 */
export type CountingEngine = {
  /**
   * The engine to run the work on, in place of the original, whose blocks it accepts. Everything
   * that it reads is zero.
   */
  readonly engine: Engine;
  /**
   * Peak memory of the engine after the work, in bytes. It includes what is in use now, unless the
   * count is fresh.
   */
  bytes(): number;
  /** Most bytes that the engine can allocate. */
  readonly limit: number;
};

/**
 * Values that JavaScript needs from arrays, asked for together so that an asynchronous engine is
 * awaited once.
 */
export type Questions = {
  /** Arrays of which to read the first element. */
  readonly scalars: readonly Operand[];
  /** Floating-point arrays of which to sum the squares, one array after the other, in float64. */
  readonly squares: readonly Operand[];
  /** Floating-point arrays in which to look for NaN and infinity. */
  readonly finite: readonly Operand[];
};

/** Answers to `Questions`. */
export type Answers = {
  /** First elements, in the order of the questions. */
  readonly scalars: readonly number[];
  readonly sumOfSquares: number;
  /** Index in `finite` of the first array with NaN or infinity, or -1. */
  readonly notFinite: number;
};

/** The kernels of an engine: what only computes, in memory. */
export type EngineKernels = Omit<
  Engine,
  | "name"
  | "numerics"
  | "allocate"
  | "free"
  | "view"
  | "read"
  | "stats"
  | "report"
  | "useThreads"
  | "optimizerUpdate"
  | "sumOfSquares"
  | "isAllFinite"
  | "ask"
  | "recorded"
  | "counting"
>;

/**
 * The engine contract. Kernels write `out` completely and never read it, unless stated otherwise.
 * Operands are equal or don't overlap. Sums of more than 4,096 float32 follow
 * reference/long-sums.ts; those over the features and units of a recurrent layer are always in
 * order.
 */
export interface Engine {
  readonly name: string;
  readonly numerics: NumericsClass;

  allocate(dtype: DType, length: number): Block;
  /** Frees a block, whose memory is then reused. The block must not be used afterwards. */
  free(block: Block): void;
  /**
   * A view of the elements for immediate reading and writing; invalid after the next `allocate`.
   * Asynchronous engines throw UnsupportedError.
   */
  view(operand: Operand): Float32Array | Float64Array | Int32Array | Uint8Array;
  /** A copy of the values, as soon as they are computed. */
  read(operand: Operand): Promise<Float32Array | Float64Array | Int32Array | Uint8Array>;
  stats(): EngineStats;
  report(): EngineReport;
  /**
   * Sets the number of threads from the next kernel on. Engines without threads ignore it. Results
   * do not depend on it.
   */
  useThreads(threads: number): void;
  /**
   * Kernels that also pass the pieces of their work to `recorder`. A kernel that passes none is
   * repeated as a whole call, as are kernels of engines without this method.
   */
  recorded?(recorder: Recorder): EngineKernels;
  /**
   * An engine that predicts memory; absent if the engine can't. `isFresh`: start from empty memory,
   * without what is in use now.
   */
  counting?(isFresh?: boolean): CountingEngine;

  /** out = op(x), element by element; `out.dtype` is bool for `not` and `isFinite`. */
  unary(op: UnaryOp, x: Operand, out: Operand): void;
  /** dx = dy * derivative, from the activation's value y. */
  activationBackward(op: ActivationName, y: Operand, dy: Operand, dx: Operand): void;
  /** out = op(a, b), with broadcasting to `out.shape`; comparisons give bool. */
  binary(op: BinaryOp, a: Operand, b: Operand, out: Operand): void;
  /** out = condition ? a : b, with broadcasting to `out.shape`. */
  where(condition: Operand, a: Operand, b: Operand, out: Operand): void;
  cast(x: Operand, out: Operand): void;
  fill(out: Operand, value: number): void;
  /** Copies x[from] to out[to] over all indices of `shape`. Does not touch the rest of `out`. */
  copyStrided(x: Operand, from: Strides, out: Operand, to: Strides, shape: Shape): void;

  /**
   * out = op(a)·op(b), or out += …; batches of rank-2 matrices [..., M, K]·[..., K, N], equal
   * leading axes. Sums over k in order.
   */
  matmul(
    a: Operand,
    b: Operand,
    out: Operand,
    how: { transposeA: boolean; transposeB: boolean; accumulate: boolean },
  ): void;
  /**
   * Reduces the middle axis of x, seen as [outer, n, inner]. argmax and argmin give int32, and the
   * first index of ties.
   */
  reduce(op: ReduceOp, x: Operand, out: Operand, outer: number, n: number, inner: number): void;
  /** Running sum along the middle axis of [outer, n, inner]. */
  cumulativeSum(
    x: Operand,
    out: Operand,
    outer: number,
    n: number,
    inner: number,
    how: { exclusive: boolean; reverse: boolean },
  ): void;
  /** Softmax over the last axis; with `log`, log-softmax. */
  softmax(x: Operand, out: Operand, log: boolean): void;
  softmaxBackward(y: Operand, dy: Operand, dx: Operand, log: boolean): void;
  /**
   * loss [N] = -log softmax(logits [N, V])[target]; also writes the probabilities [N, V]. Targets
   * are int32.
   */
  crossEntropy(logits: Operand, targets: Operand, loss: Operand, probabilities: Operand): void;
  /** dLogits = (probabilities - one-hot(target)) * dLoss. */
  crossEntropyBackward(probabilities: Operand, targets: Operand, dLoss: Operand, dLogits: Operand): void;

  layerNorm(arrays: LayerNormForward): void;
  layerNormBackward(arrays: LayerNormBackward): void;

  /** out [outer, N, inner] = x [outer, V, inner] at indices int32 [N]. */
  gather(x: Operand, indices: Operand, out: Operand, outer: number, inner: number): void;
  /**
   * out [outer, V, inner] += x [outer, N, inner] at indices int32 [N], in the order of N. Reads
   * out.
   */
  scatterAdd(x: Operand, indices: Operand, out: Operand, outer: number, inner: number): void;
  /** out [T, B, inner]: the first lengths[b] steps of x in reverse order, the rest unchanged. */
  reverseSequence(x: Operand, lengths: Operand, out: Operand): void;
  /** out [T, B, inner] = x where t < lengths[b], else 0 (whatever x holds there). */
  maskSequence(x: Operand, lengths: Operand, out: Operand): void;

  rnnForward(arrays: RnnForward): void;
  rnnBackward(arrays: RnnBackward): void;
  lstmForward(arrays: LstmForward): void;
  lstmBackward(arrays: LstmBackward): void;
  gruForward(arrays: GruForward): void;
  gruBackward(arrays: GruBackward): void;

  /**
   * One optimizer step over all parameters, in place: reads and writes each `parameter` and its
   * `slots`. Gradients are only read.
   */
  optimizerUpdate(update: OptimizerUpdate, items: readonly OptimizerItem[], preparation?: OptimizerPreparation): void;
  /**
   * `total` plus the squares of the elements, added one after the other in float64. Asynchronous
   * engines throw UnsupportedError, here and in `isAllFinite`.
   */
  sumOfSquares(x: Operand, total: number): number;
  /** Whether all elements are finite. */
  isAllFinite(x: Operand): boolean;
  /**
   * Answers about the arrays after the kernels called so far; a promise if JavaScript can't read
   * the memory directly. Freeing or overwriting arrays meanwhile does not change the answers.
   */
  ask(questions: Questions): Answers | Promise<Answers>;
}
