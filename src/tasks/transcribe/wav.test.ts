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
  new DataView(short.buffer).setUint32(40, 202 + 1000, true);
  expect(() => decodeWav(short)).toThrow("cut off");
});

test.each([8, 16, 36, 44, 80, 128])(
  "a size that is %d bytes too large, as one that counts the header, is no loss",
  (more) => {
    const whole = encodeWav(wave, { sampleRate: 8000 });
    const expected = decodeWav(whole);
    const view = new DataView(whole.buffer);
    view.setUint32(40, 202 + more, true);
    expect(decodeWav(whole)).toEqual(expected);
    view.setUint32(4, whole.length, true);
    expect(decodeWav(whole)).toEqual(expected);
  },
);

test("a size of 0 is that of silence too, whatever the file says to have in all", () => {
  for (const all of [0, 36, 36 + 64, 0xffffffff]) {
    const silent = encodeWav(new Float32Array(32), { sampleRate: 8000 });
    const view = new DataView(silent.buffer);
    view.setUint32(4, all, true);
    view.setUint32(40, 0, true);
    expect(decodeWav(silent).samples).toEqual(new Float32Array(32));
  }
});

test("RF64: the size of the samples is in a chunk of its own", () => {
  const plain = encodeWav(wave, { sampleRate: 8000 });
  const long = new Uint8Array(plain.length + 36 + 12);
  long.set(Buffer.from("RF64\xff\xff\xff\xffWAVEds64\x1c\0\0\0", "latin1"));
  const view = new DataView(long.buffer);
  view.setUint32(20, long.length - 8, true);
  view.setUint32(28, 202, true);
  long.set(plain.subarray(12), 48);
  view.setUint32(48 + 28, 0xffffffff, true);
  // what follows the samples is none
  long.set(Buffer.from("LIST\x04\0\0\0abcd", "latin1"), plain.length + 36);
  expect(decodeWav(long)).toEqual(decodeWav(plain));
  // unknown in both places, as ffmpeg leaves it at a pipe
  view.setUint32(28, 0xffffffff, true);
  view.setUint32(32, 0xffffffff, true);
  expect(() => decodeWav(long)).not.toThrow();
});

/** A file with a format chunk of 16 bytes. */
function wavOf(encoding: number, bits: number, bytes: readonly number[], isBig = false): Uint8Array {
  const file = Buffer.alloc(44 + bytes.length);
  file.write(isBig ? "RIFX" : "RIFF", 0, "latin1");
  file.write("WAVEfmt ", 8, "latin1");
  file.write("data", 36, "latin1");
  const view = new DataView(file.buffer, file.byteOffset);
  const width = Math.ceil(bits / 8);
  for (const [at, value] of [
    [4, file.length - 8],
    [16, 16],
    [24, 8000],
    [28, 8000 * width],
    [40, bytes.length],
  ])
    view.setUint32(at, value, !isBig);
  for (const [at, value] of [
    [20, encoding],
    [22, 1],
    [32, width],
    [34, bits],
  ])
    view.setUint16(at, value, !isBig);
  file.set(bytes, 44);
  return file;
}

test("A-law and mu-law, as ITU-T G.711 has them", () => {
  // values of the tables of the standard, which SoX and ffmpeg give too
  const aLaw = [0xd5, 0x55, 0x80, 0x00, 0xaa, 0x2a, 0xd4, 0x9f];
  const decodedA = [8, -8, 5504, -5504, 32_256, -32_256, 24, 3392];
  expect([...decodeWav(wavOf(6, 8, aLaw)).samples].map((x) => x * 32_768)).toEqual(decodedA);
  const muLaw = [0xff, 0x7f, 0x80, 0x00, 0xfe, 0xf0, 0x8f, 0x2a];
  const decodedMu = [0, 0, 32_124, -32_124, 8, 120, 16_764, -5372];
  expect([...decodeWav(wavOf(7, 8, muLaw)).samples].map((x) => x * 32_768 + 0)).toEqual(decodedMu);
});

test("most significant byte first, and integers that don't fill their bytes", () => {
  expect([...decodeWav(wavOf(1, 16, [0x40, 0x00, 0xff, 0xff], true)).samples]).toEqual([0.5, -1 / 32_768]);
  expect([...decodeWav(wavOf(1, 24, [0xc0, 0x00, 0x00, 0x00, 0x00, 0x01], true)).samples]).toEqual([-0.5, 2 ** -23]);
  expect([...decodeWav(wavOf(3, 32, [0x3f, 0x00, 0x00, 0x00], true)).samples]).toEqual([0.5]);
  // 12 bits in 16, 20 bits in 24: the lower ones are 0
  expect([...decodeWav(wavOf(1, 12, [0x00, 0x40])).samples]).toEqual([0.5]);
  expect([...decodeWav(wavOf(1, 20, [0x00, 0x00, 0xc0])).samples]).toEqual([-0.5]);
});

test("damage is named", () => {
  const good = encodeWav(wave, { sampleRate: 8000 });
  const changed = (at: number, value: number): Uint8Array =>
    Uint8Array.from(good, (byte, i) => (i === at ? value : byte));
  expect(() => decodeWav(new Uint8Array(3), "a.wav")).toThrow("a.wav: expected a WAV file (RIFF … WAVE), got 3 bytes");
  expect(() => decodeWav(good.subarray(0, 100))).toThrow('expected 202 bytes in the chunk "data", got 56: cut off');
  expect(() => decodeWav(good.subarray(0, 40))).toThrow('expected a chunk "data" with the samples, got none: cut off');
  expect(() => decodeWav(changed(20, 85))).toThrow("got encoding 85 with 16 bits. Convert it");
  expect(() => decodeWav(changed(34, 40))).toThrow("got encoding 1 with 40 bits");
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
