import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

export type NodeProgram = { readonly path: string; readonly version: string };

/** The Node that runs the tests and, where the PATH has another, the system's. */
export function availableNodes(): NodeProgram[] {
  const candidates = [
    process.execPath,
    ...(process.env["PATH"] ?? "")
      .split(delimiter)
      .filter((folder) => !folder.includes("node_modules"))
      .map((folder) => join(folder, "node")),
  ];
  const byVersion = new Map<string, string>();
  for (const path of candidates) {
    if (!existsSync(path)) continue;
    const version = execFileSync(path, ["--version"], { encoding: "utf8" }).trim();
    if (!byVersion.has(version)) byVersion.set(version, path);
  }
  return [...byVersion].map(([version, path]) => ({ version, path }));
}
