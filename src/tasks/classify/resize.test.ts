import { expect, test } from "vitest";
import { resizePicture } from "./resize.ts";

const picture = (width: number, data: readonly number[], channels = 1) => ({
  width,
  height: data.length / width / channels,
  channels,
  data: Uint8Array.from(data),
});

// values of Pillow 12.3, Image.resize(size, Image.BILINEAR)
test.each([
  [4, [0, 255, 100, 50], { width: 2, height: 1 }, [124, 101]],
  [
    2,
    [0, 255, 100, 50],
    { width: 4, height: 4 },
    [0, 64, 191, 255, 25, 70, 159, 204, 75, 82, 95, 101, 100, 88, 63, 50],
  ],
  [6, [0, 50, 100, 150, 200, 250], { width: 4, height: 1 }, [19, 89, 161, 231]],
  [3, [0, 40, 80, 120, 160, 200, 240, 20, 60], { width: 2, height: 2 }, [60, 110, 149, 98]],
  [3, [0, 40, 80, 120, 160, 200, 240, 20, 60], { width: 5, height: 2 }, [45, 61, 85, 109, 125, 195, 146, 73, 97, 113]],
  [10, [10, 0, 0, 0, 0, 0, 0, 0, 0, 90], { width: 3, height: 1 }, [2, 0, 20]],
])("%j pixels wide becomes %j", (width, data, size, expected) => {
  const found = resizePicture(picture(width, data), size);
  expect(found).toMatchObject(size);
  // Pillow rounds after the rows, too
  found.data.forEach((value, i) => expect(Math.abs(value - expected[i])).toBeLessThanOrEqual(1));
});

test("each channel by itself", () => {
  const found = resizePicture(picture(2, [10, 0, 200, 20, 100, 200, 30, 0, 0, 40, 100, 0], 3), { width: 1, height: 1 });
  expect([...found.data]).toEqual([25, 50, 100]);
});

test("one colour stays that colour, and one size that picture", () => {
  const flat = picture(7, new Array<number>(49).fill(201));
  for (const size of [1, 3, 7, 8, 40])
    expect(new Set(resizePicture(flat, { width: size, height: size + 1 }).data)).toEqual(new Set([201]));
  expect(resizePicture(flat, { width: 7, height: 7 })).toBe(flat);
  expect(() => resizePicture(flat, { width: 0, height: 7 })).toThrow("resizePicture width");
});
