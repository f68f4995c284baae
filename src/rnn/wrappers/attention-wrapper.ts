import { checkOptions, kindError, valueError, withPrefix } from "../../base/index.ts";
import {
  concat,
  maskSequence,
  reshape,
  swapLeading,
  takeSteps,
  type Tensor,
  tensor,
  where,
  zeros,
} from "../../tensor/index.ts";
import type { AttendedMemory, Attention } from "../attention.ts";
import type { Cell, SequenceContext, SequenceInputs, State, StepContext } from "../cell.ts";
import { runSequence } from "../dynamic-rnn.ts";

/**
 * `cell`: of the inner cell. `alignment` [B, S]: the weights of the step, which a trace then holds
 * for all steps. With `bahdanau` `query` [B, Q]: the output of the inner cell. With input feeding
 * `attention` [B, A]: the attentional vector.
 */
export type AttentionState = {
  readonly cell: State;
  readonly alignment: Tensor;
  readonly query?: Tensor;
  readonly attention?: Tensor;
};

export type AttentionWrapperOptions = {
  /** Memory that the cell attends to: `attention(…).over(memory, lengths)`. */
  readonly memory: AttendedMemory;
  /**
   * The cell also reads the attentional vector of the step before (Luong et al. 2015, section 3.3).
   * Not with `bahdanau`, where the context enters the cell anyway. Default true.
   */
  readonly inputFeeding?: boolean | undefined;
};

/**
 * `cell` with attention over a memory. Its output [B, A] is the attentional vector tanh([context;
 * output]·Wc).
 *
 * Luong's kinds: the cell runs, its output is the query. Without input feeding a sequence is the
 * sequence of the cell, whose outputs are then attended with all at once; with it, it is a loop
 * over steps. `bahdanau`: the output of the step before is the query, and the cell reads [input;
 * context]; the maxout layer of that paper is the attentional vector here.
 *
 * Parameters: those of the cell under `cell/`, of the attention under `attention/`. Throws
 * RangeError unless the cell's output is as large as the queries.
 */
export function attentionWrapper(cell: Cell, options: AttentionWrapperOptions): Cell<AttentionState> {
  checkOptions("attentionWrapper", options, "memory inputFeeding");
  const { memory, inputFeeding = true } = options;
  const { attention } = memory;
  if (typeof inputFeeding !== "boolean")
    throw kindError("attentionWrapper inputFeeding", "true or false", inputFeeding);
  if (cell.outputSize !== attention.querySize)
    throw valueError("attentionWrapper", `a cell with ${attention.querySize} outputs`, cell.outputSize);
  const fromBefore = attention.kind === "bahdanau";
  const feeds = inputFeeding && !fromBefore;
  const extra = attentionInputSize(attention, inputFeeding);
  return {
    name: `attentionWrapper(${cell.name})`,
    outputSize: attention.outputSize,
    stateSize: {
      cell: cell.stateSize,
      alignment: memory.steps,
      ...(fromBefore && { query: attention.querySize }),
      ...(feeds && { attention: attention.outputSize }),
    },
    memory: [...cell.memory, "alignment"],
    gates: { cell: cell.gates ?? {} },
    build(inputSize, buildOptions) {
      cell.build(inputSize + extra, buildOptions);
      attention.build(buildOptions);
    },
    parameters: () => ({
      ...withPrefix("cell", cell.parameters()),
      ...withPrefix("attention", attention.parameters()),
    }),
    step: fromBefore
      ? (input, state, context) => stepFromBefore(cell, memory, input, state, context)
      : (input, state, context) => stepFromNow(cell, memory, input, state, context),
    ...(extra === 0 && {
      readsTables: true,
      sequence: (inputs, state, context) => attendSequence(cell, memory, inputs, state, context),
    }),
  };
}

/** Features that the inner cell reads besides the input. */
export function attentionInputSize(
  { kind, memorySize, outputSize }: Pick<Attention, "kind" | "memorySize" | "outputSize">,
  inputFeeding: boolean,
): number {
  if (kind === "bahdanau") return memorySize;
  return inputFeeding ? outputSize : 0;
}

type Step = { output: Tensor; state: AttentionState };

