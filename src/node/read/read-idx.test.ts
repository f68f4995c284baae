import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { DataError } from "../../base/index.ts";
import { idxPictures, readIdx } from "./read-idx.ts";

const folder = mkdtempSync(join(tmpdir(), "unrolled-idx-"));
afterAll(() => rmSync(folder, { recursive: true }));
const write = (name: string, bytes: Uint8Array): string => {
  const file = join(folder, name);
  writeFileSync(file, bytes);
  return file;
};

describe("idx", () => {
  const images = Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3, 1, 2, 3, 4, 5, 255);

  test.each([
    ["plain", images],
    ["gzipped", gzipSync(images)],
  ])("%s", (name, bytes) => {
    const found = readIdx(write(name, bytes));
    expect(found.shape).toEqual([2, 1, 3]);
    expect(idxPictures(name, found)).toEqual([
      { width: 3, height: 1, channels: 1, data: Uint8Array.of(1, 2, 3) },
      { width: 3, height: 1, channels: 1, data: Uint8Array.of(4, 5, 255) },
    ]);
  });

  test.each([
    ["short", Uint8Array.of(0, 0), /short: expected an idx file/],
    [
      "type",
      Uint8Array.of(0, 0, 13, 1, 0, 0, 0, 0),
      /type: expected an idx file of unsigned bytes \(type 8\), got type 13/,
    ],
    ["head", Uint8Array.of(0, 0, 8, 2, 0, 0, 0, 1), /head: expected 2 dimensions, got the end of the file/],
    ["cut", images.subarray(0, 20), /cut: expected 6 elements of \[2, 1, 3\], got 4/],
    ["zip", Uint8Array.of(0x1f, 0x8b, 8, 0), /zip: expected gzipped data/],
  ])("errors: %s", (name, bytes, message) => {
    expect(() => readIdx(write(name, bytes))).toThrow(message);
  });

  /** `size` bytes of which only the first are not 0, gzipped. */
  const bomb = (head: number[], size: number): Uint8Array => {
    const bytes = new Uint8Array(size);
    bytes.set(head);
    return gzipSync(bytes);
  };
  const be = (n: number): number[] => [n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255];

  test.each([
    ["many of nothing", Uint8Array.of(0, 0, 8, 3, ...be(0xffffffff), ...be(0), ...be(0)), "at least one pixel"],
    ["fewer of nothing", Uint8Array.of(0, 0, 8, 3, ...be(50_000_000), ...be(0), ...be(0)), "at least one pixel"],
    ["of no width", Uint8Array.of(0, 0, 8, 3, ...be(50_000_000), ...be(28), ...be(0)), "at least one pixel"],
    ["many of one", Uint8Array.of(0, 0, 8, 3, ...be(0xffffffff), ...be(1), ...be(1)), "expected 4294967295 elements"],
    ["all large", Uint8Array.of(0, 0, 8, 8, ...Array<number>(32).fill(255)), "elements of [4294967295, 4294967295"],
    ["many dimensions", Uint8Array.of(0, 0, 8, 255, ...Array<number>(1020).fill(0)), "at most 8 dimensions"],
    [
      "one of 1.6 GB",
      bomb([0, 0, 8, 3, ...be(1), ...be(40_000), ...be(40_000)], 2 ** 26),
      "an array of at most 33554432 bytes",
    ],
    [
      "40 MB",
      bomb([0, 0, 8, 3, ...be(1), ...be(4000), ...be(10_000)], 40_000_016),
      "an array of at most 33554432 bytes",
    ],
    [
      "more than it says",
      bomb([0, 0, 8, 3, ...be(1), ...be(4), ...be(4)], 2 ** 26),
      "expected 32 bytes as its dimensions say, got more",
    ],
    [
      "less than it says",
      bomb([0, 0, 8, 3, ...be(1), ...be(4), ...be(4)], 20),
      "expected 32 bytes as its dimensions say, got 20",
    ],
  ])("a small file can't ask for much: %s", (name, bytes, message) => {
    const path = write("bomb", bytes);
    const before = process.memoryUsage().arrayBuffers;
    const start = process.cpuUsage();
    expect(() => idxPictures(name, readIdx(path))).toThrow(DataError);
    expect(() => idxPictures(name, readIdx(path))).toThrow(message);
    expect(process.cpuUsage(start).user / 1000).toBeLessThan(2000);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(32 * 2 ** 20);
  });

  test("labels are no pictures", () => {
    expect(() => idxPictures("labels", { shape: [3], data: new Uint8Array(3) })).toThrow(
      "labels: expected pictures [n, height, width], got [3]",
    );
  });
});
