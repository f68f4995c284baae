/** @file The race of the recipes: each model of `examples/recipes` against the same one in PyTorch, by training steps of the same batch. */
import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Contestant, OURS, titleOf } from "./contestants.ts";
import { type Lane, race, type RaceOptions } from "./race.ts";
import { type Recipe, type RecipeCase, RECIPES } from "./recipe-cases.ts";
import { recipeWork } from "./recipe-work.ts";
import type { Tool } from "./setup.ts";
import { median, medianRatio, relativeDifference } from "./statistics.ts";
import type { Row } from "./table.ts";

/** They agree to 5e-7. Two gates swapped make 5e-5 where that shows least (classify), and 3e-4 and more elsewhere; the two directions swapped 1e-3. */
const TOLERANCE = 1e-5;

const THREADS = [1, 2];

/** How PyTorch is told of lengths as a rule, which is slower than what is compared. */
const PACKED = "packed";

/** Where rows differ in length, and PyTorch needs not be told by packing. */
const isPackable = ({ recipe }: Recipe): boolean => ["transcribe", "tag", "classify"].includes(recipe);

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

export const recipeQuestions = (
  contestants: readonly Contestant[],
  seen: Set<string>,
  options: RaceOptions,
): { readonly name: string; readonly ask: () => Promise<Row[]> }[] =>
  RECIPES.map((recipe) => ({
    name: recipe.name,
    async ask() {
      const task = withFile(recipe);
      const lanes = await race(
        contestants
          .filter(({ variant }) => variant !== PACKED || isPackable(recipe))
          .map((contestant) => ({ contestant, task })),
        options,
      );
      for (const { version } of lanes) if (version !== "") seen.add(version);
      return lanes.map((lane) => rowOf(lane, lanes));
    },
  }));

/** This package, and PyTorch where it is asked for. */
export function recipeContestants(torch: Tool | undefined): Contestant[] {
  const always = { races: () => true };
  const pytorch = (threads: number, variant?: string): Contestant => ({
    ...always,
    name: "PyTorch",
    ...(variant !== undefined && { variant }),
    threads,
    command:
      torch !== undefined && "path" in torch
        ? [torch.path, path("peers/recipes.py"), String(threads), variant ?? ""]
        : (torch?.missing ?? ""),
  });
  return [
    ...THREADS.map((threads) => ({
      ...always,
      name: OURS,
      threads,
      command: [process.execPath, path("peers/recipes.ts")],
      environment: { UNROLLED_THREADS: String(threads) },
    })),
    ...(torch === undefined ? [] : [pytorch(1), pytorch(2), pytorch(1, PACKED)]),
  ];
}

/** The first parameters and the batch come from this package, in a file. */
function withFile(recipe: Recipe): RecipeCase {
  const folder = path("../.bench/recipes");
  mkdirSync(folder, { recursive: true });
  const file = `${folder}/${recipe.recipe}.safetensors`;
  writeFileSync(file, recipeWork(recipe).bytes());
  return { ...recipe, file };
}

/** A peer is compared with this package on as many threads. */
function rowOf(lane: Lane<RecipeCase>, lanes: readonly Lane<RecipeCase>[]): Row {
  const { contestant, task, seconds, cpuSeconds, values, failure } = lane;
  const row = { case: task.name, contestant: titleOf(contestant) };
  if (failure !== undefined) return { ...row, note: `not run: ${failure}` };
  const [reference] = lanes;
  const isReference = lane === reference;
  const difference = isReference ? undefined : relativeDifference(values, reference.values);
  if (difference !== undefined && !(difference <= TOLERANCE))
    return { ...row, difference, note: `not comparable: losses ${values.join(", ")}` };
  const time = median(seconds);
  const own = {
    ...row,
    figure: { value: time, unit: "seconds" as const },
    sequencesPerSecond: task.batch / time,
    ...(difference !== undefined && { difference }),
  };
  if (contestant.name === OURS)
    return { ...own, ...(isReference && { note: `loss ${values.map((x) => x.toFixed(5)).join(", ")}` }) };
  const base = lanes.find(({ contestant: { name, threads } }) => name === OURS && threads === contestant.threads);
  if (base === undefined || base.seconds.length === 0) return own;
  const cpu = medianRatio(cpuSeconds, base.cpuSeconds);
  return {
    ...own,
    ratio: medianRatio(seconds, base.seconds),
    ...(Number.isFinite(cpu) && { note: `${cpu.toFixed(2)} in processor time` }),
  };
}
