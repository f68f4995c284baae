/**
 * @file Runs test files again and again in one process, each time after a change of a source file. A child process of `run.ts`, which asks by message
 * for a `TestRequest` and gets an `Outcome`; its working directory is a copy of the sources. Vitest keeps all modules but the changed one transformed, so
 * that a run takes a fifth of a second and not two.
 */
import { resolve } from "node:path";
import { createVitest, type TestModule } from "vitest/node";
import type { Outcome, TestRequest } from "./mutant.ts";

const vitest = await createVitest("test", {
  watch: false,
  config: resolve("test/mutants/vitest.config.ts"),
  root: process.cwd(),
  reporters: [{}],
  pool: "threads",
  isolate: false,
  maxWorkers: 1,
  // the first failure is enough
  bail: 1,
  // it would be written through the link to node_modules
  cache: false,
});

let changed: string | undefined;

async function outcomeOf({ file, tests }: TestRequest): Promise<Outcome> {
  // the file of the run before is whole again
  if (changed !== undefined) vitest.invalidateFile(changed);
  changed = resolve(file);
  vitest.invalidateFile(changed);
  const paths = tests.map((test) => resolve(test));
  const project = vitest.getRootProject();
  const result = await vitest.runTestSpecifications(paths.map((path) => project.createSpecification(path)));
  // the result has the modules of earlier runs too
  const modules = result.testModules.filter(({ moduleId }) => paths.includes(moduleId));
  const broken = modules.flatMap((module) => module.errors()).at(0);
  if (broken !== undefined) return { kind: "broken", detail: broken.message };
  const failure = modules.flatMap(failuresOf).at(0);
  if (failure !== undefined) return { kind: "caught", detail: failure };
  const [unhandled] = result.unhandledErrors as readonly Error[];
  if (unhandled !== undefined) return { kind: "broken", detail: unhandled.message };
  return { kind: "survived", detail: `${tests.join(", ")} pass` };
}

/** Name and message of each test that failed. */
const failuresOf = (module: TestModule): string[] =>
  [...module.children.allTests()].flatMap((test) => {
    const { state, errors } = test.result();
    return state === "failed" ? [`${test.fullName}: ${errors[0].message.split("\n", 1)[0]}`] : [];
  });

process.on("message", (request) => {
  outcomeOf(request as TestRequest).then(
    (outcome) => process.send?.(outcome),
    (error: unknown) => process.send?.({ kind: "broken", detail: String(error) } satisfies Outcome),
  );
});
process.once("disconnect", () => process.exit());
