/** @file What training tells people: a line that updates in place on a terminal, plain lines now and then elsewhere. */
import { createLogUpdate } from "log-update";
import type { TrainEvent } from "unrolled";
import { count, duration, real } from "./format.ts";

export type Status = {
  show(event: TrainEvent): void;
  /** A line that stays. */
  note(text: string): void;
  /** Leaves the last status on the screen. */
  end(): void;
};

/** Seconds between lines when the output is no terminal. */
const PLAIN_INTERVAL = 5;

/** `seconds` is the time limit, if any. */
export function trainingStatus(
  stream: NodeJS.WriteStream,
  { quiet, seconds }: { quiet: boolean; seconds: number | undefined },
): Status {
  const update = stream.isTTY && !quiet ? createLogUpdate(stream) : undefined;
  let speed = 0;
  let bits: number | undefined;
  let lastLine = -Infinity;
  const plain = (text: string): void => void (quiet || stream.write(`${text}\n`));
  return {
    show(event) {
      if (event.kind === "evaluation") {
        bits = event.bitsPerCharacter;
        plain(
          `${update ? "" : "  "}validation after step ${count(event.step)}: loss ${real(event.loss)}, ${real(bits)} bits per character`,
        );
        return;
      }
      if (event.kind !== "step") return;
      speed = speed === 0 ? event.tokensPerSecond : 0.95 * speed + 0.05 * event.tokensPerSecond;
      const line = statusLine(event, { speed, bits, seconds });
      if (update) {
        update(line);
      } else if (event.seconds - lastLine >= PLAIN_INTERVAL) {
        lastLine = event.seconds;
        plain(line);
      }
    },
    note(text) {
      update?.clear();
      plain(text);
    },
    end: () => update?.done(),
  };
}

type Figures = { readonly speed: number; readonly bits: number | undefined; readonly seconds: number | undefined };

function statusLine(event: TrainEvent & { kind: "step" }, { speed, bits, seconds }: Figures): string {
  const { step, steps } = event;
  const bySteps = steps === undefined ? Infinity : (event.seconds / step) * (steps - step);
  const byTime = seconds === undefined ? Infinity : seconds - event.seconds;
  const parts = [
    steps === undefined ? `step ${count(step)}` : `step ${count(step)}/${count(steps)}`,
    `ETA ${duration(Math.min(bySteps, byTime))}`,
    `${count(speed)} tokens/s`,
    event.skipped ? "loss not finite, step skipped" : `loss ${real(event.loss)}`,
    ...(bits === undefined ? [] : [`validation ${real(bits)} bits/char`]),
  ];
  return parts.join("  ");
}
