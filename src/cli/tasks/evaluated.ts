/** @file What an evaluation prints and draws. */
import { join } from "node:path";
import { writeFileDurablySync } from "unrolled/node";
import { real } from "../terminal/format.ts";
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
