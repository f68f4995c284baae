/**
 * @file The HDF5 library as WebAssembly (h5wasm), loaded when the first HDF5 file comes. Its files
 * lie in memory of its own: it sees no disk and opens nothing.
 */
import type { Module } from "h5wasm";
import { describe, FormatError, sentence } from "../../base/index.ts";
import type { FileBytes } from "../source.ts";

/** The library. */
export type H5Module = typeof Module;

/** File system of Emscripten, as far as it is used: its types are Node's global ones in h5wasm. */
type FileNode = {
  usedBytes: number;
  contents: Uint8Array;
  stream_ops: object;
};
type FileSystem = {
  writeFile(path: string, data: Uint8Array): void;
  lookupPath(path: string): { node: FileNode };
  unlink(path: string): void;
  closeStream(fd: number): void;
  open(path: string, flags: string): unknown;
};

let loading: Promise<H5Module> | undefined;
let opened = 0;

/** Loads the library once. */
export const loadHdf5 = (): Promise<H5Module> => (loading ??= load());

async function load(): Promise<H5Module> {
  const { ready } = await import("h5wasm");
  const library = await ready;
  const files = library.FS as unknown as FileSystem;
  // what it prints about damaged files goes nowhere: errors of ours say so
  files.closeStream(2);
  files.open("/dev/null", "w");
  return library;
}

/**
 * Calls `read` with the open file. The bytes are read where they lie, not copied. Throws
 * FormatError where the library fails.
 */
export function withHdf5<T>(where: string, library: H5Module, file: FileBytes, read: (id: bigint) => T): T {
  const files = library.FS as unknown as FileSystem;
  const name = `${opened++}.h5`;
  files.writeFile(name, new Uint8Array(0));
  const { node } = files.lookupPath(name);
  node.usedBytes = file.length;
  node.stream_ops = {
    ...node.stream_ops,
    read(_: unknown, target: Uint8Array, offset: number, count: number, position: number): number {
      const size = Math.max(0, Math.min(count, node.usedBytes - position));
      if (size > 0) target.set(file.view(position, position + size), offset);
      return size;
    },
  };
  let id = -1n;
  try {
    id = BigInt(library.open(name, library.H5F_ACC_RDONLY, false, -1, -1));
    if (id <= 0n) throw new FormatError(sentence(where, "an HDF5 file", "one that the HDF5 library cannot open"));
    return read(id);
  } catch (error) {
    throw asFileError(where, error);
  } finally {
    try {
      if (id > 0n) library.close_file(id);
    } catch {
      // a file so damaged that it cannot be closed either
    }
    files.unlink(name);
    node.usedBytes = 0;
  }
}

/** Errors of the library as ours; those of ours as they are. */
function asFileError(where: string, error: unknown): unknown {
  if (error instanceof Error && "code" in error && String(error.code).startsWith("ERR_")) return error;
  const what = error instanceof Error ? error.message : describe(error);
  return new FormatError(sentence(where, "an HDF5 file", `one that the HDF5 library cannot read: ${what}`), {
    cause: error,
  });
}
