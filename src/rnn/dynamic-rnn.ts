import {
  checkInteger,
  checkOptions,
  dtypeError,
  type FloatDType,
  isFloat,
  kindError,
  leavesOf,
  type RandomStream,
  shapeError,
  type Tree,
  valueError,
} from "../base/index.ts";
import {
  onEachReplay,
  gather,
  maskSequence,
  mul,
  reshape,
  cast,
  notEqual,
  slice,
  stack,
  swapLeading,
  type TableInputs,
  takeSteps,
  Tensor,
  tensor,
  where,
  zeros,
} from "../tensor/index.ts";
import {
  type Cell,
  mapTrace,
  type SequenceContext,
  type SequenceInputs,
  type SequenceResult,
  type State,
  type Trace,
} from "./cell.ts";
import { activeAt, checkState, chooseState, zeroState } from "./state.ts";

/** Valid steps of each row: numbers, or an int32 tensor [B]. */
export type Lengths = readonly number[] | Int32Array | Tensor;

export type DynamicRnnOptions<S extends State> = {
  /** Valid steps of each row, 0 … T. Default: all T. (`sequence_length` in TensorFlow.) */
  readonly lengths?: Lengths | undefined;
  /** Default: zeros. */
  readonly initialState?: S | undefined;
  /** Inputs and outputs are [T, B, n] instead of [B, T, n]. Default false. */
  readonly timeMajor?: boolean | undefined;
  /**
   * After a row's end: `zero` (TensorFlow 1, ONNX; default) or `hold` its last output (Keras'
   * generic masking).
   */
  readonly paddedOutput?: "zero" | "hold" | undefined;
  /**
   * Given while training: turns dropout on. Use a stream of its own for each step,
   * `random.at(step)`.
   */
  readonly random?: RandomStream | undefined;
  /** Also return every gate and state of every step. Default false. */
  readonly trace?: boolean | undefined;
};

export type DynamicRnnResult<S extends State, T extends Trace = Trace> = {
  /** [B, T, n], or [T, B, n] when time-major. */
  readonly outputs: Tensor;
  /** After each row's last valid step; the initial state where the length is 0. */
  readonly state: S;
  /**
   * Gates and states of every step, with `trace`. Names depend on the cell, for an LSTM i, f, g, o,
   * c, h; each [B, T, n], or [T, B, n]. Of no steps, a cell without a sequence kernel has none.
   */
  readonly trace?: T;
};

/**
 * Runs a cell over sequences, as TensorFlow 1's `tf.nn.dynamic_rnn`: inputs [B, T, I] give outputs
 * [B, T, n] and the last state. Past a row's length, outputs are zero and the state is copied
 * through; what the padding holds, NaN included, has no effect on any value or gradient. The cell's
 * parameters are created on the first call, with the inputs' dtype.
 *
 * Inputs that are rows of a table, such as embeddings, can be given as `{ table, ids }`, table [V,
 * I] and ids int32 [B, T]: instead of `gather(table, ids)`, with the same outputs, and faster where
 * V is at most a quarter of B·T (with lengths, 4 B), since the table's rows are multiplied by the
 * input weights instead of the inputs. The table must be finite then, and gradients are summed in
 * another order.
 *
 * Throws RangeError for inputs that are not rank 3, ids outside 0 … V-1, lengths outside 0 … T, or
 * a state of the wrong shape; TypeError for inputs that are not floating point, ids that are not
 * int32, a state that lacks a part, or inputs, state and parameters of different precision.
 */
