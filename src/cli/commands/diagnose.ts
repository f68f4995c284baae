import { existsSync } from "node:fs";
import { join } from "node:path";
import { diagnose as diagnoseModel, type Finding, type Optimizer, optimizers, useThreads } from "unrolled";
import {
  loadModel,
  type Metrics,
  METRICS_FILE,
  readMetrics,
  readRunConfig,
  type RunTraining,
  taskOfRun,
  writeDiagnosis,
} from "unrolled/node";
import { asUsage, UsageError } from "../terminal/failure.ts";
import { plural, shellWord, table } from "../terminal/format.ts";
import { interruptible, uninterrupted, workSignal } from "../terminal/interruptible.ts";
import { tokensOf } from "../model-text.ts";
import { say, sayJson } from "../terminal/output.ts";

export type DiagnoseCommandOptions = { out?: string | true; batches: number; threads?: number; json?: boolean };

/** Prints what was found, and draws it where that is asked for. */
export async function diagnose(
  directory: string,
  files: readonly string[],
  { out, batches, threads, json }: DiagnoseCommandOptions,
): Promise<void> {
  if (threads !== undefined) useThreads(threads);
  const task = asUsage(() => taskOfRun(directory));
  if (task !== undefined)
    throw new UsageError(
      `expected a run of a language model, got one of the task ${task}. To measure it: unrolled evaluate ${shellWord(directory)} FILE`,
    );
  const { data, training } = asUsage(() => readRunConfig(directory));
  const model = asUsage(() => loadModel(directory));
  const paths = files.length > 0 ? files : data.map(({ path }) => path);
  const corpus = asUsage(() => uninterrupted(() => tokensOf(model, paths)));
  const metrics = join(directory, METRICS_FILE);
  const history = existsSync(metrics) ? readMetrics(metrics) : [];
  const { sequenceLength, batchSize, clipNorm, validation, shuffle = false } = training;
  const optimizer = optimizerOf(training, history);
  const settings = { corpus, sequenceLength, batchSize, clipNorm, validation, shuffle, optimizer, history, batches };
  const diagnosis = await interruptible(() => diagnoseModel(model, { ...settings, signal: workSignal() }));
  const drawn = out === undefined ? [] : await writeDiagnosis(out === true ? directory : out, diagnosis);
  if (json) sayJson(diagnosis);
  else {
    sayFindings(diagnosis.findings);
    for (const path of drawn) say(`drawn in ${path}`);
  }
}

/** With the rate of the last step. */
function optimizerOf({ optimizer, learningRate, rmspropDecay }: RunTraining, history: readonly Metrics[]): Optimizer {
  const last = history.findLast(({ learningRate: rate }) => rate !== undefined && Number.isFinite(rate) && rate > 0);
  const rate = last?.learningRate ?? learningRate;
  if (optimizer === "rmsprop" && rmspropDecay !== undefined)
    return optimizers.rmsprop({ learningRate: rate, decay: rmspropDecay });
  return optimizers[optimizer]({ learningRate: rate });
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
