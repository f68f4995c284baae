/** @file Which column of a file is what: the dialects of CoNLL. */
import { DataError, sentence, valueError } from "../../base/index.ts";
import { findNotation } from "./notation.ts";

/** A column by its number, counted from 0 or, if negative, from the end; or by its name. */
export type Column = number | string;

export type ColumnForm = {
  /** Columns of token and tag. The tag's may be counted from the end. */
  readonly token: number;
  readonly tag: number;
  /** Whether the first column numbers the words. Then lines with "#" are comments. */
  readonly hasIds: boolean;
  /** Whether the tags are brackets, as in CoNLL-2012: "(PERSON*", "*", "*)". */
  readonly hasBrackets: boolean;
  /** Whether the first line names the columns. */
  readonly hasHead: boolean;
  /** Columns of most lines. */
  readonly columns: number;
  /** Whether all lines end with a tab that separates nothing. */
  readonly isTrailing: boolean;
  /** Tags of the lines that are no comments for certain. */
  readonly tags: ReadonlySet<string>;
};

/** Without ASCII white space at its ends: a no-break space is part of a token. */
export const trimColumn = (text: string): string =>
  text.replace(/^[ \t\r\n]+/, "").replace(/(?<![ \t\r\n])[ \t\r\n]+$/, "");

/** Columns of a line, separated by tabs if it has one, else by spaces. */
export function columnsOf(line: string, isTrailing = false): string[] {
  if (!line.includes("\t")) return trimColumn(line).split(/ +/);
  const columns = line.split("\t").map(trimColumn);
  return isTrailing && columns.at(-1) === "" ? columns.slice(0, -1) : columns;
}