export function dynamicRnn<S extends State, T extends Trace = Trace>(
  cell: Cell<S, T>,
  inputs: SequenceInputs,
  options: DynamicRnnOptions<S> & { readonly trace: true },
): DynamicRnnResult<S, T> & { readonly trace: T };
export function dynamicRnn<S extends State, T extends Trace = Trace>(
  cell: Cell<S, T>,
  inputs: SequenceInputs,
  options?: DynamicRnnOptions<S>,
): DynamicRnnResult<S, T>;
export function dynamicRnn<S extends State, T extends Trace>(
  cell: Cell<S, T>,
  inputs: SequenceInputs,
  { lengths, initialState, timeMajor = false, paddedOutput = "zero", random, trace = false }: DynamicRnnOptions<S> = {},
): DynamicRnnResult<S, T> {
  checkOptions("dynamicRnn", arguments[2], "lengths initialState timeMajor paddedOutput random trace");
  if (typeof cell?.build !== "function") throw kindError("dynamicRnn cell", "a cell", cell);
  const { x, features, batch, steps, dtype } = checkSequenceInputs("dynamicRnn", inputs, timeMajor);
  cell.build(features, { dtype });
  const limits = lengths === undefined ? undefined : checkLengths("dynamicRnn", lengths, batch, steps);
  const state = initialState ?? zeroState(cell, batch, dtype);
  if (initialState !== undefined) checkState("dynamicRnn", cell, initialState, batch);
  const context = { lengths: limits, random, trace };
  // once for all layers: a mask in each would add up the gradients of the inputs in another order
  // than without padding
  const clean = x instanceof Tensor && context.lengths !== undefined ? maskSequence(x, context.lengths) : x;
  const result = runSequence(cell, clean, state, context);
  const outputs = lengths !== undefined && paddedOutput === "hold" ? holdLast(result.outputs, lengths) : result.outputs;
  const orient = (y: Tensor): Tensor => (timeMajor ? y : swapLeading(y));
  return {
    outputs: orient(outputs),
    state: result.state,
    ...(result.trace && { trace: mapTrace(result.trace, orient) }),
  };
}

/**
 * A built cell over time-major inputs that are zero on padding, or rows of a table: its own
 * sequence op if it has one, else a loop over `step`. Rows of a table are looked up first where the
 * cell can't, or where multiplying the table by the weights would take longer than multiplying the
 * inputs.
 */
export function runSequence<S extends State, T extends Trace = Trace>(
  cell: Cell<S, T>,
  inputs: SequenceInputs,
  state: S,
  context: SequenceContext,
): SequenceResult<S, T> {
  const x =
    inputs instanceof Tensor || (cell.readsTables && isSmall(inputs, context)) ? inputs : lookUp(inputs, context);
  if (cell.sequence) return cell.sequence(x, state, context);
  return loopOverSteps(cell, x instanceof Tensor ? x : lookUp(x, context), state, context);
}

/**
 * Whether a table of `rows` is so small that its rows are multiplied by the weights instead of the
 * inputs that are read from it: at most a quarter as many. At a quarter a step takes 1.06 times as
 * long with 8 features, and 0.88 times with 64.
 */
const isWorthProjecting = (rows: number, steps: number, batch: number): boolean => 4 * rows <= steps * batch;

/**
 * Time steps that padded sequences are taken to have: gradients are summed in another order where
 * the table is multiplied, so padding must have no say in that.
 */
const USUAL_STEPS = 16;

function isSmall({ table, ids }: TableInputs, { lengths }: SequenceContext): boolean {
  const [steps, batch] = ids.shape;
  return isWorthProjecting(table.shape[0], lengths === undefined ? steps : USUAL_STEPS, batch);
}

/** The rows of a table, zero on padding. */
function lookUp({ table, ids }: TableInputs, { lengths }: SequenceContext): Tensor {
  const x = gather(table, ids);
  return lengths === undefined ? x : maskSequence(x, lengths);
}

function loopOverSteps<S extends State, T extends Trace>(
  cell: Cell<S, T>,
  inputs: Tensor,
  initial: S,
  { lengths, random, start = 0, trace }: SequenceContext,
): SequenceResult<S, T> {
  const [steps, batch, features] = inputs.shape;
  const outputs: Tensor[] = [];
  const traces: Trace[] = [];
  let state = initial;
  for (let time = 0; time < steps; time++) {
    const input = reshape(slice(inputs, [time], [1]), [batch, features]);
    const next = cell.step(input, state, { random, time: start + time });
    const active = lengths && activeAt(lengths, time);
    const masked = (y: Tensor): Tensor => (active === undefined ? y : where(active, y, 0));
    outputs.push(masked(next.output));
    state = active === undefined ? next.state : chooseState(active, next.state, state);
    if (trace) traces.push(joined(mapTrace(next.trace ?? {}, masked), state));
  }
  return {
    outputs: steps === 0 ? zeros([0, batch, cell.outputSize], inputs.dtype) : stack(outputs),
    state,
    ...(trace && steps > 0 && { trace: stackSteps(traces) as T }),
  };
}

/** Names of both, those of stacked cells within each layer. */
const joined = (gates: Trace, state: State): Trace => ({
  ...gates,
  ...Object.fromEntries(
    Object.entries(state).map(([name, part]) => {
      const below = gates[name];
      return [name, part instanceof Tensor || below === undefined ? part : joined(below as Trace, part)];
    }),
  ),
});

