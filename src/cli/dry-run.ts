import { train, trainingBytes } from "unrolled";
import { EXIT } from "./failure.ts";
import { plural } from "./format.ts";
import { say, sayJson } from "./output.ts";
import { DRY_STEPS, figureLines, measureRun } from "./run-figures.ts";
import type { Prepared } from "./train-data.ts";
import { settingsOf } from "./train-settings.ts";
import type { TrainCommandOptions } from "./train-options.ts";

/** Prints what a run would take, from a few steps that are thrown away. Returns the exit code. */
export async function dryRun({ model, ids, perEpoch }: Prepared, options: TrainCommandOptions): Promise<number> {
  const {
    epochs: _epochs,
    seconds: _seconds,
    ...settings
  } = settingsOf(options, ids, perEpoch, new AbortController().signal);
  const { batchSize, sequenceLength } = options;
  const facts = { parameters: model.parameterCount, tokens: ids.length, stepsPerEpoch: perEpoch };
  const figures = await measureRun(train(model, { ...settings, validation: 0, steps: DRY_STEPS }), facts);
  const validation = Math.floor(ids.length * options.validation);
  const bytes = figures.bytes + trainingBytes(model, { batchSize, sequenceLength, validation });
  const report = { ...facts, ...figures, bytes };
  if (options.json) {
    sayJson({ kind: "plan", step: 0, ...report });
    return EXIT.ok;
  }
  const lines = figureLines(report, {
    parameters: facts.parameters,
    data: `${plural(facts.tokens, "token")}, ${plural(perEpoch, "step")} per epoch`,
    held: "parameters, optimizer and one step",
  });
  say(lines.join("\n"));
  return EXIT.ok;
}
