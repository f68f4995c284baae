import { fromLeader } from "./agreement.ts";
import { isAlone, leads } from "./communicator.ts";
import type { Run } from "./run.ts";
import type { Measured } from "./task.ts";

/**
 * The leading rank's measures on its held-out data, on every rank: null where there is none,
 * undefined where the signal has cut the evaluation short.
 */
export async function evaluated<B, E extends Measured>({ task, settings }: Run<B, E>): Promise<E | null | undefined> {
  const { communicator, signal } = settings;
  const measured = task.evaluate !== undefined && leads(communicator) ? await task.evaluate(signal) : null;
  return isAlone(communicator) ? measured : (await fromLeader(communicator, { measured })).measured;
}
