import { expect, test } from "vitest";
import type { Metrics } from "./metrics-log.ts";
import { summarizeRun } from "./run-summary.ts";

const step = (n: number, loss: number, tokensPerSecond = 100): Metrics => ({
  kind: "step",
  step: n,
  epoch: n / 10,
  seconds: n / 2,
  loss,
  tokensPerSecond,
});
const evaluation = (n: number, loss: number): Metrics => ({
  kind: "evaluation",
  step: n,
  loss,
  measures: { bitsPerCharacter: loss / Math.LN2, perplexity: Math.exp(loss) },
});

test("the best evaluation, the last finite loss, the median speed", () => {
  const metrics = [
    step(1, 3, 1),
    step(2, 2),
    evaluation(2, NaN),
    step(3, 1.5, 1e9),
    evaluation(3, 1.25),
    step(4, NaN, Infinity),
    evaluation(4, 1.5),
    evaluation(4, 1.25),
    { kind: "end", step: 4, epoch: 0.4, seconds: 2.5, reason: "time" } as Metrics,
  ];
  expect(summarizeRun(metrics)).toEqual({
    steps: 4,
    epochs: 0.4,
    seconds: 2.5,
    trainingLoss: 1.5,
    best: { step: 3, loss: 1.25, measures: { bitsPerCharacter: 1.25 / Math.LN2, perplexity: Math.exp(1.25) } },
    tokensPerSecond: 100,
    ended: "time",
  });
});

test("a run that has told nothing yet, and one that is not over", () => {
  expect(summarizeRun([])).toMatchObject({ steps: 0, best: undefined, tokensPerSecond: undefined, ended: undefined });
  const interrupted = [step(1, 3), { kind: "end", step: 1, reason: "aborted" } as Metrics, step(2, 2)];
  expect(summarizeRun(interrupted)).toMatchObject({ steps: 2, trainingLoss: 2, best: undefined, ended: undefined });
});
