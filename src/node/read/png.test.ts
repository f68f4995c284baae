import { crc32, deflateSync } from "node:zlib";
import { decode } from "fast-png";
import { describe, expect, test } from "vitest";
import { DataError, type RandomStream, randomStream } from "../../base/index.ts";
import { readPngSamples } from "./png.ts";

type Kind = { readonly color: number; readonly depth: number; readonly interlaced: boolean };

const PER_PIXEL: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
const PASSES = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
];

const chunk = (type: string, data: Uint8Array): Buffer => {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
};

const header = (width: number, height: number, { color, depth, interlaced }: Kind): Buffer => {
  const bytes = Buffer.alloc(13);
  bytes.writeUInt32BE(width, 0);
  bytes.writeUInt32BE(height, 4);
  bytes.set([depth, color, 0, 0, Number(interlaced)], 8);
  return chunk("IHDR", bytes);
};

const file = (...parts: Uint8Array[]): Uint8Array =>
  Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), ...parts, chunk("IEND", new Uint8Array(0))]);

/** The row as bytes of samples. */
function packed(samples: readonly number[], depth: number): number[] {
  if (depth === 8) return [...samples];
  if (depth === 16) return samples.flatMap((x) => [x >> 8, x & 255]);
  const bytes = Array.from({ length: Math.ceil((samples.length * depth) / 8) }, () => 0);
  samples.forEach((x, i) => (bytes[(i * depth) >> 3] |= x << (8 - depth - ((i * depth) & 7))));
  return bytes;
}

/** The row with a filter, straight from the table of the standard. */
function filtered(row: readonly number[], above: readonly number[], pixel: number, filter: number): number[] {
  return row.map((x, i) => {
    const [a, b, c] = [row[i - pixel] ?? 0, above[i] ?? 0, i < pixel ? 0 : (above[i - pixel] ?? 0)];
    const p = a + b - c;
    const order = [a, b, c].map((y, k) => [Math.abs(p - y), k, y]).toSorted((s, t) => s[0] - t[0] || s[1] - t[1]);
    return (x - [0, a, b, Math.floor((a + b) / 2), order[0][2]][filter]) & 255;
  });
}

function encoded(
  width: number,
  height: number,
  samples: readonly number[],
  kind: Kind,
  random: RandomStream,
): Uint8Array {
  const perPixel = PER_PIXEL[kind.color];
  const pixel = Math.max(1, (perPixel * kind.depth) / 8);
  const rows: number[] = [];
  for (const [left, top, across, down] of kind.interlaced ? PASSES : [[0, 0, 1, 1]]) {
    let above: number[] = [];
    for (let y = top; y < height; y += down) {
      const own: number[] = [];
      for (let x = left; x < width; x += across)
        own.push(...samples.slice((y * width + x) * perPixel, (y * width + x + 1) * perPixel));
      if (own.length === 0) continue;
      const bytes = packed(own, kind.depth);
      const filter = random.integer(5);
      rows.push(filter, ...filtered(bytes, above, pixel, filter));
      above = bytes;
    }
  }
  const palette = Uint8Array.from({ length: 3 * 2 ** Math.min(kind.depth, 8) }, (_, i) => (i * 7) & 255);
  return file(
    header(width, height, kind),
    ...(kind.color === 3 ? [chunk("PLTE", palette)] : []),
    chunk("IDAT", deflateSync(Uint8Array.from(rows))),
  );
}

const kinds = Object.entries({ 0: [1, 2, 4, 8, 16], 2: [8, 16], 3: [1, 2, 4, 8], 4: [8, 16], 6: [8, 16] }).flatMap(
  ([color, depths]) =>
    depths.flatMap((depth) => [true, false].map((interlaced) => ({ color: Number(color), depth, interlaced }))),
);