/** The traces of single steps as that of the sequence. */
function stackSteps(traces: readonly Trace[]): Trace {
  const parts = traces.map((trace) => new Map(leavesOf(trace as Tree<Tensor>)));
  return mapTrace(traces[0], (_, path) => stack(parts.map((part) => part.get(path) as Tensor)));
}

/**
 * Outputs [T, B, n] in which each row repeats its last valid output to the end; rows of length 0
 * stay zero.
 */
function holdLast(outputs: Tensor, lengths: Lengths): Tensor {
  const limits = Int32Array.from(lengths instanceof Tensor ? lengths.values() : lengths);
  const [steps, batch, features] = outputs.shape;
  if (steps === 0) return outputs;
  const last = takeSteps(
    outputs,
    limits.map((n) => Math.max(0, n - 1)),
  );
  const hasAny = tensor(limits, { shape: [batch, 1] });
  const held = mul(last, cast(notEqual(hasAny, 0), last.dtype));
  const flags = new Uint8Array(steps * batch);
  for (let t = 0; t < steps; t++) for (let b = 0; b < batch; b++) flags[t * batch + b] = t < limits[b] ? 1 : 0;
  return where(tensor(flags, { shape: [steps, batch, 1] }), outputs, reshape(held, [1, batch, features]));
}

/** The inputs in time-major order, checked. Shared by the drivers. */
export function checkInputs(
  where: string,
  inputs: unknown,
  timeMajor: boolean,
): { x: Tensor; batch: number; steps: number; dtype: FloatDType } {
  const expected = timeMajor ? "inputs [T, B, features]" : "inputs [B, T, features]";
  if (!(inputs instanceof Tensor)) throw kindError(where, `a tensor of ${expected}`, inputs);
  if (inputs.rank !== 3) throw shapeError(where, expected, inputs.shape);
  if (!isFloat(inputs.dtype))
    throw dtypeError(`${where} inputs`, "float32 or float64", inputs.dtype, "Convert with oneHot or cast");
  const x = timeMajor ? inputs : swapLeading(inputs);
  return { x, steps: x.shape[0], batch: x.shape[1], dtype: inputs.dtype };
}

/** Checks inputs that may be rows of a table. Shared by the drivers of whole sequences. */
export function checkSequenceInputs(
  where: string,
  inputs: SequenceInputs,
  timeMajor: boolean,
): { x: SequenceInputs; features: number; batch: number; steps: number; dtype: FloatDType } {
  if (inputs instanceof Tensor || inputs?.table === undefined) {
    const checked = checkInputs(where, inputs, timeMajor);
    return Object.assign(checked, { features: checked.x.shape[2] });
  }
  const { table } = inputs;
  const expected = timeMajor ? "[T, B]" : "[B, T]";
  if (!(table instanceof Tensor)) throw kindError(`${where} table`, "a tensor [V, features]", table);
  if (table.rank !== 2) throw shapeError(`${where} table`, "[V, features]", table.shape);
  if (!isFloat(table.dtype)) throw dtypeError(`${where} table`, "float32 or float64", table.dtype);
  if (!(inputs.ids instanceof Tensor)) throw kindError(`${where} ids`, `a tensor ${expected}`, inputs.ids);
  if (inputs.ids.rank !== 2) throw shapeError(`${where} ids`, expected, inputs.ids.shape);
  if (inputs.ids.dtype !== "int32") throw dtypeError(`${where} ids`, "int32", inputs.ids.dtype);
  const ids = timeMajor ? inputs.ids : swapLeading(inputs.ids);
  const [steps, batch] = ids.shape;
  return { x: { table, ids }, features: table.shape[1], steps, batch, dtype: table.dtype };
}

/** Lengths as int32 [B], each in 0 … T. Shared by the drivers. */
export function checkLengths(where: string, lengths: Lengths, batch: number, steps: number): Tensor {
  const count = lengths instanceof Tensor ? lengths.size : lengths.length;
  if (count !== batch) throw shapeError(`${where} lengths`, `one for each of ${batch} rows`, [count]);
  const check = (given: ArrayLike<number>): void => {
    for (let row = 0; row < batch; row++) {
      const n = given[row];
      if (!Number.isInteger(n)) throw valueError(`${where} length of row ${row}`, "an integer", n);
      checkInteger(`${where} length of row ${row}`, n, 0, steps);
    }
  };
  if (lengths instanceof Tensor) {
    onEachReplay([lengths], check);
    return cast(reshape(lengths, [batch]), "int32");
  }
  check(lengths);
  return tensor(Int32Array.from(lengths));
}
