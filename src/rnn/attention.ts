/**
 * @file Attention: how much each step of a memory matters to a query, and what it says on average.
 */
import {
  checkOptions,
  checkChoice,
  checkInteger,
  type FloatDType,
  sameShape,
  shapeError,
  sizeOf,
  valueError,
} from "../base/index.ts";
import { add, concat, matmul, reshape, softmax, tanh, Tensor, tensor, where } from "../tensor/index.ts";
import type { BuildOptions, Parameters } from "./cell.ts";
import type { Lengths } from "./dynamic-rnn.ts";
import { glorotUniform } from "./initializers.ts";
import { type ParameterDeclarations, parameterSet } from "./parameter-set.ts";

/**
 * Score of a step m of the memory for a query q:
 *
 * - `bahdanau` (Bahdanau, Cho and Bengio 2015): v·tanh(Wq q + Wm m). The query is the output of the
 *   step before, and the context enters the cell.
 * - `dot`, `general`, `concat` (Luong, Pham and Manning 2015): q·m, q·Wm m, v·tanh(W [q; m]). The
 *   query is the output of this step.
 *
 * `concat` and `bahdanau` have the same score, W being [Wq Wm]; what differs is the query.
 * TensorFlow's `BahdanauAttention` in its `AttentionWrapper` is `concat` here.
 */
export type AttentionKind = "bahdanau" | "dot" | "general" | "concat";

export const ATTENTION_KINDS: readonly AttentionKind[] = ["bahdanau", "dot", "general", "concat"];

export type AttentionOptions = {
  readonly kind: AttentionKind;
  /** Features Q of a query: the outputs of the cell that attends. */
  readonly querySize: number;
  /** Features M of a step of the memory. */
  readonly memorySize: number;
  /** Hidden units U of the scores v·tanh(…). Default Q. */
  readonly units?: number | undefined;
  /** Features A of the attentional vector tanh([context; output]·Wc). Default Q. */
  readonly outputSize?: number | undefined;
  /** Seed of the initial weights. Default: the stream that `build` is given, or 0. */
  readonly seed?: number | undefined;
};

/** The trainable part of attention. Letters: B rows, S steps of the memory, T queries of a row. */
export type Attention = {
  readonly kind: AttentionKind;
  readonly querySize: number;
  readonly memorySize: number;
  readonly outputSize: number;
  /** Creates the parameters, once. */
  build(options?: BuildOptions): void;
  /**
   * `memory/kernel` [M, U] (general: [M, Q]), `query/kernel` [Q, U], `v` [U, 1], `output/kernel` [M
   * + Q, A]. Throws until built.
   */
  parameters(): Parameters;
  /**
   * Attention over memory [B, S, M], whose rows have `lengths` valid steps, each at least 1
   * (default: all S); what it holds behind them has no effect, NaN included. What needs no query is
   * computed here: call it once for a batch, inside the function that is differentiated. Throws
   * RangeError for shapes and lengths that don't fit.
   */
  over(memory: Tensor, lengths?: Lengths): AttendedMemory;
};

/** A memory that is ready to be attended to. */
export type AttendedMemory = {
  readonly attention: Attention;
  readonly steps: number;
  /**
   * Weights [B, T, S] of queries [B, T, Q]: they sum to 1 over S and are exactly 0 behind a row's
   * length.
   */
  weights(queries: Tensor): Tensor;
  /** Contexts [B, T, M]: means of the memory by weights [B, T, S]. */
  contexts(weights: Tensor): Tensor;
  /** Attentional vectors tanh([context; output]·Wc), [B, T, A]. */
  combine(outputs: Tensor, contexts: Tensor): Tensor;
};

/**
 * Added to the scores of padding: nothing that is added to it changes it, and its exponential is
 * exactly 0.
 */
const PADDING_SCORE = -1e30;

/**
 * Attention with its parameters. Throws RangeError for sizes, and for `dot` unless queries and
 * memory have the same.
 */
