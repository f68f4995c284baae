/**
 * @file Follows a run of training: shows and records its events, and says at the end how it went
 * and what comes next.
 */
import { accessSync, constants, mkdirSync } from "node:fs";
import { type EndEvent, NotFiniteError, type Training } from "unrolled";
import { type ResumePoint, runDirectory, type RunRecorder } from "unrolled/node";
import { EXIT, UsageError } from "../terminal/failure.ts";
import { count, duration, plural, real } from "../terminal/format.ts";
import { DivergenceWatch } from "./divergence.ts";
import { sayJson, warn } from "../terminal/output.ts";
import type { Status } from "../terminal/status.ts";
import { asTyped } from "../terminal/program-name.ts";
import type { StopSignals } from "../terminal/stop-signals.ts";

export type RunToFollow = {
  readonly training: Training;
  readonly recorder: RunRecorder;
  readonly status: Status;
  readonly stops: StopSignals;
  /** Whether events go to stdout. */
  readonly json: boolean;
  /** Command that resumes the run. */
  readonly resumeCommand: string;
  /** Command that uses its model. */
  readonly nextCommand: string;
  /** Work between the last event and the last message. */
  readonly finish?: (() => Promise<void>) | undefined;
};

/** Returns the exit code. Throws what training throws, after having said what is left. */
export async function followRun(run: RunToFollow): Promise<number> {
  const { training, recorder, status, stops, json, finish } = run;
  const [resumeCommand, nextCommand] = [asTyped(run.resumeCommand), asTyped(run.nextCommand)];
  const { received, stop, release } = stops;
  // a reader that went away, such as `| head`, ends the run but loses nothing of it
  process.stdout.on("error", () => stop(EXIT.ok));
  process.stderr.on("error", () => {});
  const watch = new DivergenceWatch();
  try {
    for await (const event of training) {
      status.show(event);
      if (json && !process.stdout.errored) sayJson(event);
      await recorder.record(event, training);
      if (event.kind === "step") watch.add(event);
      if (event.kind === "end") sayEnd(event, status, watch.warning());
    }
    if (received() === undefined) await finish?.();
  } catch (error) {
    status.end();
    if (recorder.saved !== undefined) status.note(`the last good model is in ${recorder.saved}`);
    if (error instanceof NotFiniteError) status.note(`from its last checkpoint: ${resumeCommand}`);
    throw error;
  } finally {
    recorder.close();
    release();
  }
  status.note(`saved ${recorder.saved}\nnext: ${received() === undefined ? nextCommand : resumeCommand}`);
  // who is interrupted has to know, also with --quiet
  if (received() !== undefined && status.isQuiet) warn(`next: ${resumeCommand}`);
  return received() ?? EXIT.ok;
}

function sayEnd(event: EndEvent, status: Status, warning: string | undefined): void {
  status.end();
  status.chart();
  const how = event.reason === "aborted" ? "interrupted" : "done";
  status.note(`${how} after ${plural(event.step, "step")} in ${duration(event.seconds)}, loss ${real(event.loss)}`);
  if (warning === undefined) return;
  if (status.isQuiet) warn(warning);
  else status.note(warning);
}

/** Paths that are shown. */
const SHOWN = 3;

/** Shows where a run begins, and the files that it reads because a configuration names them. */
export function sayStart(
  status: Status,
  {
    files,
    options: { resume, config },
  }: {
    readonly files: readonly string[];
    readonly options: { readonly resume?: string | undefined; readonly config?: string | undefined };
  },
  from: ResumePoint | undefined,
): void {
  const more = files.length > SHOWN ? ` … (${count(files.length)})` : "";
  if (resume !== undefined || config !== undefined) status.note(`reads ${files.slice(0, SHOWN).join(", ")}${more}`);
  if (from !== undefined) status.note(`resuming after step ${count(from.step)}`);
}

/** Throws UsageError where a model is already there, or a run that can be resumed. */
export function refuseModel(directory: string): void {
  if (runDirectory(directory).holds === "nothing") return;
  const got = `${JSON.stringify(directory)}. Add --overwrite to replace it, or --resume it`;
  throw new UsageError(`--out: expected a directory without a model, got ${got}`);
}

/** Before training, so that a place that can't be written is known before the work is done. */
export function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true });
    accessSync(directory, constants.W_OK);
  } catch (error) {
    throw new UsageError(
      `--out: expected a directory to write to, got ${JSON.stringify(directory)} (${(error as Error).message})`,
    );
  }
}
