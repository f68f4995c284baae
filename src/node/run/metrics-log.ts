/**
 * @file `metrics.jsonl`: the events of a run, one JSON object per line, in order. It is only ever
 * appended to, so that a crash can tear no line but the last; a line counts once its line break is
 * there.
 */
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { checkOptions, checkInteger, FormatError, jsonLine, sentence } from "../../base/index.ts";
import { type JsonValue, parseStrictJson } from "../../formats/index.ts";
import { readRegular } from "../files/safe-file.ts";
import { statIfAny } from "../files/stat-if-any.ts";

/** Name of the metrics in a run directory. */
export const METRICS_FILE = "metrics.jsonl";

/** Any event of training. */
export type MetricsEvent = {
  readonly kind: string;
  /** Steps done. */
  readonly step: number;
};

/** A line of `metrics.jsonl`. Other members than these are whatever was written. */
export type Metrics = MetricsEvent & {
  /** Steps planned. */
  readonly steps?: number;
  /** Passes over the training data so far. */
  readonly epoch?: number;
  /** Seconds of training so far. */
  readonly seconds?: number;
  /** Mean loss per token, in nats. Any number here may be NaN or infinite. */
  readonly loss?: number;
  readonly gradientNorm?: number;
  readonly learningRate?: number;
  readonly tokensPerSecond?: number;
  /** Measures of an evaluation beside the loss, such as `{ perplexity: 4.1 }`. */
  readonly measures?: Readonly<Record<string, number>>;
  readonly tokens?: number;
};

/** Members that hold a number. Only there is "NaN" no text. */
const NUMBERS: ReadonlySet<string> = new Set<string>([
  "steps",
  "epoch",
  "seconds",
  "loss",
  "gradientNorm",
  "learningRate",
  "tokensPerSecond",
  "perplexity",
  "bitsPerCharacter",
  "tokens",
]);

export type MetricsLog = {
  /** Writes an event as a line. Throws the file system's own errors; the file is then as before. */
  append(event: MetricsEvent): void;
  /** Lines that are there. */
  readonly lines: number;
  /**
   * For a resumed run: removes all lines but the first `lines`, those that were there when its
   * checkpoint was made. Returns when that is on the disk; a crash leaves the old lines or the new.
   * Throws TypeError or RangeError for more lines than there are.
   */
  truncate(lines: number): void;
  /**
   * Whether the file is still where it was: lines that are appended to one that was removed are
   * lost.
   */
  isThere(): boolean;
  /**
   * Returns when all lines are on the disk. Only a loss of power needs that; what is appended
   * outlives a crash of the process anyway.
   */
  sync(): void;
  close(): void;
};

/**
 * The metrics of a run, to be appended to. Makes the file and its directory; removes a last line
 * that a crash has torn. For one process at a time: see `lockRun`. Throws the file system's own
 * errors.
 */
export function metricsLog(file: string): MetricsLog {
  mkdirSync(dirname(file), { recursive: true });
  // a pipe of this name would be waited for
  const fd = openSync(file, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | (constants.O_NONBLOCK ?? 0));
  const bytes = readFileSync(file);
  let size = wholeLines(bytes);
  if (size < bytes.length) ftruncateSync(fd, size);
  let lines = countLines(bytes.subarray(0, size));
  return {
    get lines() {
      return lines;
    },
    append(event) {
      const bytes = new TextEncoder().encode(`${metricsLine(event)}\n`);
      try {
        for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at);
      } catch (error) {
        // else the next line would continue the one that was cut
        ftruncateSync(fd, size);
        throw error;
      }
      size += bytes.length;
      lines++;
    },
    truncate(count) {
      checkInteger("metricsLog truncate", count, 0, lines);
      size = endOfLines(readFileSync(file), count);
      ftruncateSync(fd, size);
      fsyncSync(fd);
      lines = count;
    },
    isThere() {
      const found = statIfAny(file);
      const own = fstatSync(fd);
      return found !== undefined && found.ino === own.ino && found.dev === own.dev;
    },
    sync: () => fsyncSync(fd),
    close: () => closeSync(fd),
  };
}

