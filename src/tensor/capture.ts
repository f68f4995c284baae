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

/** Returns memory once neither the captured function nor one of its tensors is reachable. */
const unreachable = new FinalizationRegistry<readonly Block[]>(giveBack);

function giveBack(blocks: readonly Block[]): void {
  for (const block of blocks) currentEngine().free(block);
}

/**
 * Records `f` at its first call and replays it at later ones: only the kernels run again, on the
 * same memory, without JavaScript of `f` or allocation. Results equal those of `f`, bit for bit. It
 * speeds up small steps, in which calling the kernels takes longer than running them.
 *
 * const step = capture((ids: Tensor, targets: Tensor) => valueAndGrad(() => loss(ids, targets),
 * parameters), ); const { value, gradients } = step(ids, targets);
 *
 * Arguments are tensors of any shape, or records of tensors, and are copied. Each new combination
 * of shapes and dtypes gets a recording of its own, with its own memory. The result is a tensor or
 * a record of tensors and plain values. Its tensors are the same objects at each call, with the
 * values of the last one.
 *
 * Other tensors that `f` uses, such as parameters, are read at each call, so changes by `assign`
 * and optimizers take effect. Everything else, such as numbers, arrays and the outcome of
 * conditions, stays as it was at the first call.
 *
 * While a tape is running, or inside another captured function, `f` itself is called.
 *
 * Throws TypeError for an async function, and for other arguments and results. At the first call,
 * throws UnsupportedError if `f` reads values of a tensor, draws random numbers or runs an
 * optimizer. At later calls, throws RangeError if a tensor that `f` uses has been released.
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

/** A recording for one combination of input shapes. */
class Captured<A extends readonly Tree<Tensor>[], R> {
  readonly result: R;
  readonly #inputs: A;
  readonly #recording = new Recording();
  /** Owner of the memory. The recording's tensors keep it reachable. */
  readonly #holder = new Holder();

  constructor(f: (...inputs: A) => R, inputs: A) {
    const record = <T>(g: () => T): T => this.#recording.run(() => this.#holder.run(g));
    try {
      for (const input of inputs) checkInput(input);
      this.#inputs = record(() => inputs.map(emptyLike)) as readonly Tree<Tensor>[] as A;
      this.#inputs.forEach((copy, i) => copyInto(copy, inputs[i]));
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
    return inputs.length === this.#inputs.length && this.#inputs.every((copy, i) => isAlike(copy, inputs[i]));
  }

  repeat(inputs: A): R {
    this.#inputs.forEach((copy, i) => copyInto(copy, inputs[i]));
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

function isAlike(target: Tree<Tensor>, input: Tree<Tensor>): boolean {
  if (target instanceof Tensor)
    return input instanceof Tensor && input.dtype === target.dtype && sameShape(input.shape, target.shape);
  const names = Object.keys(target);
  return (
    isBranch(input) &&
    names.length === Object.keys(input).length &&
    names.every((name) => isAlike(target[name], input[name]))
  );
}

/** Copies the elements between trees of the same structure. */
function copyInto(target: Tree<Tensor>, input: Tree<Tensor>): void {
  if (target instanceof Tensor)
    currentEngine()
      .view(target)
      .set(currentEngine().view(input as Tensor));
  else for (const name of Object.keys(target)) copyInto(target[name], (input as typeof target)[name]);
}
