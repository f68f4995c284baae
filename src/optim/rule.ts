/**
 * @file Code shared by all optimizers: checks, slots, weight decay and the loop over the
 * parameters.
 */
import {
  checkInteger,
  checkNumber,
  type DType,
  dtypeError,
  formatShape,
  isFloat,
  kindError,
  misuseError,
  sameShape,
  shapeError,
  valueError,
} from "../base/index.ts";
import { currentEngine, type OptimizerPreparation, type OptimizerUpdate } from "../engine/index.ts";
import { add, assign, full, mul, outsideScopes, scope, Tensor, withoutGradient } from "../tensor/index.ts";
import type { Optimizer, OptimizerConfig, OptimizerState, Parameters } from "./optimizer.ts";

/**
 * Smallest epsilon. A smaller one would become 0 in float32, where 0/0 turns parameters without
 * gradient into NaN.
 */
export const SMALLEST_EPSILON = 1e-37;

/** A rule that is a kernel: its arguments in step t, counted from 1. */
type ByKernel = { readonly kernel: (learningRate: number, t: number) => OptimizerUpdate };

/**
 * A rule that is composed of ops: the new values of a parameter and its slots in step t, counted
 * from 1. It is slower than a kernel, since each op makes an array.
 */
type ByOperations = {
  readonly compose: (
    before: { readonly parameter: Tensor; readonly gradient: Tensor; readonly slots: readonly Tensor[] },
    learningRate: number,
    t: number,
  ) => { readonly parameter: Tensor; readonly slots: readonly Tensor[] };
};

/** The part that is specific to one optimizer. */
export type Rule = (ByKernel | ByOperations) & {
  readonly name: string;
  readonly config: OptimizerConfig;
  readonly learningRate: number;
  /** Initial value of each slot, in the kernel's order. */
  readonly slots: Readonly<Record<string, number>>;
  /** Factor λ of the L2 penalty g += λ θ, applied first. */
  readonly gradientDecay?: number;
  /** Factor λ of the decoupled decay θ -= lr λ θ, before the update. */
  readonly parameterDecay?: number;
  /** Factor of the gradient in step t, after the weight decay. */
  readonly damping?: (t: number) => number;
};

/** The optimizer with this rule. Throws TypeError or RangeError for its learning rate. */
export function optimizerOf(rule: Rule): Optimizer {
  const { name, config, slots: startValues, gradientDecay = 0, parameterDecay = 0 } = rule;
  const slotNames = Object.keys(startValues);
  checkNumber(`${name} learningRate`, rule.learningRate, 0);
  const checkedFor = new WeakMap<object, Parameters>();
  return {
    name,
    config,

    init(parameters) {
      checkParameters(name, parameters);
      const slot = (start: number): Parameters =>
        mapRecord(parameters, (parameter) => full(parameter.shape, start, parameter.dtype));
      return { step: 0, slots: outsideScopes(() => mapRecord(startValues, slot)) };
    },

    update(parameters, gradients, state, { learningRate = rule.learningRate, gradientScale = 1 } = {}) {
      checkParameters(name, parameters);
      checkRecord(`${name} gradients`, gradients);
      const { step, slots } = checkedState(name, state);
      checkMatch(name, "gradient", parameters, gradients);
      // tensors never change shape, so slots that were checked for these parameters are still valid
      if (checkedFor.get(slots) !== parameters) {
        for (const slotName of slotNames) {
          if (!Object.hasOwn(slots, slotName)) throw kindError(name, `slot "${slotName}"`, undefined);
          checkMatch(name, `slot "${slotName}" of`, parameters, slots[slotName]);
        }
        checkedFor.set(slots, parameters);
      }
      checkNumber(`${name} learningRate`, learningRate, 0);
      checkNumber(`${name} gradientScale`, gradientScale, 0);
      const t = checkInteger(`${name} step`, step) + 1;

      const items = Object.keys(parameters).map((path) => ({
        parameter: parameters[path],
        gradient: gradients[path],
        slots: slotNames.map((slotName) => slots[slotName][path]),
      }));
      const preparation = {
        parameterDecay: learningRate * parameterDecay,
        gradientScale,
        gradientDecay,
        damping: rule.damping?.(t) ?? 1,
      };
      if ("kernel" in rule) currentEngine().optimizerUpdate(rule.kernel(learningRate, t), items, preparation);
      else for (const item of items) composedUpdate(rule, item, { ...preparation, learningRate, t });
      replaced.add(state);
      return { step: t, slots };
    },
  };
}

