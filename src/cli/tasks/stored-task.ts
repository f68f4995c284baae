/** @file The task that a run's configuration names, without the library, for the help. */
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/**
 * The task in a run's config.json. Undefined where none is named or the file can't be read, which
 * is reported when it is needed.
 */
export function storedTaskName(run: string): string | undefined {
  for (const file of [run, join(run, "config.json")]) {
    try {
      if (!statSync(file).isFile()) continue;
      const { task } = JSON.parse(readFileSync(file, "utf8")) as { readonly task?: string };
      return task;
    } catch {
      // nothing there, or no configuration
    }
  }
  return undefined;
}
