/** @file Files that gzip has packed. */
import { createReadStream } from "node:fs";
import { createGunzip } from "node:zlib";
import { DataError, sentence } from "../../base/index.ts";
import { fileError } from "../files/safe-file.ts";
import { checkUnpacked } from "./limits.ts";

/**
 * The bytes of a packed file, in pieces. Throws DataError where it is damaged, or becomes more than
 * a file of its size may.
 */
export async function* gunzippedPieces(path: string): AsyncGenerator<Uint8Array, void, undefined> {
  const file = createReadStream(path);
  const unpacked = createGunzip();
  file.on("error", (error) => unpacked.destroy(error));
  let bytes = 0;
  try {
    for await (const piece of file.pipe(unpacked)) {
      bytes += (piece as Uint8Array).length;
      checkUnpacked(path, "text", file.bytesRead, bytes);
      yield piece as Uint8Array;
    }
  } catch (error) {
    const code = String((error as NodeJS.ErrnoException).code);
    if (!code.startsWith("Z_") && code !== "ERR_BUFFER_OUT_OF_BOUNDS") throw fileError("read", path, error);
    throw new DataError(sentence(path, "text that gzip has packed", (error as Error).message), { cause: error });
  } finally {
    file.destroy();
    unpacked.destroy();
  }
}
