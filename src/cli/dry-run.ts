import { type LanguageModel, type TokenSource, train, trainingBytes } from "unrolled";
import { metricsLine } from "unrolled/node";
import { EXIT } from "./failure.ts";
import { binaryBytes, count, duration, plural } from "./format.ts";
import { DRY_STEPS, timeSteps } from "./timed-steps.ts";
import { settingsOf } from "./train-settings.ts";
import type { TrainCommandOptions } from "./train-options.ts";

/** Prints what a run would take, from a few steps that are thrown away. Returns the exit code. */
export async function dryRun(
  model: LanguageModel,
  ids: Int32Array | TokenSource,
  perEpoch: number,
  options: TrainCommandOptions,
): Promise<number> {
  const {
    epochs: _epochs,
    seconds: _seconds,
    ...settings
  } = settingsOf(options, ids, perEpoch, new AbortController().signal);
  const { secondsPerStep, bytes } = await timeSteps(train(model, { ...settings, validation: 0, steps: DRY_STEPS }));
  const { batchSize, sequenceLength } = options;
  const validation = Math.floor(ids.length * options.validation);
  const report = {
    parameters: model.parameterCount,
    tokens: ids.length,
    stepsPerEpoch: perEpoch,
    bytes: bytes + trainingBytes(model, { batchSize, sequenceLength, validation }),
    // a run is this process, and checkpoints: parameters and two slots of the optimizer, as arrays and as the bytes of a file
    processBytes: process.resourceUsage().maxRSS * 1024 + 2 * 3 * 4 * model.parameterCount,
    secondsPerStep,
    secondsPerEpoch: secondsPerStep * perEpoch,
  };
  if (options.json) process.stdout.write(`${metricsLine({ kind: "plan", step: 0, ...report })}\n`);
  else
    process.stdout.write(
      [
        `parameters  ${count(report.parameters)}`,
        `data        ${plural(report.tokens, "token")}, ${plural(perEpoch, "step")} per epoch`,
        `memory      ${binaryBytes(report.bytes)} for parameters, optimizer and one step`,
        `process     ${binaryBytes(report.processBytes)} with Node and the data, before curves are drawn`,
        `time        ${duration(report.secondsPerEpoch)} per epoch (${(1000 * secondsPerStep).toFixed(1)} ms per step)`,
        "",
      ].join("\n"),
    );
  return EXIT.ok;
}
