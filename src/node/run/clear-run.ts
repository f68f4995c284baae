/** @file Makes room for a new run in a directory that another has used. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { removeDurablySync } from "../files/durable-file.ts";
import { METRICS_FILE } from "./metrics-log.ts";
import { BEST_FILE } from "./model-file.ts";
import { CONFIG_FILE } from "./run-config.ts";

/** Name of the folder of checkpoints in a run directory. */
export const CHECKPOINTS_FOLDER = "checkpoints";

/**
 * Removes what a new run would be mistaken for, and nothing that a run did not write:
 * configuration, metrics, event files, the best model, checkpoints. The configuration goes first,
 * on the disk before anything else does, so that a half-removed run can't be resumed. The
 * model of the last step stays until there is another. Throws the file system's own errors.
 */
export function clearRun(directory: string): void {
  removeDurablySync(directory, [CONFIG_FILE]);
  const isOld = (name: string): boolean =>
    [METRICS_FILE, BEST_FILE].includes(name) || name.startsWith("events.out.tfevents.");
  removeDurablySync(directory, namesIn(directory).filter(isOld));
  const checkpoints = join(directory, CHECKPOINTS_FOLDER);
  removeDurablySync(
    checkpoints,
    namesIn(checkpoints).filter((name) => /^step-.*\.safetensors$/.test(name)),
  );
}

const namesIn = (directory: string): string[] => (existsSync(directory) ? readdirSync(directory) : []);
