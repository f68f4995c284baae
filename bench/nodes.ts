/** @file The Node of the system beside the one that runs this, and what it needs to run a contestant. */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { availableNodes, type NodeProgram } from "../test/helpers/nodes.ts";

/** The first Node of the PATH that is not a development dependency, if its version is another. */
export function systemNode(): NodeProgram | undefined {
  return availableNodes().find(({ version }) => version !== process.version);
}

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

/** This package's contestant as JavaScript, for a Node that runs no TypeScript. Returns its path. */
export function plainContestant(): string {
  const files = [path("peers/unrolled.ts"), "--rootDir", path("."), "--outDir", path("../.bench/plain")];
  const language = ["--module", "nodenext", "--target", "es2023", "--rewriteRelativeImportExtensions"];
  // checked with all the rest; here the types are only taken away
  execFileSync(path("../node_modules/.bin/tsc"), [...files, ...language, "--ignoreConfig", "--noCheck"]);
  return path("../.bench/plain/peers/unrolled.js");
}
