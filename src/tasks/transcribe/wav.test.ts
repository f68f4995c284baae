import * as fc from "fast-check";
import { expect, test } from "vitest";
import { FormatError } from "../../base/index.ts";
import { decodeWav, encodeWav, type WavFormat } from "./wav.ts";

const wave = Float32Array.from({ length: 101 }, (_, i) => 0.9 * Math.sin(i / 3));

test.each([
  ["pcm8", 1 / 128],
  ["pcm16", 1 / 32768],
  ["pcm24", 1 / 8388608],
  ["pcm32", 1e-7],
  ["float32", 0],
  ["float64", 0],
] as [WavFormat, number][])("%s is read as it was written", (format, tolerance) => {
  const { samples, sampleRate } = decodeWav(encodeWav(wave, { sampleRate: 8000, format }));
  expect(sampleRate).toBe(8000);
  expect(samples.length).toBe(wave.length);
  samples.forEach((x, i) => expect(Math.abs(x - wave[i])).toBeLessThanOrEqual(tolerance));
});

test("integers at the ends of their range", () => {
  for (const format of ["pcm8", "pcm16", "pcm24", "pcm32"] as const) {
    const { samples } = decodeWav(encodeWav(Float64Array.of(-1, 0, 1, -7, 7), { sampleRate: 1, format }));
    expect([samples[0], samples[1], samples[3]]).toEqual([-1, 0, -1]);
    expect(samples[2]).toBeGreaterThan(0.99);
    expect(samples[4]).toBe(samples[2]);
  }
});

/**
 * A file by hand: two channels of 16 bits, the extensible form, and a chunk of odd size before the
 * samples.
 */
function handMade(frames: readonly (readonly [number, number])[], size = frames.length * 4): Uint8Array {
  const bytes: number[] = [];
  const text = (letters: string): void => void bytes.push(...Buffer.from(letters, "latin1"));
  const number = (value: number, width: number): void => {
    for (let i = 0; i < width; i++) bytes.push(Math.floor(value / 256 ** i) & 255);
  };
  text("RIFF");
  number(0, 4);
  text("WAVEfmt ");
  number(40, 4);
  for (const value of [0xfffe, 2]) number(value, 2);
  for (const value of [16000, 64000]) number(value, 4);
  for (const value of [4, 16, 22, 16]) number(value, 2);
  number(3, 4);
  number(1, 2);
  bytes.push(...Array<number>(14).fill(9));
  text("LIST");
  number(3, 4);
  bytes.push(1, 2, 3, 0);
  text("data");
  number(size, 4);
  for (const [left, right] of frames) for (const value of [left, right]) number(value & 0xffff, 2);
  return Uint8Array.from(bytes);
}

test("channels are averaged; chunks that say nothing are passed over; a pipe's file has an open end", () => {
  const frames = [
    [16384, 0],
    [-32768, -32768],
    [-1, 1],
  ] as const;
  const expected = { sampleRate: 16000, samples: Float32Array.of(0.25, -1, 0) };
  expect(decodeWav(handMade(frames))).toEqual(expected);
  expect(decodeWav(handMade(frames, 0xffffffff))).toEqual(expected);
  // a view into a larger buffer
  const whole = handMade(frames);
  const moved = new Uint8Array(whole.length + 3);
  moved.set(whole, 3);
  expect(decodeWav(moved.subarray(3))).toEqual(expected);
});

test.each([0x7ffff000, 0x7fffffff, 0x80000000, 0xffffffff, 0x7fffffdb, 0])(
  "a file from a pipe whose samples have the size %d is read to its end",
  (size) => {
    for (const format of ["pcm16", "float32", "pcm8"] as const) {
      const whole = encodeWav(wave, { sampleRate: 8000, format });
      const expected = decodeWav(whole);
      const view = new DataView(whole.buffer);
      for (const all of [size === 0 ? 36 : size, 0xffffffff, 0]) {
        view.setUint32(4, all, true);
        view.setUint32(40, size, true);
        expect(decodeWav(whole).samples.subarray(0, wave.length)).toEqual(expected.samples);
      }
    }
  },
);

test("a file without samples is refused, also with something after them", () => {
  const empty = encodeWav(new Float32Array(0), { sampleRate: 8000 });
  expect(() => decodeWav(empty, "a.wav")).toThrow("a.wav: expected samples, got none");
  const listed = new Uint8Array(empty.length + 12);
  listed.set(empty);
  listed.set(Buffer.from("LIST\x04\0\0\0abcd", "latin1"), empty.length);
  new DataView(listed.buffer).setUint32(4, listed.length - 8, true);
  expect(() => decodeWav(listed)).toThrow(FormatError);
  // one that was cut off is not read as if it were whole
  const short = encodeWav(wave, { sampleRate: 8000 });
  new DataView(short.buffer).setUint32(40, 202 + 16, true);
  expect(() => decodeWav(short)).toThrow("cut off");
});

test("damage is named", () => {
  const good = encodeWav(wave, { sampleRate: 8000 });
  const changed = (at: number, value: number): Uint8Array =>
    Uint8Array.from(good, (byte, i) => (i === at ? value : byte));
  expect(() => decodeWav(new Uint8Array(3), "a.wav")).toThrow("a.wav: expected a WAV file (RIFF … WAVE), got 3 bytes");
  expect(() => decodeWav(good.subarray(0, 100))).toThrow('expected 202 bytes in the chunk "data", got 56: cut off');
  expect(() => decodeWav(good.subarray(0, 40))).toThrow('expected a chunk "data" with the samples, got none: cut off');
  expect(() => decodeWav(changed(20, 85))).toThrow("got encoding 85 with 16 bits");
  expect(() => decodeWav(changed(34, 12))).toThrow("got pcm12 bits");
  expect(() => decodeWav(changed(22, 0))).toThrow("at least one channel");
  expect(() => decodeWav(changed(32, 3))).toThrow("expected 2 bytes per sample frame, got 3");
  expect(() => decodeWav(changed(12, 0))).toThrow('expected a chunk "fmt " before the samples');
  const bad = encodeWav(Float32Array.of(0, 1), { sampleRate: 8000, format: "float32" });
  bad.set(new Uint8Array(Float32Array.of(NaN).buffer), bad.length - 4);
  expect(() => decodeWav(bad)).toThrow("expected finite samples, got NaN at 1");
});

test("5,000 damaged files give a sound or a FormatError", () => {
  const formats: WavFormat[] = ["pcm8", "pcm16", "pcm24", "pcm32", "float32", "float64"];
  const damage = fc.array(fc.tuple(fc.nat(60), fc.nat(255)), { maxLength: 6 });
  fc.assert(
    fc.property(fc.constantFrom(...formats), fc.nat(200), damage, (format, cut, changes) => {
      const bytes = encodeWav(wave.subarray(0, 12), { sampleRate: 8000, format });
      for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
      for (const given of [bytes, bytes.subarray(0, cut)]) {
        try {
          expect(decodeWav(given).samples.length).toBeLessThanOrEqual(bytes.length);
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
        }
      }
    }),
    { numRuns: 5000 },
  );
});
