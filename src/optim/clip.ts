/**
 * @file Gradient clipping. Norms are summed in float64 in one fixed order: by sorted names, each
 * tensor from its first element to its last. So they don't depend on the engine, the threads or the
 * order of the record.
 */
import { checkNumber, checkOptions, valueError } from "../base/index.ts";
import { currentEngine } from "../engine/index.ts";
import { clip, mul, type Tensor, withoutGradient, zeros } from "../tensor/index.ts";
import type { Parameters } from "./optimizer.ts";
import { checkParameters, mapRecord } from "./rule.ts";

/** The result of `clipByNorm`. */
export type ClipByNorm = {
  readonly gradients: Parameters;
  /** Norm of each gradient, before clipping. */
  readonly norms: Readonly<Record<string, number>>;
  /** False: some gradient held NaN or infinity, and all of `gradients` are zero. */
  readonly finite: boolean;
};

/** The result of `clipByGlobalNorm`. */
export type ClipByGlobalNorm = {
  readonly gradients: Parameters;
  /** Before clipping. */
  readonly norm: number;
  /** False: some gradient held NaN or infinity, and all of `gradients` are zero. */
  readonly finite: boolean;
};

/** The result of `clipScale`. */
export type ClipScale = {
  /** Factor of the gradients, at most 1; NaN if the norm is not finite. */
  readonly scale: number;
  /** Before clipping. */
  readonly norm: number;
  /** Whether all gradients are finite. */
  readonly finite: boolean;
};

/**
 * Limits every element to [-limit, limit], or to [min, max]: `tf.clip_by_value`, and `grad_clip` of
 * char-rnn and torch-rnn. An infinite element becomes the limit. NaN stays NaN, so check
 * `globalNorm` if gradients may not be finite.
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
 * Scales each gradient by itself to a norm of at most `maxNorm`: g · maxNorm / max(‖g‖, maxNorm),
 * `tf.clip_by_norm`.
 *
 * If any norm is not finite, all returned gradients are zero and `finite` is false: see
 * `clipByGlobalNorm`.
 */
export function clipByNorm(gradients: Parameters, maxNorm: number): ClipByNorm {
  checkNumber("clipByNorm maxNorm", maxNorm, 0);
  checkParameters("clipByNorm", gradients, "gradient");
  const norms = mapRecord(gradients, (gradient) => Math.sqrt(sumOfSquares(gradient, 0)));
  const finite = Object.values(norms).every(Number.isFinite);
  const clipped = finite
    ? mapRecord(gradients, (gradient, name) => scaled(gradient, limit(norms[name], maxNorm)))
    : allZero(gradients);
  return { gradients: clipped, norms, finite };
}

/**
 * The factor that limits the global norm of the gradients to `maxNorm`: min(1, maxNorm / (norm +
 * epsilon)). With epsilon 0, the default, this is `tf.clip_by_global_norm`; with 1e-6 PyTorch's
 * `clip_grad_norm_`. (Pascanu, Mikolov and Bengio 2013.) Infinity: no limit.
 *
 * Use it to clip within an update, without a copy of the gradients. If the norm is not finite, the
 * factor is NaN, with which `update` throws:
 *
 * const { scale, finite } = clipScale(gradients, 5); if (finite) state =
 * optimizer.update(parameters, gradients, state, { gradientScale: scale });
 */
export function clipScale(
  gradients: Parameters,
  maxNorm: number,
  options: { readonly epsilon?: number | undefined } = {},
): ClipScale {
  checkOptions("clipScale", options, "epsilon");
  return scaleOf("clipScale", gradients, maxNorm, options);
}

/**
 * Multiplies all gradients by the factor of `clipScale`. If the factor is 1, as for `maxNorm`
 * Infinity, they are returned unchanged.
 *
 * If the norm is not finite, `finite` is false and all returned gradients are zero, so no weight
 * becomes NaN. Optimizers with slots move weights even on zero gradients, so skip the whole update:
 *
 * const { gradients, norm, finite } = clipByGlobalNorm(all, 5); if (finite) state =
 * optimizer.update(parameters, gradients, state);
 */
export function clipByGlobalNorm(
  gradients: Parameters,
  maxNorm: number,
  options: { readonly epsilon?: number | undefined } = {},
): ClipByGlobalNorm {
  checkOptions("clipByGlobalNorm", options, "epsilon");
  const { scale, norm, finite } = scaleOf("clipByGlobalNorm", gradients, maxNorm, options);
  const clipped = finite ? mapRecord(gradients, (gradient) => scaled(gradient, scale)) : allZero(gradients);
  return { gradients: clipped, norm, finite };
}

function scaleOf(
  where: string,
  gradients: Parameters,
  maxNorm: number,
  { epsilon = 0 }: { readonly epsilon?: number | undefined },
): ClipScale {
  // Infinity means no limit, but a norm that is not finite is still reported
  if (maxNorm !== Infinity) checkNumber(`${where} maxNorm`, maxNorm, 0);
  checkNumber(`${where} epsilon`, epsilon, 0);
  return scaleOfNorm(globalNorm(gradients), maxNorm, epsilon);
}

/** The result of `clipScale` for gradients whose global norm is known. */
export function scaleOfNorm(norm: number, maxNorm: number, epsilon = 0): ClipScale {
  const finite = Number.isFinite(norm);
  return { scale: finite ? limit(norm + epsilon, maxNorm) : NaN, norm, finite };
}

/**
 * Global norm: the square root of the sum of squares of all elements of all gradients. NaN or
 * Infinity if an element is, or if the sum overflows, which only float64 gradients can do.
 */
export function globalNorm(gradients: Parameters): number {
  checkParameters("globalNorm", gradients, "gradient");
  let total = 0;
  for (const name of Object.keys(gradients).sort()) total = sumOfSquares(gradients[name], total);
  return Math.sqrt(total);
}

const sumOfSquares = (gradient: Tensor, total: number): number => currentEngine().sumOfSquares(gradient, total);

const limit = (norm: number, maxNorm: number): number => (norm <= maxNorm ? 1 : maxNorm / norm);

const scaled = (gradient: Tensor, scale: number): Tensor =>
  scale === 1 ? gradient : withoutGradient(() => mul(gradient, scale));

const allZero = (gradients: Parameters): Parameters => mapRecord(gradients, ({ shape, dtype }) => zeros(shape, dtype));
