/**
 * @file Finding out where a number that is not finite came from: the step runs again on an engine
 * that looks at everything.
 */
import { type TypedArray, withPrefix } from "../../base/index.ts";
import { type Anomaly, checkedEngine, currentEngine, withEngine } from "../../engine/index.ts";
import type { State } from "../../rnn/index.ts";
import { assign, scope } from "../../tensor/index.ts";
import { stateArrays } from "./carried-rows.ts";
import { gradientsOf, type PassSettings } from "./gradients.ts";
import type { Task } from "./task.ts";

/** The elements of each part of a state, by its path. */
export const copyOfState = (state: State | undefined): Readonly<Record<string, TypedArray>> =>
  Object.fromEntries(Object.entries(stateArrays(state)).map(([path, part]) => [path, part.values()]));

/**
 * Runs a step again from the carried state that it began with, without the update, and returns what
 * made the first number that is not finite; undefined when nothing did. Overwrites the carried
 * state, of which nothing good is left after such a step.
 */
export function findOrigin<B>(
  task: Task<B>,
  batches: readonly (B | undefined)[],
  settings: PassSettings,
  start: Readonly<Record<string, TypedArray>>,
): Anomaly | undefined {
  const carried = stateArrays(task.carried);
  for (const [path, values] of Object.entries(start)) assign(carried[path], values);
  const checked = checkedEngine(currentEngine(), { ...task.parameters, ...withPrefix("state", carried) });
  withEngine(checked.engine, () => scope(() => void gradientsOf(task, batches, settings)));
  return checked.found();
}
