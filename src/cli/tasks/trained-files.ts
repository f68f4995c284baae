/** @file Which of the files that a model is evaluated on it was trained on. */
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { CONFIG_FILE, type DataFile, describeData, readRunConfig, statIfAny } from "unrolled/node";
import { directoryOf } from "./task-of.ts";

/** Whether files are all those of the run, in its order, or some of them with or without others. */
export type TrainedFiles =
  | { readonly are: "new" }
  | { readonly are: "all" | "some"; readonly paths: readonly string[] };

/**
 * Compares the contents of the files at `paths` with those that the run of a model has read.
 * `filesOf` gives the files that a task reads of paths.
 */
export function trainedFiles(
  model: string,
  paths: readonly string[],
  filesOf: (paths: readonly string[]) => readonly string[] = (all) => all,
): TrainedFiles {
  const directory = directoryOf(model);
  if (!existsSync(join(directory, CONFIG_FILE))) return { are: "new" };
  const { data } = readRunConfig(directory);
  const files = alike(filesOf(paths), data);
  const known = new Set(data.map(({ sha256 }) => sha256));
  const trained = files.filter(({ sha256 }) => known.has(sha256));
  if (trained.length === 0) return { are: "new" };
  const isSame = trained.length === files.length && same(hashesOf(files).toSorted(), hashesOf(data).toSorted());
  const ordered = isSame ? inOrder(paths, files, data) : undefined;
  if (ordered !== undefined) return { are: "all", paths: ordered };
  return { are: "some", paths: [...new Set(trained.map(({ path }) => path))] };
}

/** The files with their hashes, which take long where they are large: none for other sizes. */
function alike(paths: readonly string[], data: readonly DataFile[]): DataFile[] {
  const sizes = new Set(data.map(({ bytes }) => bytes));
  const isLikely = (path: string): boolean => {
    const stats = path === "-" ? undefined : statIfAny(path);
    return stats !== undefined && (stats.isDirectory() || (stats.isFile() && sizes.has(statSync(path).size)));
  };
  return paths.flatMap((path) => (isLikely(path) ? describeData([path]) : [{ path, bytes: 0, sha256: "" }]));
}

const hashesOf = (files: readonly DataFile[]): string[] => files.map(({ sha256 }) => sha256);

const same = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((value, i) => value === b[i]);

/**
 * The paths in the order of the run, which decides what is held out. Undefined for folders whose
 * files are in another.
 */
function inOrder(
  paths: readonly string[],
  files: readonly DataFile[],
  data: readonly DataFile[],
): readonly string[] | undefined {
  if (same(hashesOf(files), hashesOf(data))) return paths;
  if (files.length !== paths.length || files.some(({ path }) => !paths.includes(path))) return undefined;
  const rest = [...files];
  return data.map(({ sha256 }) => {
    const [next] = rest.splice(
      rest.findIndex((file) => file.sha256 === sha256),
      1,
    );
    return next.path;
  });
}
