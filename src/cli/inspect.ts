import type { LanguageModel } from "unrolled";
import { loadModel } from "unrolled/node";
import { asUsage } from "./failure.ts";
import { count, real, table } from "./format.ts";

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
export function inspect(directory: string, { json }: { readonly json?: boolean }): void {
  const model = asUsage(() => loadModel(directory));
  const { unit, size } = model.vocabulary;
  const configuration = {
    kind: model.kind,
    unit,
    vocabulary: size,
    ...model.config,
    parameters: model.parameterCount,
  };
  const parameters = describeParameters(model);
  if (json) {
    console.log(JSON.stringify({ configuration, parameters }));
    return;
  }
  console.log(table(Object.entries(configuration).map(([name, value]) => [name, String(value)])));
  const header = ["parameter", "shape", "count", "mean", "deviation", "min", "max"];
  const rows = parameters.map((p) => [
    p.name,
    `[${p.shape.join(", ")}]`,
    count(p.count),
    ...[p.mean, p.deviation, p.min, p.max].map(real),
  ]);
  console.log(`\n${table([header, ...rows], new Set([2, 3, 4, 5, 6]))}`);
}

function describeParameters(model: LanguageModel): ParameterRow[] {
  return Object.entries(model.parameters()).map(([name, value]) => {
    const data = value.values();
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
    return { name, shape: value.shape, count: data.length, mean, deviation, min, max };
  });
}
