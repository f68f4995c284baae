import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { losses, type Loss, SimulatedDisk } from "../../../test/helpers/simulated-disk.ts";
import { sweepTemporariesSync, writeFileDurably, writeFileDurablySync } from "./durable-file.ts";

test.each(Object.keys(losses) as Loss[])("is on the disk, with the directories that were made: %s", async (loss) => {
  const disk = new SimulatedDisk();
  await writeFileDurably("/a/b/c/file", "text", disk);
  let count = 0;
  for (const image of disk.crashes(loss)) {
    expect(new TextDecoder().decode(image.readFile("/a/b/c/file"))).toBe("text");
    count++;
  }
  expect(count).toBe(1);
});

test("an error of the disk is the one that is thrown, and the old contents are there", async () => {
  const disk = new SimulatedDisk();
  await writeFileDurably("/a/file", "old", disk);
  // the close that follows fails too
  const fs = disk.with({
    create: (path) => ({
      ...disk.create(path),
      write: () => Promise.reject(new Error("ENOSPC")),
      close: () => Promise.reject(new Error("EIO")),
    }),
  });
  await expect(writeFileDurably("/a/file", "new", fs)).rejects.toThrow("ENOSPC");
  expect(disk.names("/a")).toEqual(["file"]);
  expect(new TextDecoder().decode(disk.readFile("/a/file"))).toBe("old");
});

describe.each<[string, (path: string, contents: Uint8Array | string) => unknown]>([
  ["writeFileDurably", writeFileDurably],
  ["writeFileDurablySync", writeFileDurablySync],
])("%s in a directory", (_, write) => {
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), "unrolled-durable-"));
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  test("makes directories, writes and replaces, text and bytes of any size", async () => {
    const file = join(directory, "made", "here", "a b.txt");
    await write(file, "é");
    expect(readFileSync(file, "utf8")).toBe("é");
    const large = new Uint8Array(20_000_000).map((_, i) => i % 251);
    await write(file, large);
    expect(Buffer.compare(readFileSync(file), large)).toBe(0);
    await write(file, new Uint8Array(0));
    expect(readFileSync(file)).toHaveLength(0);
    expect(readdirSync(join(file, ".."))).toEqual(["a b.txt"]);
  });

  test("what fails leaves nothing behind", async () => {
    mkdirSync(join(directory, "taken"));
    await expect(async () => write(join(directory, "taken"), "x")).rejects.toThrow(/EISDIR|EPERM|EEXIST|ENOTEMPTY/);
    writeFileSync(join(directory, "file"), "");
    await expect(async () => write(join(directory, "file", "x"), "x")).rejects.toThrow(/ENOTDIR|ENOENT/);
    expect(readdirSync(directory).filter((name) => name.startsWith("."))).toEqual([]);
  });

  test.skipIf(process.platform === "win32")("a directory that can be written but not read", async () => {
    const closed = join(directory, "closed");
    mkdirSync(closed);
    chmodSync(closed, 0o300);
    await write(join(closed, "x"), "x");
    chmodSync(closed, 0o700);
    expect(readFileSync(join(closed, "x"), "utf8")).toBe("x");
  });
});

test("only our temporary files are swept, and not those that are being written", async () => {
  const directory = mkdtempSync(join(tmpdir(), "unrolled-sweep-"));
  try {
    for (const name of [".a.1.0123abcd.tmp", "a.1.0123abcd.tmp", ".a.tmp", ".a.1.0123ABCD.tmp"]) {
      writeFileSync(join(directory, name), "");
    }
    const writing = writeFileDurably(join(directory, "b"), new Uint8Array(10_000_000));
    let swept = 0;
    const sweeping = setInterval(() => {
      sweepTemporariesSync(directory);
      swept++;
    });
    await writing;
    clearInterval(sweeping);
    expect(swept).toBeGreaterThan(0);
    expect(readdirSync(directory).toSorted()).toEqual([".a.1.0123ABCD.tmp", ".a.tmp", "a.1.0123abcd.tmp", "b"]);
    sweepTemporariesSync(join(directory, "none"));
  } finally {
    rmSync(directory, { recursive: true });
  }
});
