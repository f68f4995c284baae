/**
 * @file The gradients of the batches of one step, and the questions whose answers say whether they
 * are good.
 */
import { leafValues, leavesOf, type RandomStream, type Tree } from "../../base/index.ts";
import type { Answers, Questions } from "../../engine/index.ts";
import type { Parameters } from "../../optim/index.ts";
import { carryInto, type State } from "../../rnn/index.ts";
import { add, mul, type Tensor, valueAndGrad, zeros } from "../../tensor/index.ts";
import { type Communicator, isAlone } from "./communicator.ts";
import type { Trouble } from "./events.ts";
import type { Task } from "./task.ts";

/** No questions. */
export const NOTHING: Questions = { scalars: [], squares: [], finite: [] };

/** Tensors that may hold what is not finite, and what to call each then. */
export type Suspects = { readonly questions: Questions; readonly troubles: readonly Trouble[] };

export function suspectsOf(
  groups: readonly (readonly [what: Trouble["what"], tensors: Readonly<Record<string, Tensor>>])[],
): Suspects {
  const all = groups.flatMap(([what, tensors]) =>
    Object.entries(tensors).map(([name, tensor]) => ({ tensor, trouble: { what, name } })),
  );
  const questions = { ...NOTHING, finite: all.map(({ tensor }) => tensor) };
  return { questions, troubles: all.map(({ trouble }) => trouble) };
}

/** Results of the batches of a step, most of them still on the engine. */
export type Pass = {
  /** Σ share · gradient over the batches. */
  readonly gradients: Parameters;
  /** The loss of each batch, a scalar, without penalties. */
  readonly losses: readonly Tensor[];
  /** Tokens, examples or weights that each loss is a mean over. */
  readonly weights: readonly number[];
  /**
   * Share of each batch: its weight by `unit`. 1 for the last one where none has a weight.
   */
  readonly shares: readonly number[];
  /** The first weight above 0; 0 where there is none. */
  readonly unit: number;
  /** State after each batch. */
  readonly states: readonly (State | undefined)[];
};

export type PassSettings = {
  readonly trained: Parameters;
  readonly random: RandomStream;
  readonly communicator: Communicator;
};

/** Whether a batch has no row for this rank. On one rank every batch has rows, whatever it is. */
export const isEmpty = (batch: unknown, communicator: Communicator): batch is undefined =>
  batch === undefined && !isAlone(communicator);

/**
 * The gradient of Σ share · (value + penalty) over the batches, which follow one another; those
 * that are undefined have no row for this rank. No gradient reaches the carried state, which is
 * overwritten. To be called in a scope.
 */
export function gradientsOf<B>(
  task: Task<B>,
  batches: readonly (B | undefined)[],
  { trained, random, communicator }: PassSettings,
): Pass {
  const { carried } = task;
  const losses: Tensor[] = [];
  const weights: number[] = [];
  let shares: number[] = [];
  let unit = 0;
  let gradients: Parameters | undefined;
  const states: (State | undefined)[] = [];
  batches.forEach((batch, at) => {
    if (isEmpty(batch, communicator)) return;
    const stream = at === 0 ? random : random.named("batch").at(at);
    const { gradients: next, result } = valueAndGrad(() => {
      const { value, weight = 1, penalty, state } = task.loss(batch, { state: carried, random: stream });
      return { value: penalty === undefined ? value : add(value, penalty), reported: value, weight, state };
    }, trained);
    const { weight } = result;
    states.push(result.state);
    losses.push(result.reported);
    weights.push(weight);
    if (carried !== undefined) carryInto(carried, result.state);
    // until one counts, gradients are kept only for their shapes
    if (unit === 0) {
      gradients = next;
      shares = shares.map(() => 0);
      shares.push(1);
      unit = weight;
    } else {
      const share = weight / unit;
      shares.push(share);
      if (share > 0) gradients = sumOf(gradients as Parameters, next, share);
    }
  });
  gradients ??= Object.fromEntries(
    Object.entries(trained).map(([path, { shape, dtype }]) => [path, zeros(shape, dtype)]),
  );
  return { gradients, losses, weights, shares, unit, states };
}

const sumOf = (sums: Parameters, gradients: Parameters, share: number): Parameters =>
  Object.fromEntries(
    Object.entries(sums).map(([path, sum]) => {
      const gradient = gradients[path];
      return [path, add(sum, share === 1 ? gradient : mul(gradient, share))];
    }),
  );

/** Each part of the state after each batch. */
export function stateParts({ states }: Pass): Tensor[] {
  const parts: Tensor[] = [];
  for (const state of states) if (state !== undefined) leafValues(state as Tree<Tensor>, parts);
  return parts;
}

/** Batch and path of each of `stateParts`. */
const stateNames = ({ states }: Pass): (readonly [batch: number, path: string])[] =>
  states.flatMap((state, batch) =>
    state === undefined ? [] : leavesOf(state as Tree<Tensor>).map(([path]) => [batch, path] as const),
  );

/** Mean of the losses by their weights, and how many batches of the weight `unit` it stands for. */
export function meanLoss(
  { shares }: Pass,
  losses: readonly number[],
): { readonly loss: number; readonly parts: number } {
  let [loss, parts] = [0, 0];
  shares.forEach((share, at) => {
    if (share === 0) return;
    loss += share * losses[at];
    parts += share;
  });
  return { loss: loss / parts, parts };
}

/** The first batch whose loss or state is not finite, with what it is. */
export function troubleIn(
  pass: Pass,
  { scalars, notFinite }: Answers,
): { readonly trouble: Trouble; readonly batch: number } | undefined {
  const loss = scalars.findIndex((value) => !Number.isFinite(value));
  const [batch, name] = notFinite < 0 ? [Infinity, ""] : stateNames(pass)[notFinite];
  if (loss >= 0 && loss <= batch) return { trouble: { what: "loss", name: "loss" }, batch: loss };
  return batch === Infinity ? undefined : { trouble: { what: "state", name }, batch };
}
