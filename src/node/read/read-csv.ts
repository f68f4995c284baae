import { type CsvOptions, type CsvRow, csvRows } from "../../data/index.ts";
import { textPieces } from "./file-pieces.ts";

/**
 * The rows of a table in a file of UTF-8, as `csvRows`, with a few MiB of memory whatever its
 * length. The file is open until the last row, or until the loop over them is left. Errors begin
 * with its path. Throws DataError.
 */
export const readCsv = (path: string, options: Omit<CsvOptions, "where"> = {}): Generator<CsvRow, void, undefined> =>
  csvRows(textPieces([path]), { ...options, where: path });
