/** @file Records of Parquet files, one group of their rows after the other. */
import type { Compressors } from "hyparquet";
import { DataError, sentence } from "../../base/index.ts";
import { checkUnpacked } from "./limits.ts";
import type { RecordEntry, TableHead } from "./record.ts";

/** Rows of a group that are decoded at once. */
const MOST_ROWS = 10_000;

/**
 * The records of a Parquet file. Integers become numbers, times ISO 8601. The package that decodes
 * it is loaded when this is called. Throws DataError for a damaged file.
 */
export async function* parquetEntries(path: string): AsyncGenerator<Omit<RecordEntry, "file">, void, undefined> {
  const { asyncBufferFromFile, parquetMetadataAsync, parquetRead, parquetSchema } = await import("hyparquet");
  const { compressors } = await import("hyparquet-compressors");
  const file = await decoding(path, () => asyncBufferFromFile(path));
  const metadata = await decoding(path, () => parquetMetadataAsync(file));
  const names = await decoding(path, () => parquetSchema(metadata).children.map(({ element }) => element.name));
  const head: TableHead = { place: path, names, named: names, hasNames: true, repeated: new Map() };
  const rows = Number(metadata.num_rows);
  let line = 0;
  for (let start = 0; start < rows; start += MOST_ROWS) {
    const found: (readonly unknown[])[] = [];
    await decoding(path, () =>
      parquetRead({
        file,
        metadata,
        compressors: bounded(path, compressors),
        rowStart: start,
        rowEnd: Math.min(rows, start + MOST_ROWS),
        onComplete: (some) => {
          for (const row of some) found.push(row);
        },
      }),
    );
    for (const row of found) {
      line++;
      const record = Object.fromEntries(names.map((name, i) => [name, plain(row[i])]));
      yield { record, line, place: `${path} row ${line}`, head };
    }
  }
}

/** Throws DataError for whatever the decoder throws. */
async function decoding<R>(path: string, f: () => R | Promise<R>): Promise<R> {
  try {
    return await f();
  } catch (error) {
    if (error instanceof DataError) throw error;
    throw new DataError(sentence(path, "a Parquet file", (error as Error).message), { cause: error });
  }
}

/** Decompressors that are asked for no more than a file of that size may become. */
const bounded = (path: string, compressors: Compressors): Compressors =>
  Object.fromEntries(
    Object.entries(compressors).map(([name, decompress]) => [
      name,
      (input: Uint8Array, length: number): Uint8Array => {
        checkUnpacked(path, "a page", input.length, length);
        return decompress(input, length);
      },
    ]),
  );

/** A value as JSON would have it. */
function plain(value: unknown): unknown {
  if (typeof value === "bigint") {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : String(value);
  }
  if (value instanceof Date) return value.toISOString().replace("T00:00:00.000Z", "").replace(".000Z", "Z");
  if (Array.isArray(value)) return value.map(plain);
  if (ArrayBuffer.isView(value)) return Array.from(value as Float64Array, plain);
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, plain(one)]));
  return value === undefined ? null : value;
}
