/**
 * Files from strangers: mutants of good ones for every reader, each replayable by its number N: `node --conditions=unrolled-source test/hostile/fuzz-worker.ts N 1 N+1`. None may take more than two seconds of processor time or 64 MiB and four times its size, none may give an error without a code
 * of the library, none may touch a prototype. What is read is used once.
 */
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import type { Outcome } from "./fuzz-worker.ts";
import { type Reader, readers, workFolder } from "./readers.ts";
import { weightReaders } from "./weight-readers.ts";

const FULL = process.env["UNROLLED_VERIFY"] === "full";
const COUNT = FULL ? 10_000 : 500;
const PROCESSES = 2;
/** Without a word for so long, a case hangs: a machine that is busy may need ten times what it would. */
const SILENCE = 60_000;

const worker = fileURLToPath(new URL("fuzz-worker.ts", import.meta.url));

/** Lists of readers by their names for the worker, and how many mutants each list gets. */
const LISTS: readonly (readonly [list: string, readers: readonly Reader[], count: number])[] = [
  ["files", readers, COUNT],
  // so many for each format
  ["weights", weightReaders, COUNT * weightReaders.length],
];

/** Every `PROCESSES`-th case from `first` on. A process that a case has ended is started again after it. */
async function cases(list: string, first: number, count: number): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (let from = first; from < count;) {
    let latest: Pick<Outcome, "reader" | "index"> | undefined;
    let ended = "";
    await new Promise<void>((resolve) => {
      const flags = ["--conditions=unrolled-source", "--expose-gc", "--disable-warning=ExperimentalWarning"];
      const child = spawn(process.execPath, [...flags, worker, String(from), String(PROCESSES), String(count), list]);
      let rest = "";
      let errors = "";
      const kill = (): void => {
        ended = "no end";
        child.kill("SIGKILL");
      };
      let timer = setTimeout(kill, SILENCE);
      child.stdout.on("data", (data: Buffer) => {
        clearTimeout(timer);
        timer = setTimeout(kill, SILENCE);
        const lines = (rest + data.toString()).split("\n");
        rest = lines.pop() as string;
        for (const line of lines) {
          const found = JSON.parse(line) as Outcome;
          latest = found.read === undefined ? found : undefined;
          if (found.read !== undefined) outcomes.push(found);
        }
      });
      child.stderr.on("data", (data: Buffer) => (errors += data.toString()));
      child.on("close", (code) => {
        clearTimeout(timer);
        if (code !== 0 && ended === "") ended = `ended with ${code}: ${errors.slice(-2000)}`;
        resolve();
      });
    });
    if (ended === "") break;
    if (latest === undefined) throw new Error(ended);
    outcomes.push({ ...latest, read: false, bad: ended });
    from = latest.index + PROCESSES;
  }
  return outcomes;
}

/** How many of each reader's there were, and how many of those were read. */
function countsOf(found: readonly Outcome[]): string[] {
  const counts = new Map<string, { all: number; read: number }>();
  for (const { reader, read } of found) {
    const own = counts.get(reader) ?? { all: 0, read: 0 };
    counts.set(reader, { all: own.all + 1, read: own.read + Number(read) });
  }
  return [...counts].map(([reader, { all, read }]) => `${reader}: ${all} mutants, ${read} of them read and used`);
}

test("the files that are changed are good ones", async () => {
  for (const { name, seeds, read, ending = "" } of [...readers, ...weightReaders]) {
    for (const bytes of seeds) {
      const path = join(workFolder, /^[a-z]/.test(ending) ? ending : `good${ending}`);
      writeFileSync(path, bytes);
      await expect(
        Promise.resolve(read(bytes, path)).then(() => name),
        name,
      ).resolves.toBe(name);
    }
  }
});

test.each(LISTS)(
  "mutants for every reader of %s",
  async (list, _, count) => {
    const found = (await Promise.all(Array.from({ length: PROCESSES }, (__, i) => cases(list, i, count)))).flat();
    if (FULL) for (const line of countsOf(found)) console.log(line);
    expect(found.filter(({ bad }) => bad !== undefined)).toEqual([]);
    expect(found).toHaveLength(count);
    // mutants that are all refused at the door would prove nothing
    expect(found.filter(({ read }) => read).length).toBeGreaterThan(count / 20);
  },
  FULL ? 3_600_000 : 600_000,
);
