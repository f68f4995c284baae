import {
  checkSynchronous,
  isBranch,
  kindError,
  leavesOf,
  mapTree,
  runNow,
  sameShape,
  type Tree,
} from "../base/index.ts";
import { type Block, currentEngine, isRecorded, Recording } from "../engine/index.ts";
import { isTaping } from "./tape.ts";
import { allocate, Holder, scope, Tensor } from "./tensor.ts";

/** Memory goes back when neither the captured function nor one of its tensors can be reached. */
const unreachable = new FinalizationRegistry<readonly Block[]>(giveBack);

function giveBack(blocks: readonly Block[]): void {
  for (const block of blocks) currentEngine().free(block);
}

/**
 * `f`, recorded at its first call and repeated at later ones: only its kernels run again, on the
 * same memory, with no JavaScript of `f` and no allocation. The results are those of `f`, bit for
 * bit. It pays for small steps, where the kernels are done sooner than what calls them.
 *
 *     const step = capture((ids: Tensor, targets: Tensor) =>
 *       valueAndGrad(() => loss(ids, targets), parameters),
 *     );
 *     const { value, gradients } = step(ids, targets);
 *
 * Arguments are tensors of any shape, or records of tensors, and are copied; each new combination
 * of shapes and dtypes is recorded anew, and keeps memory of its own. The result is a tensor or a
 * record of tensors and plain values. Its tensors are the same at each call and hold the values of
 * the last one.
 *
 * Other tensors that `f` uses, such as parameters, are read in their place at each call, so that
 * `assign` and optimizers have their effect. Everything else, such as a number, an array or the way
 * that a condition went, stays as it was at the first call.
 *
 * While a tape is running, or inside another captured function, `f` itself is called.
 *
 * Throws TypeError for an async function, and for arguments and results of another kind;
 * UnsupportedError, at the first call, when `f` asks for values of a tensor or for random numbers,
 * or updates parameters by an optimizer; RangeError when a tensor that `f` used has been released.
 */
export function capture<A extends readonly Tree<Tensor>[], R>(f: (...inputs: A) => R): (...inputs: A) => R {
  checkSynchronous("capture", f);
  const known: Captured<A, R>[] = [];
  return (...inputs) => {
    if (isTaping() || isRecorded()) return f(...inputs);
    const fitting = known.find((captured) => captured.accepts(inputs));
    if (fitting !== undefined) return fitting.repeat(inputs);
    const captured = new Captured(f, inputs);
    known.push(captured);
    return captured.result;
  };
}

/** A recording for inputs of certain shapes. */
class Captured<A extends readonly Tree<Tensor>[], R> {
  readonly result: R;
  readonly #inputs: A;
  readonly #recording = new Recording();
  /** The recording's tensors keep it reachable, and so the memory. */
  readonly #holder = new Holder();

  constructor(f: (...inputs: A) => R, inputs: A) {
    const record = <T>(g: () => T): T => this.#recording.run(() => this.#holder.run(g));
    try {
      for (const input of inputs) checkInput(input);
      this.#inputs = record(() => inputs.map(emptyLike)) as readonly Tree<Tensor>[] as A;
      this.#inputs.forEach((own, i) => copyInto(own, inputs[i]));
      this.result = record(() => scope(() => runNow("capture", f, ...this.#inputs)));
      checkResult(this.result);
    } catch (error) {
      this.#holder.release();
      giveBack(this.#recording.blocks);
      throw error;
    }
    unreachable.register(this.#holder, this.#recording.blocks);
  }

  accepts(inputs: A): boolean {
    return inputs.length === this.#inputs.length && this.#inputs.every((own, i) => isAlike(own, inputs[i]));
  }

  repeat(inputs: A): R {
    this.#inputs.forEach((own, i) => copyInto(own, inputs[i]));
    this.#recording.replay();
    return this.result;
  }
}

function checkInput(input: Tree<Tensor>): void {
  for (const [, leaf] of leavesOf<unknown>(input))
    if (!(leaf instanceof Tensor)) throw kindError("capture arguments", "tensors or records of tensors", leaf);
}

function checkResult(result: unknown): void {
  for (const [, leaf] of leavesOf(result as Tree<unknown>)) {
    if (leaf instanceof Tensor || leaf === null || (typeof leaf !== "object" && typeof leaf !== "function")) continue;
    throw kindError("capture", "a function that returns tensors and plain values, in records", leaf);
  }
}

const emptyLike = (input: Tree<Tensor>): Tree<Tensor> => mapTree(input, ({ dtype, shape }) => allocate(dtype, shape));

function isAlike(own: Tree<Tensor>, input: Tree<Tensor>): boolean {
  if (own instanceof Tensor)
    return input instanceof Tensor && input.dtype === own.dtype && sameShape(input.shape, own.shape);
  const names = Object.keys(own);
  return (
    isBranch(input) &&
    names.length === Object.keys(input).length &&
    names.every((name) => isAlike(own[name], input[name]))
  );
}

/** Copies the elements between trees of the same structure. */
function copyInto(own: Tree<Tensor>, input: Tree<Tensor>): void {
  if (own instanceof Tensor)
    currentEngine()
      .view(own)
      .set(currentEngine().view(input as Tensor));
  else for (const name of Object.keys(own)) copyInto(own[name], (input as typeof own)[name]);
}
