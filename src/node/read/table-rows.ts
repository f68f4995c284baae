/**
 * @file Rows of a table as people have them. A field in quotes may hold separators, line breaks and
 * doubled quotes; a quote that opens nothing is a character. Which of the two a quote is, the
 * number of fields decides: lines are never joined where each is a row by itself.
 */
import Papa from "papaparse";
import { DataError, sentence } from "../../base/index.ts";
import type { Line } from "./lines.ts";

/** A row, or what is wrong with one. */
export type TableRow = {
  /** Line on which it begins. */
  readonly line: number;
  readonly fields: readonly string[];
  readonly error?: undefined;
};
export type BrokenRow = { readonly line: number; readonly error: DataError };

export type TableRows = {
  /** Rows that end with this line. */
  push(line: Line): (TableRow | BrokenRow)[];
  /** Rows that the end of the text ends. */
  end(): (TableRow | BrokenRow)[];
  /** Whether the rows up to now show that their writer puts quotes around fields. */
  writesQuotes(): boolean;
};

export type TableRowsOptions = {
  /** Beginning of errors, such as the file's name. */
  readonly where: string;
  /** One character; " " stands for any number of them, "" for a single column. */
  readonly separator: string;
  /** Whether the writer is known to put quotes around fields. Default false: the rows tell. */
  readonly writesQuotes?: boolean | undefined;
};

/** Lines that are rows by themselves after which a quote before them has surely opened nothing. */
const SURE = 100;
/** Lines that are read again after a quote that has opened nothing. */
const MOST_AGAIN = 1000;
/** Separator of a single column: a control character that no text has. */
const NOTHING = "\u001F";

type Span = {
  readonly lines: Line[];
  /** Whether each line has as many fields as the head when its quotes are characters. */
  areRows: boolean;
  hasDoubled: boolean;
  /** Whether the quotes are odd in number, so that one is open. */
  isOdd: boolean;
  /** Lines before which it is not parsed again; doubled, so that the work stays linear. */
  next: number;
};

type Parsed = { readonly fields: string[]; readonly isOpen: boolean; readonly isClean: boolean };

