/** @file What `unrolled train` does with signals, for a test: the first one aborts, and half a second later this computes for long. */
import { writeSync } from "node:fs";
import { stopSignals } from "../../src/cli/terminal/stop-signals.ts";

const say = (text: string): number => writeSync(1, `${text}\n`);
const { signal, received } = stopSignals();
signal.addEventListener("abort", () => {
  say(`aborted ${received()}`);
  setTimeout(() => {
    say("computing");
    const end = Date.now() + 20_000;
    while (Date.now() < end);
  }, 500);
});
setTimeout(() => say("no signal came"), 20_000);
say("ready");
