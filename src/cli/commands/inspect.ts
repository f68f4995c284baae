import { decodeNative, type JsonValue, type NativeFile } from "unrolled";
import { count, real, table } from "../terminal/format.ts";
import { TASKS } from "../tasks/declarations.ts";
import { typedModel } from "../tasks/task-of.ts";
import { loadTask } from "../tasks/load.ts";
import { rowsOf } from "../terminal/rows-of.ts";
import { say, sayJson } from "../terminal/output.ts";
import { foreignWeights, showWeights } from "./inspect-weights.ts";

type ParameterRow = {
  name: string;
  shape: readonly number[];
  count: number;
  mean: number;
  deviation: number;
  min: number;
  max: number;
};

/** Prints a model's configuration and what its parameters are like, or the list of a file's. */
export async function inspect(path: string, { json = false }: { readonly json?: boolean }): Promise<void> {
  const weights = await foreignWeights(path);
  if (weights === undefined) await inspectOwn(path, json);
  else showWeights(path, weights, json);
}

async function inspectOwn(directory: string, json: boolean): Promise<void> {
  const bytes = typedModel(directory, "unrolled inspect RUN");
  const file = decodeNative(bytes);
  // a kind that no task here reads is a model of somebody's own
  const declaration = TASKS.find(({ kind }) => kind === file.kind);
  const task = declaration && (await loadTask(declaration));
  const parameters = describeParameters(file);
  const configuration = {
    kind: file.kind,
    ...(declaration && { task: declaration.name }),
    ...((task?.summary?.(file.config) ?? file.config) as Configuration),
    parameters: parameters.reduce((total, one) => total + one.count, 0),
  };
  const notFinite = parameters
    .filter(({ count, min, max }) => count > 0 && !Number.isFinite(max - min))
    .map(({ name }) => name);
  if (json) {
    sayJson({ configuration, parameters, notFinite });
    return;
  }
  say(table(rowsOf(configuration)));
  const header = ["parameter", "shape", "count", "mean", "deviation", "min", "max"];
  const rows = parameters.map((p) => [
    p.name,
    `[${p.shape.join(", ")}]`,
    count(p.count),
    ...[p.mean, p.deviation, p.min, p.max].map(real),
  ]);
  say(`\n${table([header, ...rows], new Set([2, 3, 4, 5, 6]))}`);
  if (notFinite.length > 0) say(`\nweights not finite: ${notFinite.join(", ")}`);
}

type Configuration = { readonly [name: string]: JsonValue };

function describeParameters({ arrays }: NativeFile): ParameterRow[] {
  return Object.entries(arrays).map(([name, { shape, data }]) => {
    let total = 0;
    let squares = 0;
    let min = Infinity;
    let max = -Infinity;
    for (const x of data) {
      total += x;
      squares += x * x;
      min = Math.min(min, x);
      max = Math.max(max, x);
    }
    const mean = total / data.length;
    const deviation = Math.sqrt(Math.max(0, squares / data.length - mean * mean));
    return { name, shape, count: data.length, mean, deviation, min, max };
  });
}
