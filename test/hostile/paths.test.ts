/** Names in data never lead out of their folder, and nothing in a folder makes a reader wait. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DataError, FormatError } from "../../src/base/index.ts";
import {
  checkpointStore,
  classFiles,
  corpusBytes,
  describeData,
  loadModel,
  LOCK_FILE,
  lockRun,
  readCorpus,
  readCorpusBytes,
  readCsv,
  readIdx,
  readMetrics,
  readPicture,
  readRecordings,
  readRecords,
  readRunConfig,
  readRunOptions,
  readSeries,
  readTagged,
  streamCorpus,
} from "../../src/node/index.ts";
import { encodeWav } from "../../src/tasks/index.ts";

const root = mkdtempSync(join(tmpdir(), "unrolled-paths-"));
const data = join(root, "data");
const isPosix = process.platform !== "win32";
const wav = encodeWav(new Float32Array(100), { sampleRate: 8000 });
const csv = (name: string): string => `"${name.replaceAll('"', '""')}"`;

beforeAll(() => {
  mkdirSync(join(data, "wavs", "deep"), { recursive: true });
  mkdirSync(join(root, "secret"));
  mkdirSync(join(root, "data-2"));
  for (const path of [
    "data/a.wav",
    "data/wavs/b.wav",
    "data/wavs/deep/c.wav",
    "secret/s.wav",
    "secret/s",
    "data-2/t.wav",
    "s.wav",
  ])
    writeFileSync(join(root, path), wav);
  symlinkSync(join(root, "secret", "s.wav"), join(data, "link.wav"));
  symlinkSync("../secret/s.wav", join(data, "relative.wav"));
  symlinkSync("link.wav", join(data, "chain.wav"));
  symlinkSync("loop.wav", join(data, "loop.wav"));
  symlinkSync("nowhere.wav", join(data, "dangling.wav"));
  symlinkSync("../secret", join(data, "folder"));
  symlinkSync("../data-2", join(data, "sibling"));
  symlinkSync("/dev/zero", join(data, "zero.wav"));
  symlinkSync("a.wav", join(data, "inside.wav"));
  mkdirSync(join(data, "isfolder.wav"));
  if (isPosix) execFileSync("mkfifo", [join(data, "pipe.wav")]);
});
afterAll(() => rmSync(root, { recursive: true }));

const names = [
  "../secret/s.wav",
  "../secret/s",
  "../s.wav",
  "../../etc/passwd",
  "wavs/../../secret/s.wav",
  "./../secret/s.wav",
  "..",
  ".",
  "",
  "/",
  "a.wav/",
  "a.wav/..",
  "wavs/..",
  "wavs//b.wav",
  "/etc/passwd",
  "/dev/zero",
  "//server/share/s.wav",
  "///etc/passwd",
  "\\\\server\\share\\s.wav",
  "..\\secret\\s.wav",
  "wavs\\b.wav",
  "\\etc\\passwd",
  "C:\\s.wav",
  "C:/s.wav",
  "c:s.wav",
  "file:///etc/passwd",
  "https://example.org/s.wav",
  "~/s.wav",
  "~root/s.wav",
  "a.wav\u0000.png",
  "\u0000",
  "a\n.wav",
  "\u001b[2J.wav",
  "%2e%2e/secret/s.wav",
  "..%2fsecret%2fs.wav",
  "%2E%2E%5Csecret",
  "a%00.wav",
  ".. /secret/s.wav",
  ".../s.wav",
  "wavs /b.wav",
  "．．/secret/s.wav",
  "‥/secret/s.wav",
  "DATA/../../SECRET/s.wav",
  "a".repeat(5000),
  "link.wav",
  "relative",
  "chain.wav",
  "loop.wav",
  "dangling.wav",
  "folder/s.wav",
  "sibling/t.wav",
  "zero.wav",
  "isfolder.wav",
  ...(isPosix ? ["pipe.wav", "pipe"] : []),
];

describe.each(["transcripts.csv", "transcripts.tsv", "metadata.csv"])("%s", (table) => {
  const write = (name: string): void => {
    const path = join(data, table);
    if (table === "metadata.csv") writeFileSync(path, `a|one\n${name}|two\n`);
    else
      writeFileSync(
        path,
        ["file", "text"].join(table.endsWith("tsv") ? "\t" : ",") +
          "\n" +
          [
            ["a.wav", "one"],
            // a tab-separated table has quotes only where it needs them
            [table.endsWith("tsv") && !/[\t\n"]/.test(name) ? name : csv(name), "two"],
          ]
            .map((row) => row.join(table.endsWith("tsv") ? "\t" : ","))
            .join("\n"),
      );
  };

  test.each(names.filter((name) => table !== "metadata.csv" || !/[\n|]/.test(name)))("%j is refused", async (name) => {
    write(name);
    const start = process.cpuUsage();
    let error: unknown;
    try {
      await readRecordings(join(data, table));
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(DataError);
    expect((error as Error).message).toMatch(/ line \d+: expected/);
    // no text has a zero byte: it is refused before its names are
    if (name.includes("\0")) expect((error as Error).message).toMatch(/zero byte|\\u0000/);
    else if (name.length < 100)
      expect((error as Error).message).toContain(JSON.stringify(name).slice(1, -1).split("/").at(-1)?.slice(0, 5));
    expect(process.cpuUsage(start).user / 1000).toBeLessThan(2000);
  });

  test("names inside are read, also by a link that stays inside", async () => {
    for (const name of ["a", "a.wav", "b", "wavs/b.wav", "deep/c", "inside.wav"]) {
      write(name);
      const { recordings } = await readRecordings(join(data, table));
      expect(recordings.map(({ text }) => text)).toEqual(["one", "two"]);
    }
    rmSync(join(data, table));
  });
});

describe("folders", () => {
  /** A folder of classes and of texts, one entry of which is bad. */
  const entries: readonly (readonly [string, (path: string) => void])[] = [
    ["a link to a file outside", (path) => symlinkSync("/etc/passwd", path)],
    ["a link to a sibling with a longer name", (path) => symlinkSync(join(root, "data-2", "t.wav"), path)],
    ["a link that leads nowhere", (path) => symlinkSync("nowhere", path)],
    ["a link to itself", (path) => symlinkSync("1.txt", path)],
    ["a device", (path) => symlinkSync("/dev/zero", path)],
    ["a folder", (path) => mkdirSync(path)],
    ...(isPosix ? ([["a pipe", (path: string) => void execFileSync("mkfifo", [path])]] as const) : []),
  ];

  test.each(entries)("%s", (_, make) => {
    const folder = mkdtempSync(join(root, "classes-"));
    mkdirSync(join(folder, "spam"));
    writeFileSync(join(folder, "spam", "0.txt"), "text");
    make(join(folder, "spam", "1.txt"));
    const calls = [
      () => classFiles(folder, [".txt"]),
      () => readCorpus([join(folder, "spam")]),
      () => readCorpusBytes([join(folder, "spam")]),
      () => corpusBytes([join(folder, "spam")]),
      () => streamCorpus([join(folder, "spam")], { folder: join(folder, "tokens") }),
    ];
    for (const call of calls) expect(call).toThrow(DataError);
    expect(describeData([folder]).map(({ path }) => path)).toEqual([join(folder, "spam", "0.txt")]);
  });

  test("a class that is a link out of the folder", () => {
    const folder = mkdtempSync(join(root, "linked-"));
    mkdirSync(join(root, "elsewhere"));
    writeFileSync(join(root, "elsewhere", "1.txt"), "secret");
    symlinkSync("../elsewhere", join(folder, "spam"));
    expect(() => classFiles(folder, [".txt"])).toThrow("a symbolic link that leads out of it");
    // the folder itself may be reached by one: it was typed
    const link = join(root, "typed");
    symlinkSync(join(root, "elsewhere"), link);
    expect(readCorpus([link])).toBe("secret");
  });
});