test.each(kinds)("colour type $color, $depth bits, interlaced $interlaced", (kind) => {
  const random = randomStream(kind.color * 100 + kind.depth);
  for (const [width, height] of [
    [1, 1],
    [2, 3],
    [5, 1],
    [13, 9],
    [17, 16],
  ]) {
    const perPixel = PER_PIXEL[kind.color];
    const samples = Array.from({ length: width * height * perPixel }, () => random.integer(2 ** kind.depth));
    const bytes = encoded(width, height, samples, kind, random);
    const found = readPngSamples("picture", bytes);
    expect(found).toMatchObject({ width, height });
    const expected = kind.color === 3 ? samples.flatMap((x) => [0, 1, 2].map((c) => ((3 * x + c) * 7) & 255)) : samples;
    expect([...found.samples]).toEqual(expected);
    expect(found.largest).toBe(kind.color === 3 ? 255 : 2 ** kind.depth - 1);
    // where the other decoder has no bug, it agrees
    if (kind.depth >= 8) expect([...decode(bytes).data]).toEqual(samples);
  }
});

describe("what a small file can't ask for", () => {
  const grey = { color: 0, depth: 8, interlaced: false };
  const zeros = deflateSync(new Uint8Array(64 * 2 ** 20));
  const many = Buffer.concat(Array.from({ length: 8 }, () => zeros));
  test.each([
    [
      "a line of 2 billion pixels",
      file(header(0x7fffffff, 1, grey), chunk("IDAT", Buffer.alloc(10))),
      "67108864 pixels",
    ],
    ["2 billion pixels, 16 bits", file(header(0x7fffffff, 8, { color: 6, depth: 16, interlaced: false })), "pixels"],
    ["20,000 x 20,000", file(header(20_000, 20_000, grey), chunk("IDAT", many)), "67108864 pixels"],
    [
      "6,000 x 6,000 of nothing",
      file(header(6000, 6000, grey), chunk("IDAT", deflateSync(new Uint8Array(10)))),
      "bytes in a file",
    ],
    ["64 MB in 8 x 8", file(header(8, 8, grey), chunk("IDAT", zeros)), "more than the 72 bytes of its pixels"],
    [
      "interlaced, 64 MB in 8 x 8",
      file(header(8, 8, { ...grey, interlaced: true }), chunk("IDAT", zeros)),
      "more than the",
    ],
    ["an interlaced line", file(header(0x7fffffff, 0x7fffffff, { ...grey, interlaced: true })), "pixels"],
    ["too few", file(header(8, 8, grey), chunk("IDAT", deflateSync(new Uint8Array(71)))), "got 71 of the 72 bytes"],
    ["no pixels", file(header(8, 8, grey)), "expected a PNG picture"],
    ["a width of 0", file(header(0, 8, grey)), "got 0 x 8 pixels"],
    [
      "a part that lies",
      Buffer.concat([
        file(header(8, 8, grey)).subarray(0, 33),
        Buffer.from([255, 255, 255, 255, 73, 68, 65, 84, 0, 0, 0, 0]),
      ]),
      "cut off",
    ],
  ])("%s", (_, bytes, message) => {
    const before = process.memoryUsage();
    const start = process.cpuUsage();
    expect(() => readPngSamples("bomb.png", bytes)).toThrow(DataError);
    expect(() => readPngSamples("bomb.png", bytes)).toThrow(message);
    expect(process.cpuUsage(start).user / 1000).toBeLessThan(2000);
    const after = process.memoryUsage();
    expect(after.arrayBuffers + after.external - before.arrayBuffers - before.external).toBeLessThan(32 * 2 ** 20);
  });

  test("texts and profiles are passed over, however much they would become", () => {
    const good = file(
      header(1, 1, grey),
      chunk("zTXt", Buffer.concat([Buffer.from("a\0\0"), zeros])),
      chunk("iCCP", Buffer.concat([Buffer.from("a\0\0"), zeros])),
      chunk("IDAT", deflateSync(Uint8Array.of(0, 7))),
    );
    expect([...readPngSamples("good.png", good).samples]).toEqual([7]);
  });
});
