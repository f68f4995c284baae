/** @file The types, as versions of TypeScript find and read them. */
import type { Project } from "../project.ts";
import type { Row, Way } from "../row.ts";

/** A strict program with each entry. It names nothing of the web and nothing of Node. */
const PROGRAM = `import { languageModel, train, type LanguageModel, type TrainOptions } from "unrolled";
import { type Classifier, classifier } from "unrolled/tasks";
import { loadModel } from "unrolled/node";

const options: TrainOptions = { steps: 5, sequenceLength: 8 };
const model: LanguageModel = languageModel({ corpus: "hello ".repeat(20), hiddenSize: 16, seed: 1 });
export async function losses(): Promise<number[]> {
  const found: number[] = [];
  for await (const event of train(model, options)) if (event.kind === "step") found.push(event.loss);
  return found;
}
export const made: Classifier = classifier({ examples: [{ input: "a", label: "b" }, { input: "c", label: "d" }] });
// they are types, not any
// @ts-expect-error
languageModel({ corpus: "hello", hiddenSize: "16" });
// @ts-expect-error
classifier(5);
// @ts-expect-error
loadModel(5);
`;

/** How a module is found, and what goes with it. */
const RESOLUTIONS = [
  { name: "node10", type: "commonjs", options: { module: "commonjs", moduleResolution: "node10" } },
  { name: "node16", type: "module", options: { module: "node16", moduleResolution: "node16" } },
  { name: "node16 in CommonJS", type: "commonjs", options: { module: "node16", moduleResolution: "node16" } },
  { name: "nodenext", type: "module", options: { module: "nodenext", moduleResolution: "nodenext" } },
  { name: "nodenext in CommonJS", type: "commonjs", options: { module: "nodenext", moduleResolution: "nodenext" } },
  { name: "bundler", type: "module", options: { module: "esnext", moduleResolution: "bundler" } },
];

/** What else is declared in the program. */
const SURROUNDINGS = [
  { name: "DOM and Node", lib: ["es2022", "dom"], types: ["node"] },
  { name: "DOM", lib: ["es2022", "dom"], types: [] },
  { name: "neither DOM nor Node", lib: ["es2022"], types: [] },
];

type Resolution = (typeof RESOLUTIONS)[number];
type Surroundings = (typeof SURROUNDINGS)[number];

function compilingWay(resolution: Resolution, { name, lib, types }: Surroundings): Way {
  const compilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    noEmit: true,
    target: "es2022",
    lib,
    types,
    ...resolution.options,
  };
  return {
    what: `types, ${resolution.name}, ${name}`,
    async show(project: Project) {
      project.write({
        "package.json": JSON.stringify({ name: "newcomer", private: true, type: resolution.type }),
        "tsconfig.json": JSON.stringify({ compilerOptions, files: ["main.ts"] }),
      });
      await project.run("tsc --pretty false");
      return { warnings: [] };
    },
  };
}

function typescript(
  name: string,
  packages: readonly string[],
  without: readonly string[] = [],
  surroundings: readonly Surroundings[] = SURROUNDINGS,
): Row {
  return {
    name,
    packages,
    files: { "main.ts": PROGRAM },
    ways: RESOLUTIONS.filter((resolution) => !without.includes(resolution.name)).flatMap((resolution) =>
      surroundings.map((each) => compilingWay(resolution, each)),
    ),
  };
}

/** That of Node 20: the lowest version that is supported. */
const NODE_TYPES = "@types/node@20.19.43";

export const TYPES: readonly Row[] = [
  // it has no node10 any more; Node's types are not in the quick project
  typescript("typescript", [], ["node10"], SURROUNDINGS.slice(1)),
  typescript("typescript5.4", ["typescript@5.4.5", NODE_TYPES]),
  typescript("typescript5.9", ["typescript@5.9.3", NODE_TYPES]),
  typescript("typescript6", ["typescript@6.0.3", NODE_TYPES], ["node10"]),
  typescript("typescript7", ["typescript@7.0.2", NODE_TYPES], ["node10"]),
];