export function attention(options: AttentionOptions): Attention {
  checkOptions("attention", options, "kind querySize memorySize units outputSize seed");
  const where = "attention";
  const kind = checkChoice(`${where} kind`, options.kind, ATTENTION_KINDS);
  const querySize = checkInteger(`${where} querySize`, options.querySize, 1);
  const memorySize = checkInteger(`${where} memorySize`, options.memorySize, 1);
  const units = checkInteger(`${where} units`, options.units ?? querySize, 1);
  const outputSize = checkInteger(`${where} outputSize`, options.outputSize ?? querySize, 1);
  if (kind === "dot" && querySize !== memorySize)
    throw valueError(`${where} memorySize`, `${querySize} as querySize`, memorySize, "Or take general");
  const additive = kind === "bahdanau" || kind === "concat";
  const matrix = (rows: number, columns: number): ParameterDeclarations[string] => ({
    shape: [rows, columns],
    initializer: glorotUniform,
  });
  const weights = parameterSet(
    where,
    () => ({
      ...(kind !== "dot" && { "memory/kernel": matrix(memorySize, additive ? units : querySize) }),
      ...(additive && { "query/kernel": matrix(querySize, units), v: matrix(units, 1) }),
      "output/kernel": matrix(memorySize + querySize, outputSize),
    }),
    options.seed,
  );
  const self: Attention = {
    kind,
    querySize,
    memorySize,
    outputSize,
    build: (buildOptions) => weights.build(querySize, buildOptions),
    parameters: () => weights.parameters(),
    over(memory, lengths) {
      weights.build(querySize, { dtype: memory.dtype as FloatDType });
      return attend(self, memory, lengths);
    },
  };
  return self;
}

function attend(of: Attention, given: Tensor, lengths: Lengths | undefined): AttendedMemory {
  if (given.rank !== 3 || given.shape[2] !== of.memorySize)
    throw shapeError("attention memory", `[B, S, ${of.memorySize}]`, given.shape);
  const [batch, steps] = given.shape;
  const valid = lengths === undefined ? undefined : validSteps(lengths, batch, steps);
  const memory =
    valid === undefined ? given : where(tensor(valid, { shape: [batch, steps, 1], dtype: "bool" }), given, 0);
  const padding =
    valid &&
    tensor(
      Float64Array.from(valid, (is) => (is === 1 ? 0 : PADDING_SCORE)),
      { shape: [batch, 1, steps], dtype: given.dtype as FloatDType },
    );
  const score = scorer(of, memory);
  const outputKernel = of.parameters()["output/kernel"];
  return {
    attention: of,
    steps,
    weights(queries) {
      if (queries.rank !== 3 || queries.shape[0] !== batch || queries.shape[2] !== of.querySize)
        throw shapeError("attention queries", `[${batch}, T, ${of.querySize}]`, queries.shape);
      const scores = score(queries);
      return softmax(padding === undefined ? scores : add(scores, padding));
    },
    contexts: (weights) => matmul(weights, memory),
    combine: (outputs, contexts) => tanh(matmul(concat([contexts, outputs], -1), outputKernel)),
  };
}

/** Scores [B, T, S] of queries [B, T, Q]; the keys are computed at once. */
function scorer(of: Attention, memory: Tensor): (queries: Tensor) => Tensor {
  const { "memory/kernel": memoryKernel, "query/kernel": queryKernel, v } = of.parameters();
  const { kind } = of;
  if (kind === "dot") return (queries) => matmul(queries, memory, { transposeB: true });
  const keys = matmul(memory, memoryKernel);
  if (kind === "general") return (queries) => matmul(queries, keys, { transposeB: true });
  const [batch, steps, units] = keys.shape;
  const spread = reshape(keys, [batch, 1, steps, units]);
  return (queries) => {
    const times = queries.shape[1];
    const hidden = tanh(add(spread, reshape(matmul(queries, queryKernel), [batch, times, 1, units])));
    return reshape(matmul(hidden, v), [batch, times, steps]);
  };
}

/** 1 for each valid step, [B, S]. */
function validSteps(lengths: Lengths, batch: number, steps: number): Uint8Array {
  const given = lengths instanceof Tensor ? lengths.values() : lengths;
  if (!sameShape([given.length], [batch]))
    throw shapeError("attention lengths", `one for each of ${batch} rows`, [given.length]);
  const valid = new Uint8Array(sizeOf([batch, steps]));
  for (let row = 0; row < batch; row++) {
    const length = checkInteger(`attention length of row ${row}`, given[row], 1, steps);
    valid.fill(1, row * steps, row * steps + length);
  }
  return valid;
}
