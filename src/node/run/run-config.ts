/** @file `config.json` of a run: everything that is needed to run again, checked field by field when it is read. */
import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import { join } from "node:path";
import {
  checkChoice,
  checkInteger,
  checkNumber,
  DataError,
  describe,
  FormatError,
  kindError,
  sentence,
  UnsupportedError,
} from "../../base/index.ts";
import type { Unit } from "../../data/index.ts";
import { engineReport, type NumericsClass } from "../../engine/index.ts";
import { parseStrictJson, writeStrictJson } from "../../formats/index.ts";
import type { optimizers } from "../../optim/index.ts";
import { CELL_NAMES, type CellName } from "../../rnn/index.ts";
import { writeFileDurablySync } from "../files/durable-file.ts";
import { bytePieces } from "../read/file-pieces.ts";
import { textFiles } from "../read/read-corpus.ts";
import { readRegular, statOf } from "../files/safe-file.ts";

/** Name of the configuration in a run directory. */
export const CONFIG_FILE = "config.json";

/** Of the files that are written, and the newest that is read. */
export const CONFIG_VERSION = 1;
export const FORMAT = "unrolled-run";

/** A file of the training data. */
export type DataFile = {
  /** As it was given on the command line, or in a folder that was. */
  readonly path: string;
  readonly bytes: number;
  /** 64 hexadecimal digits. */
  readonly sha256: string;
};

/** Options of `unrolled train` that say what the model is, by their names. */
export type RunModel = {
  readonly unit: Unit;
  readonly cell: CellName;
  readonly dialect: "tf1" | "keras" | "torch";
  readonly hiddenSize: number;
  readonly layers: number;
  readonly embeddingSize: number;
  readonly dropout: number;
  readonly tieWeights?: boolean;
};

/** Options of `unrolled train` that say how it is trained, by their names. What is left out has the command's default. */
export type RunTraining = {
  readonly sequenceLength: number;
  readonly batchSize: number;
  readonly steps?: number;
  readonly epochs?: number;
  readonly seconds?: number;
  readonly optimizer: keyof typeof optimizers;
  readonly learningRate: number;
  readonly learningRateDecay?: number;
  readonly learningRateDecayAfter?: number;
  readonly learningRateDecayEvery?: number;
  readonly rmspropDecay?: number;
  /** Infinity for none, "off" in the file. */
  readonly clipNorm: number;
  readonly validation: number;
  readonly evaluateEvery?: number;
  readonly checkpointEvery: number;
  readonly shuffle?: boolean;
  readonly anomaly?: boolean;
  readonly diagnose?: boolean;
  /** A model that the run started from. */
  readonly initFrom?: string;
  /** Results do not depend on it. */
  readonly threads?: number;
};

/** What was found, rather than chosen. */
export type RunFacts = {
  /** Different tokens. */
  readonly vocabulary: number;
  /** Trained numbers of the model. */
  readonly parameters: number;
  /** Of the data, those for validation included. */
  readonly tokens: number;
  readonly stepsPerEpoch: number;
};

/** By what it was trained, and when. */
export type RunMaker = {
  /** Version of this package. */
  readonly unrolled: string;
  /** Version of Node. */
  readonly node: string;
  /** Such as "linux x64". */
  readonly platform: string;
  readonly engine: string;
  readonly numerics: NumericsClass;
  readonly threads: number;
  /** ISO 8601, UTC. */
  readonly started: string;
};

/** Who went on with a run, where that is not who trained before. */
export type RunPart = RunMaker & {
  /** Steps that were done before. */
  readonly step: number;
};

export type RunConfig = {
  /** As one would type it, for people. */
  readonly command: string;
  /** Of the initial values, shuffling and dropout. */
  readonly seed: number;
  readonly data: readonly DataFile[];
  readonly model: RunModel;
  readonly training: RunTraining;
  readonly facts: RunFacts;
  readonly maker: RunMaker;
  /** By whom else it was trained, in order. Default: by nobody. */
  readonly continued?: readonly RunPart[];
};

