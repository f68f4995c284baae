/** Zip files that lie: each is refused with an error of ours, before anything large is made. */
import { expect, test } from "vitest";
import { readWeights } from "../../src/import/index.ts";
import { type ZippedFile, zipOf } from "../helpers/zip.ts";

const one = new Uint8Array([0x80, 2, 0x7d, 0x2e]);
const pickle = (more: Partial<ZippedFile> = {}): ZippedFile => ({ name: "a/data.pkl", data: one, ...more });
const zeros = new Uint8Array(2 ** 25);

test("reads a right one, stored and deflated", async () => {
  for (const deflate of [false, true]) expect((await readWeights(zipOf([pickle({ deflate })]))).tensors).toEqual([]);
});

test.each<[string, Uint8Array, RegExp]>([
  ["a name twice", zipOf([pickle(), pickle()]), /each name once, got "a\/data.pkl" twice/],
  ["a name that leaves", zipOf([pickle(), { name: "../x", data: one }]), /a name inside of the file, got "..\/x"/],
  ["a name that leaves further in", zipOf([{ name: "a/../../x", data: one }]), /a name inside of the file/],
  ["an absolute name", zipOf([{ name: "/etc/passwd", data: one }]), /a name inside of the file/],
  ["a drive", zipOf([{ name: "C:x", data: one }]), /a name inside of the file/],
  ["a backslash", zipOf([{ name: "a\\b", data: one }]), /a name inside of the file/],
  ["no name", zipOf([{ name: "", data: one }]), /a name inside of the file/],
  ["a zero byte in a name", zipOf([{ name: "a\0b", data: one }]), /a name inside of the file/],
  ["another checksum", zipOf([pickle({ listed: { crc: 1 } })]), /the checksum 1, got \d+. The file is damaged/],
  ["a larger size, stored", zipOf([pickle({ listed: { size: 9 } })]), /4 bytes as they are, got 9/],
  ["a size beyond the file", zipOf([pickle({ listed: { size: 999, packed: 999 } })]), /bytes up to offset/],
  ["a smaller size, deflated", zipOf([pickle({ deflate: true, listed: { size: 3 } })]), /3 bytes unpacked, got 4/],
  ["a larger size, deflated", zipOf([pickle({ deflate: true, listed: { size: 5 } })]), /5 bytes unpacked, got 4/],
  [
    "a bomb that admits it",
    zipOf([pickle({ deflate: true, data: zeros })]),
    /at most \d+ bytes unpacked from \d+, got 33554432/,
  ],
  [
    "a bomb that does not",
    zipOf([pickle({ deflate: true, data: zeros, listed: { size: 100 } })]),
    /100 bytes unpacked, got \d+ or more/,
  ],
  [
    "files over each other",
    zipOf([pickle(), { name: "b", data: one, listed: { at: 0 } }]),
    /an offset from 34 on, got 0/,
  ],
  ["another name before the file", zipOf([pickle({ ownName: "a/data.pkk" })]), /its name "a\/data.pkl" before it/],
  ["a password", zipOf([pickle({ listed: { flags: 1 } })]), /without a password/],
  ["another compression", zipOf([pickle({ listed: { method: 12 } })]), /stored or deflated, got compression 12/],
  ["65,000 entries that are not there", zipOf([pickle()], { count: 65_000 }), /65000 entries within the file/],
  [
    "more entries than are counted",
    zipOf([pickle(), { name: "b", data: one }], { count: 1 }),
    /1 entries, got \d+ bytes more/,
  ],
  ["no list", zipOf([pickle()]).slice(0, 60), /the list of files at the end, got none/],
  [
    "rubbish that is deflated",
    zipOf([pickle({ data: one, listed: { method: 8, packed: 4 } })]),
    /deflated bytes|bytes unpacked/,
  ],
])("refuses %s", async (_, bytes, message) => {
  const before = process.memoryUsage().arrayBuffers;
  await expect(readWeights(bytes)).rejects.toThrow(message);
  await expect(readWeights(bytes)).rejects.toMatchObject({ code: /^ERR_(FORMAT|UNSUPPORTED)$/ });
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 26);
});
