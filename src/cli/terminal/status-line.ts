/** A line at the end of a terminal's output that is drawn again in its place. */
export type StatusLine = {
  /** Replaces the text that is shown: no wider than the terminal, without escape codes. */
  show(text: string): void;
  clear(): void;
};

/**
 * The cursor stays visible, and in the line below, so that nothing has to be put right after a
 * kill.
 */
export function statusLine(stream: NodeJS.WriteStream, columns: () => number): StatusLine {
  let shown: string | undefined;
  // a terminal that has become narrower has wrapped the line
  const erase = (): string =>
    shown === undefined ? "" : `\u001B[${Math.max(1, Math.ceil(shown.length / columns()))}A\r\u001B[J`;
  return {
    show(text) {
      stream.write(`${erase()}${text}\n`);
      shown = text;
    },
    clear() {
      if (shown !== undefined) stream.write(erase());
      shown = undefined;
    },
  };
}
