/**
 * @file Reverse-mode differentiation. While a tape is running, every op that reads a watched tensor
 * adds an entry: its inputs, its outputs, and how gradients flow back. Gradients are computed with
 * the same ops, so an outer tape can differentiate them again.
 */
import {
  type Ambient,
  context,
  dtypeError,
  isFloat,
  kindError,
  leafValues,
  leavesOf,
  mapTree,
  runNow,
  sentence,
  shapeError,
  type Tree,
  UnsupportedError,
} from "../base/index.ts";
import { currentEngine } from "../engine/index.ts";
import { allocate, Tensor } from "./tensor.ts";

/**
 * A function from the gradients of the outputs to those of the inputs, in order; undefined where no
 * gradient flows.
 */
export type Backward = (...gradients: (Tensor | undefined)[]) => readonly (Tensor | undefined)[];

type Entry = { readonly inputs: readonly Tensor[]; readonly outputs: readonly Tensor[]; readonly backward: Backward };

type Tape = { readonly watched: Set<Tensor>; readonly entries: Entry[] };

const tapes = context.tapes as Ambient<readonly Tape[]>;

/**
 * Records that `outputs` were computed from `inputs`. `backward` gets the gradient of each output
 * (undefined where none flows) and is called at most once per differentiation. Returns
 * `outputs[0]`, for ops with one output.
 */
export function record(inputs: readonly Tensor[], outputs: readonly Tensor[], backward: Backward): Tensor {
  for (const tape of tapes.value) {
    if (!isWatched(tape, inputs)) continue;
    tape.entries.push({ inputs, outputs, backward });
    for (const y of outputs) tape.watched.add(y);
  }
  return outputs[0];
}

function isWatched({ watched }: Tape, inputs: readonly Tensor[]): boolean {
  for (const x of inputs) if (watched.has(x)) return true;
  return false;
}

/**
 * Whether an op on these inputs would be recorded, so that it has to save what its gradient needs.
 */
export function isRecording(inputs: readonly Tensor[]): boolean {
  for (const tape of tapes.value) if (isWatched(tape, inputs)) return true;
  return false;
}

/** The error of an op whose gradient can't be differentiated. */
export const secondDerivativeError = (where: string): UnsupportedError =>
  new UnsupportedError(sentence(where, "a first derivative", "one of a gradient", "Use it in one grad only"));

/** Whether any tape is running. */
export const isTaping = (): boolean => tapes.value.length > 0;

/**
 * Runs `f` without recording: its results count as constants. Throws TypeError unless `f` is
 * synchronous.
 */
export const withoutGradient = <R>(f: () => R): R => tapes.with([], () => runNow("withoutGradient", f));

/**
 * A constant with the values of x: no gradient flows through it. Used to carry a state from one
 * truncated sequence to the next.
 */
export function detach(x: Tensor): Tensor {
  return x.view(x.shape, x.offset);
}

/**
 * Computes `f(parameters)`, a scalar, and its gradient with respect to every tensor in the tree.
 * The gradient is zero for parameters that do not affect the value. If `f` returns `{ value,
 * ...rest }`, the other fields are in `rest`.
 *
 * Throws TypeError if `f` is not synchronous, the value is not a tensor or a parameter is not
 * floating point; RangeError if the value is not a scalar.
 */
export function valueAndGrad<P extends Tree<Tensor>, R extends Tensor | { readonly value: Tensor }>(
  f: (parameters: P) => R,
  parameters: P,
): { value: Tensor; gradients: P; result: R } {
  const leaves = leafValues<Tensor>(parameters);
  if (!leaves.every(isDifferentiable)) throw parameterError(parameters);
  const tape: Tape = { watched: new Set(leaves), entries: [] };
  const result: R = tapes.with([...tapes.value, tape], () => runNow("grad", f, parameters));
  const value = result instanceof Tensor ? result : (result as { value: Tensor } | undefined)?.value;
  if (!(value instanceof Tensor))
    throw kindError("valueAndGrad", "a function that returns a scalar tensor, or { value } with one", result);
  if (value.size !== 1) throw shapeError("grad", "a scalar value", value.shape, "Reduce it with mean() or sum()");
  const gradients = propagate(tape, value);
  return {
    value,
    result,
    gradients: mapTree<Tensor, Tensor>(parameters, (leaf) => gradients.get(leaf) ?? filled(leaf, 0)) as P,
  };
}

