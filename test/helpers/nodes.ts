import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

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

/** The lowest Node that the package supports, as `npm install` puts it there; the system's where that is a Node 20. */
export function lowestNode(): NodeProgram {
  const path = fileURLToPath(new URL("../lowest-node/node_modules/node/bin/node", import.meta.url));
  if (existsSync(path)) return { path, version: execFileSync(path, ["--version"], { encoding: "utf8" }).trim() };
  const found = availableNodes().find(({ version }) => version.startsWith("v20."));
  if (found === undefined) throw new Error(`expected a Node 20 at ${path}, got none. Run npm install first`);
  return found;
}
