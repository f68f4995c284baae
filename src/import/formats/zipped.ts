/** @file Formats that are zip files, told apart by the names in them. */
import { describe, FormatError, sentence } from "../../base/index.ts";
import { type FileBytes, onlyFile, type SourceFiles } from "../source.ts";
import type { Weights } from "../weights.ts";
import { isZip, readZip, type ZipEntry } from "../zip/read-zip.ts";
import { isNpz, readNpz } from "./npy.ts";
import { isKerasZip } from "../keras/files.ts";
import { readKerasWeights } from "./keras.ts";
import { isTorch, readTorch } from "./torch/read-torch.ts";

type Zipped = {
  readonly is: (entries: ReadonlyMap<string, ZipEntry>) => boolean;
  readonly read: (entries: ReadonlyMap<string, ZipEntry>) => Weights | Promise<Weights>;
};

const kinds: readonly Zipped[] = [
  { is: isTorch, read: readTorch },
  { is: isNpz, read: readNpz },
  { is: isKerasZip, read: readKerasWeights },
];

/** Whether the only file is a zip file. */
export function isZipped(files: SourceFiles): boolean {
  const file = onlyFile(files);
  return file !== undefined && isZip(file);
}

/** Reads the list of arrays in a zip file. Throws FormatError for one of no known format. */
export async function readZipped(files: SourceFiles): Promise<Weights> {
  const entries = await readZip("readWeights", onlyFile(files) as FileBytes);
  const kind = kinds.find(({ is }) => is(entries));
  if (kind === undefined)
    throw new FormatError(
      sentence("readWeights", "a zip file of weights", `one of the files ${describe([...entries.keys()])}`),
    );
  return kind.read(entries);
}
