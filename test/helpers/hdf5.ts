/** @file HDF5 files of the tests, written by h5wasm. */
import { File, FS, ready } from "h5wasm";

type Files = { readFile(path: string): Uint8Array; unlink(path: string): void };
let count = 0;

/** The bytes of a file that `build` fills. */
export async function hdf5Of(build: (file: File) => void): Promise<Uint8Array> {
  await ready;
  const name = `test-${count++}.h5`;
  const file = new File(name, "w");
  build(file);
  file.close();
  const files = FS as unknown as Files;
  const bytes = files.readFile(name).slice();
  files.unlink(name);
  return bytes;
}