type Reader = (path: string) => unknown;
const readers: Readonly<Record<string, Reader>> = {
  corpusBytes: (path) => corpusBytes([path]),
  describeData: (path) => describeData([path]),
  loadModel,
  readCorpus: (path) => readCorpus([path]),
  readCorpusBytes: (path) => readCorpusBytes([path]),
  readCsv: (path) => [...readCsv(path)],
  readIdx,
  readMetrics,
  readPicture: (path) => readPicture(path),
  readRecordings: (path) => readRecordings(path),
  readRecords: async (path) => (await readRecords([path]).next()).value,
  readRunConfig,
  readRunOptions,
  readSeries: (path) => readSeries([path]),
  readTagged: (path) => readTagged(path),
  streamCorpus: (path) => streamCorpus([path], { folder: join(root, "tokens") }),
};

describe("what the file system refuses is an error of the library", () => {
  const folder = mkdtempSync(join(tmpdir(), "unrolled-refused-"));
  const file = join(folder, "file");
  const empty = join(folder, "empty");
  const loop = join(folder, "loop");
  writeFileSync(file, "");
  mkdirSync(empty);
  symlinkSync("loop", loop);
  afterAll(() => rmSync(folder, { recursive: true }));
  let server: Server;
  const socket = join(folder, "socket");
  beforeAll(async () => {
    server = createServer();
    await new Promise<void>((resolve) => server.listen(socket, resolve));
  });
  afterAll(() => server.close());

  const paths = {
    "nothing there": join(folder, "none"),
    "in a file": join(file, "x"),
    "a folder": empty,
    "a link to itself": loop,
    "a long name": join(folder, "n".repeat(5000)),
    "a zero byte": `${file}\0x`,
    "a socket": socket,
  };

  test.each(Object.keys(readers))("%s", async (name) => {
    for (const [what, path] of Object.entries(paths)) {
      let error: unknown;
      try {
        await readers[name](path);
        // an empty folder has no files
        if (name === "describeData" && what === "a folder") continue;
        if (name === "corpusBytes" && what === "a socket") continue;
      } catch (caught) {
        error = caught;
      }
      expect(error, what).toBeInstanceOf(Error);
      expect((error as { code?: string }).code, `${what}: ${String(error)}`).toMatch(/^ERR_(DATA|FORMAT)$/);
    }
  });
});

