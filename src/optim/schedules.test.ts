import { expect, test } from "vitest";
import {
  charRnn,
  constant,
  cosineAnnealing,
  cosineDecay,
  exponentialDecay,
  type Schedule,
  stepDecay,
  torchRnn,
  warmUp,
} from "./index.ts";

test("every schedule starts at its rate, and refuses steps that are none", () => {
  const schedules: Record<string, Schedule> = {
    constant: constant(0.1),
    stepDecay: stepDecay({ initial: 0.1, every: 5, factor: 0.5 }),
    exponentialDecay: exponentialDecay({ initial: 0.1, decaySteps: 5, decayRate: 0.5 }),
    cosineDecay: cosineDecay({ initial: 0.1, decaySteps: 5 }),
    cosineAnnealing: cosineAnnealing({ initial: 0.1, period: 5 }),
    charRnn: charRnn({ initial: 0.1, stepsPerEpoch: 5 }),
    torchRnn: torchRnn({ initial: 0.1, stepsPerEpoch: 5 }),
    warmUp: warmUp(constant(0.1), { steps: 1 }),
  };
  for (const [name, schedule] of Object.entries(schedules)) {
    expect(schedule(0), name).toBe(0.1);
    expect(() => schedule(-1), name).toThrow(`${name} step: expected an integer >= 0, got -1`);
    expect(() => schedule(0.5), name).toThrow(RangeError);
    expect(Number.isFinite(schedule(1e9)), name).toBe(true);
  }
});

test("cosine decay ends at alpha and stays there", () => {
  const schedule = cosineDecay({ initial: 2, decaySteps: 4, alpha: 0.25 });
  expect([0, 2, 4, 5, 1000].map(schedule)).toEqual([2, 1.25, 0.5, 0.5, 0.5]);
});

test("warm-up rises in a line and hands over", () => {
  const schedule = warmUp(stepDecay({ initial: 1, every: 6, factor: 0.5 }), { steps: 4 });
  expect([0, 1, 2, 3, 4, 5, 6].map(schedule)).toEqual([0.25, 0.5, 0.75, 1, 1, 1, 0.5]);
});

/** The loop of char-rnn's train.lua. */
function charRnnLoop(stepsPerEpoch: number, decayAfter: number, epochs: number): number[] {
  const rates: number[] = [];
  let rate = 2e-3;
  for (let i = 1; i <= epochs * stepsPerEpoch; i++) {
    rates.push(rate);
    if (i % stepsPerEpoch === 0 && i / stepsPerEpoch >= decayAfter) rate *= 0.97;
  }
  return rates;
}

/** The loop of torch-rnn's train.lua. */
function torchRnnLoop(stepsPerEpoch: number, every: number, epochs: number): number[] {
  const rates: number[] = [];
  let rate = 2e-3;
  for (let i = 1; i <= epochs * stepsPerEpoch; i++) {
    const epoch = Math.floor(i / stepsPerEpoch) + 1;
    if (i % stepsPerEpoch === 0 && epoch % every === 0) rate *= 0.5;
    rates.push(rate);
  }
  return rates;
}

test.each([
  [7, 10],
  [1, 10],
  [3, 1],
  [3, 0],
])("char-rnn, %i steps per epoch, decay after epoch %i", (stepsPerEpoch, decayAfterEpochs) => {
  const schedule = charRnn({ stepsPerEpoch, decayAfterEpochs });
  charRnnLoop(stepsPerEpoch, decayAfterEpochs, 30).forEach((rate, step) =>
    expect(schedule(step) / rate).toBeCloseTo(1, 13),
  );
});

test("char-rnn: the 11th epoch is the first with a smaller rate", () => {
  const schedule = charRnn({ stepsPerEpoch: 7 });
  expect([schedule(69), schedule(70)]).toEqual([2e-3, 2e-3 * 0.97]);
});

test.each([
  [7, 5],
  [1, 5],
  [3, 1],
  [3, 2],
])("torch-rnn, %i steps per epoch, every %i epochs", (stepsPerEpoch, every) => {
  const schedule = torchRnn({ stepsPerEpoch, every });
  torchRnnLoop(stepsPerEpoch, every, 30).forEach((rate, step) => expect(schedule(step)).toBe(rate));
});
