/** The table of docs/architecture.md, as a test: which folder of src/ may import which, and only through its face. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const src = fileURLToPath(new URL("../src", import.meta.url));

const mayImport: Readonly<Record<string, readonly string[]>> = {
  base: [],
  platform: ["base"],
  engine: ["base", "platform"],
  tensor: ["base", "platform", "engine"],
  rnn: ["base", "engine", "tensor"],
  optim: ["base", "engine", "tensor"],
  formats: ["base", "platform"],
  data: ["base"],
  metrics: ["base"],
  model: ["base", "platform", "tensor", "rnn", "data", "formats"],
  train: ["base", "platform", "engine", "tensor", "rnn", "optim", "data", "formats", "model"],
  node: [
    "base",
    "platform",
    "engine",
    "tensor",
    "rnn",
    "optim",
    "data",
    "formats",
    "model",
    "train",
    "metrics",
    "tasks",
    "tasks/language-model",
  ],
  tasks: [
    "base",
    "platform",
    "engine",
    "tensor",
    "rnn",
    "optim",
    "formats",
    "data",
    "model",
    "train",
    "metrics",
    "tasks/language-model",
  ],
  "tasks/language-model": ["base", "platform", "engine", "tensor", "rnn", "optim", "formats", "data", "model", "train"],
  cli: ["unrolled", "unrolled/tasks", "unrolled/node"],
  "index.ts": ["base", "engine", "tensor", "rnn", "optim", "formats", "data", "model", "train", "tasks/language-model"],
};

const files = readdirSync(src, { recursive: true, encoding: "utf8" }).filter(
  (file) => file.endsWith(".ts") && !file.endsWith(".test.ts"),
);

/** The folder that a file belongs to: the first part of its path, or the one folder within another that has a row and a face. */
const folderOf = (file: string): string =>
  file.startsWith("tasks/language-model/") ? "tasks/language-model" : file.split("/")[0];

function importsOf(file: string): string[] {
  const text = readFileSync(join(src, file), "utf8");
  return [...text.matchAll(/(?:^|\n)(?:import|export)\s[^;]*?from\s+"([^"]+)"/g)].map((match) => match[1]);
}

test.each(files)("%s imports downwards, and faces only", (file) => {
  const folder = folderOf(file);
  const allowed = mayImport[folder];
  expect(allowed, `a row for src/${folder} in the table`).toBeDefined();
  for (const specifier of importsOf(file)) {
    if (specifier === "#platform") {
      expect(allowed, `${file} imports #platform`).toContain("platform");
    } else if (specifier.startsWith(".")) {
      const target = relative(src, resolve(join(src, dirname(file)), specifier));
      if (folderOf(target) === folder) continue;
      expect(allowed, `${file} imports ${target}`).toContain(folderOf(target));
      expect(target, `${file} imports past a face`).toBe(join(folderOf(target), "index.ts"));
    } else if (specifier === "unrolled" || specifier.startsWith("unrolled/")) {
      expect(allowed, `${file} imports ${specifier}`).toContain(specifier);
    } else if (specifier.startsWith("node:")) {
      expect(["node", "cli", "platform"], `${file} imports ${specifier}`).toContain(folder);
    }
  }
});

test("faces name what they export", () => {
  for (const file of files) expect(readFileSync(join(src, file), "utf8"), file).not.toMatch(/export \*/);
});
