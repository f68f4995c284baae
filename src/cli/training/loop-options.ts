/** @file What the options of `unrolled train` mean for the library's trainer. */
import {
  type Callback,
  charRnn,
  type Optimizer,
  optimizers,
  type ParameterGroup,
  type Schedule,
  reduceOnPlateau,
  torchRnn,
  type TrainOnOptions,
  warmUp,
} from "unrolled";
import { flagOf } from "../options/table.ts";
import type { RunOptions } from "../options/run-options.ts";
import { UsageError } from "../terminal/failure.ts";
import { fallingRate } from "./falling-rate.ts";

type LoopOptions = OptimizerOptions &
  ScheduleOptions &
  GroupOptions &
  Pick<
    RunOptions,
    | "accumulate"
    | "allowOtherNumerics"
    | "anomaly"
    | "averaging"
    | "clipNorm"
    | "epochs"
    | "evaluateEvery"
    | "seconds"
    | "seed"
    | "steps"
    | "threads"
  >;

/** Options of the trainer. Throws UsageError for options that don't fit the optimizer. */
export function loopOptions(options: LoopOptions, stepsPerEpoch: number): TrainOnOptions {
  const { seed, clipNorm, anomaly = false, allowOtherNumerics = false } = options;
  const schedule = scheduleOf(options, stepsPerEpoch);
  const groups = groupsOf(options);
  const same = ["accumulate", "averaging", "steps", "epochs", "seconds", "evaluateEvery", "threads"] as const;
  const given = Object.fromEntries(
    same.flatMap((name) => (options[name] === undefined ? [] : [[name, options[name]]])),
  );
  return {
    seed,
    clipNorm,
    anomaly,
    allowOtherNumerics,
    optimizer: optimizerOf(options),
    ...(schedule && { schedule }),
    ...(groups.length > 0 && { groups }),
    ...given,
  };
}

type OptimizerOptions = Pick<RunOptions, "optimizer" | "learningRate" | "momentum" | "rmspropDecay" | "weightDecay">;

/** The optimizer with its options. Throws UsageError for one that it doesn't have. */
export function optimizerOf({
  optimizer: name,
  learningRate,
  momentum,
  rmspropDecay,
  weightDecay,
}: OptimizerOptions): Optimizer {
  const extra = Object.entries({ momentum, decay: rmspropDecay, weightDecay }).filter(
    ([, value]) => value !== undefined,
  );
  const made = optimizers[name]({ learningRate, ...Object.fromEntries(extra) });
  for (const [option] of extra) {
    if (Object.hasOwn(made.config, option)) continue;
    const flag = option === "decay" ? "--rmsprop-decay" : flagOf(option);
    throw new UsageError(`${flag}: expected an optimizer with this option, got --optimizer ${name}`);
  }
  return made;
}

type ScheduleOptions = Pick<
  RunOptions,
  | "learningRate"
  | "learningRateDecay"
  | "learningRateDecayAfter"
  | "learningRateDecayEvery"
  | "plateauFactor"
  | "plateauPatience"
  | "schedule"
  | "warmUp"
>;

/** The learning rate by step, without what a callback does to it; undefined for a constant one. */
function scheduleOf(options: ScheduleOptions, stepsPerEpoch: number): Schedule | undefined {
  const decay = decayOf(options, stepsPerEpoch);
  const { warmUp: steps, learningRate } = options;
  return steps === 0 ? decay : warmUp(decay ?? (() => learningRate), { steps });
}

function decayOf(options: ScheduleOptions, stepsPerEpoch: number): Schedule | undefined {
  const { learningRate: initial, learningRateDecay: decay, learningRateDecayAfter: after } = options;
  const every = options.learningRateDecayEvery;
  if (every !== undefined) return torchRnn({ initial, every, factor: decay ?? 0.5, stepsPerEpoch });
  if (decay === undefined && after === undefined) return undefined;
  return charRnn({ initial, decay: decay ?? 0.97, decayAfterEpochs: after ?? 10, stepsPerEpoch });
}

/**
 * The callback that lowers the rate in the course of the run, if any. `stepsPerEpoch` are
 * batches, `secondsBefore` is the time of training before it was resumed.
 */
export function rateCallback(
  options: ScheduleOptions & Pick<RunOptions, "seconds" | "epochs" | "accumulate">,
  { stepsPerEpoch, secondsBefore }: { readonly stepsPerEpoch: number; readonly secondsBefore: number },
): Callback | undefined {
  const { schedule, seconds, epochs, accumulate = 1, plateauFactor = 0.5, plateauPatience = 2 } = options;
  if (schedule === "plateau") return reduceOnPlateau({ factor: plateauFactor, patience: plateauPatience });
  if (schedule === undefined || schedule === "constant") return undefined;
  const planned = epochs === undefined ? undefined : epochs * Math.ceil(stepsPerEpoch / accumulate);
  return fallingRate({ shape: schedule, seconds, secondsBefore, planned });
}

type GroupOptions = Pick<RunOptions, "freeze" | "rateFactors">;

/**
 * Groups of parameters: one that is frozen, and one for each factor. Throws UsageError for what is
 * no factor.
 */
function groupsOf({ freeze, rateFactors }: GroupOptions): ParameterGroup[] {
  const frozen = freeze === undefined ? [] : [{ parameters: freeze.split(","), frozen: true }];
  const factors = (rateFactors?.split(",") ?? []).map((entry) => {
    const [name, factor, ...rest] = entry.split("=");
    const rateFactor = Number(factor);
    if (rest.length > 0 || !factor || !Number.isFinite(rateFactor) || rateFactor < 0)
      throw new UsageError(
        `--rate-factors: expected NAME=FACTOR with commas between them, got ${JSON.stringify(entry)}`,
      );
    return { parameters: [name], rateFactor };
  });
  return [...frozen, ...factors];
}
