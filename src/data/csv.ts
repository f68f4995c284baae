/** @file Tables in comma-separated values (RFC 4180), row by row, of any length. */
import { checkInteger, DataError, kindError, sentence } from "../base/index.ts";

export type CsvRow = {
  /** Of the row's first character, counted from 1. */
  readonly line: number;
  /** As they are, without the quotes around them. */
  readonly fields: readonly string[];
};

export type CsvOptions = {
  /** Between fields, one character. Default ",". */
  readonly separator?: string;
  /** Rows at the beginning, such as a header, that are left out. Default 0. */
  readonly skip?: number;
  /** What errors begin with, such as the file's name. Default "csvRows". */
  readonly where?: string;
};

/**
 * The rows of a table, a text or its pieces one after the other, with a few rows in memory. A field
 * in double quotes may hold separators, line breaks and, as two, a quote. Lines end in "\n" or
 * "\r\n". A byte order mark at the beginning and empty lines are left out.
 *
 * Throws DataError, with the line, for a row that has another number of fields than the first, a
 * quote that is not closed, or something other than a separator after a closing quote.
 */
export function* csvRows(
  text: string | Iterable<string>,
  { separator = ",", skip = 0, where = "csvRows" }: CsvOptions = {},
): Generator<CsvRow, void, undefined> {
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

/** Where the next character stands. */
const START = 0;
const PLAIN = 1;
const QUOTED = 2;
/** After a quote in a quoted field: it ends there, or the quote is the first of two. */
const CLOSED = 3;

function* allRows(pieces: Iterable<string>, separator: string, where: string): Generator<CsvRow, void, undefined> {
  let state = START;
  let fields: string[] = [];
  let field = "";
  // Characters of the field that are not in `field` yet: those of the piece from here on. Added one
  // by one, each would be an object of its own.
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
        // an empty line is no row
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
