import { expect, test } from "vitest";
import { DataError } from "../../base/index.ts";
import { resample } from "./resample.ts";

const tone = (hertz: number, rate: number, seconds = 1): Float32Array =>
  Float32Array.from({ length: rate * seconds }, (_, i) => Math.sin((2 * Math.PI * hertz * i) / rate));

/** The largest value that is not near an end, in dB. */
function peak(samples: Float32Array, expected?: Float32Array): number {
  const margin = Math.floor(samples.length / 5);
  let most = 0;
  for (let i = margin; i < samples.length - margin; i++)
    most = Math.max(most, Math.abs(samples[i] - (expected?.[i] ?? 0)));
  return 20 * Math.log10(most);
}

test.each([
  [44_100, 16_000],
  [48_000, 16_000],
  [22_050, 16_000],
  [16_000, 48_000],
  [8000, 16_000],
  [11_025, 8000],
  // no common divisor: weights between two phases are interpolated
  [99_991, 16_000],
])("a tone at %d samples per second is that tone at %d", (from, to) => {
  const half = Math.min(from, to) / 2;
  for (const part of [0.02, 0.3, 0.6, 0.9]) {
    const out = resample(tone(part * half, from), from, to);
    expect(out.length).toBe(to);
    expect(peak(out, tone(part * half, to))).toBeLessThan(-95);
  }
});

test("what the lower rate can't hold is gone, and does not fold back", () => {
  for (const hertz of [8000, 8400, 10_000, 15_000, 20_000])
    expect(peak(resample(tone(hertz, 44_100), 44_100, 16_000))).toBeLessThan(-100);
});

test("a constant keeps its value, an impulse its place", () => {
  const flat = resample(new Float32Array(3000).fill(0.5), 3000, 2000);
  for (let i = 300; i < 1700; i++) expect(flat[i]).toBeCloseTo(0.5, 6);
  const impulse = new Float32Array(900);
  impulse[450] = 1;
  const out = resample(impulse, 9000, 6000);
  expect(out.indexOf(Math.max(...out))).toBe(300);
  expect(resample(impulse, 9000, 9000)).toEqual(impulse);
  expect(resample(new Float32Array(0), 9000, 6000).length).toBe(0);
  // ceil(n · to / from)
  expect(resample(new Float32Array(7), 9000, 6000).length).toBe(5);
});

test("rates and samples that are none are refused", () => {
  expect(() => resample(new Float32Array(2), 0, 8000)).toThrow("resample from");
  expect(() => resample(new Float32Array(2), 8000, 2 ** 32)).toThrow("resample to");
  expect(() => resample(Float32Array.of(NaN), 8000, 4000)).toThrow(DataError);
});
