/** @file The shapes that are raced. A contestant gets one of these and nothing else. */

/**
 * One piece of work, the same for every contestant. Letters: V tokens, H units (and embedding width), L layers, T time steps, B rows.
 *
 * `training`: embedding [V, H], L recurrent layers of H units from a zero state, a linear layer to V scores, mean cross entropy over T*B
 * tokens, backward, Adam (learning rate 1e-3, PyTorch's ε). `generate`: one token forward, batch 1, state carried from token to token.
 */
export type Case = {
  readonly name: string;
  readonly kind: "training" | "generate";
  readonly cell: "lstm" | "gru";
  readonly vocabulary: number;
  readonly hidden: number;
  readonly layers: number;
  readonly steps: number;
  readonly batch: number;
};

const SHAPES = [
  { hidden: 128, layers: 1, steps: 64, batch: 32 },
  { hidden: 128, layers: 2, steps: 50, batch: 50 },
  { hidden: 256, layers: 2, steps: 64, batch: 64 },
  { hidden: 512, layers: 2, steps: 64, batch: 64 },
];

type Shape = (typeof SHAPES)[number];

const nameOf = (cell: string, { hidden, layers, steps, batch }: Shape): string =>
  `${cell} H${hidden} L${layers} T${steps} B${batch}`;

const training = (cell: Case["cell"], shape: Shape): Case => ({
  name: nameOf(cell, shape),
  kind: "training",
  cell,
  vocabulary: 65,
  ...shape,
});

const generate = (hidden: number): Case => ({
  name: `generate lstm H${hidden}`,
  kind: "generate",
  cell: "lstm",
  vocabulary: 65,
  hidden,
  layers: 1,
  steps: 1,
  batch: 1,
});

/** The lesson of the tutorial: four letters, two units, five steps. */
const HELLO: Case = {
  ...training("lstm", { hidden: 2, layers: 1, steps: 5, batch: 1 }),
  name: "hello lstm V4 H2 T5 B1",
  vocabulary: 4,
};

export const CASES: readonly Case[] = [
  HELLO,
  ...SHAPES.flatMap((shape) => [training("lstm", shape), training("gru", shape)]),
  training("lstm", { hidden: 128, layers: 1, steps: 64, batch: 1 }),
  generate(128),
  generate(512),
];

/** Where the core's own limit is measured too. */
export const LIMIT_CASES: readonly Case[] = CASES.filter(({ kind, batch }) => kind === "training" && batch > 1);

const SCALING_BASE: Shape = { hidden: 128, layers: 1, steps: 32, batch: 16 };

/** A small step, then with T, B and H doubled, each alone. */
export const SCALING: readonly Case[] = [
  training("lstm", SCALING_BASE),
  training("lstm", { ...SCALING_BASE, steps: 64 }),
  training("lstm", { ...SCALING_BASE, batch: 32 }),
  training("lstm", { ...SCALING_BASE, hidden: 256 }),
];

/** The case whose peak memory is compared. */
export const MEMORY_CASE = nameOf("lstm", SHAPES[2]);

/** Products of one step, as they are defined: 2 flops per multiply-add; the backward pass has two products for each of the forward pass. */
export function flopsOf({ kind, cell, vocabulary, hidden, layers, steps, batch }: Case): number {
  const gates = cell === "lstm" ? 4 : 3;
  const forward = 2 * steps * batch * (layers * gates * hidden * 2 * hidden + hidden * vocabulary);
  return kind === "training" ? 3 * forward : forward;
}

/** What this package computes of them: of the first layer's inputs, which are embeddings of few tokens, each token is multiplied once. */
export function computedFlopsOf(task: Case): number {
  const { kind, cell, vocabulary, hidden, steps, batch } = task;
  const inputs = steps * batch;
  if (kind === "generate" || 4 * vocabulary > inputs) return flopsOf(task);
  const gates = cell === "lstm" ? 4 : 3;
  return flopsOf(task) - 3 * 2 * (inputs - vocabulary) * gates * hidden * hidden;
}

/** Where what calls the kernels would take longer than the kernels. */
export const isTiny = ({ hidden }: Case): boolean => hidden < 16;

export const tokensOf = ({ steps, batch }: Case): number => steps * batch;
