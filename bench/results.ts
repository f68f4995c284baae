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

const RECIPES = "## Recipes";

/** The table of all but the recipes; what `before`, the last report, says of them is kept. */
export function report(circumstances: Circumstances, rows: readonly Row[], before: string): string {
  const recipes = partsOf(before)[1];
  return `# Results\n\n${section(circumstances, rows)}${recipes === "" ? "" : `\n${recipes}`}`;
}

/** `before`, the last report, with another table of the recipes. */
export function withRecipes(before: string, circumstances: Circumstances, rows: readonly Row[]): string {
  const [others] = partsOf(before);
  return `${others === "" ? "# Results" : others.trimEnd()}\n\n${RECIPES}\n\n${section(circumstances, rows)}`;
}

/** What comes before the recipes, and they. */
function partsOf(text: string): readonly [others: string, recipes: string] {
  const start = text.indexOf(RECIPES);
  return start < 0 ? [text, ""] : [text.slice(0, start), text.slice(start)];
}

const section = ({ date, command, machine, versions, minutes }: Circumstances, rows: readonly Row[]): string =>
  `Written by \`${command}\`. [README.md](README.md) says what the columns mean.

- Machine: ${machine}
- Versions: ${versions.join(", ")}
- Date: ${date}; it took ${minutes.toFixed(0)} minutes

${markdownTable(rows)}
`;
