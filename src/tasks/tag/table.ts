/** @file Tagged sentences in tables, such as CSV: a row per token, or a row per sentence. */
import { checkOptions, DataError, sentence } from "../../base/index.ts";
import { OUTSIDE } from "../../metrics/index.ts";
import { type Column, TAG_NAMES, TOKEN_NAMES } from "./column-form.ts";
import { exampleOfRecord, type TaggedJsonlOptions } from "./json.ts";
import { checkTag } from "./lines.ts";
import { labelledRecord } from "./records.ts";
import { SpanNotes } from "./spans-of-text.ts";
import { splitSpaces } from "./split-tokens.ts";
import { placed, type TaggedExample } from "./words.ts";

/** A row of a table and the line on which it begins. */
export type TaggedRow = { readonly line: number; readonly fields: readonly string[] };

export type TaggedTableOptions = Pick<
  TaggedJsonlOptions,
  "badSpans" | "offsets" | "onBad" | "onNote" | "scheme" | "where"
> & {
  readonly tokenColumn?: Column | undefined;
  readonly tagColumn?: Column | undefined;
  /** Whether the table may have no column of tags; all are "O" then. Default false. */
  readonly isTagless?: boolean | undefined;
};

const TEXT_NAMES = ["text", "sentence", "content"];
/** Columns that are the same in all rows of a sentence, or filled in its first row only. */
const SENTENCE_NAMES = [
  "sentence #",
  "sentence_id",
  "sentence id",
  "sent_id",
  "sentence_num",
  "sentence_idx",
  "sentence",
];

/** Whether the first line of a text is the head of such a table, which is not one of CoNLL. */
export function isTaggedTable(line: string): boolean {
  const separator = [",", ";", "\t"].find((one) => line.includes(one));
  if (separator === undefined) return false;
  const names = line.split(separator).map((name) => name.trim().replaceAll('"', "").toLowerCase());
  const has = (some: readonly string[]): boolean => names.some((name) => some.includes(name));
  if (!has([...TOKEN_NAMES, ...TEXT_NAMES]) || !has(TAG_NAMES)) return false;
  return separator !== "\t" || has(SENTENCE_NAMES);
}

/**
 * Sentences in the rows of a table, whose first one has the names of the columns. With a row per
 * token, as in Kaggle's version of GMB, a sentence ends where its column ("Sentence #") has another
 * value, or at a blank line. With a row per sentence, tokens and tags are lists, as Python writes
 * them, or separated by spaces; or there are a text and its spans as JSON, as Label Studio writes
 * them.
 *
 * Throws DataError, with the line, for columns that are missing and rows that are wrong.
 */
export function parseTaggedTable(rows: readonly TaggedRow[], options: TaggedTableOptions = {}): TaggedExample[] {
  checkOptions(
    "parseTaggedTable",
    options,
    "tokenColumn tagColumn scheme where offsets badSpans onNote onBad isTagless separator encoding",
  );
  const { where = "parseTaggedTable", tokenColumn, tagColumn, onBad, onNote } = options;
  const [head, ...body] = rows;
  if (head === undefined) return [];
  const names = head.fields.map((name) => name.trim().toLowerCase());
  const place = `${where} line ${head.line}`;
  const column = (asked: Column | undefined, usual: readonly string[], flag: string): number => {
    const wanted = asked === undefined ? usual : [String(asked).toLowerCase()];
    const at =
      typeof asked === "number"
        ? asked < 0
          ? names.length + asked
          : asked
        : wanted.map((name) => names.indexOf(name)).find((i) => i >= 0);
    if (at !== undefined && at >= 0 && at < names.length) return at;
    const expected =
      asked === undefined
        ? `a column called ${usual.slice(0, 4).join(", ")} or so`
        : `a column ${JSON.stringify(asked)}`;
    throw new DataError(sentence(place, expected, head.fields.join(", "), `Choose it with ${flag}`));
  };
  const token = column(tokenColumn, [...TOKEN_NAMES, ...TEXT_NAMES], "--token-column");
  const isWithout =
    options.isTagless === true && tagColumn === undefined && !names.some((name) => TAG_NAMES.includes(name));
  const tag = isWithout ? -1 : column(tagColumn, TAG_NAMES, "--tag-column");
  const group = SENTENCE_NAMES.map((name) => names.indexOf(name)).find((i) => i >= 0 && i !== token && i !== tag);
  const attempt = (build: () => TaggedExample): TaggedExample[] => {
    try {
      const example = build();
      return example.tokens.length > 0 ? [example] : [];
    } catch (error) {
      if (!(error instanceof DataError) || onBad === undefined) throw error;
      onBad(error);
      return [];
    }
  };
  if (!areWhole(body, token, tag))
    return sentencesOf(body, group).flatMap((own) => attempt(() => tokenRows(where, own, token, tag, options)));
  const notes = new SpanNotes();
  const found = body.flatMap(({ line, fields }) =>
    attempt(() => wholeRow(`${where} line ${line}`, fields[token], fields[tag], options, notes)),
  );
  if (options.badSpans === undefined) notes.checkParts();
  for (const note of notes.all()) onNote?.(note);
  return found;
}

