/**
 * @file What the runner and a contestant say to each other: JSON, one object a line, on the contestant's stdin and stdout. A contestant
 * that isn't asked anything waits for a line and costs no time. `peers/common.py` is the same in Python.
 */
import { createInterface } from "node:readline";
import type { Case } from "./cases.ts";

export type Question<C = Case> = { readonly prepare: C } | { readonly run: number };

/** The first line of a contestant, before any question. */
export type Greeting = { readonly version: string };
/** `seconds` is the time of the first step. */
export type Prepared = { readonly values: readonly number[]; readonly seconds: number };
/** `seconds` of all the steps together. */
export type Ran = { readonly seconds: number };
export type Failure = { readonly error: string };
export type Answer = Greeting | Prepared | Ran | Failure;

/** One case, ready to run. Either function may return a promise. */
export type Work = {
  /** Training: one whole step. Generating: one token. */
  step(): unknown;
  /**
   * Called after the first step: what all contestants must agree on. Training: the loss of the first step, and the loss after it.
   * Generating: the scores of the second token.
   */
  values(): readonly number[] | Promise<readonly number[]>;
};

/** The main loop of a contestant that is a Node process. `prepare` takes what its runner sends: a `Case`, or a case of its own kind. */
export async function serve(version: string, prepare: (task: never) => Work | Promise<Work>): Promise<void> {
  const say = (answer: Answer): void => void process.stdout.write(`${JSON.stringify(answer)}\n`);
  let work: Work | undefined;
  say({ version });
  for await (const line of createInterface({ input: process.stdin })) {
    try {
      const question = JSON.parse(line) as Question<never>;
      if ("prepare" in question) {
        work = await prepare(question.prepare);
        const seconds = await secondsOf(work, 1);
        say({ seconds, values: await work.values() });
      } else {
        if (work === undefined) throw new Error("contestant: expected a prepare before a run, got none");
        say({ seconds: await secondsOf(work, question.run) });
      }
    } catch (error) {
      say({ error: error instanceof Error ? error.message : String(error) });
    }
  }
  // a contestant with threads would stay
  process.exit(0);
}

/** Waits only for steps that need it: a promise costs as much as a small step. */
async function secondsOf(work: Work, steps: number): Promise<number> {
  const start = performance.now();
  for (let i = 0; i < steps; i++) {
    const result = work.step();
    if (result instanceof Promise) await result;
  }
  return (performance.now() - start) / 1000;
}
