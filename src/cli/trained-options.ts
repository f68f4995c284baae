import { statSync } from "node:fs";
import { dirname } from "node:path";
import { readTaskRunConfig, type TaskRunConfig, taskOfRun } from "unrolled/node";

/** Options that the model at `path`, a run directory or a file in one, was trained with; none for a file that was moved. */
export function trainedOptions(path: string): TaskRunConfig["options"] {
  const directory = statSync(path, { throwIfNoEntry: false })?.isFile() ? dirname(path) : path;
  return taskOfRun(directory) === undefined ? {} : readTaskRunConfig(directory).options;
}
