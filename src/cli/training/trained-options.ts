import { readTaskRunConfig, type TaskRunConfig, taskOfRun } from "unrolled/node";
import { runDirectory } from "../model-task.ts";

/** Options that the model at `path`, a run directory or a file in one, was trained with; none for a file that was moved. */
export function trainedOptions(path: string): TaskRunConfig["options"] {
  const directory = runDirectory(path);
  return taskOfRun(directory) === undefined ? {} : readTaskRunConfig(directory).options;
}
