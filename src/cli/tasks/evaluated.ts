/** @file What an evaluation prints and draws. */
import { join } from "node:path";
import { writeFileDurablySync } from "unrolled/node";
import { plural, real } from "../terminal/format.ts";
import type { Evaluated, Picture } from "./task.ts";

/** Draws a picture into a directory. */
export async function savePicture(directory: string, name: string, draw: Picture): Promise<void> {
  writeFileDurablySync(join(directory, name), await draw());
}

/** The text of an evaluation, or its measures in a line. */
export function linesOf({ measures, text }: Evaluated): string[] {
  const figures = Object.entries(measures).map(([name, value]) => `${name} ${real(value)}`);
  return [...(figures.length === 0 ? [] : [figures.join(", ")]), ...(text === undefined ? [] : [text])];
}

/** A label or tag of the data that the model can't give. */
type Unknown = { readonly name: string; readonly count: number; readonly place: string | undefined };

/** Names that are listed. */
const LISTED = 5;

/** The line that says which of the data count as mistakes, whatever the model answers. */
export function mistakesOf(noun: string, what: string, unknown: readonly Unknown[]): string[] {
  if (unknown.length === 0) return [];
  const all = unknown.reduce((sum, one) => sum + one.count, 0);
  const listed = unknown
    .slice(0, LISTED)
    .map(({ name, count: n, place }) => `${name} (${n}${place === undefined ? "" : `, the first in ${place}`})`);
  const more = unknown.length > LISTED ? `, and ${unknown.length - LISTED} more` : "";
  const verb = all === 1 ? "counts as a mistake" : "count as mistakes";
  return [`${plural(all, noun)} with a ${what} that the model does not have ${verb}: ${listed.join(", ")}${more}`];
}
