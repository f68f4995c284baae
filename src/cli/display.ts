/** @file Lines that stay and, on a terminal, one that changes in place. */
import { createLogUpdate } from "log-update";

export type Display = {
  /** A terminal that can redraw a line. */
  readonly live: boolean;
  readonly columns: number;
  /** Prints a line that stays. */
  line(text: string): void;
  /** Redraws the status line, at most ten times a second; elsewhere nothing. Parts that don't fit are left out, the last first. */
  status(parts: readonly string[]): void;
  /** Removes the status line. */
  clear(): void;
};

const REDRAW_MS = 100;
const GAP = "  ";

export const silentDisplay: Display = { live: false, columns: 80, line() {}, status() {}, clear() {} };

export function createDisplay(stream: NodeJS.WriteStream): Display {
  const live = stream.isTTY && process.env["TERM"] !== "dumb";
  // a hidden cursor would stay hidden if the process were killed
  const redraw = live ? createLogUpdate(stream, { showCursor: true }) : undefined;
  let drawn = -Infinity;
  const columns = (): number => stream.columns || 80;
  return {
    live,
    get columns() {
      return columns();
    },
    line(text) {
      redraw?.clear();
      stream.write(`${text}\n`);
    },
    status(parts) {
      if (redraw === undefined || performance.now() - drawn < REDRAW_MS) return;
      drawn = performance.now();
      redraw(fit(parts, columns() - 1));
    },
    clear: () => redraw?.clear(),
  };
}

export function fit(parts: readonly string[], width: number): string {
  let shown = parts.length;
  while (shown > 1 && parts.slice(0, shown).join(GAP).length > width) shown--;
  return parts.slice(0, shown).join(GAP).slice(0, width);
}
