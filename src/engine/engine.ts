/**
 * @file The engine contract: blocks of memory in, kernels run, blocks out. An engine knows no
 * gradients and no cells beyond the recurrent kernels below. The reference engine defines what each
 * kernel computes; any other is compared with it.
 *
 * Letters: B batch, T time steps, I input features, H hidden units, P output features (H, or the
 * projection), N rows, V classes. Arrays are row-major and contiguous; sequences are time-major.
 */
import type { DType, Shape } from "../base/index.ts";

/** Memory owned by an engine. What it holds when allocated is unspecified. */
export interface Block {
  readonly dtype: DType;
  readonly length: number;
}

/** A contiguous array inside a block. Tensors have this form. */
export interface Operand {
  readonly block: Block;
  /** First element, counted in elements. */
  readonly offset: number;
  readonly shape: Shape;
  readonly dtype: DType;
}

/**
 * Which results are bitwise equal. `portable` rounds after every multiply and add, everywhere
 * alike; `fma` uses fused multiply-add and is equal only to itself.
 */
export type NumericsClass = "portable" | "fma";

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

export type ArithmeticOp = "add" | "sub" | "mul" | "div" | "pow" | "maximum" | "minimum";
export type ComparisonOp = "equal" | "notEqual" | "less" | "lessEqual" | "greater" | "greaterEqual" | "and" | "or";
export type BinaryOp = ArithmeticOp | ComparisonOp;
export type ReduceOp = "sum" | "max" | "min" | "argmax" | "argmin";

/**
 * Activations that a recurrent kernel can apply. Each derivative is a function of the activation's
 * own value. `hardSigmoid` is Keras 3's clip(x/6 + 0.5), `hardSigmoid02` Keras 2's and
 * TensorFlow.js's clip(0.2x + 0.5).
 */
export type ActivationName = "sigmoid" | "tanh" | "relu" | "linear" | "softsign" | "hardSigmoid" | "hardSigmoid02";

/** How a strided copy walks one of its two arrays. */
export type Strides = { readonly offset: number; readonly strides: readonly number[] };

/** What an LSTM kernel has to know beyond its arrays. */
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
  /** Added to the forget gate's pre-activation. */
  readonly forgetBias: number;
  /** Input gate = 1 - forget gate; the packed matrices then have three blocks. */
  readonly coupled: boolean;
  readonly gateActivation: ActivationName;
  readonly candidateActivation: ActivationName;
  readonly outputActivation: ActivationName;
  /** The cell state is clipped to ±cellClip and carried clipped. Infinity: no clipping. */
  readonly cellClip: number;
  /** The projected output is clipped to ±projectionClip. Infinity: no clipping. */
  readonly projectionClip: number;
};

/** What a GRU kernel has to know beyond its arrays. */
export type GruSpec = {
  readonly gates: { readonly reset: number; readonly update: number; readonly candidate: number };
  /** `before`: candidate from (r*h)R. `after`: from r*(hR + recurrent bias). */
  readonly reset: "before" | "after";
  /** `keep`: h' = u*h + (1-u)*candidate. `write`: h' = u*candidate + (1-u)*h. */
  readonly updateGate: "keep" | "write";
  readonly gateActivation: ActivationName;
  readonly candidateActivation: ActivationName;
};

/**
 * What a recurrent layer reads: at each step an input of its own, or one of V inputs that were
 * multiplied by W beforehand.
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
      /** x·W of each of the V inputs, [V, G*H]. */
      readonly projected: Operand;
      /**
       * int32 [T, B]: step t of row b reads row ids[t, b] of `projected`. Each must be in [0, V),
       * on padding too.
       */
      readonly ids: Operand;
    };

/** The gradients of what a recurrent layer reads, and what they are made from. */
export type LayerInputGradients =
  | {
      readonly inputs: Operand;
      readonly inputKernel: Operand;
      /** [T, B, I], result; absent where nobody wants it. */
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
       * [V, G*H], result: for each of the V inputs the sum over the steps and rows that read it, in
       * order. The bias' gradient is the sum of these rows.
       */
      readonly dProjected: Operand;
    };

/**
 * One recurrent layer over a whole sequence. Each pre-activation is one sum: x·W over the inputs,
 * continued with h·R, then the bias is added. Rows with t >= length give output 0 and copy their
 * state; what the inputs hold there must be finite.
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

export type RnnForward = RecurrentOperands & { readonly activation: ActivationName };

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
  /** Activated gates [T, B, 4, H] in the order input, forget, candidate, output, result. */
  readonly gates: Operand;
  /** Cell state after each step [T, B, H], clipped, result. */
  readonly cells: Operand;
  /** Cell state before clipping [T, B, H], result; only with a finite cellClip. */
  readonly cellsUnclipped?: Operand | undefined;
  /** Output before projection [T, B, H], result; only with a projection. */
  readonly hidden?: Operand | undefined;
};

