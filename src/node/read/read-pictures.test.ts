import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32, deflateSync } from "node:zlib";
import { encode } from "jpeg-js";
import { afterAll, describe, expect, test, vi } from "vitest";
import { DataError, randomStream } from "../../base/index.ts";
import { decodePicture, pictureSize, readPicture } from "./read-pictures.ts";

const folder = mkdtempSync(join(tmpdir(), "unrolled-pictures-"));
afterAll(() => rmSync(folder, { recursive: true }));
const write = (name: string, bytes: Uint8Array): string => {
  const file = join(folder, name);
  writeFileSync(file, bytes);
  return file;
};

/** A PNG file from its parts, with rows that aren't filtered. */
function png(
  width: number,
  height: number,
  depth: number,
  color: number,
  rows: number[][],
  { palette, transparent }: { readonly palette?: number[]; readonly transparent?: number[] } = {},
): Uint8Array {
  const chunk = (type: string, data: Uint8Array): Buffer => {
    const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, sum]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([depth, color], 8);
  return Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    chunk("IHDR", header),
    ...(palette === undefined ? [] : [chunk("PLTE", Uint8Array.from(palette))]),
    ...(transparent === undefined ? [] : [chunk("tRNS", Uint8Array.from(transparent))]),
    chunk("IDAT", deflateSync(Uint8Array.from(rows.flatMap((row) => [0, ...row])))),
    chunk("IEND", new Uint8Array(0)),
  ]);
}

describe("png", () => {
  const palette = [0, 0, 0, 255, 255, 255, 10, 10, 10];
  test.each([
    [
      "grey, 8 bits",
      png(2, 2, 8, 0, [
        [0, 100],
        [200, 255],
      ]),
      [0, 100, 200, 255],
    ],
    ["grey, 16 bits", png(2, 1, 16, 0, [[0x12, 0x34, 0xff, 0xff]]), [18, 255]],
    ["grey, 1 bit", png(3, 2, 1, 0, [[0b10100000], [0b01000000]]), [255, 0, 255, 0, 255, 0]],
    ["grey, 4 bits", png(3, 1, 4, 0, [[0x0f, 0x50]]), [0, 255, 85]],
    // on white: alpha times the grey, and the rest of 255
    ["grey and alpha", png(3, 1, 8, 4, [[100, 255, 100, 51, 0, 0]]), [100, 224, 255]],
    ["colours", png(3, 1, 8, 2, [[255, 0, 0, 0, 255, 0, 0, 0, 255]]), [76, 150, 29]],
    ["colours and alpha", png(2, 1, 8, 6, [[0, 0, 0, 0, 10, 10, 10, 255]]), [255, 10]],
    ["16 bits and alpha", png(1, 1, 16, 4, [[0, 0, 0x80, 0]]), [127]],
    ["a palette", png(3, 1, 2, 3, [[0b00011000]], { palette }), [0, 255, 10]],
    ["a palette, partly transparent", png(3, 1, 2, 3, [[0b00011000]], { palette, transparent: [0] }), [255, 255, 10]],
    ["a transparent grey", png(3, 1, 8, 0, [[7, 8, 7]], { transparent: [0, 7] }), [255, 8, 255]],
    ["a transparent grey of 2 bits", png(4, 1, 2, 0, [[0b00011011]], { transparent: [0, 1] }), [0, 255, 170, 255]],
    [
      "a transparent grey of 16 bits",
      png(2, 1, 16, 0, [[0x12, 0x34, 0x12, 0x35]], { transparent: [0x12, 0x34] }),
      [255, 18],
    ],
    ["a transparent colour", png(2, 1, 8, 2, [[1, 2, 3, 1, 2, 4]], { transparent: [0, 1, 0, 2, 0, 3] }), [255, 2]],
  ])("%s", async (_, bytes, expected) => {
    const { data, channels } = await decodePicture("picture", bytes);
    expect(channels).toBe(1);
    expect([...data]).toEqual(expected);
  });

  test("on another background", async () => {
    const bytes = png(2, 1, 8, 6, [[200, 100, 0, 0, 200, 100, 0, 51]]);
    const black = await decodePicture("black", bytes, { channels: 3, background: [0, 0, 0] });
    expect([...black.data]).toEqual([0, 0, 0, 40, 20, 0]);
    const blue = await decodePicture("blue", bytes, { channels: 3, background: [0, 0, 255] });
    expect([...blue.data]).toEqual([0, 0, 255, 40, 20, 204]);
    expect([...(await decodePicture("grey", bytes, { background: [0, 0, 255] })).data]).toEqual([29, 47]);
  });

  test("the strokes of a transparent canvas can be seen, or it is said", async () => {
    const strokes = (shade: number): Uint8Array =>
      png(3, 1, 8, 6, [[0, 0, 0, 0, shade, shade, shade, 255, 0, 0, 0, 0]]);
    const warned = vi.spyOn(console, "warn").mockImplementation(() => {});
    expect([...(await decodePicture("black.png", strokes(0))).data]).toEqual([255, 0, 255]);
    expect(warned).not.toHaveBeenCalled();
    expect([...(await decodePicture("white.png", strokes(255))).data]).toEqual([255, 255, 255]);
    expect(warned.mock.calls[0]?.[0]).toContain("white.png: what it shows has the colour of the background");
    const other = await decodePicture("other.png", strokes(255), { background: [0, 0, 0] });
    expect([...other.data]).toEqual([0, 255, 0]);
    expect(warned).toHaveBeenCalledTimes(1);
    warned.mockRestore();
  });

  test("in colours, from a file, in another size", async () => {
    const file = write("colours.png", png(2, 1, 8, 2, [[1, 2, 3, 4, 5, 6]]));
    const whole = { width: 2, height: 1, channels: 3, data: Uint8Array.of(1, 2, 3, 4, 5, 6) };
    expect(await readPicture(file, { channels: 3 })).toEqual(whole);
    expect([...(await decodePicture("grey", png(1, 1, 8, 0, [[7]]), { channels: 3 })).data]).toEqual([7, 7, 7]);
    const size = { width: 1, height: 2 };
    const small = { width: 1, height: 2, channels: 3, data: Uint8Array.of(3, 4, 5, 3, 4, 5) };
    expect(await readPicture(file, { channels: 3, size })).toEqual(small);
  });

  test("damage", async () => {
    const damaged = png(2, 2, 8, 0, [
      [0, 100],
      [200, 255],
    ]);
    damaged[20] ^= 1;
    await expect(decodePicture("damaged.png", damaged)).rejects.toThrow("damaged.png: expected a PNG picture");
    const wrong = png(1, 1, 8, 0, [[7]], { transparent: [7] });
    await expect(decodePicture("wrong.png", wrong)).rejects.toThrow('got a part "tRNS" of 1 bytes');
  });
});

