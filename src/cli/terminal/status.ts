/**
 * @file What training tells people: a line that updates in place on a terminal, plain lines now and
 * then elsewhere.
 */
import { type Measured, printable, type TrainEvent } from "unrolled";
import { count, duration, real } from "./format.ts";
import { LossHistory } from "./loss-history.ts";
import { statusLine } from "./status-line.ts";

export type Status = {
  /** Whether nothing of this is shown. */
  readonly isQuiet: boolean;
  show(event: TrainEvent): void;
  /** A line that stays. */
  note(text: string): void;
  /** Removes the status line. */
  end(): void;
  /** Draws the losses, if there are enough. */
  chart(): void;
};

/** Seconds between lines when the output is no terminal. */
const PLAIN_INTERVAL = 5;
/** Milliseconds between two drawings of the status line. */
const REDRAW_INTERVAL = 100;
/** Weight of the newest step in the speed and the loss that are shown. */
const SMOOTHING = 0.05;
const GAP = "  ";

/**
 * Measures of an evaluation beside the loss, for people: "2.31 bits per character", "accuracy
 * 0.97".
 */
const measuresOf = ({ measures = {} }: Measured): readonly string[] =>
  Object.entries(measures).map(([name, value]) => `${name} ${real(value)}`);

/** `seconds` is the time limit, if any; `unit` what is counted for the speed. */
export function trainingStatus(
  stream: NodeJS.WriteStream,
  { quiet, seconds, unit = "tokens" }: { quiet: boolean; seconds: number | undefined; unit?: string },
): Status {
  const isLive = stream.isTTY && process.env["TERM"] !== "dumb" && !quiet;
  const columns = (): number => stream.columns || 80;
  const line = isLive ? statusLine(stream, columns) : undefined;
  const history = new LossHistory();
  let secondsPerToken: number | undefined;
  let loss: number | undefined;
  let measured: readonly string[] = [];
  // each finding once
  const shown = new Set<string>();
  let lastLine = -Infinity;
  let lastDrawing = -Infinity;
  let drawing: NodeJS.Immediate | undefined;
  const smooth = (old: number | undefined, next: number): number =>
    old === undefined ? next : old + SMOOTHING * (next - old);
  const note = (text: string): void => {
    if (quiet) return;
    line?.clear();
    stream.write(`${printable(text)}\n`);
  };
  return {
    isQuiet: quiet,
    note,
    show(event) {
      if (event.kind === "evaluation") {
        measured = measuresOf(event);
        const found = [`loss ${real(event.loss)}`, ...measured];
        note(`validation after step ${count(event.step)}: ${found.join(", ")}`);
        for (const one of event.findings ?? []) {
          const name = `${one.check} ${one.where}`;
          if (!shown.has(name))
            note(`  ${one.verdict}: ${one.where === "" ? "" : `${one.where}: `}${one.text} ${one.advice}`);
          shown.add(name);
        }
      }
      if (event.kind === "warning") note(event.message);
      if (event.kind !== "step") return;
      if (!event.skipped) loss = smooth(loss, event.loss);
      history.add(event.step, event.loss);
      secondsPerToken = smooth(secondsPerToken, 1 / event.tokensPerSecond);
      const parts = (): string[] =>
        statusParts(event, { speed: 1 / (secondsPerToken as number), loss, measured, unit, seconds });
      if (line) {
        if (performance.now() - lastDrawing < REDRAW_INTERVAL) return;
        lastDrawing = performance.now();
        // not before pending signals, one of which may say that the terminal is narrower now
        drawing = setImmediate(() => line.show(fit(parts().map(printable), columns() - 1)));
      } else if (event.seconds - lastLine >= PLAIN_INTERVAL) {
        lastLine = event.seconds;
        note(parts().join(GAP));
      }
    },
    end() {
      clearImmediate(drawing);
      line?.clear();
    },
    chart() {
      const text = history.chart(columns());
      if (text !== undefined) note(text);
    },
  };
}

/** Joins as many parts as fit, from the first. */
function fit(parts: readonly string[], width: number): string {
  let shown = parts.length;
  while (shown > 1 && parts.slice(0, shown).join(GAP).length > width) shown--;
  return parts.slice(0, shown).join(GAP).slice(0, width);
}

type Figures = {
  readonly speed: number;
  readonly loss: number | undefined;
  /** Measures of the last evaluation. */
  readonly measured: readonly string[];
  readonly unit: string;
  readonly seconds: number | undefined;
};

/** The most important first. */
function statusParts(
  event: TrainEvent & { kind: "step" },
  { speed, loss, measured, unit, seconds }: Figures,
): string[] {
  const { step, steps } = event;
  const bySteps = steps === undefined ? Infinity : (event.seconds / step) * (steps - step);
  const byTime = seconds === undefined ? Infinity : seconds - event.seconds;
  return [
    steps === undefined ? `step ${count(step)}` : `step ${count(step)}/${count(steps)}`,
    `loss ${real(loss ?? NaN)}`,
    `ETA ${duration(Math.min(bySteps, byTime))}`,
    `${count(speed)} ${unit}/s`,
    ...measured.slice(0, 1).map((text) => `validation ${text.replace("bits per character", "bits/char")}`),
  ];
}
