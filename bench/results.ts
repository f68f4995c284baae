/** @file The report: a section for each processor and kind of race, in each where, when, with what, and the table. */
import { markdownTable, type Row } from "./table.ts";

export type Circumstances = {
  readonly date: string;
  readonly command: string;
  readonly processor: string;
  readonly machine: string;
  readonly versions: readonly string[];
  readonly minutes: number;
};

/** `before`, the last report, with this section in place of the one of the same heading, or behind the others. */
export function report(
  before: string,
  kind: "Training" | "Recipes",
  circumstances: Circumstances,
  rows: readonly Row[],
): string {
  const heading = `## ${kind} on ${circumstances.processor}`;
  const mine = `${heading}\n\n${section(circumstances, rows)}`;
  const others = before.split(/^(?=## )/m).slice(1);
  const isMine = (text: string): boolean => text.startsWith(`${heading}\n`);
  const sections = others.some(isMine) ? others.map((text) => (isMine(text) ? mine : text)) : [...others, mine];
  return `# Results\n\n${sections.map((text) => text.trimEnd()).join("\n\n")}\n`;
}

const section = ({ date, command, machine, versions, minutes }: Circumstances, rows: readonly Row[]): string =>
  `Written by \`${command}\`. [README.md](README.md) says what the columns mean.

- Machine: ${machine}
- Versions: ${versions.join(", ")}
- Date: ${date}; it took ${minutes.toFixed(0)} minutes

${markdownTable(rows)}
`;
