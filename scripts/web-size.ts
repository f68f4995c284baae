/**
 * @file Prints what a page downloads to run this package: `node scripts/web-size.ts`, after a
 * build.
 */
import { webSize } from "./web-bundle.ts";

const { files, page, training } = await webSize();
const line = (name: string, bytes: number): void =>
  console.log(`${name.padEnd(40)}${(bytes / 1000).toFixed(1).padStart(7)} kB`);

for (const [name, bytes] of files) line(name, bytes);
console.log();
line("a page downloads, with the kernels", page);
line("and for trainInWorker", training);
