import { isHdf5 } from "../hdf5/contents.ts";
import { onlyFile, type SourceFiles } from "../source.ts";
import { isJson } from "./json/json-files.ts";
import { isZip } from "../zip/read-zip.ts";

/**
 * Whether files may be a model of Keras: a zip file, an HDF5 file, or `model.json` with the files
 * that hold its weights.
 */
export function mayBeKeras(files: SourceFiles): boolean {
  const file = onlyFile(files);
  if (file !== undefined) return isZip(file) || isHdf5(file) || isJson(files);
  return isJson(files);
}
