/** @file Files of some kinds below a folder. */
import { lstatSync } from "node:fs";
import { extname, join } from "node:path";
import { DataError, describe, sentence, warnOnce } from "../../base/index.ts";
import { checkInside, namesIn, withPath } from "../files/safe-file.ts";
import { naturally } from "./natural-order.ts";

const WHERE = "filesIn";

/**
 * The files below a folder, folders in it included, whose names have one of these endings, in small
 * letters, such as [".png"]; in natural order (2.png before 10.png). Others are passed over with a
 * warning that counts them, names that begin with "." without one. Throws DataError where there is
 * none, and for one that is a symbolic link out of the folder or no regular file.
 */
export function filesIn(folder: string, extensions: readonly string[]): string[] {
  const others: string[] = [];
  const found: string[] = [];
  const search = (path: string): void => {
    const names = namesIn(WHERE, path).filter((name) => !name.startsWith("."));
    for (const name of names.sort(naturally)) {
      const file = join(path, name);
      if (withPath(WHERE, file, () => lstatSync(file)).isDirectory()) search(file);
      else if (extensions.includes(extname(name).toLowerCase())) {
        checkInside(WHERE, folder, file);
        found.push(file);
      } else others.push(file);
    }
  };
  search(folder);
  const kinds = extensions.join(" or ");
  if (found.length === 0) {
    const got = others.length === 0 ? "none" : `${others.length} others, such as ${describe(others[0])}`;
    throw new DataError(sentence(folder, `${kinds} files`, got));
  }
  if (others.length > 0)
    warnOnce(
      `${folder}: ${others.length} of ${others.length + found.length} files are no ${kinds} files and are passed over, such as ${describe(others[0])}`,
    );
  return found;
}