/** An event as a line of `metrics.jsonl`, without the line break: see `jsonLine`. */
export const metricsLine = (event: MetricsEvent): string => jsonLine(event);

export type ReadMetricsOptions = {
  /** Read no more lines than these, such as those that a checkpoint has seen. Default: all. */
  readonly lines?: number | undefined;
};

/**
 * The lines of a `metrics.jsonl`, in order. A last line without a line break was torn by a crash
 * and is left out. Throws FormatError, with the number of the line, for anything else that is not
 * an event; DataError where there is no such file.
 */
export function readMetrics(file: string, { lines = Infinity }: ReadMetricsOptions = {}): Metrics[] {
  checkOptions("readMetrics", arguments[1], "lines");
  return Array.from(linesOf(readRegular("readMetrics", file), lines), ({ line, number }) =>
    parseLine(line, file, number),
  );
}

const LINE_BREAK = 0x0a;

/** Bytes up to the last line break, it included. */
const wholeLines = (bytes: Uint8Array): number => bytes.lastIndexOf(LINE_BREAK) + 1;

const countLines = (bytes: Uint8Array): number => bytes.reduce((n, byte) => n + Number(byte === LINE_BREAK), 0);

/** Bytes of the first `count` lines, their line breaks included. */
function endOfLines(bytes: Uint8Array, count: number): number {
  let end = 0;
  for (let i = 0; i < count; i++) end = bytes.indexOf(LINE_BREAK, end) + 1;
  return end;
}

/** The first `most` whole lines without their line breaks, numbered from 1. */
function* linesOf(bytes: Uint8Array, most: number): Generator<{ readonly line: Uint8Array; readonly number: number }> {
  const end = wholeLines(bytes);
  for (let at = 0, number = 1; at < end && number <= most; number++) {
    const next = bytes.indexOf(LINE_BREAK, at);
    yield { line: bytes.subarray(at, next), number };
    at = next + 1;
  }
}

function parseLine(line: Uint8Array, file: string, number: number): Metrics {
  const where = `${file} line ${number}`;
  const value = parseStrictJson(line, { where, maxBytes: 1_000_000 });
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new FormatError(sentence(where, "an event", JSON.stringify(value).slice(0, 40)));
  const { kind, step } = value;
  if (typeof kind !== "string") throw unexpected(where, "kind", "text", kind);
  if (!Number.isSafeInteger(step) || (step as number) < 0) throw unexpected(where, "step", "an integer >= 0", step);
  for (const [name, member] of Object.entries(value))
    if (NUMBERS.has(name)) value[name] = numberOf(where, name, member);
  return (kind === "evaluation" ? withMeasures(where, value) : value) as Metrics;
}

function numberOf(where: string, name: string, value: JsonValue): number {
  if (typeof value === "number") return value;
  if (value !== "NaN" && value !== "Infinity" && value !== "-Infinity")
    throw unexpected(where, name, `a number, or "NaN", "Infinity" or "-Infinity"`, value);
  return Number(value);
}

/**
 * An evaluation with its measures as numbers. Older lines of language models have them beside the
 * loss.
 */
function withMeasures(
  where: string,
  { perplexity, bitsPerCharacter, measures = {}, ...rest }: { readonly [name: string]: JsonValue },
): { readonly [name: string]: JsonValue } {
  if (typeof measures !== "object" || measures === null || Array.isArray(measures))
    throw unexpected(where, "measures", "an object", measures);
  const all = {
    ...(perplexity !== undefined && { perplexity }),
    ...(bitsPerCharacter !== undefined && { bitsPerCharacter }),
    ...measures,
  };
  if (Object.keys(all).length === 0) return rest;
  return {
    ...rest,
    measures: Object.fromEntries(Object.entries(all).map(([name, value]) => [name, numberOf(where, name, value)])),
  };
}

const unexpected = (where: string, name: string, expected: string, got: JsonValue | undefined): FormatError =>
  new FormatError(sentence(`${where} ${name}`, expected, got === undefined ? "nothing" : JSON.stringify(got)));
