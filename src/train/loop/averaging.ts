import { checkNumber } from "../../base/index.ts";
import type { Parameters } from "../../optim/index.ts";
import { add, assign, mul, outsideScopes, scope, type Tensor, tensor } from "../../tensor/index.ts";

/** A copy of a tensor that belongs to no scope. */
export const copyOf = (x: Tensor): Tensor =>
  outsideScopes(() => tensor(x.values() as Float32Array, { shape: [...x.shape], dtype: x.dtype }));

/**
 * Exponential moving average of the weights: average = decay · average + (1 - decay) · weight after
 * each step, from the weights before the first one (Polyak and Juditsky 1992; the form of
 * tf.train.ExponentialMovingAverage without zero debiasing).
 */
export class WeightAverage {
  readonly decay: number;
  readonly average: Parameters;
  readonly #parameters: Parameters;
  /** The weights themselves, while the averages stand in their place. */
  #own: Parameters | undefined;

  constructor(parameters: Parameters, decay: number) {
    checkNumber("train averaging", decay, 0, 1 - Number.EPSILON);
    this.decay = decay;
    this.#parameters = parameters;
    this.average = Object.fromEntries(Object.entries(parameters).map(([path, x]) => [path, copyOf(x)]));
  }

  update(): void {
    for (const [path, average] of Object.entries(this.average))
      scope(() => assign(average, add(mul(average, this.decay), mul(this.#parameters[path], 1 - this.decay))));
  }

  /** Puts the averages in the place of the weights. */
  apply(): void {
    if (this.#own !== undefined) return;
    this.#own = Object.fromEntries(Object.entries(this.#parameters).map(([path, x]) => [path, copyOf(x)]));
    for (const [path, x] of Object.entries(this.average)) assign(this.#parameters[path], x);
  }

  /** Puts the weights back. */
  restore(): void {
    if (this.#own === undefined) return;
    for (const [path, x] of Object.entries(this.#own)) assign(this.#parameters[path], x);
    this.#own = undefined;
  }

  /** The weights that training continues with. */
  get weights(): Parameters {
    return this.#own ?? this.#parameters;
  }
}
