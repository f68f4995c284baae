import { train } from "unrolled";
import { EXIT } from "../terminal/failure.ts";
import { plural } from "../terminal/format.ts";
import { say, sayJson } from "../terminal/output.ts";
import { DRY_STEPS, figureLines, measureRun } from "./run-figures.ts";
import type { Prepared } from "./train-data.ts";
import { settingsOf } from "./train-settings.ts";
import type { TrainCommandOptions } from "../commands/train-options.ts";

/** Prints what a run would take, from a few steps that are thrown away. Returns the exit code. */
export async function dryRun({ model, ids, perEpoch }: Prepared, options: TrainCommandOptions): Promise<number> {
  const {
    epochs: _epochs,
    seconds: _seconds,
    ...settings
  } = settingsOf(options, ids, perEpoch, new AbortController().signal);
  const facts = { parameters: model.parameterCount, tokens: ids.length, stepsPerEpoch: perEpoch };
  // the held-out text is part of the plan; no evaluation comes in so few steps
  const run = train(model, { ...settings, steps: DRY_STEPS + 1, evaluateEvery: DRY_STEPS + 1 });
  const report = { ...facts, ...(await measureRun(run, facts)) };
  if (options.json) {
    sayJson({ kind: "plan", step: 0, ...report });
    return EXIT.ok;
  }
  const lines = figureLines(report, {
    parameters: facts.parameters,
    data: `${plural(facts.tokens, "token")}, ${plural(perEpoch, "step")} per epoch`,
    held: "parameters, optimizer, one step and one evaluation",
  });
  say(lines.join("\n"));
  return EXIT.ok;
}
