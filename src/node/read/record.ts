/** @file Records of files, and how they are read. */
import type { DataError } from "../../base/index.ts";

/**
 * Format of the records. "lines": each line that isn't blank is a record `{ text }`. "csv", "tsv":
 * tables, whatever their separator is. "table": JSON or a table, whatever the file is called.
 */
export type RecordFormat = "jsonl" | "json" | "csv" | "tsv" | "table" | "lines";

export type TableOptions = {
  /** One character, or "tab" or "space". Default: told by the first rows. */
  readonly separator?: string | undefined;
  /**
   * Whether the first row holds the names of the columns, or a function that tells from its fields.
   * Default true. Without names they are called "0", "1", "2" and so on.
   */
  readonly header?: boolean | ((fields: readonly string[]) => boolean) | undefined;
};

/** Names of a table's columns. */
export type TableHead = {
  /** Beginning of errors about it, such as "mail.csv line 1". */
  readonly place: string;
  /** All names, as they are in records: spaces around them are cut off. */
  readonly names: readonly string[];
  /** Names that the table has, without the ones that stand for none. */
  readonly named: readonly string[];
  /** Whether the table's first row has them. */
  readonly hasNames: boolean;
  /** Names of records by a name that several columns have. */
  readonly repeated: ReadonlyMap<string, readonly string[]>;
};

export type ReadRecordsOptions = TableOptions & {
  /**
   * Default: by the extension (.jsonl, .ndjson, .json, .csv, .tsv, .tab, .txt). Without one of
   * these, and from standard input, by how the text begins: "{" and "[" are JSON, anything else a
   * table.
   */
  readonly format?: RecordFormat | undefined;
  /**
   * Column of texts. With it, files of lines (.txt) and texts without a known extension are what
   * they look like: JSON, a table where the first line has this column, and else lines, each of
   * which is the value of this column.
   */
  readonly textColumn?: string | undefined;
  /** Whether blank lines are records with an empty text, in the format "lines". Default false. */
  readonly keepBlank?: boolean | undefined;
  /** Encoding of the text, such as "latin1". Default: told by the bytes; see `readCorpus`. */
  readonly encoding?: string | undefined;
  /** Input that "-" reads. Default `process.stdin`. */
  readonly input?: AsyncIterable<Uint8Array | string> | undefined;
  /**
   * Called for each row or line that can't be read, which is then left out. Default: the error is
   * thrown.
   */
  readonly onBad?: ((error: DataError) => void) | undefined;
};

/** A record and where it stands. */
export type RecordEntry = {
  /** Values by name. Those of tables are strings; JSON keeps its types. */
  readonly record: Readonly<Record<string, unknown>>;
  /** Path, or "-" for standard input. */
  readonly file: string;
  /** Counted from 1; in a JSON array the number of the item. */
  readonly line: number;
  /** Beginning of errors about it, such as "mail.csv line 3". */
  readonly place: string;
  /** Head of the table that it is a row of. */
  readonly head?: TableHead | undefined;
};
