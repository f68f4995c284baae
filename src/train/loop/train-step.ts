/**
 * @file One step: gradients of the batches, their sum over the ranks, the update. It waits where an
 * engine or a communicator does.
 */
import type { RandomStream } from "../../base/index.ts";
import { type Answers, currentEngine } from "../../engine/index.ts";
import { type Parameters, scaleOfNorm } from "../../optim/index.ts";
import { mul, OpenScope, type Tensor, zeros } from "../../tensor/index.ts";
import { type Communicator, isAlone } from "./communicator.ts";
import type { Trouble } from "./events.ts";
import {
  gradientsOf,
  isEmpty,
  meanLoss,
  NOTHING,
  type Pass,
  stateParts,
  type Suspects,
  troubleIn,
} from "./gradients.ts";
import type { Task } from "./task.ts";

export type StepSettings = {
  /** Parameters that are differentiated: those of the task that are not frozen. */
  readonly trained: Parameters;
  /** Names of the parameters in the order in which the norm is summed. */
  readonly names: readonly string[];
  /** Largest global norm of the gradients; Infinity: no limit. */
  readonly clipNorm: number;
  /** Stream of this step. */
  readonly random: RandomStream;
  /** Tensors that go into every step. */
  readonly kept: Suspects;
  readonly communicator: Communicator;
};

export type StepResult = {
  /** Mean of the batches' losses by their weights, without penalties. */
  readonly loss: number;
  /** Sum of the batches' weights. */
  readonly weight: number;
  /** Tokens or examples of the batches. */
  readonly tokens: number;
  readonly gradientNorm: number;
  /** The first number that was not finite; undefined when the update was made. */
  readonly trouble: Trouble | undefined;
  /** Whether all was well before the step. */
  readonly arose: boolean;
};

/** Hands gradients to the optimizer, with the factor that divides and clips them. */
export type Apply = (gradients: Parameters, scale: number) => void;

/**
 * One step of truncated backpropagation through time: the gradient of Σ weight · (value + penalty)
 * / Σ weight over the batches of all ranks. `apply` is not called where there is `trouble` already,
 * or where what is kept, a loss, the carried state or a gradient is not finite on any rank. What is
 * allocated meanwhile is freed at the end.
 *
 * The engine is asked for what is kept before the step, and for losses, states and the norm after
 * it. One that answers late is awaited once; with several ranks once more, for the norm of the sum.
 */
export async function trainStep<B>(
  task: Task<B>,
  batches: readonly (B | undefined)[],
  settings: StepSettings,
  trouble: Trouble | undefined,
  apply: Apply,
): Promise<StepResult> {
  const { kept, names, communicator } = settings;
  const alone = isAlone(communicator);
  const engine = currentEngine();
  const open = new OpenScope();
  try {
    const tokens = batches.reduce((sum, batch) => sum + (isEmpty(batch, communicator) ? 0 : task.tokens(batch)), 0);
    const asked = engine.ask(kept.questions);
    const early = trouble ?? (asked instanceof Promise ? undefined : kept.troubles[asked.notFinite]);
    if (alone && early !== undefined) return { ...SKIPPED, tokens, trouble: early };
    // a rank that is in trouble takes part with gradients of 0
    const pass = open.run(() => gradientsOf(task, early === undefined ? batches : [], settings));
    const asking = engine.ask({
      scalars: pass.losses,
      squares: alone ? names.map((name) => pass.gradients[name]) : [],
      finite: stateParts(pass),
    });
    const isLate = asked instanceof Promise || asking instanceof Promise;
    const [before, answers] = isLate ? await Promise.all([asked, asking]) : [asked, asking];
    const bad = troubleIn(pass, answers);
    const known = early ?? kept.troubles[before.notFinite];
    const local = known ?? bad?.trouble;
    const arose = known === undefined;
    let step = sumsOf(pass, answers, tokens);
    if (!alone) {
      const shared = await overRanks(step, local, settings, open);
      if (shared.trouble !== undefined) return { ...shared, arose };
      step = shared;
    } else if (local !== undefined) {
      if (bad === undefined) return { ...SKIPPED, tokens, trouble: local };
      const [loss, weight] = [answers.scalars[bad.batch], pass.weights[bad.batch]];
      return { ...SKIPPED, loss, weight, tokens, trouble: local, arose };
    }
    const { gradients, loss, weight, parts } = step;
    const { scale, norm, finite } = scaleOfNorm(Math.sqrt(step.sumOfSquares), settings.clipNorm * parts);
    const found = finite ? undefined : await badGradient(gradients);
    // batches that count nothing change nothing
    if (finite) open.run(() => apply(gradients, weight === 0 ? 0 : scale / parts));
    return { loss, weight, tokens: step.tokens, gradientNorm: norm / parts, trouble: found, arose };
  } finally {
    open.end();
  }
}

const SKIPPED = { loss: NaN, weight: 0, gradientNorm: NaN, arose: false };

/** A step before its update. */
type StepSums = Pick<StepResult, "loss" | "weight" | "tokens"> & {
  readonly gradients: Parameters;
  /** Divisor of the gradients. */
  readonly parts: number;
  readonly sumOfSquares: number;
};

function sumsOf(pass: Pass, { scalars, sumOfSquares }: Answers, tokens: number): StepSums {
  const { loss, parts } = meanLoss(pass, scalars);
  return { gradients: pass.gradients, loss, weight: parts * pass.unit, tokens, parts, sumOfSquares };
}

/** The step of all ranks together: Σ weight · gradient, to be divided by Σ weight. */
async function overRanks(
  { gradients, loss, weight, parts, tokens }: StepSums,
  local: Trouble | undefined,
  { names, communicator }: StepSettings,
  open: OpenScope,
): Promise<StepSums & { readonly gradientNorm: number; readonly trouble: Trouble | undefined }> {
  const { rank, size } = communicator;
  // copies: the gradients of two parameters may be one tensor
  const factor = weight / parts;
  const counts = weight > 0 && local === undefined;
  const arrays = open.run(() =>
    Object.fromEntries(names.map((name) => [name, counts ? mul(gradients[name], factor) : zerosLike(gradients[name])])),
  );
  const troubled = Array.from({ length: size }, (_, at) => Number(at === rank && local !== undefined));
  const totals = Float64Array.of(weight, weight > 0 ? weight * loss : 0, tokens, ...troubled);
  await communicator.reduce({ arrays, totals });
  const first = totals.indexOf(1, RANKS);
  const trouble = first < 0 ? undefined : (local ?? ({ what: "rank", name: String(first - RANKS) } as const));
  const { sumOfSquares } = await currentEngine().ask({ ...NOTHING, squares: Object.values(arrays) });
  const all = totals[0];
  return {
    gradients: arrays,
    loss: all === 0 ? 0 : totals[1] / all,
    weight: all,
    tokens: totals[2],
    parts: all === 0 ? 1 : all,
    sumOfSquares,
    gradientNorm: NaN,
    trouble,
  };
}

/** Index at which the flags of the ranks begin among the totals. */
const RANKS = 3;

const zerosLike = ({ shape, dtype }: Tensor): Tensor => zeros(shape, dtype);

/** The first that is not finite; the norm, where only the sum of all squares is not. */
async function badGradient(gradients: Parameters): Promise<Trouble> {
  const { notFinite } = await currentEngine().ask({ ...NOTHING, finite: Object.values(gradients) });
  return { what: "gradient", name: Object.keys(gradients)[notFinite] ?? "norm" };
}
