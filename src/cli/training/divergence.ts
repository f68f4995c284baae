/**
 * @file A check whether a run has ended worse than it began, which the last loss alone doesn't
 * show.
 */
import type { StepEvent } from "unrolled";
import { real } from "../terminal/format.ts";

/** Steps whose mean loss stands for the end. */
const LAST = 10;

type Step = Pick<StepEvent, "step" | "loss" | "skipped"> & { readonly learningRate?: number | undefined };

export class DivergenceWatch {
  #first: number | undefined;
  readonly #last: number[] = [];
  #highest = 0;

  add({ step, loss, skipped, learningRate = 0 }: Step): void {
    if (skipped || !Number.isFinite(loss)) return;
    // a part of a run that is resumed does not show where the run began
    if (this.#first === undefined && step > LAST) return;
    this.#first ??= loss;
    this.#last.push(loss);
    if (this.#last.length > LAST) this.#last.shift();
    this.#highest = Math.max(this.#highest, learningRate);
  }

  /** A warning where the loss has gone up by more than it was, else undefined. */
  warning(): string | undefined {
    const first = this.#first;
    if (first === undefined) return undefined;
    const end = this.#last.reduce((sum, loss) => sum + loss, 0) / this.#last.length;
    if (end - first <= Math.abs(first)) return undefined;
    const rate = this.#highest === 0 ? "" : ` than ${Number(this.#highest.toPrecision(3))}`;
    return `warning: the loss ended far above where it began, at ${real(end)} after ${real(first)}: the run has diverged. Train again with a smaller --learning-rate${rate}.`;
  }
}
