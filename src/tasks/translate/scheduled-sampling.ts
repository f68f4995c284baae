import { checkInteger, checkNumber, exp, kindError } from "../../base/index.ts";

/**
 * Probability of the true token as the decoder's next input at batch i, counted from 0 (Bengio et
 * al. 2015, section 2.4):
 *
 * - `linear`: max(floor, start - slope i); start default 1, floor default 0
 * - `exponential`: k^i with k < 1
 * - `inverseSigmoid`: k / (k + exp(i / k)) with k >= 1
 */
export type ScheduledSampling =
  | { readonly kind: "linear"; readonly slope: number; readonly start?: number; readonly floor?: number }
  | { readonly kind: "exponential"; readonly k: number }
  | { readonly kind: "inverseSigmoid"; readonly k: number };

/** Throws RangeError and TypeError for constants outside their range. */
export function teacherProbability(schedule: ScheduledSampling, batch: number): number {
  const where = `scheduledSampling ${schedule.kind}`;
  checkInteger(`${where} batch`, batch);
  switch (schedule.kind) {
    case "linear": {
      const { slope, start = 1, floor = 0 } = schedule;
      checkNumber(`${where} slope`, slope, 0);
      checkNumber(`${where} start`, start, 0, 1);
      return Math.max(checkNumber(`${where} floor`, floor, 0, 1), start - slope * batch);
    }
    case "exponential":
      return exp(batch * Math.log(checkNumber(`${where} k`, schedule.k, Number.MIN_VALUE, 1)));
    case "inverseSigmoid": {
      const k = checkNumber(`${where} k`, schedule.k, 1);
      return k / (k + exp(batch / k));
    }
    default:
      throw kindError(
        "scheduledSampling kind",
        `"linear", "exponential" or "inverseSigmoid"`,
        schedule satisfies never,
      );
  }
}
