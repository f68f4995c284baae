import { readdirSync } from "node:fs";
import { join } from "node:path";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

const root = import.meta.dirname;
const source = (file: string): string => join(root, "src", file);

const files = ["src", "test"].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".test.ts"))
    .map((name) => `${folder}/${name.replaceAll("\\", "/")}`),
);

/** Beginnings of the paths of quick tests, which share processes. */
const QUICK = ["src/", "test/api/", "test/cells/", "test/layers.", "test/options.", "test/tasks-form.", "test/tiny."];

/**
 * Exceptions, which take seconds or need a process of their own: they test how it starts, its
 * threads, its memory or its environment.
 */
const ALONE = [
  "src/base/math.",
  "src/base/warn.",
  "src/engine/",
  "src/node/run/run-lock.",
  "src/platform/",
  "src/rnn/attention.",
  "src/tasks/language-model/memory.",
  "src/tasks/language-model/train.",
  "src/tasks/language-model/worker/",
  "src/train/loop/bad-numbers.",
  "src/train/loop/late-engine.",
  "src/train/loop/resume.",
  "test/cells/gradients.",
  "test/cells/onnx.",
];

/** Beginnings of the paths of others that can share processes: each saves a second of CPU time. */
const SHARED = [
  "test/accumulate.",
  "test/batch-invariance.",
  "test/docs.",
  "test/hostile/not-finite.",
  "test/hostile/paths.",
  "test/onnx/",
  "test/option-names.",
  "test/own-model.",
  "test/ranks.",
];

const beginsIn = (file: string, beginnings: readonly string[]): boolean =>
  beginnings.some((beginning) => file.startsWith(beginning));
const isQuick = (file: string): boolean => beginsIn(file, QUICK) && !beginsIn(file, ALONE);
const isShared = (file: string): boolean => beginsIn(file, SHARED);

/** Files that take longest. At the end, one of them would keep one core busy and leave the others idle. */
const LONGEST = [
  "test/cli/tasks.",
  "test/cli/lowest-node.",
  "test/engine/conformance.",
  "test/recipes.",
  "test/cli/cli.",
  "test/cli/crash.",
  "test/determinism.",
  "test/bundlers.",
  "test/browser/browser.",
  "test/cli/signals.",
];

/** Begins with the longest files, then goes on as Vitest does: those that failed, long and large ones first. */
class LongestFirst extends BaseSequencer {
  override async sort(specifications: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const place = LONGEST.findIndex((beginning) => moduleId.startsWith(join(root, beginning)));
      return place < 0 ? LONGEST.length : place;
    };
    const sorted = await super.sort(specifications);
    return sorted.toSorted((a, b) => rank(a) - rank(b));
  }
}

export default defineConfig({
  resolve: {
    alias: [
      { find: "#platform", replacement: source("platform/node.ts") },
      { find: /^unrolled\/node$/, replacement: source("node/index.ts") },
      { find: /^unrolled\/tasks$/, replacement: source("tasks/index.ts") },
      { find: /^unrolled\/import$/, replacement: source("import/index.ts") },
      { find: /^unrolled$/, replacement: source("index.ts") },
    ],
  },
  test: {
    testTimeout: 120_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    // fresh memory holds NaN, so that a kernel that reads what it never wrote is seen
    env: { UNROLLED_POISON: "1" },
    projects: [
      // to start a process takes longer than most of these files
      { extends: true, test: { name: "quick", include: files.filter(isQuick), isolate: false } },
      { extends: true, test: { name: "shared", include: files.filter(isShared), isolate: false } },
      { extends: true, test: { name: "alone", include: files.filter((file) => !isQuick(file) && !isShared(file)) } },
    ],
  },
});
