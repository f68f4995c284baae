/**
 * @file A network that takes one step at a time, over many steps at once. What does not depend on
 * its state is computed for all steps as one batch; a recurrent op takes the steps as its sequence.
 * Letters: T steps, B rows.
 */
import { formatShape, sentence, UnsupportedError } from "../base/index.ts";
import { reshape, slice, type Tensor } from "../tensor/index.ts";
import { type NetworkNode, nodeName } from "./graph.ts";

/** Ops that can take all steps as one sequence: their inputs are x, W, R, B, lengths, states. */
const RECURRENT: readonly string[] = ["GRU", "LSTM", "RNN"];
const LENGTHS = 4;

/** Values that have all steps in their batch, and values that depend on the state. */
export class Steps {
  readonly count: number;
  readonly #folded = new Set<string>();
  readonly #stateful = new Set<string>();

  constructor(count: number, folded: Iterable<string>, stateful: Iterable<string>) {
    this.count = count;
    for (const name of folded) this.#folded.add(name);
    for (const name of stateful) this.#stateful.add(name);
  }

  isFolded(name: string): boolean {
    return this.#folded.has(name);
  }

  /** A value that is another one under a new name. */
  rename(name: string, source: string): void {
    if (this.#folded.has(source)) this.#folded.add(name);
    if (this.#stateful.has(source)) this.#stateful.add(name);
  }

  /**
   * The operands of a node; with all steps as the sequence of a recurrent op. Throws
   * UnsupportedError for another node in which steps meet the state.
   */
  prepare(
    node: NetworkNode,
    inputs: readonly (Tensor | undefined)[],
  ): { readonly inputs: readonly (Tensor | undefined)[]; readonly isSequence: boolean } {
    const isFolded = node.inputs.some((name) => this.#folded.has(name));
    const isStateful = node.inputs.some((name) => this.#stateful.has(name));
    const isSequence = RECURRENT.includes(node.op) && this.#folded.has(node.inputs[0]);
    if (isFolded && isStateful && !isSequence)
      throw new UnsupportedError(
        sentence(nodeName(node), "a recurrent op where the state meets the steps", `${node.op}. Run it step by step`),
      );
    for (const name of node.outputs) {
      if (isFolded) this.#folded.add(name);
      else if (isStateful) this.#stateful.add(name);
    }
    return { inputs: isSequence ? this.#sequence(node, inputs) : inputs, isSequence };
  }

  /** The outputs of a sequence [T, 1, B, H] as [1, 1, T·B, H]; its states are as they should be. */
  finish([y, ...states]: readonly Tensor[]): readonly Tensor[] {
    const [steps, , batch, units] = y.shape;
    return [reshape(y, [1, 1, steps * batch, units]), ...states];
  }

  /** Inputs [1, T·B, I] as [T, B, I]. */
  #sequence(node: NetworkNode, inputs: readonly (Tensor | undefined)[]): readonly (Tensor | undefined)[] {
    const [x, ...rest] = inputs as readonly [Tensor, ...(Tensor | undefined)[]];
    const [steps, rows, features] = x.shape;
    const { direction = "forward", layout = 0 } = node.attributes;
    if (steps !== 1 || direction !== "forward" || layout !== 0 || inputs[LENGTHS] !== undefined)
      throw new UnsupportedError(
        sentence(
          nodeName(node),
          "one step forward, time first, without lengths",
          `${steps} steps, ${JSON.stringify(direction)}`,
        ),
      );
    return [reshape(x, [this.count, rows / this.count, features]), ...rest];
  }
}

/**
 * The states after the last step, from those after every step: the last B rows of the axis that has
 * T·B where the state has B. Throws UnsupportedError where there is none.
 */
export function lastOf(name: string, every: Tensor, before: Tensor, steps: number): Tensor {
  if (steps === 1) return every;
  const axis = before.shape.findIndex((n, i) => every.shape[i] === n * steps);
  const fits = every.rank === before.rank && before.shape.every((n, i) => i === axis || every.shape[i] === n);
  if (axis < 0 || !fits) {
    const expected = `a state like ${formatShape(before.shape)}, ${steps} times as large along one axis`;
    throw new UnsupportedError(
      sentence(`network.runSteps ${JSON.stringify(name)}`, expected, formatShape(every.shape)),
    );
  }
  const rows = before.shape[axis];
  return slice(
    every,
    every.shape.map((n, i) => (i === axis ? n - rows : 0)),
    before.shape,
  );
}