/** A JPEG file of a picture whose left half is dark and upper half is red. */
function jpeg(width: number, height: number): Buffer {
  const data = Buffer.alloc(width * height * 4);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const light = x < width / 2 ? 60 : 220;
      data.set([light, y < height / 2 ? 0 : light, y < height / 2 ? 0 : light, 255], (y * width + x) * 4);
    }
  return encode({ width, height, data }, 98).data;
}

/** The file with EXIF data that say how the camera was held. */
function held(file: Buffer, orientation: number): Buffer {
  const exif = Buffer.from("Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\0\0\0\0\0\0\0", "latin1");
  exif[25] = orientation;
  const part = Buffer.alloc(4);
  part.writeUInt16BE(0xffe1, 0);
  part.writeUInt16BE(exif.length + 2, 2);
  return Buffer.concat([file.subarray(0, 2), part, exif, file.subarray(2)]);
}

/** Greyscale, progressive: 8 x 8 pixels, of which the lower half is white. */
const PROGRESSIVE = Buffer.from(
  "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4RDgsLEBYQERMUFRUVDA8XGBYUGBIUFRT/wgALCAAIAAgBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAAf/aAAgBAQAAAAE//8QAFRABAQAAAAAAAAAAAAAAAAAAABf/2gAIAQEAAQUChj//xAAXEAADAQAAAAAAAAAAAAAAAAAANaTi/9oACAEBAAY/Ancuz//EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAT8hV//aAAgBAQAAABD/AP/EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAT8QH//Z",
  "base64",
);

