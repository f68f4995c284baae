/** @file Tagged sentences in columns, as in the CoNLL shared tasks. */
import { checkOptions, DataError, sentence } from "../../base/index.ts";
import { OUTSIDE, type TagScheme } from "../../metrics/index.ts";
import { type Column, type ColumnForm, columnForm, columnsOf, DOCUMENT } from "./column-form.ts";
import { checkTag, linesOf } from "./lines.ts";
import { placed, type TaggedExample } from "./words.ts";

export type ConllOptions = {
  /**
   * Column of the token, counted from 0, or its name, where the file names its columns. Default: 0,
   * or what the dialect has.
   */
  readonly tokenColumn?: Column | undefined;
  /**
   * Column of the tag; negative ones are counted from the end. Default: the last, or what the
   * dialect has.
   */
  readonly tagColumn?: Column | undefined;
  /** Tags that are not of it are errors. Default: any tag. */
  readonly scheme?: TagScheme | undefined;
  /** Beginning of errors, such as the file's name. Default "parseConll". */
  readonly where?: string | undefined;
  /** Called with the error about a sentence, which is left out. Default: the error is thrown. */
  readonly onBad?: ((error: DataError) => void) | undefined;
};

/**
 * Sentences in columns: one token per line, a blank line between sentences. Columns are separated
 * by tabs in a line that has one, else by spaces; a no-break space is part of a token.
 *
 * The dialect tells which columns are read where none is asked for: the first and the last; in
 * CoNLL-U FORM and UPOS; in CoNLL-2012 the word and its name in brackets; in others with numbered
 * words the second one and the first of BIO tags; those that a first line names. Words of several
 * tokens (2-3) and empty words (4.1) of CoNLL-U, "-DOCSTART-" and comments are left out. A line
 * that begins with "#" is a comment unless it has the columns and a tag of the others.
 *
 * Throws DataError, with the line, for one with too few or other columns than its sentence, an
 * empty token or tag, or a tag that is not of the scheme.
 */
export function parseConll(text: string, options: ConllOptions = {}): TaggedExample[] {
  checkOptions(
    "parseConll",
    options,
    "tokenColumn tagColumn scheme where offsets badSpans onNote onBad isTagless separator encoding",
  );
  return conllSentences(text, options).map(({ tokens, tags, place, lineOf }) => {
    const { where = "parseConll" } = options;
    return placed({ tokens, tags: tags ?? [] }, place, (t) => `${where} line ${lineOf(t)}`);
  });
}

/** A sentence in columns, and all lines of the file that are its. */
export type ConllSentence = {
  readonly tokens: readonly string[];
  /** Undefined where the file has no column for them. */
  readonly tags: readonly string[] | undefined;
  /** Lines from the end of the sentence before, without their ends. */
  readonly lines: readonly string[];
  /** Place of each token's line among `lines`. */
  readonly at: readonly number[];
  /** Place of the first token, such as "names.conll line 7". */
  readonly place: string;
  /** Line of a token, counted from 1. */
  readonly lineOf: (t: number) => number;
};

export type ConllSentencesOptions = ConllOptions & {
  /** Whether the tag is optional: a file may have tokens only. Default false. */
  readonly isTagless?: boolean | undefined;
};

/** The sentences that `parseConll` gives, with the lines of the file. Throws as it does. */
export function conllSentences(text: string, options: ConllSentencesOptions = {}): ConllSentence[] {
  checkOptions(
    "conllSentences",
    options,
    "tokenColumn tagColumn scheme where offsets badSpans onNote onBad isTagless separator encoding",
  );
  const { tokenColumn, tagColumn, where = "parseConll", onBad } = options;
  const lines = linesOf(text);
  if (lines.at(-1) === "") lines.pop();
  const form = columnForm(where, lines, { token: tokenColumn, tag: tagColumn });
  const found: ConllSentence[] = [];
  /** First line that is of no sentence yet. */
  let from = 0;
  let rows: number[] = [];
  const end = (to: number): void => {
    if (rows.length === 0) return;
    const own = { from, to, rows };
    [from, rows] = [to, []];
    try {
      found.push(sentenceOf(lines, own, form, options));
    } catch (error) {
      if (!(error instanceof DataError) || onBad === undefined) throw error;
      onBad(error);
    }
  };
  let isHead = form.hasHead;
  for (const [i, line] of lines.entries()) {
    if (line.trim() === "") end(i + 1);
    else if (line.startsWith(DOCUMENT)) end(i);
    else if (isComment(line, form, rows.length === 0)) continue;
    else if (isHead) isHead = false;
    else if (!form.hasIds) rows.push(i);
    else {
      const [id] = columnsOf(line);
      // sentences without a blank line between them
      if (id === "1") end(i);
      if (/^\d+$/.test(id)) rows.push(i);
    }
  }
  end(lines.length);
  const last = found.at(-1);
  // blank lines and comments at the end
  if (last !== undefined && from < lines.length)
    found[found.length - 1] = { ...last, lines: [...last.lines, ...lines.slice(from)] };
  return found;
}