/** The options in a configuration: one that is written by hand may have some of them only. */
export type RunOptions = {
  readonly seed?: number;
  readonly data?: readonly DataFile[];
  readonly model: Partial<RunModel>;
  readonly training: Partial<RunTraining>;
};

/** Returns the value, or throws an error that begins with `where`. */
export type Check<T> = (where: string, value: unknown) => T;
export type Checks<T> = { readonly [Name in keyof T]-?: Check<Exclude<T[Name], undefined>> };

export const integer =
  (min: number, max?: number): Check<number> =>
  (where, value) =>
    checkInteger(where, value, min, max);
const number =
  (min: number, max?: number): Check<number> =>
  (where, value) =>
    checkNumber(where, value, min, max);
export const choice =
  <C extends string>(...choices: readonly C[]): Check<C> =>
  (where, value) =>
    checkChoice(where, value, choices);
export const text: Check<string> = (where, value) => {
  if (typeof value !== "string") throw kindError(where, "text", value);
  return value;
};
const flag: Check<boolean> = (where, value) => {
  if (typeof value !== "boolean") throw kindError(where, "true or false", value);
  return value;
};
const matching =
  (pattern: RegExp, expected: string): Check<string> =>
  (where, value) => {
    if (typeof value !== "string" || !pattern.test(value))
      throw new FormatError(sentence(where, expected, describe(value)));
    return value;
  };

const clipNorm: Check<number> = (where, value) => {
  if (value === "off") return Infinity;
  if (Number.isFinite(value) && (value as number) > 0) return value as number;
  throw new FormatError(sentence(where, 'a number > 0, or "off"', describe(value)));
};

const modelChecks: Checks<RunModel> = {
  unit: choice("char", "byte", "word"),
  cell: choice(...CELL_NAMES),
  dialect: choice("tf1", "keras", "torch"),
  hiddenSize: integer(1, 65_536),
  layers: integer(1, 256),
  embeddingSize: integer(1, 65_536),
  dropout: number(0, 0.999),
  tieWeights: flag,
};

const trainingChecks: Checks<RunTraining> = {
  sequenceLength: integer(1),
  batchSize: integer(1),
  steps: integer(1),
  epochs: integer(1),
  seconds: number(0),
  optimizer: choice("sgd", "momentum", "nesterov", "rmsprop", "adagrad", "adam", "adamw"),
  learningRate: number(0),
  learningRateDecay: number(0),
  learningRateDecayAfter: integer(0),
  learningRateDecayEvery: integer(1),
  rmspropDecay: number(0, 0.999999),
  clipNorm,
  validation: number(0, 0.9),
  evaluateEvery: integer(1),
  checkpointEvery: integer(1),
  shuffle: flag,
  anomaly: flag,
  diagnose: flag,
  initFrom: text,
  threads: integer(1),
};

type OptionalTraining = {
  [Name in keyof RunTraining]-?: undefined extends RunTraining[Name] ? Name : never;
}[keyof RunTraining];

/** Options of training that may be missing in the file of a run. */
export const OPTIONAL_TRAINING: readonly OptionalTraining[] = [
  "steps",
  "epochs",
  "seconds",
  "learningRateDecay",
  "learningRateDecayAfter",
  "learningRateDecayEvery",
  "rmspropDecay",
  "evaluateEvery",
  "shuffle",
  "anomaly",
  "diagnose",
  "initFrom",
  "threads",
];

const OPTIONAL: ReadonlySet<string> = new Set<keyof RunTraining | keyof RunModel>(["tieWeights", ...OPTIONAL_TRAINING]);

const fileChecks: Checks<DataFile> = {
  path: text,
  bytes: integer(0),
  sha256: matching(/^[0-9a-f]{64}$/, "64 hexadecimal digits"),
};

const factChecks: Checks<RunFacts> = {
  vocabulary: integer(0),
  parameters: integer(0),
  tokens: integer(0),
  stepsPerEpoch: integer(0),
};