/** The error of the first parameter that can't be differentiated. */
function parameterError(parameters: Tree<Tensor>): TypeError {
  const [[path, leaf]] = leavesOf(parameters).filter(([, value]) => !isDifferentiable(value));
  const where = `grad parameter "${path}"`;
  return leaf instanceof Tensor
    ? dtypeError(where, "float32 or float64", leaf.dtype)
    : kindError(where, "a tensor", leaf);
}

const isDifferentiable = (leaf: unknown): boolean => leaf instanceof Tensor && isFloat(leaf.dtype);

/** The gradient of the scalar `f(parameters)` with respect to every tensor in the tree. */
export function grad<P extends Tree<Tensor>>(f: (parameters: P) => Tensor, parameters: P): P {
  return valueAndGrad(f, parameters).gradients;
}

/** The gradients accumulated by a backward pass. */
type Sums = {
  readonly gradients: Map<Tensor, Tensor>;
  /**
   * Tensors whose gradient is a sum created here, with no other reference: further parts are added
   * to it in place.
   */
  readonly summed: Set<Tensor>;
};

const running = context.sums as Ambient<Sums | undefined>;

/**
 * The gradient accumulated for `input` so far, if it may be updated in place. A `Backward` that
 * does so returns this tensor. Undefined for the first parts, and while a gradient is itself
 * differentiated.
 */
export function sumSoFar(input: Tensor): Tensor | undefined {
  const sums = running.value;
  return sums?.summed.has(input) && !isTaping() ? sums.gradients.get(input) : undefined;
}

function propagate(tape: Tape, value: Tensor): Map<Tensor, Tensor> {
  const gradients = new Map<Tensor, Tensor>([[value, filled(value, 1)]]);
  const sums: Sums = { gradients, summed: new Set() };
  running.with(sums, () => {
    for (let at = tape.entries.length - 1; at >= 0; at--) {
      const { inputs, outputs, backward } = tape.entries[at];
      const downstream = flowBack(outputs, gradients, backward);
      if (downstream === undefined) continue;
      for (let i = 0; i < inputs.length; i++) {
        const gradient = downstream[i];
        if (gradient !== undefined && tape.watched.has(inputs[i])) addTo(sums, inputs[i], gradient);
      }
    }
  });
  return gradients;
}

function addTo({ gradients, summed }: Sums, input: Tensor, gradient: Tensor): void {
  const sofar = gradients.get(input);
  if (sofar === undefined) {
    gradients.set(input, gradient);
  } else if (!summed.has(input) || isTaping()) {
    gradients.set(input, accumulate(sofar, gradient));
    summed.add(input);
  } else if (gradient !== sofar) {
    currentEngine().binary("add", sofar, gradient, sofar);
  }
}

/** The gradients of an op's inputs; undefined if none of its outputs has one. */
function flowBack(
  outputs: readonly Tensor[],
  gradients: ReadonlyMap<Tensor, Tensor>,
  backward: Backward,
): ReturnType<Backward> | undefined {
  if (outputs.length === 1) {
    const upstream = gradients.get(outputs[0]);
    return upstream && backward(upstream);
  }
  const upstream = outputs.map((y) => gradients.get(y));
  return upstream.every((g) => g === undefined) ? undefined : backward(...upstream);
}

/** a + b, recorded by the outer tapes. */
function accumulate(a: Tensor, b: Tensor): Tensor {
  const out = allocate(a.dtype, a.shape);
  currentEngine().binary("add", a, b, out);
  return record([a, b], [out], (g) => [g, g]);
}

function filled(like: Tensor, value: number): Tensor {
  const out = allocate(like.dtype, like.shape);
  currentEngine().fill(out, value);
  return out;
}
