import { decodeNative, type JsonValue, type NativeFile } from "unrolled";
import { count, real, table } from "../terminal/format.ts";
import { TASKS } from "../tasks/declarations.ts";
import { typedModel } from "../tasks/task-of.ts";
import { loadTask } from "../tasks/load.ts";
import { say, sayJson } from "../terminal/output.ts";

type ParameterRow = {
  name: string;
  shape: readonly number[];
  count: number;
  mean: number;
  deviation: number;
  min: number;
  max: number;
};

/** Prints the model's configuration and what its parameters are like. */
export async function inspect(directory: string, { json }: { readonly json?: boolean }): Promise<void> {
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

/** Items of a list, such as a vocabulary, that are shown. */
const SHOWN = 6;

/** Names and values; those of an object within are "object.name". */
function rowsOf(values: Readonly<Record<string, unknown>>, prefix = ""): string[][] {
  return Object.entries(values).flatMap(([name, value]) =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? rowsOf(value as Record<string, unknown>, `${prefix}${name}.`)
      : [[`${prefix}${name}`, Array.isArray(value) ? listed(value) : String(value)]],
  );
}

function listed(items: readonly unknown[]): string {
  const first = items.slice(0, SHOWN).map((item) => JSON.stringify(item));
  return items.length <= SHOWN ? first.join(", ") || "none" : `${first.join(", ")} … (${count(items.length)})`;
}

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