export type GruForward = RecurrentOperands & {
  readonly spec: GruSpec;
  /** [3*H], added to h·R before the reset gate is applied; only with reset "after". */
  readonly recurrentBias?: Operand | undefined;
  /** Activated gates [T, B, 3, H] in the order reset, update, candidate, result. */
  readonly gates: Operand;
  /**
   * reset "after": h·R + recurrent bias of the candidate. reset "before": r*h. [T, B, H], result.
   */
  readonly resetTerm: Operand;
};

/**
 * What all three backward kernels read, and the gradients that they fill. The weights' gradients
 * are sums over all steps and rows in order, the one of the recurrent kernel over the states before
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

export type RnnBackward = RecurrentGradients & Pick<RnnForward, "activation">;

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

export type GruBackward = RecurrentGradients &
  Pick<GruForward, "spec" | "gates" | "resetTerm"> & {
    /**
     * [3*H], result; only with a recurrent bias. Of the reset and update gates it is that of the
     * bias.
     */
    readonly dRecurrentBias?: Operand | undefined;
  };

/**
 * y = normal · gain + shift, normal = (x - mean) / root, root = sqrt(variance + epsilon), where
 * mean and variance are those of the n elements of a row.
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
 * dx = (g - mean(g) - normal · mean(g · normal)) / root, g = dy · gain. The gradients of gain and
 * shift are sums over the rows in order.
 */
export type LayerNormBackward = Pick<LayerNormForward, "gain" | "normal" | "root"> & {
  /** [..., n]. */
  readonly dy: Operand;
  /** [..., n], result; absent where nobody wants it. */
  readonly dx?: Operand | undefined;
  /** [n], result; only with a gain. */
  readonly dGain?: Operand | undefined;
  /** [n], result; only with a shift. */
  readonly dShift?: Operand | undefined;
};

/**
 * One optimizer step over one parameter, in place. All arrays have the parameter's shape. The slots
 * are in the order given.
 */
export type OptimizerUpdate =
  /** No slots. */
  | { readonly kind: "sgd"; readonly learningRate: number }
  /** Slots: velocity. */
  | {
      readonly kind: "momentum";
      readonly learningRate: number;
      readonly momentum: number;
      readonly nesterov: boolean;
      /** `scaled`: velocity holds lr*g (Keras). `plain`: it holds g (TF1, PyTorch). */
      readonly velocity: "plain" | "scaled";
    }
  /**
   * Slots: mean square; velocity if momentum > 0; mean if centered. A negative variance (mean
   * square - mean²) counts as 0.
   */
  | {
      readonly kind: "rmsprop";
      readonly learningRate: number;
      readonly decay: number;
      readonly epsilon: number;
      readonly epsilonInside: boolean;
      readonly momentum: number;
      readonly centered: boolean;
      /** `scaled`: the momentum slot accumulates lr*step (TF1, Keras). `plain`: step (PyTorch). */
      readonly velocity: "plain" | "scaled";
    }
  /** Slots: sum of squares. */
  | {
      readonly kind: "adagrad";
      readonly learningRate: number;
      readonly epsilon: number;
      readonly epsilonInside: boolean;
    }
  /** Slots: m, v. */
  | {
      readonly kind: "adam";
      /** θ -= stepSize * m / (sqrt(v) * rootScale + epsilon). */
      readonly stepSize: number;
      readonly rootScale: number;
      readonly beta1: number;
      readonly beta2: number;
      readonly epsilon: number;
    };

/**
 * What an optimizer does with each element before its step, in this order. What is absent is left
 * out; so are the numbers that change nothing.
 */
export type OptimizerPreparation = {
  /** θ -= parameterDecay θ. */
  readonly parameterDecay?: number;
  /** g = gradientScale g. */
  readonly gradientScale?: number;
  /** g = g + gradientDecay θ. */
  readonly gradientDecay?: number;
  /** g = damping g, after the decay. */
  readonly damping?: number;
};

/** One parameter with its gradient and its slots, which have its shape. */
export type OptimizerItem = {
  readonly parameter: Operand;
  readonly gradient: Operand;
  readonly slots: readonly Operand[];
};

/** What an engine chose and why, for `unrolled doctor`. */
export type EngineReport = {
  readonly name: string;
  readonly numerics: NumericsClass;
  /** Threads that large kernels run on. */
  readonly threads: number;
  /**
   * Threads that the next of them would run on: 1 until all have started, which nobody waits for.
   */
  readonly running: number;
  /** Memory taken from the system, in bytes. */
  readonly bytes: number;
  /** What was chosen, in the order of the choices: what, and why. */
  readonly choices: readonly { readonly what: string; readonly chosen: string; readonly why: string }[];
};