export const makerChecks: Checks<RunMaker> = {
  unrolled: text,
  node: text,
  platform: text,
  engine: text,
  numerics: choice("portable", "fma"),
  threads: integer(1),
  started: matching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/, "a time such as 2026-01-31T12:00:00Z"),
};

/** Those of `continued`. */
export const parts: Check<readonly RunPart[]> = (where, value) => {
  if (!Array.isArray(value)) throw kindError(where, "a list", value);
  return value.map((part, i) => record<RunPart>({ step: integer(0), ...makerChecks })(`${where}[${i}]`, part));
};

/** An object of these fields and no others; `isOptional` says which may be missing. */
export function record<T>(checks: Checks<T>, isOptional: (name: string) => boolean = () => false): Check<T> {
  return (where, value) => {
    const given = object(where, value);
    const names = Object.keys(checks) as (keyof T & string)[];
    const other = Object.keys(given).find((name) => !Object.hasOwn(checks, name));
    if (other !== undefined)
      throw new FormatError(sentence(where.replace(/:$/, ""), `only ${names.join(", ")}`, describe(other)));
    const present = names.filter((name) => Object.hasOwn(given, name) || !isOptional(name));
    return Object.fromEntries(present.map((name) => [name, checks[name](under(where, name), given[name])])) as T;
  };
}

/** Under `config.json:` there is `config.json: training`, and under that `config.json: training.batchSize`. */
const under = (where: string, name: string): string => `${where}${where.endsWith(":") ? " " : "."}${name}`;

export function object(where: string, value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw kindError(where, "an object", value);
}

export const files: Check<readonly DataFile[]> = (where, value) => {
  if (!Array.isArray(value)) throw kindError(where, "a list of files", value);
  return value.map((file, i) => record(fileChecks)(`${where}[${i}]`, file));
};

export type Head = { readonly format: typeof FORMAT; readonly version: number };
const checks: Checks<Head & RunConfig> = {
  format: choice(FORMAT),
  version: integer(1),
  command: text,
  seed: integer(0),
  data: files,
  model: record(modelChecks, (name) => OPTIONAL.has(name)),
  training: record(trainingChecks, (name) => OPTIONAL.has(name)),
  facts: record(factChecks),
  maker: record(makerChecks),
  continued: parts,
};
const whole = record(checks, (name) => name === "continued");
const isAnyOptional = (): boolean => true;
const partialChecks: Checks<Partial<Head & RunConfig>> = {
  ...checks,
  model: record(modelChecks, isAnyOptional),
  training: record(trainingChecks, isAnyOptional),
  facts: record(factChecks, isAnyOptional),
  maker: record(makerChecks, isAnyOptional),
};

/**
 * Writes `config.json` into a run directory (created if needed), durably, and returns its path. Throws FormatError for a value that could not be read again, and
 * the file system's own errors.
 */
export function writeRunConfig(directory: string, config: RunConfig): string {
  const { clipNorm, ...training } = config.training;
  const written = {
    format: FORMAT,
    version: CONFIG_VERSION,
    ...config,
    training: { ...training, clipNorm: clipNorm === Infinity ? "off" : clipNorm },
  };
  const file = join(directory, CONFIG_FILE);
  const json = asFormatError(() => writeStrictJson(written, file));
  parse(file, json, whole);
  writeFileDurablySync(file, `${JSON.stringify(JSON.parse(json), undefined, 2)}\n`);
  return file;
}

/**
 * The configuration of a run: `path` is its directory or the file. Throws FormatError that names the first field that is wrong, missing or unknown, such as
 * `runs/book/config.json: training.batchSize: expected an integer >= 1, got "x"`; DataError when there is no file; UnsupportedError for one of a later version.
 */
export function readRunConfig(path: string): RunConfig {
  const file = configPath(path);
  const { format: _format, version: _version, ...config } = parse(file, readRegular("readRunConfig", file), whole);
  return config;
}