const CONLLU = ["id", "form", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc"];

/** Names in a head line. */
export const TOKEN_NAMES: readonly string[] = ["form", "token", "tokens", "word", "words"];
export const TAG_NAMES: readonly string[] = [
  "ner",
  "ner_tag",
  "ner_tags",
  "tag",
  "tags",
  "label",
  "labels",
  "bio",
  "iob",
  "upos",
  "pos",
  "pos_tag",
  "chunk",
];

const ID = /^\d+(?:[-.]\d+)?$/;

/** Lines that are looked at. */
const SAMPLE = 2000;

export type FormOptions = { readonly token?: Column | undefined; readonly tag?: Column | undefined };

/** Finds the columns, from the lines of a file. Throws DataError for names that it doesn't have. */
export function columnForm(where: string, lines: readonly string[], { token, tag }: FormOptions): ColumnForm {
  if (typeof token === "number" && !(Number.isSafeInteger(token) && token >= 0))
    throw valueError(`${where} tokenColumn`, "an integer >= 0", token);
  if (typeof tag === "number" && !Number.isSafeInteger(tag)) throw valueError(`${where} tagColumn`, "an integer", tag);
  const sample = lines.slice(0, SAMPLE);
  const filled = sample.filter((line) => line.trim() !== "" && !line.startsWith(DOCUMENT));
  const sure = filled.filter((line) => !/^#(?:\s|(?:begin|end) document)/.test(line));
  const firm = sure.length > 0 ? sure : filled;
  const isTrailing =
    firm.length > 1 && firm.every((line) => line.includes("\t") && line.trimEnd() !== line && line.endsWith("\t"));
  const rows = firm.map((line) => columnsOf(line, isTrailing));
  const columns = mode(rows.map(({ length }) => length));
  const names = namesIn(sample, rows);
  const hasHead = names !== undefined && names === rows[0];
  const is2012 = sample.some((line) => line.startsWith("#begin document")) && columns >= 12;
  const hasIds = token !== 0 && !is2012 && areIds(sample);
  const body = hasHead ? rows.slice(1) : rows;
  const known = names ?? (hasIds && columns === 10 ? CONLLU : undefined);
  const tokenAt = numberOf(`${where}: --token-column`, token, known) ?? tokenColumn(known, { hasIds, is2012 });
  const tagAt =
    numberOf(`${where}: --tag-column`, tag, known) ?? tagColumn(known, body, { hasIds, is2012, columns, tokenAt });
  const found = sure.length === 0 ? [] : body.map((row) => row.at(tagAt)?.trim() ?? "");
  const hasBrackets = found.some((one) => /[(*]/.test(one)) && found.every((one) => one !== "" && BRACKETS.test(one));
  return { token: tokenAt, tag: tagAt, hasIds, hasBrackets, hasHead, columns, isTrailing, tags: new Set(found) };
}

export const DOCUMENT = "-DOCSTART-";
const BRACKETS = /^(?:\([^()*\s]+)*\*?\)*$/;

function mode(numbers: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const n of numbers) counts.set(n, (counts.get(n) ?? 0) + 1);
  return [...counts].reduce(([best, most], [n, count]) => (count > most ? [n, count] : [best, most]), [0, 0])[0];
}

/** Names of the columns: in the first line, or as CoNLL-U Plus has them. */
function namesIn(lines: readonly string[], rows: readonly (readonly string[])[]): readonly string[] | undefined {
  const plus = lines.find((line) => /^# ?global\.columns ?=/.test(line));
  if (plus !== undefined)
    return plus
      .slice(plus.indexOf("=") + 1)
      .trim()
      .toLowerCase()
      .split(/\s+/);
  const [head] = rows;
  if (head === undefined) return undefined;
  const small = head.map((name) => name.toLowerCase());
  const isHead = small.some((name) => TOKEN_NAMES.includes(name)) && small.some((name) => TAG_NAMES.includes(name));
  return isHead && new Set(small).size === small.length && head.length > 1 ? head : undefined;
}

/** Whether the first column counts the words of each sentence. */
function areIds(lines: readonly string[]): boolean {
  let last = 0;
  let seen = 0;
  let atStart = true;
  for (const line of lines) {
    if (line.trim() === "") {
      atStart = true;
      continue;
    }
    if (line.startsWith("#") || line.startsWith(DOCUMENT)) continue;
    const [id, ...others] = columnsOf(line);
    if (others.length < 2 || !ID.test(id)) return false;
    const number = Number.parseInt(id, 10);
    if (/^\d+$/.test(id)) {
      if (number > 1 && (atStart ? seen > 0 : number <= last)) return false;
      last = number;
      seen++;
    } else if (atStart) last = id.includes(".") ? number : number - 1;
    atStart = false;
  }
  return seen > 0;
}

function numberOf(where: string, column: Column | undefined, names: readonly string[] | undefined): number | undefined {
  if (typeof column !== "string") return column;
  const at = names?.findIndex((name) => name.toLowerCase() === column.toLowerCase()) ?? -1;
  if (at >= 0) return at;
  const has = names === undefined ? "no names; columns are numbers from 0" : names.join(", ");
  throw new DataError(sentence(where, `a column "${column}"`, has));
}

type Found = { readonly hasIds: boolean; readonly is2012: boolean };

function tokenColumn(names: readonly string[] | undefined, { hasIds, is2012 }: Found): number {
  const named = names?.findIndex((name) => TOKEN_NAMES.includes(name.toLowerCase())) ?? -1;
  if (named >= 0) return named;
  if (is2012) return 3;
  return hasIds ? 1 : 0;
}

/** Beginnings of CoNLL-2009 and of the other forms with numbered words. */
const MIN_2009 = 14;

function tagColumn(
  names: readonly string[] | undefined,
  rows: readonly (readonly string[])[],
  { hasIds, is2012, columns, tokenAt }: Found & { readonly columns: number; readonly tokenAt: number },
): number {
  const small = names?.map((name) => name.toLowerCase());
  const named = TAG_NAMES.map((name) => small?.indexOf(name) ?? -1).find((at) => at >= 0);
  if (named !== undefined) return named;
  if (is2012) return 10;
  if (!hasIds) return -1;
  if (columns >= MIN_2009) return 4;
  // names of Universal NER and GermEval stand before other columns
  for (let at = tokenAt + 1; at < columns; at++) {
    const tags = rows.filter((row) => /^\d+$/.test(row[0])).map((row) => row[at] ?? "");
    const { notation, isBroken } = findNotation([tags]);
    if (tags.length > 0 && (tags.every((tag) => tag === "O") || (notation !== undefined && !tags.some(isBroken))))
      return at;
  }
  return -1;
}
