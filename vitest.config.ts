import { defineConfig } from "vitest/config";

const platform = new URL("./src/platform/node.ts", import.meta.url).pathname;
const source = (file: string): string => new URL(file, import.meta.url).pathname;

export default defineConfig({
  resolve: {
    alias: [
      { find: "#platform", replacement: platform },
      { find: /^unrolled\/node$/, replacement: source("./src/node/index.ts") },
      { find: /^unrolled\/tasks$/, replacement: source("./src/tasks/index.ts") },
      { find: /^unrolled$/, replacement: source("./src/index.ts") },
    ],
  },
  test: {
    include: ["src/**/*.test.ts", "test/**/*.test.ts"],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
    // fresh memory holds NaN, so that a kernel that reads what it never wrote is seen
    env: { UNROLLED_POISON: "1" },
  },
});
