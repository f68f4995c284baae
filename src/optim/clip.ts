/**
 * @file Gradient clipping. Norms are summed in float64 in one fixed order, the names sorted and each tensor from its first element
 * to its last, so they don't depend on the engine, the threads or the order of the record.
 */
import { checkNumber, valueError } from "../base/index.ts";
import { currentEngine } from "../engine/index.ts";
import { clip, mul, type Tensor, withoutGradient, zeros } from "../tensor/index.ts";
import type { Parameters } from "./optimizer.ts";
import { checkParameters, mapRecord } from "./rule.ts";

export type ClipByNorm = {
  readonly gradients: Parameters;
  /** Of each gradient, before clipping. */
  readonly norms: Readonly<Record<string, number>>;
  /** False: some gradient held NaN or infinity, and all of `gradients` are zero. */
  readonly finite: boolean;
};

export type ClipByGlobalNorm = {
  readonly gradients: Parameters;
  /** Before clipping. */
  readonly norm: number;
  /** False: some gradient held NaN or infinity, and all of `gradients` are zero. */
  readonly finite: boolean;
};

/**
 * Every element limited to [-limit, limit], or to [min, max]: `tf.clip_by_value`, and `grad_clip` of char-rnn and torch-rnn. An infinite
 * element becomes the limit; NaN stays NaN, so check `globalNorm` where gradients may break.
 */
export function clipByValue(
  gradients: Parameters,
  limit: number | { readonly min: number; readonly max: number },
): Parameters {
  const { min, max } =
    typeof limit === "number" ? { min: -checkNumber("clipByValue limit", limit, 0), max: limit } : limit;
  checkNumber("clipByValue min", min);
  if (checkNumber("clipByValue max", max) < min) throw valueError("clipByValue max", `a number >= min, ${min}`, max);
  checkParameters("clipByValue", gradients, "gradient");
  return withoutGradient(() => mapRecord(gradients, (gradient) => clip(gradient, min, max)));
}

/**
 * Each gradient alone scaled to at most `maxNorm`: g · maxNorm / max(‖g‖, maxNorm), `tf.clip_by_norm`.
 *
 * If any norm is not finite, all the gradients returned are zero and `finite` is false: see `clipByGlobalNorm`.
 */
export function clipByNorm(gradients: Parameters, maxNorm: number): ClipByNorm {
  checkNumber("clipByNorm maxNorm", maxNorm, 0);
  checkParameters("clipByNorm", gradients, "gradient");
  const norms = mapRecord(gradients, (gradient) => Math.sqrt(sumOfSquares(gradient, 0)));
  const finite = Object.values(norms).every(Number.isFinite);
  const clipped = finite
    ? mapRecord(gradients, (gradient, name) => scaled(gradient, maxNorm, norms[name]))
    : allZero(gradients);
  return { gradients: clipped, norms, finite };
}

/**
 * All gradients scaled by one factor so that the norm of all of them together is at most `maxNorm`: min(1, maxNorm / (norm + epsilon)).
 * With epsilon 0, the default, this is `tf.clip_by_global_norm`; with 1e-6 PyTorch's `clip_grad_norm_`. (Pascanu, Mikolov and Bengio 2013.)
 * Gradients within the limit are returned as they are; with Infinity all of them are.
 *
 * A norm that is not finite never reaches a weight: then `finite` is false and all the gradients returned are zero. An optimizer with
 * memory still moves on zero gradients, so leave the whole update out:
 *
 *     const { gradients, norm, finite } = clipByGlobalNorm(all, 5);
 *     if (finite) state = optimizer.update(parameters, gradients, state);
 */
export function clipByGlobalNorm(
  gradients: Parameters,
  maxNorm: number,
  { epsilon = 0 }: { readonly epsilon?: number } = {},
): ClipByGlobalNorm {
  // Infinity: no limit, but a norm that is not finite is still caught
  if (maxNorm !== Infinity) checkNumber("clipByGlobalNorm maxNorm", maxNorm, 0);
  checkNumber("clipByGlobalNorm epsilon", epsilon, 0);
  const norm = globalNorm(gradients);
  const finite = Number.isFinite(norm);
  const clipped = finite
    ? maxNorm === Infinity
      ? gradients
      : mapRecord(gradients, (gradient) => scaled(gradient, maxNorm, norm + epsilon))
    : allZero(gradients);
  return { gradients: clipped, norm, finite };
}

/**
 * The square root of the sum of the squares of all elements of all gradients. NaN or Infinity when an element is (or when a sum of
 * float64 squares overflows, which float32 gradients can't reach).
 */
export function globalNorm(gradients: Parameters): number {
  checkParameters("globalNorm", gradients, "gradient");
  let total = 0;
  for (const name of Object.keys(gradients).sort()) total = sumOfSquares(gradients[name], total);
  return Math.sqrt(total);
}

const sumOfSquares = (gradient: Tensor, total: number): number => currentEngine().sumOfSquares(gradient, total);

const scaled = (gradient: Tensor, maxNorm: number, norm: number): Tensor =>
  norm <= maxNorm ? gradient : withoutGradient(() => mul(gradient, maxNorm / norm));

const allZero = (gradients: Parameters): Parameters => mapRecord(gradients, ({ shape, dtype }) => zeros(shape, dtype));
