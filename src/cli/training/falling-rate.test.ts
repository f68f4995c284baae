import { describe, expect, test } from "vitest";
import { adam, fitOn, mean, type StepEvent, tensor, trainOn } from "unrolled";
import { fallingRate, type FallingRateOptions } from "./falling-rate.ts";

const task = () => {
  const x = tensor([1]);
  return { parameters: { x }, batches: () => [0, 0, 0, 0], loss: () => mean(x) };
};

const ratesOf = async (options: FallingRateOptions, run: object): Promise<(number | undefined)[]> => {
  const callbacks = [fallingRate(options)];
  const { steps } = await fitOn(task(), { optimizer: adam({ learningRate: 1 }), callbacks, ...run });
  return steps.map(({ learningRate }: StepEvent) => learningRate);
};

describe("over the planned steps", () => {
  test("where batches are made one by one, so that events don't tell how many there are", async () => {
    const unknown = {
      ...task(),
      *batches() {
        yield 0;
        yield 0;
      },
    };
    const callbacks = [fallingRate({ shape: "linear", planned: 4 })];
    const { steps } = await fitOn(unknown, { optimizer: adam({ learningRate: 1 }), callbacks, epochs: 2 });
    expect(steps.map(({ learningRate }: StepEvent) => learningRate)).toEqual([1, 0.75, 0.5, 0.25]);
  });

  test("linear", async () => {
    expect(await ratesOf({ shape: "linear" }, { steps: 4 })).toEqual([1, 0.75, 0.5, 0.25]);
  });

  test("cosine", async () => {
    const rates = await ratesOf({ shape: "cosine" }, { epochs: 2 });
    rates.forEach((rate, step) => expect(rate).toBeCloseTo((1 + Math.cos((Math.PI * step) / 8)) / 2, 12));
    expect(rates).toHaveLength(8);
  });

  test("a run that is cut and resumed has the same rates, a longer one those of its length", async () => {
    const options = { optimizer: adam({ learningRate: 1 }), callbacks: [fallingRate({ shape: "linear" })] };
    const run = trainOn(task(), { ...options, steps: 4 });
    await run.next();
    await run.next();
    const resume = await run.snapshot();
    await run.return();
    expect(await ratesOf({ shape: "linear" }, { steps: 4, resume })).toEqual([0.5, 0.25]);
    const longer = await ratesOf({ shape: "linear" }, { steps: 10, resume });
    expect(longer.slice(1)).toEqual([7, 6, 5, 4, 3, 2, 1].map((left) => expect.closeTo(left / 10, 12)));
  });
});

describe("over the planned seconds", () => {
  const factorAfter = (options: FallingRateOptions, event: object): number => {
    const control = { parameters: {}, rateFactor: 1, stop: () => {} };
    const progress = { kind: "step", step: 5, steps: undefined, epoch: 0, loss: 0, gradientNorm: 0, skipped: false };
    fallingRate(options).onEvent({ ...progress, learningRate: 1, tokensPerSecond: 1, ...event } as StepEvent, control);
    return control.rateFactor;
  };

  test.each<[seconds: number, before: number, passed: number, factor: number]>([
    [10, 0, 2.5, 0.75],
    [10, 0, 11, 0],
    // 30 s before it was resumed, of 40
    [10, 30, 30, 0.25],
  ])("%d s after %d s: at %d s it is %d", (seconds, secondsBefore, passed, factor) => {
    expect(factorAfter({ shape: "linear", seconds, secondsBefore }, { seconds: passed })).toBeCloseTo(factor, 6);
  });

  test("whichever limit is nearer counts", () => {
    expect(factorAfter({ shape: "linear", seconds: 10 }, { seconds: 1, steps: 20 })).toBe(0.75);
    expect(factorAfter({ shape: "linear", seconds: 10 }, { seconds: 8, steps: 20 })).toBeCloseTo(0.2, 6);
  });
});
