/** @file From the lanes of a race to rows of the table: times, ratios, and whether the contestants did the same work. */
import { computedFlopsOf, flopsOf, tokensOf } from "./cases.ts";
import { type Contestant, OURS, titleOf } from "./contestants.ts";
import { LIMIT_GOAL, LIMIT_HIDDEN, SCALING_GOAL, speedGoal } from "./goals.ts";
import type { Lane } from "./race.ts";
import { median, medianRatio, relativeDifference } from "./statistics.ts";
import { atLeast, type Row } from "./table.ts";

/**
 * Contestants whose first losses or scores differ by more are not comparable. They agree to 3e-6; two gates swapped, one weight matrix
 * transposed or a bias left out make 1e-4 and more, an embedding that is not trained 5e-5.
 */
const TOLERANCE = 3e-5;

const isOurs = ({ name, variant }: Contestant): boolean => name === OURS && variant === undefined;

/** All lanes of one case. The first is ours, on one thread. */
export function verdict(lanes: readonly Lane[]): Row[] {
  const [reference] = lanes;
  return lanes.map((lane): Row => {
    const { contestant, task, seconds, values, failure } = lane;
    const row = { case: task.name, contestant: titleOf(contestant) };
    if (failure !== undefined) return { ...row, note: `not run: ${failure}` };
    const isComparable = values.length > 0 && reference.values.length > 0;
    const difference = isComparable ? relativeDifference(values, reference.values) : undefined;
    if (difference !== undefined && !(difference <= TOLERANCE)) {
      return { ...row, difference, note: `not comparable: ${values.slice(0, 2).join(", ")}` };
    }
    const time = median(seconds);
    const notes = [
      ...(lane === reference && task.kind === "training" ? [`loss ${values.map((x) => x.toFixed(4)).join(", ")}`] : []),
      ...(values.length === 0 ? ["weights and optimizer of its own"] : []),
      ...(contestant.isSlow && seconds.length === 1 ? ["1 step"] : []),
    ];
    const compared = comparison(lane, lanes);
    if (compared?.note !== undefined) notes.push(compared.note);
    return {
      ...row,
      figure: { value: time, unit: "seconds" },
      tokensPerSecond: tokensOf(task) / time,
      flopsPerSecond: flopsOf(task) / time,
      ...(compared && { ratio: compared.ratio }),
      ...(compared?.goal !== undefined && { goal: atLeast(compared.goal, compared.ratio) }),
      ...(difference !== undefined && lane !== reference && { difference }),
      ...(notes.length > 0 && { note: notes.join("; ") }),
    };
  });
}

/** Ours with more threads against ours with one, the others against ours with as many threads. */
function comparison(
  lane: Lane,
  lanes: readonly Lane[],
): { ratio: number; goal: number | undefined; note?: string } | undefined {
  const { contestant, task } = lane;
  const threads = isOurs(contestant) ? 1 : contestant.threads;
  const base = lanes.find((other) => isOurs(other.contestant) && other.contestant.threads === threads);
  if (base === undefined || base === lane || base.seconds.length === 0) return undefined;
  if (isOurs(contestant)) {
    const ratio = medianRatio(base.seconds, lane.seconds);
    return { ratio, goal: SCALING_GOAL, note: "against its 1 thread" };
  }
  return { ratio: medianRatio(lane.seconds, base.seconds), goal: speedGoal(contestant, task) };
}

/** How near our one thread comes to the `limits` in flops/s that were measured between the rounds. */
export function limitRow({ task, seconds }: Lane, limits: readonly number[]): Row {
  const partOf = (flops: number): number =>
    medianRatio(
      seconds.map((time) => flops / time),
      limits,
    );
  const [defined, computed] = [flopsOf(task), computedFlopsOf(task)];
  const ratio = partOf(computed);
  return {
    case: task.name,
    contestant: "multiply-adds of one core",
    flopsPerSecond: median(limits),
    ...(seconds.length > 0 && {
      ratio,
      ...(task.hidden >= LIMIT_HIDDEN && { goal: atLeast(LIMIT_GOAL, ratio) }),
      note:
        computed === defined
          ? "part of it that 1 thread reaches"
          : `part of it that 1 thread reaches in what it computes; ${partOf(defined).toFixed(2)} of it if it computed as much as the others`,
    }),
  };
}

/** Peak memory of each process of one case. */
export function memoryRows(lanes: readonly Lane[]): Row[] {
  return lanes.flatMap((lane): Row[] => {
    const { contestant, task, peakMemory } = lane;
    if (peakMemory === undefined) return [];
    const threads = isOurs(contestant) ? undefined : contestant.threads;
    const base = lanes.find((other) => isOurs(other.contestant) && other.contestant.threads === threads)?.peakMemory;
    return [
      {
        case: `peak memory, ${task.name}`,
        contestant: titleOf(contestant),
        figure: { value: peakMemory, unit: "bytes" },
        ...(base !== undefined && { ratio: peakMemory / base }),
      },
    ];
  });
}
