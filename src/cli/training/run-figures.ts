/** @file What `--dry-run` measures, whatever is trained, and how it is shown. */
import { memory, type Training } from "unrolled";
import { binaryBytes, count, duration } from "../terminal/format.ts";

/** Steps that are made before time counts, and those that are timed. */
const WARM_UP = 2;
const TIMED = 5;

/** Steps that a dry run makes. */
export const DRY_STEPS: number = WARM_UP + TIMED;

/** Cost of a run. */
export type RunFigures = {
  /**
   * Bytes of the engine's memory at the peak of the run, parameters, optimizer, one step and one
   * evaluation.
   */
  readonly bytes: number;
  /** Bytes of the whole process. */
  readonly processBytes: number;
  readonly secondsPerStep: number;
  readonly secondsPerEpoch: number;
};

/**
 * Figures of a run of `DRY_STEPS`, of which the time is a median. `parameters` are numbers of the
 * model.
 */
export async function measureRun(
  training: Training,
  { parameters, stepsPerEpoch }: { readonly parameters: number; readonly stepsPerEpoch: number },
): Promise<RunFigures> {
  const times: number[] = [];
  let bytes = 0;
  const start = process.memoryUsage.rss();
  let last = performance.now();
  for await (const event of training) {
    if (event.kind !== "step") continue;
    const now = performance.now();
    times.push((now - last) / 1000);
    last = now;
    bytes = training.plannedBytes?.() ?? memory().liveBytes;
    // before an evaluation at the end
    if (times.length === DRY_STEPS) break;
  }
  const secondsPerStep = times.slice(WARM_UP).toSorted((a, b) => a - b)[TIMED >> 1];
  return {
    bytes,
    // a run is this process, at the largest step, and checkpoints: parameters and two slots of the
    // optimizer, as arrays and as the bytes of a file
    processBytes: Math.max(process.resourceUsage().maxRSS * 1024, start + bytes) + 2 * 3 * 4 * parameters,
    secondsPerStep,
    secondsPerEpoch: secondsPerStep * stepsPerEpoch,
  };
}

/**
 * The figures for people, a line each. `data` and `held` say what is trained on, and what of it the
 * bytes are.
 */
export function figureLines(
  { bytes, processBytes, secondsPerStep, secondsPerEpoch }: RunFigures,
  { parameters, data, held }: { readonly parameters: number; readonly data: string; readonly held: string },
): string[] {
  return [
    `parameters  ${count(parameters)}`,
    `data        ${data}`,
    `memory      ${binaryBytes(bytes)} for ${held}`,
    `process     ${binaryBytes(processBytes)} with Node and the data; evaluations and curves take more`,
    `time        ${duration(secondsPerEpoch)} per epoch (${(1000 * secondsPerStep).toFixed(1)} ms per step)`,
  ];
}
