/** @file Deliberate bugs in attention and in the cell that attends. */
import { type Mutant, mutantsIn } from "./mutant.ts";

const TESTS = ["src/rnn/attention.test.ts"];

const scores = mutantsIn(
  "attention",
  "src/rnn/attention.ts",
  [
    ["padding not masked", "softmax(padding === undefined ? scores : add(scores, padding))", "softmax(scores)"],
    ["padding has a little weight", "const PADDING_SCORE = -1e30;", "const PADDING_SCORE = -10;"],
    [
      "padding masked after the softmax",
      "softmax(padding === undefined ? scores : add(scores, padding))",
      `valid === undefined
        ? softmax(scores)
        : where(tensor(Uint8Array.from(valid), { shape: [batch, 1, steps], dtype: "bool" }), softmax(scores), 0)`,
    ],
    [
      "what lies behind a length is read",
      'valid === undefined ? given : where(tensor(valid, { shape: [batch, steps, 1], dtype: "bool" }), given, 0)',
      "given",
    ],
    ["keys of what lies behind a length", "const score = scorer(of, memory);", "const score = scorer(of, given);"],
    ["contexts of what lies behind a length", "matmul(weights, memory)", "matmul(weights, given)"],
    ["one step of the memory too few", "row * steps + length);", "row * steps + length - 1);"],
    ["one step of the memory too many", "row * steps + length);", "row * steps + Math.min(steps, length + 1));"],
    ["length of the first row for all", "given[row], 1, steps)", "given[0], 1, steps)"],
    ["rows of the mask as long as the rows", "valid.fill(1, row * steps, row", "valid.fill(1, row * length, row"],
    ["output before the context", "concat([contexts, outputs], -1)", "concat([outputs, contexts], -1)"],
    [
      "attentional vector without tanh",
      "tanh(matmul(concat([contexts, outputs], -1), outputKernel))",
      "matmul(concat([contexts, outputs], -1), outputKernel)",
    ],
    [
      "score without tanh",
      "const hidden = tanh(add(spread, reshape(matmul(queries, queryKernel), [batch, times, 1, units])));",
      "const hidden = add(spread, reshape(matmul(queries, queryKernel), [batch, times, 1, units]));",
    ],
    [
      "tanh of the keys and the query apart",
      "tanh(add(spread, reshape(matmul(queries, queryKernel), [batch, times, 1, units])))",
      "add(tanh(spread), tanh(reshape(matmul(queries, queryKernel), [batch, times, 1, units])))",
    ],
  ],
  TESTS,
);

const wrapper = mutantsIn(
  "attention",
  "src/rnn/wrappers/attention-wrapper.ts",
  [
    [
      "attentional vector before the input",
      "concat([input, state.attention], 1)",
      "concat([state.attention, input], 1)",
    ],
    [
      "context before the input",
      "concat([input, reshape(contexts, [input.shape[0], memory.attention.memorySize])], 1)",
      "concat([reshape(contexts, [input.shape[0], memory.attention.memorySize]), input], 1)",
    ],
    ["attentional vector of the first step fed to all", "attention: output }) },", "attention: state.attention }) },"],
    ["query of the first step for all", "query: inner.output }", "query: state.query as Tensor }"],
    [
      "attentional vector of the query, not of the output",
      "const output = combined(memory, inner.output, contexts);",
      "const output = combined(memory, state.query as Tensor, contexts);",
    ],
    [
      "state of the cell not carried",
      "state: { cell: inner.state, alignment, ...",
      "state: { cell: state.cell, alignment, ...",
    ],
    [
      "state of the cell not carried, bahdanau",
      "{ cell: inner.state, alignment: flat(weights), query",
      "{ cell: state.cell, alignment: flat(weights), query",
    ],
    [
      "outputs not zero behind a length",
      "context.lengths === undefined ? attended : maskSequence(attended, context.lengths)",
      "attended",
    ],
    [
      "alignment of the batch's last step",
      "const counts = lengths?.values() ?? new Int32Array(batch).fill(steps);",
      "const counts = new Int32Array(batch).fill(steps);",
    ],
    ["alignment of the step behind the last", "Math.max(0, n - 1)", "Math.min(steps - 1, n)"],
    [
      "alignment of a row without steps is that of its first",
      "if (counts.every((n) => n > 0)) return last;",
      "return last;",
    ],
    [
      "alignments of all steps in the memory's order of rows",
      "const alignments = swapLeading(weights);",
      "const alignments = reshape(weights, swapLeading(weights).shape);",
    ],
    [
      "outputs of the whole sequence in the order of rows",
      "swapLeading(memory.combine(queries, memory.contexts(weights)))",
      "reshape(memory.combine(queries, memory.contexts(weights)), [...inputs.shape.slice(0, 2), memory.attention.outputSize])",
    ],
    [
      "one random stream for all steps of the inner cell",
      "time: start = 0 } = context ?? {}",
      "start = 0 } = (context ?? {}) as SequenceContext",
    ],
    ["input feeding always", "const feeds = inputFeeding && !fromBefore;", "const feeds = !fromBefore;"],
  ],
  TESTS,
);

export const attentionMutants: readonly Mutant[] = [...scores, ...wrapper];
