/**
 * @file `unrolled train --dry-run`: examples as the model sees them, and what a run would take,
 * from a few steps that are thrown away.
 */
import { parameterCount } from "unrolled";
import { EXIT } from "../terminal/failure.ts";
import { plural } from "../terminal/format.ts";
import { say, sayJson } from "../terminal/output.ts";
import { loopOptions } from "./loop-options.ts";
import type { Prepared } from "./prepare.ts";
import { DRY_STEPS, figureLines, measureRun } from "./run-figures.ts";

/** Prints what a run would take. Returns the exit code. */
export async function dryRun({ task, options, data, model, training }: Prepared): Promise<number> {
  const { epochs: _epochs, seconds: _seconds, ...settings } = loopOptions(options, training.stepsPerEpoch);
  const preview = task.preview?.(model, data, options) ?? [];
  const { amount, facts: counts, stepsPerEpoch } = training;
  const facts = { parameters: parameterCount(model), ...counts, stepsPerEpoch };
  // the plan has an evaluation, but none comes in so few steps
  const steps = DRY_STEPS + 1;
  const figures = await measureRun(training.start({ ...settings, steps, evaluateEvery: steps }), facts);
  if (options.json === true) {
    sayJson({ kind: "plan", step: 0, ...facts, ...figures, preview });
    return EXIT.ok;
  }
  const lines = [
    ...preview.flatMap((example, i) => [`example ${i + 1}`, ...example.split("\n").map((line) => `  ${line}`)]),
    ...(preview.length > 0 ? [""] : []),
    task.describe(model, data),
    ...figureLines(figures, {
      parameters: facts.parameters,
      data: `${amount}, ${plural(stepsPerEpoch, "step")} per epoch`,
      held: "parameters, optimizer, the largest step and one evaluation",
    }),
  ];
  say(lines.join("\n"));
  return EXIT.ok;
}