/** Beginnings of comments in CoNLL-U and elsewhere. */
const COMMENT = /^#\s*(?:[\w.:-]+\s*[=:]|(?:newdoc|newpar|sent_id|text|id|doc|document|begin|end)\b)/;

function isComment(line: string, form: ColumnForm, isFirst: boolean): boolean {
  if (!line.startsWith("#")) return false;
  if (form.hasIds || /^#(?:begin|end) document/.test(line)) return true;
  const columns = columnsOf(line, form.isTrailing);
  if (!/^#\s/.test(line)) return columns.length !== form.columns && COMMENT.test(line);
  if (form.columns === 0) return COMMENT.test(line) || columns.length < 2;
  if (columns.length !== form.columns || COMMENT.test(line)) return true;
  const tag = columns.at(form.tag) ?? "";
  const isTag = form.tags.has(tag) || tag === OUTSIDE || /^[BIESLUMW][-_]./.test(tag);
  // "# # B-NP" is a pound sign with its part of speech
  return isFirst && !isTag && columns[1] !== "#";
}

type Rows = { readonly from: number; readonly to: number; readonly rows: readonly number[] };

function sentenceOf(
  lines: readonly string[],
  { from, to, rows }: Rows,
  form: ColumnForm,
  { where = "parseConll", scheme, isTagless = false }: ConllSentencesOptions,
): ConllSentence {
  const here = (t: number): string => `${where} line ${rows[t] + 1}`;
  const all = rows.map((row) => columnsOf(lines[row], form.isTrailing));
  const isWithout = isTagless && form.columns <= form.token + 1;
  const needed = isWithout
    ? form.token + 1
    : Math.max(form.token + 1, form.tag < 0 ? Math.max(form.token + 2, -form.tag) : form.tag + 1);
  const usual = form.tag < 0 ? form.columns : all[0].length;
  all.forEach((columns, t) => {
    if (columns.length < needed)
      throw new DataError(sentence(here(t), `at least ${needed} columns`, String(columns.length), COLUMNS));
    if (columns.length !== usual)
      throw new DataError(sentence(here(t), `${usual} columns, as in other lines`, String(columns.length), SPACES));
  });
  const tokens = all.map((columns, t) => {
    const token = columns[form.token];
    if (token === "") throw new DataError(sentence(here(t), `a token in column ${form.token}`, "nothing", COLUMNS));
    return token;
  });
  const given = isWithout ? undefined : all.map((columns) => columns.at(form.tag) ?? "");
  const own = given && (form.hasBrackets && scheme !== "none" ? tagsOfBrackets(given, here) : given);
  return {
    tokens,
    tags: own?.map((tag, t) => (isTagless ? tag : checkTag(here(t), tag, scheme))),
    lines: lines.slice(from, to),
    at: rows.map((row) => row - from),
    place: here(0),
    lineOf: (t) => rows[t] + 1,
  };
}

const COLUMNS = "Columns have tabs or spaces between them; --token-column and --tag-column choose others";
const SPACES = "A token with a space needs tabs between the columns";

/** BIO tags of "(PERSON*", "*", "*)" and "(GPE)". */
function tagsOfBrackets(given: readonly string[], here: (t: number) => string): string[] {
  let label: string | undefined;
  return given.map((tag, t) => {
    const opened = [...tag.matchAll(/\(([^()*]+)/g)].map((match) => match[1]);
    if (opened.length > 1 || (opened.length === 1 && label !== undefined))
      throw new DataError(sentence(here(t), "names that are not inside of others", JSON.stringify(tag)));
    const before = label;
    if (opened.length === 1) [label] = opened;
    const own = label === undefined ? OUTSIDE : `${before === undefined ? "B" : "I"}-${label}`;
    if (tag.includes(")")) label = undefined;
    return own;
  });
}