test.runIf(isPosix)("a run directory of pipes is refused at once", async () => {
  const run = mkdtempSync(join(root, "run-"));
  mkdirSync(join(run, "checkpoints"));
  for (const name of ["model.safetensors", "config.json", "metrics.jsonl", "checkpoints/step-00000001.safetensors"])
    execFileSync("mkfifo", [join(run, name)]);
  expect(() => loadModel(run)).toThrow(DataError);
  expect(() => readRunConfig(run)).toThrow(DataError);
  expect(() => readMetrics(join(run, "metrics.jsonl"))).toThrow(DataError);
  execFileSync("mkfifo", [join(run, LOCK_FILE)]);
  expect(() => lockRun(run)).toThrow(DataError);
  await expect(checkpointStore(join(run, "checkpoints")).latest({ onDamaged: () => {} })).rejects.toThrow(FormatError);
});

test("a typed pipe is read to its end", () => {
  if (!isPosix) return;
  const program = `import { readCorpus } from ${JSON.stringify(new URL("../../src/node/read/read-corpus.ts", import.meta.url).href)}; console.log(readCorpus(["/dev/stdin"]).length)`;
  const script = 'head -c 100000 /dev/zero | tr "\\0" a | "$0" --input-type=module -e "$1"';
  expect(execFileSync("sh", ["-c", script, process.execPath, program]).toString()).toBe("100000\n");
});