function stepFromNow(
  cell: Cell,
  memory: AttendedMemory,
  input: Tensor,
  state: AttentionState,
  context: StepContext | undefined,
): Step {
  const fed = state.attention === undefined ? input : concat([input, state.attention], 1);
  const inner = innerStep(cell, fed, state.cell, context);
  const { alignment, output } = attendStep(memory, inner.output, inner.output);
  return {
    output,
    state: { cell: inner.state, alignment, ...(state.attention !== undefined && { attention: output }) },
  };
}

function stepFromBefore(
  cell: Cell,
  memory: AttendedMemory,
  input: Tensor,
  state: AttentionState,
  context: StepContext | undefined,
): Step {
  const { weights, contexts } = look(memory, state.query as Tensor);
  const read = concat([input, reshape(contexts, [input.shape[0], memory.attention.memorySize])], 1);
  const inner = innerStep(cell, read, state.cell, context);
  const output = combined(memory, inner.output, contexts);
  return { output, state: { cell: inner.state, alignment: flat(weights), query: inner.output } };
}

function attendStep(memory: AttendedMemory, query: Tensor, cellOutput: Tensor): { alignment: Tensor; output: Tensor } {
  const { weights, contexts } = look(memory, query);
  return { alignment: flat(weights), output: combined(memory, cellOutput, contexts) };
}

function look(memory: AttendedMemory, query: Tensor): { weights: Tensor; contexts: Tensor } {
  const weights = memory.weights(single(query));
  return { weights, contexts: memory.contexts(weights) };
}

const combined = (memory: AttendedMemory, output: Tensor, contexts: Tensor): Tensor =>
  flat(memory.combine(single(output), contexts));

/** [B, n] as one query of each row, and back. */
const single = (x: Tensor): Tensor => reshape(x, [x.shape[0], 1, x.shape[1]]);
const flat = (x: Tensor): Tensor => reshape(x, [x.shape[0], x.shape[2]]);

/** A step as a sequence of one, which for a built-in cell is one op instead of fifteen. */
function innerStep(
  cell: Cell,
  input: Tensor,
  state: State,
  context: StepContext | undefined,
): { output: Tensor; state: State } {
  if (cell.sequence === undefined || context?.recurrentMask !== undefined) return cell.step(input, state, context);
  const { random, time: start = 0 } = context ?? {};
  const sequence = reshape(input, [1, ...input.shape]);
  const { outputs, state: next } = cell.sequence(sequence, state, { random, start, trace: false });
  return { output: reshape(outputs, [input.shape[0], cell.outputSize]), state: next };
}

/** All steps at once: no step needs what another has attended to. */
function attendSequence(
  cell: Cell,
  memory: AttendedMemory,
  inputs: SequenceInputs,
  state: AttentionState,
  context: SequenceContext,
): ReturnType<NonNullable<Cell<AttentionState>["sequence"]>> {
  const inner = runSequence(cell, inputs, state.cell, context);
  const [steps, batch] = inner.outputs.shape;
  if (steps === 0) return { outputs: zeros([0, batch, memory.attention.outputSize], inner.outputs.dtype), state };
  const queries = swapLeading(inner.outputs);
  const weights = memory.weights(queries);
  const alignments = swapLeading(weights);
  const attended = swapLeading(memory.combine(queries, memory.contexts(weights)));
  const masked = context.lengths === undefined ? attended : maskSequence(attended, context.lengths);
  return {
    outputs: masked,
    state: { cell: inner.state, alignment: lastOf(alignments, state.alignment, context.lengths) },
    ...(context.trace && { trace: { ...(inner.trace && { cell: inner.trace }), alignment: alignments } }),
  };
}

/** Values of each row's last step; `before` where it has none. */
function lastOf(sequence: Tensor, before: Tensor, lengths: Tensor | undefined): Tensor {
  const [steps, batch] = sequence.shape;
  const counts = lengths?.values() ?? new Int32Array(batch).fill(steps);
  const last = takeSteps(
    sequence,
    Int32Array.from(counts, (n) => Math.max(0, n - 1)),
  );
  if (counts.every((n) => n > 0)) return last;
  return where(
    tensor(
      Uint8Array.from(counts, (n) => (n > 0 ? 1 : 0)),
      { shape: [batch, 1], dtype: "bool" },
    ),
    last,
    before,
  );
}