/**
 * The options in a `config.json`, for a run that takes them over. As `readRunConfig`, but every field may be missing, so that the file can be written
 * by hand: `{"training": {"batchSize": 64}}`.
 */
export function readRunOptions(path: string): RunOptions {
  const file = configPath(path);
  const found = parse(file, readRegular("readRunOptions", file), record(partialChecks, isAnyOptional));
  const { seed, data, model = {}, training = {} } = found;
  return { model, training, ...(seed !== undefined && { seed }), ...(data !== undefined && { data }) };
}

/** The files of a corpus, as `readCorpus` finds them, with their sizes and hashes. Throws DataError. */
export function describeData(paths: readonly string[]): DataFile[] {
  return paths.flatMap(textFiles).map((path) => ({ path, ...digest(path) }));
}

/** One hash for all files: that of the only one, or else of their hashes, as text, one after the other. */
export function dataHash(data: readonly DataFile[]): string {
  if (data.length === 1) return data[0].sha256;
  return createHash("sha256")
    .update(data.map(({ sha256 }) => sha256).join(""))
    .digest("hex");
}

/** Who trains: versions, engine and threads as they are now, and the time. */
export function runMaker(): RunMaker {
  const { version } = createRequire(import.meta.url)("unrolled/package.json") as { version: string };
  const { name, numerics, threads } = engineReport();
  return {
    unrolled: version,
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}`,
    engine: name,
    numerics,
    threads,
    started: new Date().toISOString(),
  };
}

/**
 * The configuration of a run that `maker` goes on with after `step` steps: with another part at its end, where what has trained so far was something else.
 * Parts that began later are none of the run any more.
 */
export function continuedBy<C extends { readonly maker: RunMaker; readonly continued?: readonly RunPart[] }>(
  config: C,
  step: number,
  maker: RunMaker,
): C {
  const { continued = [], ...rest } = config;
  const before = continued.filter((part) => part.step < step);
  const last = before.at(-1) ?? config.maker;
  const isOther = ([name, value]: [string, unknown]): boolean =>
    name !== "started" && last[name as keyof RunMaker] !== value;
  const isAnother = Object.entries(maker).some(isOther);
  // a run of which nothing is done yet is wholly his
  if (isAnother && step === 0) return { ...rest, maker } as unknown as C;
  const after = isAnother ? [...before, { step, ...maker }] : before;
  return { ...rest, ...(after.length > 0 && { continued: after }) } as unknown as C;
}

/** `path` itself, or the configuration in it when it is a run directory. */
export function configPath(path: string): string {
  const found = statOf("readRunConfig", path);
  const file = found?.isDirectory() ? join(path, CONFIG_FILE) : path;
  if (statOf("readRunConfig", file)?.isFile()) return file;
  const expected = `a run directory with ${CONFIG_FILE}, or such a file`;
  throw new DataError(sentence("readRunConfig", expected, JSON.stringify(path)));
}

export function parse<T>(file: string, json: string | Uint8Array, check: Check<T>): T {
  const value = parseStrictJson(json, { where: file });
  return asFormatError(() => {
    // before the fields, of which a later version may have others
    const { version = CONFIG_VERSION } = object(file, value);
    if (Number.isSafeInteger(version) && (version as number) > CONFIG_VERSION) {
      const hint = "Update this package";
      throw new UnsupportedError(sentence(file, `a version up to ${CONFIG_VERSION}`, String(version), hint));
    }
    return check(`${file}:`, value);
  });
}

/** What is wrong is the file, not a value that the caller gave. */
export function asFormatError<R>(f: () => R): R {
  try {
    return f();
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) throw new FormatError(error.message);
    throw error;
  }
}

/** In pieces, so that a large file takes little memory. */
export function digest(path: string): { readonly bytes: number; readonly sha256: string } {
  const hash = createHash("sha256");
  let bytes = 0;
  for (const piece of bytePieces(path)) {
    hash.update(piece);
    bytes += piece.length;
  }
  return { bytes, sha256: hash.digest("hex") };
}