/** A reader of the rows of one table, the head among them, which has the number of fields. */
export function tableRows({ where, separator, writesQuotes: isKnown = false }: TableRowsOptions): TableRows {
  let width: number | undefined;
  /** Names in the head, empty ones too. */
  let names: readonly string[] = [];
  let rows = 0;
  /** Rows with a field in quotes, and whether some of them needed the quotes. */
  let quoted = 0;
  let hasNeeded = isKnown;
  let span: Span | undefined;

  const writesQuotes = (): boolean => hasNeeded || (quoted >= 3 && quoted * 2 >= rows);

  /** The fields with the head's number, or undefined where they can't have it. */
  const fitted = (fields: string[]): string[] | undefined => {
    if (width === undefined || fields.length === width) return fields;
    if (fields.length > width) {
      const surplus = fields.slice(width);
      return surplus.every((field) => field.trim() === "") ? fields.slice(0, width) : undefined;
    }
    const isUnnamed = names.slice(fields.length).every((name) => name.trim() === "");
    return isUnnamed ? [...fields, ...Array<string>(width - fields.length).fill("")] : undefined;
  };
  /** R writes the names of rows, "1" and so on, without a name for their column. */
  const hasRowName = (fields: readonly string[]): boolean =>
    rows === 1 && fields.length === names.length + 1 && (fields[0] === "1" || quoted === 1);
  const accepted = (line: number, fields: string[]): TableRow => {
    if (width === undefined) names = fields;
    width = Math.max(width ?? 0, fields.length);
    rows++;
    return { line, fields };
  };
  const wrong = (line: number, fields: readonly string[]): BrokenRow => {
    const hint = "--separator sets what is between them; a field that holds it needs quotes around it";
    return { line, error: broken(`${where} line ${line}`, `${width} fields`, String(fields.length), hint) };
  };
  const literal = (text: string): string[] => splitPlainly(text, separator).map(unquoted);

  /** The row that a line is by itself, its open quotes being characters. */
  const alone = ({ text, line }: Line): TableRow | BrokenRow => {
    const fields = literal(text);
    const row = fitted(fields) ?? (hasRowName(fields) ? fields : undefined);
    return row === undefined ? wrong(line, fields) : accepted(line, row);
  };
  const again = (lines: readonly Line[]): (TableRow | BrokenRow)[] => lines.flatMap((line) => push(line));

  /** Rows of lines of which the first opens a quote that `parsed` closes, if it is there. */
  const settled = ({ lines, areRows }: Span, parsed?: Parsed): (TableRow | BrokenRow)[] => {
    const [first, ...others] = lines;
    const row = parsed?.isClean === true ? fitted(parsed.fields) : undefined;
    const isShort = lines.length === 2 && separator !== "\t";
    if (row !== undefined && (!areRows || writesQuotes() || isShort || isDoubled(row))) {
      quoted++;
      hasNeeded = true;
      return [accepted(first.line, row)];
    }
    if (areRows) return lines.map(alone);
    const isRow = width !== undefined && fitted(literal(first.text)) !== undefined;
    if (isRow && lines.length <= MOST_AGAIN) return [alone(first), ...again(others)];
    const error =
      parsed === undefined
        ? broken(
            `${where} line ${first.line}`,
            "a closing quote",
            "the end of the file",
            "A quote in a field is doubled",
          )
        : wrong(first.line, parsed.fields).error;
    return [{ line: first.line, error }, ...(lines.length <= MOST_AGAIN ? again(others) : [])];
  };

  /** The row of a line with quotes, none of which is open at its end. */
  const whole = (line: Line, parsed: Parsed): TableRow | BrokenRow => {
    const plain = literal(line.text);
    const row = fitted(parsed.fields);
    if (row !== undefined && (parsed.isClean || writesQuotes())) {
      hasNeeded ||= plain.length !== parsed.fields.length || isDoubled(row) || (rows === 0 && isQuoted(line.text));
      quoted++;
      // spaces may stand between a separator and a quote
      const raw = splitPlainly(line.text, separator);
      const isPadded = (i: number): boolean => /^\s+"/.test(raw[i]);
      const isSame = raw.length === row.length;
      // a writer of tabs that puts no quotes around fields has them for characters
      if (isSame && separator === "\t" && rows > 0 && !writesQuotes()) return accepted(line.line, raw);
      return accepted(
        line.line,
        row.map((field, i) => (isSame && isPadded(i) ? plain[i] : field)),
      );
    }
    const named = parsed.isClean && hasRowName(parsed.fields) ? parsed.fields : undefined;
    const other = fitted(plain) ?? row ?? named;
    return other === undefined ? wrong(line.line, parsed.fields) : accepted(line.line, other);
  };

  function push(line: Line): (TableRow | BrokenRow)[] {
    const { text } = line;
    if (span === undefined) {
      if (isBlank(text, separator)) return [];
      if (!text.includes('"')) return [alone(line)];
      const parsed = parse(text, separator);
      const isOdd = quotesOf(text) % 2 === 1;
      if (!parsed.isOpen) return [whole(line, parsed)];
      // closed by number, but not where a field ends: as in `"so" he said`
      if (!isOdd) return [alone(line)];
      const areRows = width !== undefined && fitted(literal(text)) !== undefined;
      span = { lines: [line], areRows, hasDoubled: text.includes('""'), isOdd, next: 2 };
      return [];
    }
    span.lines.push(line);
    span.areRows &&= fitted(literal(text)) !== undefined;
    span.hasDoubled ||= text.includes('""');
    if (quotesOf(text) % 2 === 1) span.isOdd = !span.isOdd;
    const { lines, areRows } = span;
    if (areRows && lines.length >= SURE && !span.hasDoubled && !writesQuotes()) return ended();
    if (span.isOdd || !text.includes('"') || lines.length < span.next) return [];
    const parsed = parse(lines.map((one) => one.text).join("\n"), separator);
    if (!parsed.isOpen) return ended(parsed);
    span.next = 2 * lines.length;
    return [];
  }
  function ended(parsed?: Parsed): (TableRow | BrokenRow)[] {
    const done = span;
    span = undefined;
    return done === undefined ? [] : settled(done, parsed);
  }
  function end(): (TableRow | BrokenRow)[] {
    const found: (TableRow | BrokenRow)[] = [];
    while (span !== undefined) found.push(...ended());
    return found;
  }
  return { push, end, writesQuotes };
}

const broken = (where: string, expected: string, got: string, hint: string): DataError =>
  new DataError(sentence(where, expected, got, hint));

const isBlank = (text: string, separator: string): boolean =>
  text.trim() === "" && (separator.trim() !== "" || separator === "" || !text.includes(separator));

function quotesOf(text: string): number {
  let found = 0;
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at + 1)) found++;
  return found;
}

const isDoubled = (fields: readonly string[]): boolean => fields.some((field) => field.includes('"'));

/** Whether all fields of a head are in quotes. */
const isQuoted = (text: string): boolean => /^"[^"]*"(?:[^"]"[^"]*")*$/.test(text.trim());

function splitPlainly(text: string, separator: string): string[] {
  if (separator === "") return [text];
  return separator === " " ? text.trim().split(/ +/) : text.split(separator);
}

/** The field without quotes around it, where those within it are doubled. */
function unquoted(field: string): string {
  if (!field.includes('"')) return field;
  const inner = /^\s*"((?:[^"]|"")*)"\s*$/.exec(field)?.[1];
  return inner === undefined ? field : inner.replaceAll('""', '"');
}

/** Fields of a row that may hold line breaks in quotes. */
function parse(text: string, separator: string): Parsed {
  const parsed = parseWith(text, separator, '"');
  // R and MySQL write \" for a quote
  if (parsed.isClean || !text.includes('\\"')) return parsed;
  const escaped = parseWith(text, separator, "\\");
  return escaped.isClean ? escaped : parsed;
}

function parseWith(text: string, separator: string, escapeChar: string): Parsed {
  const { data, errors } = Papa.parse<string[]>(text, {
    delimiter: separator === "" ? NOTHING : separator,
    newline: "\n",
    escapeChar,
  });
  return {
    fields: data.flat(),
    isOpen: errors.some(({ code }) => code === "MissingQuotes"),
    isClean: data.length === 1 && errors.length === 0,
  };
}
