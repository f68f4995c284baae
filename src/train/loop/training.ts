import type { TrainEvent } from "./events.ts";
import type { Loop, Training } from "./loop.ts";
import { Claim } from "./one-run.ts";
import type { Snapshot } from "./snapshot.ts";
import type { Measured } from "./task.ts";

/** A run whose loop is made when it is first advanced or asked for a snapshot. `close` is called when it has ended, in whatever way. */
export function trainingOf<B, E extends Measured>(
  makeLoop: () => Loop<B, E>,
  close: () => Promise<void> = () => Promise.resolve(),
): Training<E> {
  let loop: Loop<B, E> | undefined;
  async function* events(): AsyncGenerator<TrainEvent<E>, void, undefined> {
    loop ??= makeLoop();
    const claim = new Claim(loop.trained, run, loop);
    try {
      for await (const event of loop.events()) {
        if (loop.isTrained) claim.giveBack();
        claim.isResting = true;
        yield event;
        claim.isResting = false;
        claim.check();
      }
    } finally {
      claim.giveBack();
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
