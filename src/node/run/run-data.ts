/** @file The data that the configuration of a run names, which may be a stranger's. */
import { DataError, sentence } from "../../base/index.ts";
import { type DataFile, digest } from "./run-config.ts";
import { statOf } from "../files/safe-file.ts";

export type CheckRunDataOptions = {
  /** Whether they have to be, byte for byte, what they were, as for a run that goes on. */
  readonly unchanged: boolean;
};

/**
 * Throws DataError unless what a configuration names as data may be read without anybody having typed it: files, no pipes and devices, and for a run that
 * goes on those that it has seen. Whoever doesn't know a file's hash can't make a run read it.
 */
export function checkRunData(where: string, data: readonly DataFile[], { unchanged }: CheckRunDataOptions): void {
  for (const { path, bytes, sha256 } of data) {
    const found = statOf(where, path);
    const wrong = (expected: string, got: string): DataError =>
      new DataError(sentence(`${where}: ${path}`, expected, got, "Type the files to read others"));
    if (found === undefined) throw wrong("the file that the run has read", "nothing there");
    if (!found.isFile()) throw wrong("a file", found.isDirectory() ? "a folder" : "a pipe, a socket or a device");
    if (!unchanged) continue;
    if (found.size !== bytes) throw wrong(`${bytes} bytes, as the run has read`, String(found.size));
    const now = digest(path).sha256;
    if (now !== sha256) throw wrong(`the SHA-256 ${sha256}, as the run has read`, now);
  }
}
