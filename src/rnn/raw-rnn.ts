import { checkOptions, checkInteger, kindError, type RandomStream, runNow } from "../base/index.ts";
import { expandDims, logicalNot, logicalOr, stack, Tensor, where } from "../tensor/index.ts";
import type { Cell, State } from "./cell.ts";
import { chooseState } from "./state.ts";

/** Decision of a loop function after each step. `finished` is bool [B]. */
export type RawRnnDecision<S extends State, L> = {
  /** Rows that are done; the loop ends when all are. */
  readonly finished: Tensor;
  /** [B, I]. */
  readonly input: Tensor;
  readonly state: S;
  /** Output to collect for the step just done, [B, n]. Default: the cell's output. */
  readonly emit?: Tensor;
  readonly loopState?: L;
};

/**
 * A cell whose next input depends on its own output, as TensorFlow 1's `tf.nn.raw_rnn`. `loop(time,
 * output, state, loopState)` is called first with time 0 and no output or state, to give the first
 * input and the initial state, then after each step. Rows that had finished before a step emit
 * zeros and keep their state. Stops when every row is finished, or after `maximumSteps`.
 *
 * @returns outputs [T, B, n] for the T steps that ran (undefined when none did), the last state and
 * loop state
 */
export function rawRnn<S extends State, L = undefined>(
  cell: Cell<S>,
  loop: (
    time: number,
    output: Tensor | undefined,
    state: S | undefined,
    loopState: L | undefined,
  ) => RawRnnDecision<S, L>,
  { maximumSteps, random }: { maximumSteps: number; random?: RandomStream },
): { outputs: Tensor | undefined; state: S; loopState: L | undefined; steps: number } {
  checkOptions("rawRnn", arguments[2], "maximumSteps random");
  checkInteger("rawRnn maximumSteps", maximumSteps, 0);
  let { finished, input, state, loopState } = runNow("rawRnn", loop, 0, undefined, undefined, undefined);
  if (!(finished instanceof Tensor) || finished.dtype !== "bool")
    throw kindError("rawRnn finished", "a bool tensor [B]", finished);
  const emitted: Tensor[] = [];
  for (let time = 0; time < maximumSteps && finished.values().includes(0); time++) {
    cell.build(input.shape[1], { dtype: input.dtype === "float64" ? "float64" : "float32" });
    const next = cell.step(input, state, { random, time });
    const decision = loop(time + 1, next.output, next.state, loopState);
    const running = expandDims(logicalNot(finished), 1);
    emitted.push(where(running, decision.emit ?? next.output, 0));
    state = chooseState(running, decision.state, state);
    input = decision.input;
    finished = logicalOr(finished, decision.finished);
    loopState = decision.loopState;
  }
  return { outputs: emitted.length === 0 ? undefined : stack(emitted), state, loopState, steps: emitted.length };
}

/**
 * Repeats `step` from `initial` until `until` says so or `maximumSteps` are done; returns every
 * value that `step` emitted.
 */
export function unroll<V, E>(
  step: (value: V, time: number) => { next: V; emit: E },
  { initial, until, maximumSteps }: { initial: V; until?: (value: V, time: number) => boolean; maximumSteps: number },
): { emitted: E[]; value: V } {
  checkOptions("unroll", arguments[1], "initial until maximumSteps");
  checkInteger("unroll maximumSteps", maximumSteps, 0);
  const emitted: E[] = [];
  let value = initial;
  for (let time = 0; time < maximumSteps && !until?.(value, time); time++) {
    const { next, emit } = runNow("unroll", step, value, time);
    emitted.push(emit);
    value = next;
  }
  return { emitted, value };
}
