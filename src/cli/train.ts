import { accessSync, constants, existsSync, mkdirSync } from "node:fs";
import { basename, extname, join, resolve } from "node:path";
import type { Command } from "commander";
import { encodeCorpus, type LanguageModel, languageModel, NotFiniteError, train } from "unrolled";
import { MODEL_FILE, saveModel } from "unrolled/node";
import { createDisplay, silentDisplay } from "./display.ts";
import { EXIT, UsageError } from "./failure.ts";
import { openModel, readText } from "./files.ts";
import { paint, shellWord } from "./format.ts";
import { MetricsFile } from "./metrics-file.ts";
import { stopSignals } from "./stop-signals.ts";
import {
  addTrainOptions,
  ARCHITECTURE,
  defaultEvaluateEvery,
  makeOptimizer,
  makeSchedule,
  stepsPerEpoch,
  type TrainFlags,
} from "./train-options.ts";
import { TrainReport } from "./train-report.ts";

/** Seconds after which a checkpoint is due in any case. */
const CHECKPOINT_SECONDS = 30;

export function describeTrain(command: Command): Command {
  return addTrainOptions(command)
    .description("Train a language model on text files, or folders of .txt files")
    .argument("<files...>", "text to learn")
    .addHelpText(
      "after",
      `
Options of char-rnn and torch-rnn (-rnn_size 256, -seq_length 50, ...) are understood too.

Examples:
  $ unrolled train book.txt
  $ unrolled train book.txt --hidden-size 256 --layers 2 --seconds 600
  $ unrolled train chapters/ --out runs/gru --cell gru --dropout 0.2
  $ unrolled train letters.txt --init-from runs/book --out runs/letters`,
    );
}

/** Returns the exit code. */
export async function runTrain(files: readonly string[], flags: TrainFlags, command: Command): Promise<number> {
  const out = flags.out ?? join("runs", basename(resolve(files[0]), extname(files[0])));
  checkOut(out, flags);
  const { model, ids } = prepare(files, flags, command);
  const perEpoch = stepsPerEpoch(ids, flags);
  makeFolder(out);

  const stream = flags.json ? process.stderr : process.stdout;
  const display = flags.quiet ? silentDisplay : createDisplay(stream);
  const report = new TrainReport(display, flags);
  const metrics = new MetricsFile(out, flags.json ? process.stdout : undefined);
  const stop = stopSignals((name) => display.line(`${name === "SIGINT" ? "Stopping" : name}: saving after this step`));
  report.header(model, ids.length, perEpoch, join(out, MODEL_FILE), stream);
  metrics.start({ files, config: model.config, unit: model.vocabulary.unit, vocabularySize: model.vocabulary.size, tokens: ids.length });

  let step = 0;
  let savedStep = 0;
  let savedAt = performance.now();
  const save = (): void => {
    metrics.saved(step, saveModel(model, out));
    savedStep = step;
    savedAt = performance.now();
  };
  try {
    const { batchSize, sequenceLength, steps, epochs, seconds, clipNorm, validation, shuffle = false, seed } = flags;
    const events = train(model, {
      ...{ batchSize, sequenceLength, clipNorm, validation, shuffle, seed },
      ...(steps !== undefined && { steps }),
      ...(epochs !== undefined && { epochs }),
      ...(seconds !== undefined && { seconds }),
      corpusIds: ids,
      optimizer: makeOptimizer(flags),
      schedule: makeSchedule(flags, perEpoch),
      evaluateEvery: flags.evaluateEvery ?? defaultEvaluateEvery(perEpoch),
      signal: stop.signal,
    });
    for await (const event of events) {
      metrics.event(event);
      step = event.step;
      if (event.kind === "step") report.step(event);
      if (event.kind === "evaluation") report.evaluation(event);
      const late = performance.now() - savedAt > CHECKPOINT_SECONDS * 1000;
      if (event.kind === "evaluation" || step % flags.checkpointEvery === 0 || late) if (step > savedStep) save();
    }
    if (step > savedStep) save();
  } catch (error) {
    display.clear();
    if (error instanceof NotFiniteError && savedStep > 0) display.line(`The model of step ${savedStep} is in ${out}.`);
    throw error;
  } finally {
    stop.release();
  }

  display.clear();
  report.chart();
  display.line(`Saved ${join(out, MODEL_FILE)} (step ${savedStep.toLocaleString("en-US")}).`);
  display.line(`Next: ${paint("bold", `unrolled sample ${shellWord(out)}`, stream)}`);
  return stop.code ?? EXIT.ok;
}