export type EngineStats = {
  /** Blocks allocated and not yet freed. */
  readonly liveBlocks: number;
  readonly liveBytes: number;
};

/** What an engine's kernels tell, and get, while their work is recorded. */
export interface Recorder {
  /** `again` does a piece of the work once more, on the same memory. */
  note(again: () => void): void;
  /** Memory that belongs to the recording, for scratch. */
  allocate(dtype: DType, length: number): Block;
  /** It is reused within the recording only. */
  free(block: Block): void;
}

/**
 * An engine that works out what memory some work will need: blocks are counted and not taken,
 * kernels do nothing.
 */
export type CountingEngine = {
  /**
   * To be put in the place of the engine that it was made from, whose blocks it can be given. What
   * it is asked to read holds zeros.
   */
  readonly engine: Engine;
  /**
   * Bytes that the engine will have taken by then at most, with those that it has taken by now
   * unless it counts afresh.
   */
  bytes(): number;
  /** Bytes that the engine can have. */
  readonly limit: number;
};

/**
 * What JavaScript wants to know of arrays, asked together so that an engine that answers late is
 * waited for once.
 */
export type Questions = {
  /** Arrays whose first element is wanted. */
  readonly scalars: readonly Operand[];
  /** Floating-point arrays whose squares are summed, one array after the other in float64. */
  readonly squares: readonly Operand[];
  /** Floating-point arrays of which the first that holds NaN or infinity is wanted. */
  readonly finite: readonly Operand[];
};

export type Answers = {
  /** In the order of the questions. */
  readonly scalars: readonly number[];
  readonly sumOfSquares: number;
  /** Place in `finite` of the first array that is not; -1: all are. */
  readonly notFinite: number;
};

/** What an engine computes, all of it in memory. */
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
 * All kernels write `out` completely and never read it, unless they say otherwise. Operands never
 * overlap, unless equal. Sums of more than 4,096 float32 have an order of their own, see
 * reference/long-sums.ts; those over the features and units of a recurrent layer are always in
 * order.
 */
export interface Engine {
  readonly name: string;
  readonly numerics: NumericsClass;

  allocate(dtype: DType, length: number): Block;
  /** The block must not be used afterwards; its memory is reused. */
  free(block: Block): void;
  /**
   * A view for reading and writing now; invalid after the next allocate. Engines that can't read at
   * once throw UnsupportedError.
   */
  view(operand: Operand): Float32Array | Float64Array | Int32Array | Uint8Array;
  /** A copy of the values, as soon as they are computed. */
  read(operand: Operand): Promise<Float32Array | Float64Array | Int32Array | Uint8Array>;
  stats(): EngineStats;
  report(): EngineReport;
  /** From the next kernel on. Engines without threads ignore it. Results do not depend on it. */
  useThreads(threads: number): void;
  /**
   * The same kernels, which also note the pieces of their work. A kernel notes all of its work or
   * nothing: then the whole call is repeated, as it is for engines without this.
   */
  recorded?(recorder: Recorder): EngineKernels;
  /**
   * `isFresh`: without what is in use now, and as if nothing had been freed. Absent where nobody
   * can tell.
   */
  counting?(isFresh?: boolean): CountingEngine;

  /** Element by element; `out.dtype` is bool for `not` and `isFinite`. */
  unary(op: UnaryOp, x: Operand, out: Operand): void;
  /** dx = dy * derivative, from the activation's value y. */
  activationBackward(op: ActivationName, y: Operand, dy: Operand, dx: Operand): void;
  /** With broadcasting to `out.shape`; comparisons give bool. */
  binary(op: BinaryOp, a: Operand, b: Operand, out: Operand): void;
  /** condition ? a : b, with broadcasting to `out.shape`. */
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
   * Over the middle axis of x seen as [outer, n, inner]; argmax and argmin give int32 and the first
   * index of ties.
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
  /** Over the last axis; `log` gives log-softmax. */
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
  /** out [T, B, inner]: the first lengths[b] steps of x in reverse order, the rest as it is. */
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
   * `total` continued with the squares of the elements, one after the other in float64. Engines
   * that can't read at once throw UnsupportedError, here and in `isAllFinite`.
   */
  sumOfSquares(x: Operand, total: number): number;
  /** Whether every element is a finite number. */
  isAllFinite(x: Operand): boolean;
  /**
   * Answers about the arrays as they are after the kernels called so far: at once where JavaScript
   * can read the memory, else a promise. What is freed or overwritten meanwhile does not change
   * them.
   */
  ask(questions: Questions): Answers | Promise<Answers>;
}
