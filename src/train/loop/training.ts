import type { TrainEvent } from "./events.ts";
import type { Loop } from "./loop.ts";
import { Claim } from "./one-run.ts";
import type { Snapshot } from "./snapshot.ts";
import type { Measured } from "./task.ts";

/**
 * A run: its events, one for each step, epoch and evaluation, then `end`; leaving the loop early
 * stops it.
 */
export type Training<E extends Measured = Measured> = AsyncGenerator<TrainEvent<E>, void, undefined> & {
  /**
   * A copy of all that a run consists of, between two events: `train` with `resume` continues it
   * bit for bit. Before the first event it is the beginning of the run, which is a state like any
   * other; with `resume` that is where it continues. Rejects as the run's first event would. With
   * several ranks all call it between the same two events, and each gets the state of the whole
   * run.
   */
  snapshot(): Promise<Snapshot>;
  /**
   * Bytes of the engine's memory that the run takes at its peak, parameters and optimizer included,
   * as planned before the first step. Undefined before the first event, in a worker, and where the
   * task does not tell its largest batch.
   */
  plannedBytes?(): number | undefined;
};

/**
 * A run whose loop is made when it is first advanced or asked for a snapshot. `close` is called
 * when it has ended, in whatever way.
 */
export function trainingOf<B, E extends Measured>(
  makeLoop: () => Loop<B, E>,
  close: () => Promise<void> = () => Promise.resolve(),
): Training<E> {
  let loop: Loop<B, E> | undefined;
  async function* events(): AsyncGenerator<TrainEvent<E>, void, undefined> {
    loop ??= makeLoop();
    const claim = new Claim(loop.trained, run, loop);
    let problem: unknown = "a run that was left";
    try {
      for await (const event of loop.events()) {
        if (loop.isTrained) claim.giveBack();
        if (event.kind === "end") problem = undefined;
        claim.isResting = true;
        yield event;
        claim.isResting = false;
        claim.check();
      }
    } catch (error) {
      problem = error;
      throw error;
    } finally {
      claim.giveBack();
      // the other ranks would wait for this one
      if (problem !== undefined) await loop.leave(problem);
      await close();
    }
  }
  const run: Training<E> = Object.assign(events(), {
    async snapshot(): Promise<Snapshot> {
      loop ??= makeLoop();
      return await loop.snapshot();
    },
    plannedBytes: () => loop?.plannedBytes,
  });
  return run;
}