describe("jpeg", () => {
  test("colours and greys", async () => {
    const bytes = jpeg(32, 16);
    expect(pictureSize("a.jpg", bytes)).toEqual({ width: 32, height: 16 });
    const picture = await decodePicture("a.jpg", bytes, { channels: 3 });
    expect([picture.width, picture.height, picture.channels]).toEqual([32, 16, 3]);
    const pixel = (x: number, y: number): number[] => [
      ...picture.data.subarray((y * 32 + x) * 3, (y * 32 + x) * 3 + 3),
    ];
    for (const [place, expected] of [
      [pixel(3, 3), [60, 0, 0]],
      [pixel(28, 3), [220, 0, 0]],
      [pixel(3, 12), [60, 60, 60]],
      [pixel(28, 12), [220, 220, 220]],
    ])
      place.forEach((value, c) => expect(Math.abs(value - expected[c])).toBeLessThan(6));
    const grey = await readPicture(write("a.jpg", bytes));
    expect(Math.abs(grey.data[12 * 32 + 28] - 220)).toBeLessThan(3);
    expect(Math.abs(grey.data[3] - 0.299 * 60)).toBeLessThan(3);
    const small = await decodePicture("a.jpg", bytes, { size: { width: 2, height: 2 } });
    expect(small.data.length).toBe(4);
    expect(small.data[3]).toBeGreaterThan(150);
  });

  test("progressive", async () => {
    const { width, height, data } = await decodePicture("p.jpg", PROGRESSIVE);
    expect([width, height]).toEqual([8, 8]);
    expect(Math.max(...data.subarray(0, 24))).toBeLessThan(30);
    expect(Math.min(...data.subarray(40))).toBeGreaterThan(225);
  });

  // as cameras number it: where the dark and the red end up
  test.each([
    [1, [60, 0, 0], [220, 220, 220]],
    [2, [220, 0, 0], [60, 60, 60]],
    [3, [220, 220, 220], [60, 0, 0]],
    [4, [60, 60, 60], [220, 0, 0]],
    [5, [60, 0, 0], [220, 220, 220]],
    [6, [60, 60, 60], [220, 0, 0]],
    [7, [220, 220, 220], [60, 0, 0]],
    [8, [220, 0, 0], [60, 60, 60]],
  ])("a camera that was held in way %d", async (orientation, first, last) => {
    const bytes = held(jpeg(32, 16), orientation);
    const picture = await decodePicture("a.jpg", bytes, { channels: 3 });
    const size = orientation < 5 ? { width: 32, height: 16 } : { width: 16, height: 32 };
    expect(picture).toMatchObject(size);
    expect(pictureSize("a.jpg", bytes)).toEqual(size);
    first.forEach((value, c) => expect(Math.abs(picture.data[c] - value)).toBeLessThan(8));
    last.forEach((value, c) => expect(Math.abs(picture.data[picture.data.length - 3 + c] - value)).toBeLessThan(8));
  });

  test("damage, and what a small file can't ask for", async () => {
    const whole = jpeg(64, 64);
    for (const length of [3, 30, 200, whole.length - 2])
      await expect(decodePicture("cut.jpg", whole.subarray(0, length))).rejects.toThrow(
        "cut.jpg: expected a JPEG picture, got one that is cut off",
      );
    const large = Buffer.from(whole);
    const frame = large.indexOf(Buffer.from([0xff, 0xc0]));
    large.writeUInt16BE(0xffff, frame + 5);
    large.writeUInt16BE(0xffff, frame + 7);
    await expect(decodePicture("large.jpg", large)).rejects.toThrow("at most 67108864 pixels");
    large.writeUInt16BE(8000, frame + 5);
    large.writeUInt16BE(8000, frame + 7);
    await expect(decodePicture("large.jpg", large)).rejects.toThrow("a picture of at most 33554432 bytes");
    const random = randomStream(1);
    for (let k = 0; k < 300; k++) {
      const bytes = Uint8Array.from(whole);
      for (let j = 0; j < 1 + (k % 5); j++) bytes[random.integer(bytes.length)] = random.integer(256);
      try {
        expect((await decodePicture("x", bytes)).channels).toBe(1);
      } catch (error) {
        expect(error, String(error)).toBeInstanceOf(DataError);
      }
    }
  });
});

test.each([
  ["GIF89a", "GIF"],
  ["RIFF\0\0\0\0WEBPVP8 ", "WebP"],
  ["BM\0\0\0\0", "BMP"],
  ["II*\0", "TIFF"],
  ["\0\0\0\x20ftypheic", "HEIC"],
  ["\0\0\0\x20ftypavif", "AVIF"],
])("%j is refused with the cure", async (text, name) => {
  await expect(decodePicture("x", Buffer.from(text, "latin1"))).rejects.toThrow(
    `x: expected a PNG or JPEG picture, got ${name}. Convert it, for example with: magick IN OUT.png`,
  );
  expect(() => pictureSize("x", Buffer.from(text, "latin1"))).toThrow(name);
  await expect(decodePicture("x", Buffer.from("hello"))).rejects.toThrow("got another beginning");
});
