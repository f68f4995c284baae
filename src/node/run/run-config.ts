/** @file `config.json` of a run: everything that is needed to run again. */
import { join } from "node:path";
import {
  asFormatError,
  type Check,
  type Checks,
  DataError,
  kindError,
  schema,
  sentence,
  UnsupportedError,
} from "../../base/index.ts";
import { parseStrictJson, writeStrictJson } from "../../formats/index.ts";
import { writeFileDurablySync } from "../files/durable-file.ts";
import { readRegular, statOf } from "../files/safe-file.ts";
import type { DataFile } from "./run-data.ts";
import { makerChecks, type RunMaker, type RunPart } from "./run-maker.ts";

/** Name of the configuration in a run directory. */
export const CONFIG_FILE = "config.json";

/** Version that is written, and the newest that is read. */
const VERSION = 1;
const FORMAT = "unrolled-run";

/** Task of a configuration that names none. */
const LANGUAGE_MODEL = "language-model";

/** Value of an option: none of them is more. */
export type OptionValue = string | number | boolean;

/** Content of `config.json`. */
export type RunConfig = {
  /** Such as "classify". */
  readonly task: string;
  /** Command line that a user would type. */
  readonly command: string;
  /** Files and folders that a resumed run reads. Default: the files of `data`. */
  readonly inputs?: readonly string[];
  readonly data: readonly DataFile[];
  /** Options of `unrolled train` by their names; an infinite number is "off". */
  readonly options: Readonly<Record<string, OptionValue>>;
  /** Counts of the data and the model: `parameters`, `stepsPerEpoch` and those of the task. */
  readonly facts: Readonly<Record<string, number>>;
  readonly maker: RunMaker;
  /** Other software that resumed the run, in order. Default: none did. */
  readonly continued?: readonly RunPart[];
};

type Head = { readonly format: typeof FORMAT; readonly version: number };

const optionValue: Check<OptionValue> = (where, value) => {
  if (typeof value === "string" || typeof value === "boolean" || Number.isFinite(value)) return value as OptionValue;
  throw kindError(where, "text, a number, true or false", value);
};

const options = schema.dictionary(optionValue);

const dataFile = schema.record<DataFile>({
  path: schema.text,
  bytes: schema.integer(0),
  sha256: schema.matching(/^[0-9a-f]{64}$/, "64 hexadecimal digits"),
});

const checks: Checks<Head & RunConfig> = {
  format: schema.choice(FORMAT),
  version: schema.integer(1),
  task: schema.text,
  command: schema.text,
  inputs: schema.list(schema.text, "a list of paths"),
  data: schema.list(dataFile, "a list of files"),
  options,
  facts: schema.dictionary(schema.integer(0)),
  maker: schema.record(makerChecks),
  continued: schema.list(schema.record<RunPart>({ step: schema.integer(0), ...makerChecks })),
};

/**
 * Sections that a language model's run had, before all tasks had one form: `options` in three
 * parts.
 */
type Earlier = Omit<Head & RunConfig, "task" | "options"> & {
  readonly seed: number;
  readonly model: RunConfig["options"];
  readonly training: RunConfig["options"];
};

const { task: _task, options: _options, ...shared } = checks;
const earlierChecks: Checks<Earlier> = { ...shared, seed: schema.integer(0), model: options, training: options };

const isOptional = (name: string): boolean => ["inputs", "continued"].includes(name);
const anyIsOptional = (): boolean => true;

/** Whether the sections are those of a language model's run of before. */
const isEarlier = (value: Readonly<Record<string, unknown>>): boolean =>
  ["seed", "model", "training"].some((name) => Object.hasOwn(value, name));

function fromEarlier({ seed, model, training, ...rest }: Partial<Earlier>): Partial<Head & RunConfig> {
  return { ...rest, task: LANGUAGE_MODEL, options: { ...model, ...training, ...(seed !== undefined && { seed }) } };
}

/**
 * The configuration in a file, checked field by field; with `partial` every field may be missing.
 */
function parse(
  file: string,
  json: string | Uint8Array,
  { partial }: { readonly partial: boolean },
): Partial<RunConfig> {
  const value = parseStrictJson(json, { where: file });
  return asFormatError(() => {
    const given = schema.object(file, value);
    // before the fields, of which a later version may have others
    const { version = VERSION } = given;
    if (Number.isSafeInteger(version) && (version as number) > VERSION)
      throw new UnsupportedError(sentence(file, `a version up to ${VERSION}`, String(version), "Update this package"));
    const mayMiss = partial ? anyIsOptional : isOptional;
    const {
      format: _format,
      version: _version,
      ...config
    } = isEarlier(given)
      ? fromEarlier(schema.record(earlierChecks, mayMiss)(`${file}:`, given))
      : schema.record<Partial<Head & RunConfig>>(checks, mayMiss)(`${file}:`, given);
    return config;
  });
}

/**
 * Writes `config.json` into a run directory (created if needed), durably, and returns its path.
 * Throws FormatError for what could not be read again, and the file system's own errors.
 */
export function writeRunConfig(directory: string, config: RunConfig): string {
  const file = join(directory, CONFIG_FILE);
  const json = asFormatError(() => writeStrictJson({ format: FORMAT, version: VERSION, ...config }, file));
  parse(file, json, { partial: false });
  writeFileDurablySync(file, `${JSON.stringify(JSON.parse(json), undefined, 2)}\n`);
  return file;
}

/**
 * The configuration of a run; `path` is its directory or the file. Throws FormatError that names
 * the first field that is wrong, missing or unknown, such as `runs/book/config.json:
 * data[0].bytes: expected an integer >= 0, got "x"`; DataError when there is no file;
 * UnsupportedError for a later version.
 */
export function readRunConfig(path: string): RunConfig {
  const file = configPath(path);
  return parse(file, configBytes("readRunConfig", file), { partial: false }) as RunConfig;
}

/**
 * The configuration as `readRunConfig` gives it, but every field may be missing, so that the file
 * can be written by hand: `{"options": {"batchSize": 64}}`. Without a task it is that of a language
 * model.
 */
export function readRunOptions(path: string): Partial<RunConfig> & Pick<RunConfig, "task" | "options"> {
  const file = configPath(path);
  return { task: LANGUAGE_MODEL, options: {}, ...parse(file, configBytes("readRunOptions", file), { partial: true }) };
}

/** `path` itself, or the configuration in it when it is a run directory. */
function configPath(path: string): string {
  const file = statOf("readRunConfig", path)?.isDirectory() ? join(path, CONFIG_FILE) : path;
  if (statOf("readRunConfig", file)?.isFile()) return file;
  throw noConfig("readRunConfig", path);
}

const noConfig = (where: string, path: string): DataError =>
  new DataError(sentence(where, `a run directory with ${CONFIG_FILE}, or such a file`, JSON.stringify(path)));

/** Throws DataError for a file of another name that begins as no object of JSON does. */
function configBytes(where: string, file: string): Uint8Array {
  const bytes = readRegular(where, file);
  const begin = Buffer.from(bytes.subarray(0, 100)).toString("latin1").trimStart();
  if (!file.endsWith(".json") && begin !== "" && !begin.startsWith("{")) throw noConfig(where, file);
  return bytes;
}
