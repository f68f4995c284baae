/** @file Options of tables and texts that all tasks that read them share. */
import { choice, flag, onUnless, text } from "./table.ts";
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

/** `--skip-bad`, for examples that are rows or lines of a file. */
export const SKIP_BAD_ROWS = {
  skipBad: flag("leave out rows that can't be read or have no label, and say how many and why"),
} as const;

/** Options of answers: how they are printed, and what joins them with their inputs. */
export const ANSWER_OPTIONS = {
  csv: flag("print CSV: the input with its file and line, and the answer with all digits"),
} as const;

/** Options of answers to records. */
export const RECORD_ANSWER_OPTIONS = {
  ...ANSWER_OPTIONS,
  idColumn: text("name", "column that is copied to --csv and --json, to join them with the input", {}),
} as const;
