/** Reads mutants in a process of its own: `fuzz-worker.ts FIRST STEP COUNT [weights]` prints a line of JSON for each that was read, in CPU time and memory. */
import { writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { randomStream } from "../../src/base/index.ts";
import { mutant } from "./mutate.ts";
import { readers as files, workFolder } from "./readers.ts";
import { weightReaders } from "./weight-readers.ts";

/** What a case came to. `bad` is what must not be. */
export type Outcome = {
  readonly reader: string;
  readonly index: number;
  readonly read: boolean;
  readonly bad?: string;
};

const CODES = /^ERR_(KIND|VALUE|SHAPE|DTYPE|UNSUPPORTED|FORMAT|DAMAGED|DATA|NOT_FINITE)$/;
const SECONDS = 2;
const MEMORY = 64 * 2 ** 20;

const globals = [Object.prototype, Array.prototype, Function.prototype, String.prototype];
const shapeOfGlobals = (): string => globals.map((one) => Object.getOwnPropertyNames(one).join()).join(";");
const before = shapeOfGlobals();

const [first, step, count] = process.argv.slice(2, 5).map(Number);
const readers = process.argv[5] === "weights" ? weightReaders : files;
const collect = (globalThis as { gc?: () => void }).gc;

for (let index = first; index < count; index += step) {
  const reader = readers[index % readers.length];
  const random = randomStream(1)
    .named(reader.name)
    .at(Math.floor(index / readers.length));
  const bytes = mutant(reader.format, reader.seeds[random.integer(reader.seeds.length)], random);
  const path = join(workFolder, `${index % 7}${reader.ending ?? ""}`.replace(/^\d(?=[a-z])/, ""));
  writeFileSync(path, bytes);
  // whoever watches knows which case it was where nothing more comes
  writeSync(1, `${JSON.stringify({ reader: reader.name, index })}\n`);
  if (index % 64 < step) collect?.();
  const peak = process.resourceUsage().maxRSS * 1024;
  const resident = process.memoryUsage.rss();
  const start = process.cpuUsage();
  let bad: string | undefined;
  let read = false;
  try {
    await reader.read(bytes, path);
    read = true;
  } catch (error) {
    const { code, stack } = error as { code?: unknown; stack?: string };
    if (!CODES.test(String(code))) bad = `untyped: ${String(stack ?? error)}`;
  }
  const { user, system } = process.cpuUsage(start);
  if ((user + system) / 1e6 > SECONDS) bad ??= `${(user + system) / 1e6} s`;
  const now = process.resourceUsage().maxRSS * 1024;
  if (now > peak && now - resident > MEMORY + 4 * bytes.length)
    bad ??= `${((now - resident) / 2 ** 20).toFixed(0)} MiB for ${bytes.length} bytes`;
  if (shapeOfGlobals() !== before) bad ??= "a prototype was changed";
  writeSync(1, `${JSON.stringify({ reader: reader.name, index, read, ...(bad !== undefined && { bad }) })}\n`);
}
process.exit(0);
