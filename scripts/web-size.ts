/** @file Prints what a page downloads to run this package: `node scripts/web-size.ts`, after a build. */
import { webSize } from "./web-bundle.ts";

const { files, script, kernels, total } = await webSize();
const line = (name: string, bytes: number): void =>
  console.log(`${name.padEnd(24)}${(bytes / 1000).toFixed(1).padStart(7)} kB`);

for (const [name, bytes] of files) line(name, bytes);
console.log();
line("all JavaScript", script);
line("one build of the kernels", kernels);
line("a page downloads", total);
