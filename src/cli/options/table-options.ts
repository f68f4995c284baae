/** @file Options of tables and texts that all tasks that read them share. */
import { choice, onUnless, text } from "./table.ts";
import { checkEncoding, separatorOf } from "./table-values.ts";

/** `--encoding`, for all that is read as text. */
export const TEXT_OPTIONS = {
  encoding: text("name", "encoding of the files, such as latin1, utf-16le, euc-kr (default: told by the bytes)", {
    parse: checkEncoding,
  }),
} as const;

/** `--normalize`, for all tasks that learn texts. */
export const NORMALIZE = {
  normalize: choice(["nfc", "nfkc", "none"], "Unicode form of texts, in training and use; bytes stay as they are", {
    default: "nfc",
    before: "none",
  }),
} as const;

/** Options of files of records: tables, JSON, lines. */
export const TABLE_OPTIONS = {
  separator: text(
    "char",
    "what separates the fields of a table: one character, tab or space (default: told by its rows)",
    {
      parse: separatorOf,
    },
  ),
  header: onUnless("the first row of a table is data; its columns are called 0, 1, 2, …"),
  ...TEXT_OPTIONS,
} as const;
