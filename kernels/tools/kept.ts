/** @file Results of an earlier build, which are kept while nothing that they come from has changed. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

const place = (name: string): string => fileURLToPath(new URL(`../assembly/generated/${name}`, import.meta.url));

/** SHA-256 of the names and the contents of files, in their order; of what is missing, the name. */
export function hashOf(files: readonly string[]): string {
  const hash = createHash("sha256");
  for (const file of files) hash.update(`${file}\n`).update(existsSync(file) ? readFileSync(file) : "missing");
  return hash.digest("hex");
}

/** The text that was kept by the name for the same hash, or undefined. */
export function kept(name: string, hash: string): string | undefined {
  if (!existsSync(place(name))) return undefined;
  const text = readFileSync(place(name), "utf8");
  return text.startsWith(`${hash}\n`) ? text.slice(hash.length + 1) : undefined;
}

/** Keeps a text by a name, for a hash. */
export function keep(name: string, hash: string, text: string): void {
  mkdirSync(dirname(place(name)), { recursive: true });
  writeFileSync(place(name), `${hash}\n${text}`);
}
