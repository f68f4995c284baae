import { expect, test } from "vitest";
import { DataError, FormatError, randomStream } from "../../base/index.ts";
import { encodeWav } from "../../tasks/index.ts";
import { flacOf } from "../../../test/helpers/flac.ts";
import { MP3_TONE as MP3 } from "../../../test/helpers/mp3.ts";
import { decodeSound } from "./read-sound.ts";

const noise = (seed: number): number[] => {
  const random = randomStream(seed);
  return Array.from({ length: 1000 }, () => random.integer(65_536) - 32_768);
};

test("FLAC: the samples as they are, channels averaged", async () => {
  const [left, right] = [noise(1), noise(2)];
  const one = await decodeSound("one.flac", flacOf([left], { sampleRate: 16_000 }));
  expect(one.sampleRate).toBe(16_000);
  expect(one.samples).toEqual(Float32Array.from(left, (x) => x / 32_768));
  const two = await decodeSound("two.flac", flacOf([left, right], { sampleRate: 44_100 }));
  expect(two.sampleRate).toBe(44_100);
  expect(two.samples).toEqual(Float32Array.from(left, (x, i) => (x + right[i]) / 65_536));
  // a size that is not known, as at a pipe; a tag before it, as some programs write it
  const piped = flacOf([left], { sampleRate: 16_000, total: 0 });
  expect(await decodeSound("pipe.flac", piped)).toEqual(one);
  const tagged = Buffer.concat([Buffer.from("ID3\x04\0\0\0\0\0\x05hello", "latin1"), piped]);
  expect(await decodeSound("tag.flac", tagged)).toEqual(one);
});

test("MP3: a tone is a tone", async () => {
  for (const bytes of [MP3, Buffer.concat([Buffer.from("ID3\x04\0\0\0\0\0\x05hello", "latin1"), MP3])]) {
    const { sampleRate, samples } = await decodeSound("tone.mp3", bytes);
    expect(sampleRate).toBe(8000);
    expect(samples.length).toBeGreaterThan(2000);
    expect(samples.length).toBeLessThanOrEqual(6 * 576);
    const power = (hertz: number): number => {
      const parts = [0, 0];
      samples.forEach((x, i) => {
        parts[0] += x * Math.cos((2 * Math.PI * hertz * i) / sampleRate);
        parts[1] += x * Math.sin((2 * Math.PI * hertz * i) / sampleRate);
      });
      return Math.hypot(...parts);
    };
    for (const other of [300, 600, 1500, 2200]) expect(power(1000)).toBeGreaterThan(20 * power(other));
  }
});

test("WAV is read as before", async () => {
  const bytes = encodeWav(Float32Array.of(0, 0.5, -0.5), { sampleRate: 8000 });
  expect(await decodeSound("a.wav", bytes)).toEqual({ sampleRate: 8000, samples: Float32Array.of(0, 0.5, -0.5) });
  await expect(decodeSound("a.wav", bytes.subarray(0, 20))).rejects.toThrow("a.wav: expected");
});

test.each([
  ["OggS\0\0", "Ogg (Vorbis, Opus)"],
  ["FORM\0\0\0\x20AIFF", "AIFF"],
  [".snd\0\0", "AU"],
  ["caff\0\x01", "CAF"],
  ["\0\0\0\x20ftypM4A ", "MP4 (M4A, AAC)"],
  ["\x1aE\xdf\xa3\0", "WebM or Matroska"],
])("%j is refused with the cure", async (text, name) => {
  await expect(decodeSound("x", Buffer.from(text, "latin1"))).rejects.toThrow(
    `x: expected a WAV, FLAC or MP3 file, got ${name}. Convert it, for example with: ffmpeg -i IN OUT.wav`,
  );
});

test("damage is named, and nothing else is printed", async () => {
  const whole = flacOf([noise(3)], { sampleRate: 8000 });
  await expect(decodeSound("x.flac", whole.subarray(0, 30))).rejects.toThrow("30 bytes: cut off");
  await expect(decodeSound("x.flac", whole.subarray(0, 900))).rejects.toThrow(
    /x.flac: expected a recording that is whole, got (\d+ of 1000 samples: damaged or cut off|.*FLAC__)/,
  );
  await expect(decodeSound("x.flac", whole.subarray(0, 42))).rejects.toThrow("expected samples, got none");
  await expect(decodeSound("x.mp3", MP3.subarray(0, 20))).rejects.toThrow("expected samples, got none");
  await expect(decodeSound("x.wav", encodeWav(new Float32Array(0), { sampleRate: 8000 }))).rejects.toThrow("got none");
  const random = randomStream(4);
  for (let k = 0; k < 150; k++) {
    const bytes = Uint8Array.from(k % 2 === 0 ? whole : MP3);
    for (let j = 0; j < 1 + (k % 9); j++) bytes[random.integer(k % 3 === 0 ? 60 : bytes.length)] = random.integer(256);
    try {
      expect((await decodeSound("x", bytes)).samples.every((x) => Number.isFinite(x))).toBe(true);
    } catch (error) {
      expect(error instanceof FormatError || error instanceof DataError, String(error)).toBe(true);
    }
  }
});

test("a small file can't ask for much", async () => {
  // 140 frames of some 20 bytes, each of them 65,535 samples of silence
  const silence = new Array<number>(140 * 65_535).fill(0);
  for (const total of [0, 2 ** 35]) {
    const bomb = flacOf([silence], { sampleRate: 8000, blockSize: 65_535, total });
    await expect(decodeSound("bomb.flac", bomb)).rejects.toThrow("a recording of at most 33554432 bytes");
  }
});
