/** @file One row for each thing measured, and how it is printed. */

export type Goal = { readonly text: string; readonly met: boolean };

export type Row = {
  readonly case: string;
  readonly contestant: string;
  readonly figure?: { readonly value: number; readonly unit: "seconds" | "bytes" };
  readonly tokensPerSecond?: number;
  readonly sequencesPerSecond?: number;
  readonly flopsPerSecond?: number;
  /** How many times as fast, or as small, this package is; a row of this package says in `note` what it is compared with. */
  readonly ratio?: number;
  readonly goal?: Goal;
  /** Largest relative difference from this package's first losses or scores. */
  readonly difference?: number;
  readonly note?: string;
};

export const atLeast = (limit: number, value: number): Goal => ({ text: `≥ ${limit}`, met: value >= limit });

const COLUMNS: Readonly<Record<string, (row: Row) => string>> = {
  case: (row) => row.case,
  contestant: (row) => row.contestant,
  figure: ({ figure }) => (figure ? (figure.unit === "seconds" ? duration(figure.value) : size(figure.value)) : ""),
  "tokens/s": ({ tokensPerSecond }) => (tokensPerSecond === undefined ? "" : significant(tokensPerSecond)),
  "sequences/s": ({ sequencesPerSecond }) => (sequencesPerSecond === undefined ? "" : significant(sequencesPerSecond)),
  "GFLOP/s": ({ flopsPerSecond }) => (flopsPerSecond === undefined ? "" : (flopsPerSecond / 1e9).toFixed(1)),
  ratio: ({ ratio }) => (ratio === undefined ? "" : ratio < 10 ? ratio.toFixed(2) : ratio.toFixed(0)),
  goal: ({ goal }) => (goal ? `${goal.text} ${goal.met ? "pass" : "MISS"}` : ""),
  differs: ({ difference }) => (difference === undefined ? "" : difference === 0 ? "0" : difference.toExponential(0)),
  note: ({ note }) => note ?? "",
};

const TEXT = new Set(["case", "contestant", "goal", "note"]);

/** In columns, for a terminal. */
export function plainTable(rows: readonly Row[]): string {
  const lines = cellsOf(rows);
  const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  const isText = lines[0].map((name) => TEXT.has(name));
  return lines
    .map((line) =>
      line
        .map((cell, i) => (isText[i] ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

export function markdownTable(rows: readonly Row[]): string {
  const [head, ...body] = cellsOf(rows);
  const rule = head.map((name) => (TEXT.has(name) ? "---" : "---:"));
  return [head, rule, ...body]
    .map((line) => `| ${line.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`)
    .join("\n");
}

/** The heading and a line for each row, without the columns that no row fills; a case that repeats is named once. */
function cellsOf(rows: readonly Row[]): string[][] {
  const shown = rows.map((row, i) => (row.case === rows[i - 1]?.case ? { ...row, case: "" } : row));
  const columns = Object.entries(COLUMNS).filter(([, cell]) => rows.some((row) => cell(row) !== ""));
  return [columns.map(([name]) => name), ...shown.map((row) => columns.map(([, cell]) => cell(row)))];
}

function duration(seconds: number): string {
  if (seconds < 1e-3) return `${(seconds * 1e6).toFixed(1)} µs`;
  return seconds < 1 ? `${(seconds * 1e3).toPrecision(3)} ms` : `${seconds.toFixed(2)} s`;
}

const size = (bytes: number): string =>
  bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(0)} MB`;

/** Three digits, with commas. */
const significant = (value: number): string => Number(value.toPrecision(3)).toLocaleString("en");
