/** @file Weights of Keras, and any other arrays in an HDF5 file. */
import { isHdf5, readHdf5 } from "../hdf5/contents.ts";
import { arraysBelow, type KerasFile, kerasFileOf, readKerasZip } from "../keras/files.ts";
import { type FileBytes, onlyFile, type SourceFiles } from "../source.ts";
import { checkNames } from "../stored-tensor.ts";
import type { StoredTensor, Weights } from "../weights.ts";
import type { ZipEntry } from "../zip/read-zip.ts";

const WHERE = "readWeights";

/** Whether the only file is an HDF5 file. */
export function isHdf5File(files: SourceFiles): boolean {
  const file = onlyFile(files);
  return file !== undefined && isHdf5(file);
}

/** The arrays of an HDF5 file. Those of Keras have the names that Keras gives to weights. */
export async function readHdf5Weights(files: SourceFiles): Promise<Weights> {
  const root = await readHdf5(WHERE, onlyFile(files) as FileBytes);
  const keras = kerasFileOf(WHERE, root);
  if (keras !== undefined) return weightsOf(keras);
  return { format: "hdf5", tensors: checkNames(WHERE, [...arraysBelow(root)]), metadata: root.attributes };
}

/** The arrays of a `.keras` file. */
export const readKerasWeights = async (entries: ReadonlyMap<string, ZipEntry>): Promise<Weights> =>
  weightsOf(await readKerasZip(WHERE, entries));

function weightsOf({ version, config, layers, root }: KerasFile): Weights {
  const named = layers?.flatMap(({ layer, weights }) => weights.map((weight) => ({ layer, weight }))) ?? [];
  // two layers may give the same name to weights of theirs
  const counts = new Map<string, number>();
  for (const { weight } of named) counts.set(weight.name, (counts.get(weight.name) ?? 0) + 1);
  const ofLayers = named.map(({ layer, weight }): StoredTensor =>
    (counts.get(weight.name) as number) > 1 ? { ...weight, name: `${layer}/${weight.name}` } : weight,
  );
  const listed = new Set(named.map(({ weight }) => weight.read));
  const others = [...arraysBelow(root)].filter(({ read }) => !listed.has(read));
  return {
    format: "keras",
    tensors: checkNames(WHERE, [...ofLayers, ...others]),
    metadata: { version, ...(config === undefined ? {} : { config }) },
  };
}