type Item = { readonly parameter: Tensor; readonly gradient: Tensor; readonly slots: readonly Tensor[] };

/** Computes the new values of a parameter and its slots, and writes them in place. */
function composedUpdate({ compose }: ByOperations, item: Item, how: Composing): void {
  const { learningRate, t, parameterDecay, gradientScale, gradientDecay, damping } = how;
  withoutGradient(() =>
    scope(() => {
      const decayed = parameterDecay === 0 ? item.parameter : mul(item.parameter, 1 - parameterDecay);
      const scaled = gradientScale === 1 ? item.gradient : mul(item.gradient, gradientScale);
      const penalized = gradientDecay === 0 ? scaled : add(scaled, mul(decayed, gradientDecay));
      const gradient = damping === 1 ? penalized : mul(penalized, damping);
      const after = compose({ parameter: decayed, gradient, slots: item.slots }, learningRate, t);
      assign(item.parameter, after.parameter);
      after.slots.forEach((slot, i) => assign(item.slots[i], slot));
    }),
  );
}

type Composing = Required<OptimizerPreparation> & { readonly learningRate: number; readonly t: number };

/**
 * States that an update has replaced: they share the slots of the newer state, but not its count of
 * steps.
 */
const replaced = new WeakSet<OptimizerState>();

const KEEP = "Keep it: state = optimizer.update(parameters, gradients, state)";

/** The state. Throws TypeError unless it is one, RangeError unless it is the newest. */
function checkedState(name: string, state: unknown): OptimizerState {
  const { slots } = (state ?? {}) as Partial<OptimizerState>;
  if (typeof slots !== "object" || slots === null)
    throw kindError(`${name} state`, "the state that init or the last update returned", state, KEEP);
  if (replaced.has(state as OptimizerState))
    throw misuseError(`${name} state`, "the state that the last update returned", "an older one", KEEP);
  return state as OptimizerState;
}

/** Throws TypeError unless `record` is an object other than a tensor. */
function checkRecord(where: string, record: unknown): void {
  if (typeof record !== "object" || record === null || record instanceof Tensor)
    throw kindError(where, "a record of tensors by name", record);
}

/** A record with `f` applied to each value. Names such as "__proto__" stay ordinary names. */
export function mapRecord<A, B>(
  record: Readonly<Record<string, A>>,
  f: (value: A, name: string) => B,
): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, f(value, name)]));
}

/** Throws TypeError unless every value is a floating-point tensor. */
export function checkParameters(where: string, parameters: Parameters, what = "parameter"): void {
  checkRecord(`${where} ${what}s`, parameters);
  for (const path of Object.keys(parameters)) {
    const parameter = parameters[path];
    if (!(parameter instanceof Tensor)) throw kindError(where, `${what} "${path}" as a tensor`, parameter);
    if (!isFloat(parameter.dtype))
      throw dtypeError(where, `${what} "${path}" of dtype float32 or float64`, parameter.dtype);
  }
}

/**
 * Throws TypeError or RangeError unless `got` has exactly the parameters' names, shapes and dtypes.
 */
function checkMatch(where: string, what: string, parameters: Parameters, got: Parameters): void {
  for (const path of Object.keys(parameters)) {
    const { shape, dtype } = parameters[path];
    const tensor: Tensor | undefined = Object.hasOwn(got, path) ? got[path] : undefined;
    if (tensor instanceof Tensor && tensor.dtype === dtype && sameShape(tensor.shape, shape)) continue;
    const expected = `${what} "${path}" of shape ${formatShape(shape)}`;
    if (!(tensor instanceof Tensor)) throw kindError(where, expected, tensor);
    if (!sameShape(tensor.shape, shape)) throw shapeError(where, expected, tensor.shape);
    if (tensor.dtype !== dtype) throw wrongDtype(where, `${what} "${path}"`, dtype, tensor.dtype);
  }
  for (const path of Object.keys(got)) {
    if (!Object.hasOwn(parameters, path)) throw valueError(where, `no ${what} without a parameter`, path);
  }
}

const wrongDtype = (where: string, what: string, expected: DType, got: DType): TypeError =>
  dtypeError(where, `${what} of dtype ${expected}`, got);
