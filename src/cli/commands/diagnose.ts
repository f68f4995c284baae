import { existsSync } from "node:fs";
import { join } from "node:path";
import {
  type Diagnosis,
  diagnose as diagnoseModel,
  type Finding,
  loadLanguageModel,
  type Optimizer,
  useThreads,
} from "unrolled";
import { loadModel, type Metrics, METRICS_FILE, readMetrics, readRunConfig, writeDiagnosis } from "unrolled/node";
import { fromStored } from "../options/stored.ts";
import { taskNamed } from "../tasks/declarations.ts";
import { tokensOf } from "../tasks/language-model.ts";
import { LANGUAGE_MODEL, type LANGUAGE_MODEL_OPTIONS } from "../tasks/language-model-options.ts";
import { optionsOfTask, type OptionsWith } from "../tasks/task.ts";
import { expectTask } from "../tasks/task-of.ts";
import { asUsage } from "../terminal/failure.ts";
import { plural, table } from "../terminal/format.ts";
import { interruptible, uninterrupted, workSignal } from "../terminal/interruptible.ts";
import { say, sayJson } from "../terminal/output.ts";
import { optimizerOf } from "../training/loop-options.ts";
import { runFindings } from "./run-findings.ts";

type TrainingOptions = OptionsWith<typeof LANGUAGE_MODEL_OPTIONS>;

export type DiagnoseCommandOptions = { out?: string | true; batches: number; threads?: number; json?: boolean };

/** Prints what was found, and draws it where that is asked for. */
export async function diagnose(
  directory: string,
  files: readonly string[],
  { out, batches, threads, json }: DiagnoseCommandOptions,
): Promise<void> {
  if (threads !== undefined) useThreads(threads);
  const { task, data, options } = asUsage(() => readRunConfig(directory));
  expectTask(taskNamed(task), LANGUAGE_MODEL, directory);
  const training = fromStored(options, optionsOfTask(LANGUAGE_MODEL)) as TrainingOptions;
  const model = asUsage(() => loadModel(directory, loadLanguageModel));
  const paths = files.length > 0 ? files : data.map(({ path }) => path);
  const corpus = asUsage(() => uninterrupted(() => tokensOf(model, paths)));
  const metrics = join(directory, METRICS_FILE);
  const history = existsSync(metrics) ? readMetrics(metrics) : [];
  const { sequenceLength, batchSize, clipNorm, validation, shuffle = false } = training;
  const optimizer = optimizerOfRun(training, history);
  const settings = { corpus, sequenceLength, batchSize, clipNorm, validation, shuffle, optimizer, history, batches };
  const measured = await interruptible(() => diagnoseModel(model, { ...settings, signal: workSignal() }));
  const diagnosis = withRun(measured, runFindings(model, history, { gates: measured.gates, loss: heldOut(measured) }));
  const drawn = out === undefined ? [] : await writeDiagnosis(out === true ? directory : out, diagnosis);
  if (json) sayJson(diagnosis);
  else {
    sayFindings(diagnosis.findings);
    for (const path of drawn) say(`drawn in ${path}`);
  }
}

/** A diagnosis with what was found in the run as a whole. */
function withRun(measured: Diagnosis, found: readonly Finding[]): Diagnosis {
  const worst = (["bad", "look"] as const).find((verdict) => found.some((one) => one.verdict === verdict));
  const verdict = measured.verdict === "bad" || worst === undefined ? measured.verdict : worst;
  return { ...measured, verdict, findings: [...measured.findings, ...found] };
}

/** Loss on held-out text: what it is above that on the training text is among the findings. */
function heldOut({ findings }: Diagnosis): number | undefined {
  const valueOf = (check: Finding["check"]): number | undefined => findings.find((one) => one.check === check)?.value;
  const [loss, gap] = [valueOf("loss"), valueOf("generalization gap")];
  return loss === undefined || gap === undefined ? undefined : loss + gap;
}

/**
 * The optimizer with the median of the run's learning rates: that of the last step is 0 where it
 * falls.
 */
function optimizerOfRun(training: TrainingOptions, history: readonly Metrics[]): Optimizer {
  const rates = history
    .map(({ learningRate = NaN }) => learningRate)
    .filter((rate) => Number.isFinite(rate) && rate > 0)
    .toSorted((a, b) => a - b);
  return optimizerOf({ ...training, learningRate: rates[rates.length >> 1] ?? training.learningRate });
}

const STYLES = { ok: undefined, look: "yellow", bad: "bold" } as const;

function sayFindings(findings: readonly Finding[]): void {
  const rows = findings.map(({ verdict, check, where, text, advice }) => [verdict, check, where, text, advice]);
  const [head, ...lines] = table([["", "check", "where", "value", ""], ...rows], new Set([3])).split("\n");
  say(head);
  for (const [i, line] of lines.entries()) say(line, STYLES[findings[i].verdict]);
  say(`\n${summary(findings)}`);
}

function summary(findings: readonly Finding[]): string {
  const number = (verdict: Finding["verdict"]): number => findings.filter((one) => one.verdict === verdict).length;
  const [bad, look] = [number("bad"), number("look")];
  if (bad + look === 0) return `${plural(findings.length, "check")}, all as they should be`;
  return `${plural(findings.length, "check")}: ${bad} bad, ${look} to look at`;
}
