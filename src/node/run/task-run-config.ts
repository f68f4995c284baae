/** @file `config.json` of a run of a task: as that of a language model, but its options are the task's. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { FormatError, kindError, sentence } from "../../base/index.ts";
import { parseStrictJson, writeStrictJson } from "../../formats/index.ts";
import { writeFileDurablySync } from "../files/durable-file.ts";
import { checkInside, readRegular, statOf, withPath } from "../files/safe-file.ts";
import {
  asFormatError,
  type Check,
  type Checks,
  choice,
  CONFIG_FILE,
  CONFIG_VERSION,
  configPath,
  type DataFile,
  digest,
  files,
  FORMAT,
  type Head,
  integer,
  makerChecks,
  object,
  parse,
  parts,
  record,
  type RunMaker,
  type RunPart,
  text,
} from "./run-config.ts";

/** A value of an option: none of them is more. */
type OptionValue = string | number | boolean;

export type TaskRunConfig = {
  /** Such as "classify". */
  readonly task: string;
  /** As one would type it, for people. */
  readonly command: string;
  /** Files and folders as they were typed, for a run that goes on. Default: the files of `data`. */
  readonly inputs?: readonly string[];
  readonly data: readonly DataFile[];
  /** Those of `unrolled train` by their names, the task's own among them. */
  readonly options: Readonly<Record<string, OptionValue>>;
  readonly facts: {
    /** Trained numbers of the model. */
    readonly parameters: number;
    readonly trainingExamples: number;
    readonly validationExamples: number;
    readonly stepsPerEpoch: number;
  };
  readonly maker: RunMaker;
  /** By whom else it was trained, in order. Default: by nobody. */
  readonly continued?: readonly RunPart[];
};

const options: Check<TaskRunConfig["options"]> = (where, value) => {
  const given = object(where, value);
  for (const [name, option] of Object.entries(given)) {
    if (!["string", "number", "boolean"].includes(typeof option))
      throw kindError(`${where}.${name}`, "text, a number, true or false", option);
  }
  return given as TaskRunConfig["options"];
};

const inputs: Check<readonly string[]> = (where, value) => {
  if (!Array.isArray(value)) throw kindError(where, "a list of paths", value);
  return value.map((path, i) => text(`${where}[${i}]`, path));
};

const checks: Checks<Head & TaskRunConfig> = {
  format: choice(FORMAT),
  version: integer(1),
  task: text,
  command: text,
  inputs,
  data: files,
  options,
  facts: record({
    parameters: integer(0),
    trainingExamples: integer(0),
    validationExamples: integer(0),
    stepsPerEpoch: integer(0),
  }),
  maker: record(makerChecks),
  continued: parts,
};

const whole = record(checks, (name) => ["inputs", "continued"].includes(name));

/** What errors begin with. */
const WHERE = "describeFiles";

function isInside(folder: string, file: string): boolean {
  try {
    checkInside(WHERE, folder, file);
    return true;
  } catch {
    return false;
  }
}

/** All files among `paths` and in the folders there, with sizes and hashes, in the order of their names; what readers refuse (links out of a folder, pipes) is left out. Throws DataError for a path that can't be read. */
export function describeFiles(paths: readonly string[]): DataFile[] {
  const within = (path: string): string[] =>
    statOf(WHERE, path)?.isDirectory()
      ? withPath(WHERE, path, () => readdirSync(path, { recursive: true, encoding: "utf8" }))
          .toSorted()
          .map((name) => join(path, name))
          .filter((file) => isInside(path, file))
      : [path];
  return paths.flatMap(within).map((path) => ({ path, ...digest(path) }));
}

/** Writes `config.json` into a run directory (created if needed), durably. Throws FormatError for what could not be read again. */
export function writeTaskRunConfig(directory: string, config: TaskRunConfig): void {
  const file = join(directory, CONFIG_FILE);
  const written = { format: FORMAT, version: CONFIG_VERSION, ...config };
  const json = asFormatError(() => writeStrictJson(written, file));
  parse(file, json, whole);
  writeFileDurablySync(file, `${JSON.stringify(JSON.parse(json), undefined, 2)}\n`);
}

/** The configuration of a run of a task; `path` is its directory or the file. Errors as in `readRunConfig`. */
export function readTaskRunConfig(path: string): TaskRunConfig {
  const file = configPath(path);
  const { format: _format, version: _version, ...config } = parse(file, readRegular("readTaskRunConfig", file), whole);
  return config;
}

/**
 * The task of the run at `path`, a directory or a configuration; undefined for a language model, and where there is no configuration. Throws FormatError
 * for one that can't be read.
 */
export function taskOfRun(path: string): string | undefined {
  const file = statOf("taskOfRun", path)?.isDirectory() ? join(path, CONFIG_FILE) : path;
  if (statOf("taskOfRun", file) === undefined) return undefined;
  const value = parseStrictJson(readRegular("taskOfRun", file), { where: file });
  const { task } = asFormatError(() => object(file, value));
  if (task === undefined || typeof task === "string") return task;
  throw new FormatError(sentence(`${file}: task`, "text", JSON.stringify(task)));
}
