/** @file The report of a run: where, when, with what, and the table. */
import { availableParallelism, cpus, totalmem } from "node:os";
import { markdownTable, type Row } from "./table.ts";

export type Circumstances = {
  readonly date: string;
  readonly command: string;
  readonly machine: string;
  readonly versions: readonly string[];
  readonly minutes: number;
};

export const machine = (): string =>
  `${cpus()[0]?.model.trim() ?? "unknown processor"}, ${availableParallelism()} cores, ${Math.round(totalmem() / 2 ** 30)} GiB`;

export function report({ date, command, machine, versions, minutes }: Circumstances, rows: readonly Row[]): string {
  return `# Results

Written by \`${command}\`. [README.md](README.md) says what the columns mean.

- Machine: ${machine}
- Versions: ${versions.join(", ")}
- Date: ${date}; it took ${minutes.toFixed(0)} minutes

${markdownTable(rows)}
`;
}
