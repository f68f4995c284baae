/**
 * Spectra against the definition of the transform, log-mel and MFCC against numpy
 * (`test/golden/make_speech.py`).
 */
import { expect, test } from "vitest";
import { randomStream } from "../../base/index.ts";
import { readGoldens } from "../../../test/helpers/golden-training.ts";
import { logMel, mfcc } from "./features.ts";
import { powerSpectrum } from "./fft.ts";

test.each([2, 4, 8, 64, 512])("the power spectrum of %i numbers is the definition's", (n) => {
  const random = randomStream(n);
  const x = Float64Array.from({ length: n }, () => random.normal());
  const power = new Float64Array(n / 2 + 1);
  powerSpectrum(n)(x, power);
  for (let k = 0; k <= n / 2; k++) {
    let [re, im] = [0, 0];
    x.forEach((value, i) => {
      re += value * Math.cos((2 * Math.PI * i * k) / n);
      im -= value * Math.sin((2 * Math.PI * i * k) / n);
    });
    expect(Math.abs(power[k] - (re * re + im * im))).toBeLessThan(1e-10 * n);
  }
});

type Numbers = { readonly shape: [number, number]; readonly data: number[] };
type Golden = {
  readonly name: string;
  readonly sampleRate: number;
  readonly bands: number;
  readonly coefficients: number;
  readonly windowSeconds: number;
  readonly hopSeconds: number;
  readonly lowHertz: number;
  readonly highHertz: number;
  readonly samples: { readonly data: number[] };
  readonly logMel: Numbers;
  readonly mfcc: Numbers;
};

const goldens = readGoldens<Golden>("speech");
test("there are 3 goldens", () => expect(goldens.length).toBe(3));

test.each(goldens)("$name is numpy's", (golden) => {
  const samples = Float32Array.from(golden.samples.data);
  const { sampleRate, bands, coefficients, windowSeconds, hopSeconds, lowHertz, highHertz } = golden;
  const options = { sampleRate, bands, windowSeconds, hopSeconds, lowHertz, highHertz };
  for (const [got, expected] of [
    [logMel(samples, options), golden.logMel],
    [mfcc(samples, { ...options, coefficients }), golden.mfcc],
  ] as const) {
    expect([got.frames, got.size]).toEqual(expected.shape);
    // float32 results of numbers up to 100
    got.data.forEach((x, i) => expect(Math.abs(x - expected.data[i])).toBeLessThan(1e-5));
  }
});

test("frames do not depend on what comes later; less than a window is none", () => {
  const random = randomStream(1);
  const samples = Float32Array.from({ length: 1000 }, () => random.normal());
  const options = { sampleRate: 8000, bands: 10 };
  const whole = logMel(samples, options);
  const part = logMel(samples.subarray(0, 600), options);
  expect(part.frames).toBe(6);
  expect(part.data).toEqual(whole.data.subarray(0, part.data.length));
  expect(logMel(samples.subarray(0, 199), options).frames).toBe(0);
});

test("options and samples that do not fit are refused", () => {
  const samples = new Float32Array(400);
  expect(() => logMel(samples, { sampleRate: 8000, bands: 0 })).toThrow(
    "logMel bands: expected an integer in [1, 1024]",
  );
  expect(() => logMel(samples, { sampleRate: 8000, highHertz: 5000 })).toThrow(
    "logMel highHertz: expected a number in [0, 4000]",
  );
  expect(() => logMel(samples, { sampleRate: 8000, lowHertz: 4000 })).toThrow("logMel: expected lowHertz < highHertz");
  expect(() => mfcc(samples, { sampleRate: 8000, bands: 5, coefficients: 6 })).toThrow("mfcc coefficients");
  expect(() => logMel(samples, { sampleRate: 65_536, windowSeconds: 1.01 })).toThrow("logMel windowSeconds");
  expect(() => logMel(Float32Array.of(0, NaN), { sampleRate: 8000 })).toThrow(
    "logMel: expected finite samples, got NaN at 1",
  );
});
