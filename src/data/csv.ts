/** @file Tables in comma-separated values (RFC 4180), row by row, of any length. */
import { checkInteger, checkOptions, DataError, kindError, sentence } from "../base/index.ts";

/** A row of a table. */
export type CsvRow = {
  /** Line of the row's first character, counted from 1. */
  readonly line: number;
  /** Fields, unchanged except for the quotes. */
  readonly fields: readonly string[];
};

/** Options of `csvRows`. */
export type CsvOptions = {
  /** Separator of fields, one character. Default ",". */
  readonly separator?: string | undefined;
  /** Number of rows to skip at the beginning, such as a header. Default 0. */
  readonly skip?: number | undefined;
  /** Beginning of error messages, such as the file's name. Default "csvRows". */
  readonly where?: string | undefined;
};

/**
 * Yields the rows of a table, from a text or its consecutive pieces, with a few rows in memory. A
 * field in double quotes may contain separators, line breaks and doubled quotes. Lines end in "\n"
 * or "\r\n". Skips empty lines and a byte order mark at the beginning.
 *
 * Throws DataError, with the line, for a row whose number of fields differs from the first row's, a
 * quote that is not closed, or something other than a separator after a closing quote.
 */
export function* csvRows(
  text: string | Iterable<string>,
  { separator = ",", skip = 0, where = "csvRows" }: CsvOptions = {},
): Generator<CsvRow, void, undefined> {
  checkOptions("csvRows", arguments[1], "separator skip where");
  if (typeof separator !== "string" || separator.length !== 1 || '"\r\n'.includes(separator))
    throw kindError(`${where} separator`, "one character, no quote or line break", separator);
  checkInteger(`${where} skip`, skip);
  let width: number | undefined;
  let rows = 0;
  for (const row of allRows(typeof text === "string" ? [text] : text, separator, where)) {
    width ??= row.fields.length;
    if (row.fields.length !== width)
      throw new DataError(sentence(`${where} line ${row.line}`, `${width} fields`, String(row.fields.length)));
    if (rows++ >= skip) yield row;
  }
}

/** State at the beginning of a field; the others are those below. */
const START = 0;
const PLAIN = 1;
const QUOTED = 2;
/** State after a quote in a quoted field: the field ends, or the quote is the first of two. */
const CLOSED = 3;

function* allRows(pieces: Iterable<string>, separator: string, where: string): Generator<CsvRow, void, undefined> {
  let state = START;
  let fields: string[] = [];
  let field = "";
  // start of the characters not yet in `field`; adding them one by one would make a string for each
  let from = 0;
  let line = 1;
  let begin = 1;
  let isFirst = true;
  let isAfterReturn = false;
  for (const piece of pieces) {
    let at = isFirst && piece.startsWith("\uFEFF") ? 1 : 0;
    if (piece.length > 0) isFirst = false;
    from = 0;
    for (; at < piece.length; at++) {
      const c = piece[at];
      if (c === "\n") line++;
      if (state === QUOTED) {
        if (c !== '"') continue;
        field += piece.slice(from, at);
        state = CLOSED;
      } else if (isAfterReturn && c !== "\n") {
        throw new DataError(
          sentence(`${where} line ${line}`, "a line feed after a carriage return", JSON.stringify(c)),
        );
      } else if (c === "\r") {
        if (state === PLAIN) field += piece.slice(from, at);
        isAfterReturn = true;
      } else if (c === separator || c === "\n") {
        if (state === PLAIN && !isAfterReturn) field += piece.slice(from, at);
        isAfterReturn = false;
        // an empty line is not a row
        if (c === separator || fields.length > 0 || state !== START) fields.push(field);
        field = "";
        state = START;
        if (c === separator) continue;
        if (fields.length > 0) yield { line: begin, fields };
        fields = [];
        begin = line;
      } else if (c === '"' && state !== PLAIN) {
        // the second of two quotes is part of the field
        from = state === CLOSED ? at : at + 1;
        state = QUOTED;
      } else if (state === CLOSED) {
        const expected = "a separator or the end of the line after a closing quote";
        throw new DataError(sentence(`${where} line ${line}`, expected, JSON.stringify(c)));
      } else if (state === START) {
        from = at;
        state = PLAIN;
      }
    }
    if (state === QUOTED || (state === PLAIN && !isAfterReturn)) field += piece.slice(from);
  }
  if (state === QUOTED) throw new DataError(sentence(`${where} line ${begin}`, "a closing quote", "the end"));
  if (fields.length > 0 || state !== START) yield { line: begin, fields: [...fields, field] };
}
