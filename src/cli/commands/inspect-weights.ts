/** @file The list of arrays in a file of another framework, which is not read whole for it. */
import { join } from "node:path";
import { FormatError, UnsupportedError } from "unrolled";
import { readWeights, type Weights } from "unrolled/import";
import { MODEL_FILE, readModelSource, statIfAny } from "unrolled/node";
import { count, table } from "../terminal/format.ts";
import { say, sayJson } from "../terminal/output.ts";
import { rowsOf } from "../terminal/rows-of.ts";

/** Beginnings of errors about files that are of no framework. */
const UNKNOWN = /: expected (?:a file of weights|JSON of TensorFlow\.js)/;

/**
 * The arrays in a file or a folder of another framework; undefined for our own models, and for what
 * is nobody's. Errors begin with the path.
 */
export async function foreignWeights(path: string): Promise<Weights | undefined> {
  const found = statIfAny(path);
  if (found?.isDirectory() && statIfAny(join(path, MODEL_FILE))?.isFile()) return undefined;
  // the prefix of a checkpoint of TensorFlow is no file
  if (found === undefined && !statIfAny(`${path}.index`)?.isFile()) return undefined;
  try {
    const weights = await readWeights(readModelSource(path));
    return weights.format === "native" ? undefined : weights;
  } catch (error) {
    if (error instanceof FormatError && UNKNOWN.test(error.message) && found?.isFile()) return undefined;
    throw named(path, error);
  }
}

/** Puts the path in place of the function's name at the beginning of an error. */
function named(path: string, error: unknown): unknown {
  const isOurs = error instanceof FormatError || error instanceof UnsupportedError;
  if (!isOurs || !error.message.startsWith("readWeights")) return error;
  const message = error.message.replace(/^readWeights:? ?/, `${path}: `);
  return error instanceof FormatError
    ? new FormatError(message, { cause: error })
    : new UnsupportedError(message, { cause: error });
}

/** Columns of a value that are shown. */
const WIDTH = 100;

const sizeOf = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1);
const cut = (text: string): string => (text.length > WIDTH ? `${text.slice(0, WIDTH)}…` : text);

/** Prints the arrays (name, element type, shape and numbers) and what else the file says. */
export function showWeights(path: string, { format, tensors, metadata }: Weights, json: boolean): void {
  const rows = tensors.map(({ name, type, shape }) => ({ name, type, shape, numbers: sizeOf(shape) }));
  const numbers = rows.reduce((total, one) => total + one.numbers, 0);
  if (json) {
    sayJson({ file: path, format, tensors: rows, numbers, metadata });
    return;
  }
  const facts = [["format", format], ...rowsOf(metadata).map(([name, value]) => [name, cut(value)])];
  say(table([...facts, ["arrays", count(rows.length)], ["numbers", count(numbers)]]));
  if (rows.length === 0) return;
  const lines = rows.map((one) => [one.name, one.type, `[${one.shape.join(", ")}]`, count(one.numbers)]);
  say(`\n${table([["array", "type", "shape", "numbers"], ...lines], new Set([3]))}`);
}
