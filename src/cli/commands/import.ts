import { join } from "node:path";
import { parameterCount } from "unrolled";
import { importModel, type NetworkValue } from "unrolled/import";
import { MODEL_FILE, readModelSource, saveModel, statIfAny } from "unrolled/node";
import { UsageError } from "../terminal/failure.ts";
import { count, table } from "../terminal/format.ts";
import { say, sayJson } from "../terminal/output.ts";

export type ImportOptions = {
  readonly out: string;
  readonly fix?: readonly string[];
  readonly overwrite?: boolean;
  readonly json?: boolean;
};

/** Reads a model of another framework, saves it as a network, and says what it has. */
export async function importFile(file: string, { out, fix = [], overwrite, json }: ImportOptions): Promise<void> {
  const place = join(out, MODEL_FILE);
  if (statIfAny(place) && !overwrite)
    throw new UsageError(
      `--out: expected no model in ${JSON.stringify(out)}, got ${MODEL_FILE}. --overwrite replaces it`,
    );
  const model = await importModel(readModelSource(file), { fixed: Object.fromEntries(fix.map(fixedInput)) });
  saveModel(model, out);
  const { inputs, outputs, graph, metadata } = model;
  const parameters = parameterCount(model);
  if (json) {
    sayJson({ file: place, inputs, outputs, nodes: graph.nodes.length, parameters, metadata });
    return;
  }
  const rows = [
    ...inputs.map((value) => ["input", value.name, typeOf(value)]),
    ...outputs.map((value) => ["output", value.name, typeOf(value)]),
    ["ops", count(graph.nodes.length), ""],
    ["parameters", count(parameters), ""],
  ];
  say(table(rows));
  say(`saved ${place}`);
}

const typeOf = ({ dtype, shape }: NetworkValue): string =>
  shape === null ? dtype : `${dtype} [${shape.map((size) => size ?? "any").join(", ")}]`;

/** "sr=16000" as an input and its numbers. */
function fixedInput(text: string): [name: string, numbers: number | number[]] {
  const at = text.lastIndexOf("=");
  const numbers = text
    .slice(at + 1)
    .split(",")
    .map(Number);
  if (at < 1 || text.length === at + 1 || numbers.some((value) => !Number.isFinite(value)))
    throw new UsageError(`--fix: expected input=number or input=number,number, got ${JSON.stringify(text)}`);
  return [text.slice(0, at), numbers.length === 1 ? numbers[0] : numbers];
}
