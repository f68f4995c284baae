/** @file Runs contestants in turn, A B C A B C …, so that a machine that changes its speed changes it for all of them. */
import type { Case } from "./cases.ts";
import { Child } from "./child.ts";
import { type Contestant, titleOf } from "./contestants.ts";

export type Entry<C = Case> = { readonly contestant: Contestant; readonly task: C };

/** What became of one contestant in one case. */
export type Lane<C = Case> = Entry<C> & {
  readonly version: string;
  readonly values: readonly number[];
  /** Of one step, round by round; of a slow contestant one step only. Empty for one that failed. */
  readonly seconds: readonly number[];
  /** Of the processor, of all threads; 0 where the system doesn't tell. */
  readonly cpuSeconds: readonly number[];
  /** Bytes, at the end of its last round. */
  readonly peakMemory: number | undefined;
  readonly failure?: string;
};

export type RaceOptions = {
  readonly rounds: number;
  readonly progress: (text: string) => void;
  /** Called once in each round, when no contestant runs. */
  readonly between?: () => void;
};

/** Seconds of one turn, at least: as many steps as that takes. */
const TURN = 0.3;

/** A slow contestant is timed only once where a step takes more seconds than this … */
const LONG = 2;
/** … and by its first step, not yet warm, where that took more than this. */
const SLOW = 8;

type Runner<C = Case> = { readonly entry: Entry<C>; lane: Lane<C>; child: Child | undefined; steps: number };

export async function race<C>(
  entries: readonly Entry<C>[],
  { rounds, progress, between }: RaceOptions,
): Promise<Lane<C>[]> {
  const runners = entries.map((entry): Runner<C> => {
    const lane = { ...entry, version: "", values: [], seconds: [], cpuSeconds: [], peakMemory: undefined };
    return { entry, lane, child: undefined, steps: 1 };
  });
  /** What one runner does; when it fails, it is out. */
  const attempt = async (runner: Runner<C>, action: (child: Child) => Promise<void>): Promise<void> => {
    if (runner.child === undefined) return;
    try {
      await action(runner.child);
    } catch (error) {
      const failure = (error as Error).message;
      progress(`${titleOf(runner.entry.contestant)}: ${failure}`);
      runner.lane = { ...runner.lane, seconds: [], failure };
      runner.child.stop();
      runner.child = undefined;
    }
  };

  const start = async (runner: Runner<C>): Promise<void> => {
    try {
      runner.child = new Child(runner.entry.contestant);
    } catch (error) {
      runner.lane = { ...runner.lane, failure: (error as Error).message };
    }
    await attempt(runner, async (child) => {
      runner.lane = { ...runner.lane, ...(await child.greeting()) };
    });
  };
  progress(runners.map(({ entry }) => titleOf(entry.contestant)).join("; "));
  await Promise.all(runners.map(start));
  // the time of the first step counts for the slow ones only
  await Promise.all(
    runners.filter((runner) => !isSlow(runner)).map((runner) => attempt(runner, (child) => prepare(runner, child))),
  );
  for (const runner of runners.filter(isSlow)) await attempt(runner, (child) => prepare(runner, child));
  for (const runner of runners) await attempt(runner, (child) => warmUp(runner, child));
  for (let round = 0; round < rounds; round++) {
    progress(`round ${round + 1} of ${rounds}`);
    between?.();
    for (const runner of runners) {
      await attempt(runner, async (child) => {
        const before = child.cpuSeconds();
        const { seconds } = await child.ask({ run: runner.steps });
        const cpu = child.cpuSeconds() - before;
        runner.lane = {
          ...runner.lane,
          seconds: [...runner.lane.seconds, seconds / runner.steps],
          cpuSeconds: [...runner.lane.cpuSeconds, cpu / runner.steps],
        };
      });
    }
  }
  return runners.map(({ lane, child }) => {
    const peakMemory = child?.peakMemory() ?? lane.peakMemory;
    child?.stop();
    return { ...lane, peakMemory };
  });
}

/** The first step. A slow contestant may be done with it. */
async function prepare<C>(runner: Runner<C>, child: Child): Promise<void> {
  const { values, seconds } = await child.ask({ prepare: runner.entry.task });
  runner.lane = { ...runner.lane, values };
  if (isSlow(runner) && seconds > SLOW) finish(runner, child, seconds);
}

/** Steps until it is known how many make a turn. A slow contestant may be done with one. */
async function warmUp<C>(runner: Runner<C>, child: Child): Promise<void> {
  let seconds = 0;
  while (seconds < TURN / 2) {
    ({ seconds } = await child.ask({ run: runner.steps }));
    if (isSlow(runner) && seconds / runner.steps > LONG) return finish(runner, child, seconds / runner.steps);
    runner.steps = Math.ceil(Math.min(20, TURN / seconds) * runner.steps);
  }
}

const isSlow = ({ entry }: Pick<Runner<unknown>, "entry">): boolean => entry.contestant.isSlow === true;

/** Ends a contestant that is not worth the time of more rounds. */
function finish<C>(runner: Runner<C>, child: Child, seconds: number): void {
  runner.lane = { ...runner.lane, seconds: [seconds], peakMemory: child.peakMemory() };
  child.stop();
  runner.child = undefined;
}
