/** @file Metrics of a run that never was. */
import { randomStream } from "../../src/base/index.ts";
import type { Metrics } from "../../src/node/run/metrics-log.ts";

/** `steps` steps of a loss that falls, with evaluations now and then. */
export function someMetrics(
  steps: number,
  { seed = 1, evaluateEvery = 100, floor = 1.3 }: { seed?: number; evaluateEvery?: number; floor?: number } = {},
): Metrics[] {
  const random = randomStream(seed);
  const metrics: Metrics[] = [];
  for (let step = 1; step <= steps; step++) {
    const seconds = step * 0.05;
    const progress = { step, steps, epoch: step / 712, seconds };
    const loss = floor + 3.2 * Math.exp(-step / (0.12 * steps)) + 0.15 * (random.at(step).uniform() - 0.5);
    const gradientNorm = 0.6 + 2 * random.named("norm").at(step).uniform() ** 8;
    const learningRate = 0.002 * 0.97 ** Math.floor((10 * step) / steps);
    metrics.push({ kind: "step", ...progress, loss, gradientNorm, learningRate, tokensPerSecond: 32_000 });
    if (step % evaluateEvery !== 0) continue;
    const held = loss + 0.1 + (0.3 * step) / steps;
    const measures = { perplexity: Math.exp(held), bitsPerCharacter: held / Math.LN2 };
    const rest = { loss: held, measures, tokens: 62_000 };
    metrics.push({ kind: "evaluation", ...progress, ...rest });
  }
  const last = metrics.at(-1);
  return [...metrics, { ...last, kind: "end", step: steps, reason: "done" } as Metrics];
}