/** Whether rows are sentences: their tags are a list, or as many as the words of a text. */
const areWhole = (rows: readonly TaggedRow[], token: number, tag: number): boolean =>
  rows.slice(0, 100).every(({ fields }) => {
    const tags = fields[tag] ?? "";
    return (
      tags.trim() === "" ||
      /^\s*\[/.test(tags) ||
      (/\s/.test(tags.trim()) && splitSpaces(tags).length === splitSpaces(fields[token] ?? "").length)
    );
  }) && rows.some(({ fields }) => (fields[tag] ?? "").trim() !== "");

function sentencesOf(rows: readonly TaggedRow[], group: number | undefined): TaggedRow[][] {
  const found: TaggedRow[][] = [];
  let last: string | undefined;
  let line = 0;
  for (const row of rows) {
    const own = group === undefined ? "" : row.fields[group].trim();
    const isNew = own !== "" && own !== last;
    const isBlank = row.fields.every((field) => field.trim() === "");
    if (found.length === 0 || isNew || isBlank || (group === undefined && row.line > line + 1)) found.push([]);
    if (own !== "") last = own;
    line = row.line;
    if (!isBlank) found.at(-1)?.push(row);
  }
  return found.filter(({ length }) => length > 0);
}

function tokenRows(
  where: string,
  rows: readonly TaggedRow[],
  token: number,
  tag: number,
  { scheme }: TaggedTableOptions,
): TaggedExample {
  const here = (t: number): string => `${where} line ${rows[t].line}`;
  const tokens = rows.map(({ fields }, t) => {
    const text = fields[token].trim();
    if (text === "")
      throw new DataError(sentence(here(t), "a token", "nothing", "Choose its column with --token-column"));
    return text;
  });
  const tags = rows.map(({ fields }, t) => (tag < 0 ? OUTSIDE : checkTag(here(t), fields[tag], scheme)));
  return placed({ tokens, tags }, here(0), here);
}

function wholeRow(
  here: string,
  text: string,
  tags: string,
  { offsets = "utf16", badSpans = "mend", scheme }: TaggedTableOptions,
  notes: SpanNotes,
): TaggedExample {
  const list = tags.trim() === "" ? [] : listOf(tags);
  const tokens = /^\s*\[/.test(text)
    ? listOf(text)
    : typeof list[0] === "string"
      ? splitSpaces(text).map(({ token }) => token)
      : undefined;
  const record = labelledRecord(here, tokens === undefined ? { text, spans: list } : { tokens, tags: list });
  if (record.kind === "unlabelled") return { tokens: [], tags: [] };
  return placed(exampleOfRecord(here, record, { offsets, badSpans, notes, scheme }), here);
}

/** Items of a list as JSON or Python has it, or of words with spaces between them. */
function listOf(text: string): unknown[] {
  if (!/^\s*\[/.test(text)) return splitSpaces(text).map(({ token }) => token);
  try {
    const value: unknown = JSON.parse(text);
    if (Array.isArray(value)) return value;
  } catch {
    // not JSON: quotes of Python
  }
  return Array.from(text.matchAll(/'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"/g), ([, single, double]) =>
    (single ?? double).replaceAll(/\\(.)/g, "$1"),
  );
}
