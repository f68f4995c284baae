import { existsSync } from "node:fs";
import { join } from "node:path";
import {
  diagnose as diagnoseModel,
  type Diagnosis,
  type Finding,
  type Optimizer,
  optimizers,
  useThreads,
} from "unrolled";
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
import { asUsage, UsageError } from "./failure.ts";
import { paint, plural, shellWord, table } from "./format.ts";
import { tokensOf } from "./model-text.ts";

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
  const corpus = asUsage(() => tokensOf(model, paths));
  const metrics = join(directory, METRICS_FILE);
  const history = existsSync(metrics) ? readMetrics(metrics) : [];
  const { sequenceLength, batchSize, clipNorm, validation, shuffle = false } = training;
  const optimizer = optimizerOf(training, history);
  const settings = { corpus, sequenceLength, batchSize, clipNorm, validation, shuffle, optimizer, history, batches };
  const diagnosis = await diagnoseModel(model, settings);
  const drawn = out === undefined ? [] : await writeDiagnosis(out === true ? directory : out, diagnosis);
  if (json) console.log(JSON.stringify(diagnosis, (_name, x: unknown) => (isOdd(x) ? String(x) : x)));
  else console.log([describe(diagnosis), ...drawn.map((file) => `drawn in ${file}`)].join("\n"));
}

/** JSON has no NaN. */
const isOdd = (x: unknown): boolean => typeof x === "number" && !Number.isFinite(x);

/** With the rate of the last step. */
function optimizerOf({ optimizer, learningRate, rmspropDecay }: RunTraining, history: readonly Metrics[]): Optimizer {
  const last = history.findLast(({ learningRate: rate }) => rate !== undefined && Number.isFinite(rate) && rate > 0);
  const rate = last?.learningRate ?? learningRate;
  if (optimizer === "rmsprop" && rmspropDecay !== undefined)
    return optimizers.rmsprop({ learningRate: rate, decay: rmspropDecay });
  return optimizers[optimizer]({ learningRate: rate });
}

function describe({ findings }: Diagnosis): string {
  const rows = findings.map(({ verdict, check, where, text, advice }) => [verdict, check, where, text, advice]);
  const lines = table([["", "check", "where", "value", ""], ...rows], new Set([3])).split("\n");
  const painted = lines.map((line, i) => {
    const verdict = findings[i - 1]?.verdict;
    return verdict === undefined || verdict === "ok"
      ? line
      : paint(verdict === "bad" ? "bold" : "yellow", line, process.stdout);
  });
  return `${painted.join("\n")}\n\n${summary(findings)}`;
}

function summary(findings: readonly Finding[]): string {
  const number = (verdict: Finding["verdict"]): number => findings.filter((one) => one.verdict === verdict).length;
  const [bad, look] = [number("bad"), number("look")];
  if (bad + look === 0) return `${plural(findings.length, "check")}, all as they should be`;
  return `${plural(findings.length, "check")}: ${bad} bad, ${look} to look at`;
}
