/** @file What a step costs when it has twice the time steps, rows or units: our own, on one thread. */
import { flopsOf, SCALING } from "./cases.ts";
import type { Contestant } from "./contestants.ts";
import { race, type RaceOptions } from "./race.ts";
import { median, medianRatio } from "./statistics.ts";
import type { Row } from "./table.ts";

export async function scalingRows(contestant: Contestant, options: RaceOptions): Promise<Row[]> {
  const lanes = await race(
    SCALING.map((task) => ({ contestant, task })),
    options,
  );
  const [base] = lanes;
  return lanes.map(({ task, seconds, failure }): Row => {
    const row = { case: "scaling", contestant: task.name };
    if (failure !== undefined) return { ...row, note: `not run: ${failure}` };
    return {
      ...row,
      figure: { value: median(seconds), unit: "seconds" },
      flopsPerSecond: flopsOf(task) / median(seconds),
      ...(task !== base.task &&
        base.seconds.length > 0 && {
          ratio: medianRatio(seconds, base.seconds),
          note: `times the first row's cost, for ${(flopsOf(task) / flopsOf(base.task)).toFixed(2)} times the flops`,
        }),
    };
  });
}
