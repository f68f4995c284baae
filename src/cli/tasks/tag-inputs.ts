/** @file Inputs of `predict` for tags, plain text, columns and records, and their answers. */
import { Readable } from "node:stream";
import { DataError } from "unrolled";
import { readRecords } from "unrolled/node";
import {
  type ConllSentence,
  conllSentences,
  isTaggedTable,
  labelledRecords,
  parseTaggedTable,
  type PlacedToken,
  type TaggedRow,
  type TaggedSentence,
  type Tagger,
  tagsInScheme,
  type Tokenizer,
  tokensOfText,
  writtenTag,
} from "unrolled/tasks";
import { rest } from "../terminal/interruptible.ts";
import type { Prediction } from "./task.ts";

/** Formats of what is read. */
export const TAG_FORMATS = ["text", "columns", "json", "table"] as const;
export type TagFormat = (typeof TAG_FORMATS)[number];

export type InputOptions = {
  readonly format?: TagFormat | undefined;
  readonly tokenizer?: Tokenizer | undefined;
  readonly tokenColumn?: number | string | undefined;
  readonly tagColumn?: number | string | undefined;
  readonly separator?: string | undefined;
  /** Lines that are looked at to tell the format. */
  readonly peeked: number;
};

/** Tokens to be tagged, and how the answer is written. */
export type Question = {
  readonly tokens: readonly string[];
  /** Lines of the answer for people, without the last line break. */
  readonly text: (tags: readonly string[]) => string;
  /** Fields of the answer for programs beside those of all answers. */
  readonly json: Prediction["json"] & object;
};

const COLUMN_FILE = /\.(?:conll\w*|\w*_conll|iob2?|bio|bioes|bilou|bmes|ner|pos)$/i;
const JSON_FILE = /\.(?:jsonl|ndjson|json)$/i;

/** The format that a name says. */
function formatOfName(path: string): TagFormat | undefined {
  if (JSON_FILE.test(path)) return "json";
  if (/\.csv$/i.test(path)) return "table";
  return COLUMN_FILE.test(path) ? "columns" : undefined;
}

/**
 * The questions in the lines of an input. The format is that which its name says, or which its
 * first lines look like: JSON; columns whose last ones are tags of the model; else text, a sentence
 * per line. Throws DataError as the readers do.
 */
export async function* questionsOf(
  model: Tagger,
  path: string,
  lines: AsyncIterable<string>,
  options: InputOptions,
): AsyncGenerator<Question, void, undefined> {
  const where = path === "-" ? "standard input" : path;
  const first: string[] = [];
  let format = options.format ?? formatOfName(path);
  let number = 0;
  const ask = (line: string): Question => {
    number++;
    return textQuestion(model, line, { ...options, more: { line: number } });
  };
  for await (const line of lines) {
    await rest();
    if (format === "text") {
      yield ask(line);
      continue;
    }
    first.push(line);
    if (format !== undefined || first.length < options.peeked) continue;
    format = formatOf(model, first, options);
    if (format === "text") yield* first.splice(0).map(ask);
  }
  format ??= formatOf(model, first, options);
  if (format === "text") yield* first.map(ask);
  else if (format === "json") yield* jsonQuestions(model, where, first.join("\n"), options);
  else if (format === "table") yield* tableQuestions(model, where, first.join("\n"), options);
  else yield* columnQuestions(where, `${first.join("\n")}\n`, options);
}

function formatOf(model: Tagger, lines: readonly string[], options: InputOptions): TagFormat {
  const filled = lines.filter((line) => line.trim() !== "");
  if (filled.length === 0) return "text";
  if (/^(?:[[{]\s*$|\{\s*"|\[\s*[[{"])/.test(filled[0].trim())) return "json";
  if (isTaggedTable(filled[0])) return "table";
  return areColumns(model, lines, options) ? "columns" : "text";
}

/** Share of lines that end with a tag of the model in files of columns. */
const TAGGED = 0.8;

function areColumns(model: Tagger, lines: readonly string[], { tokenColumn, tagColumn }: InputOptions): boolean {
  if (lines.some((line) => line.startsWith("-DOCSTART-"))) return true;
  let found: ConllSentence[];
  try {
    found = conllSentences(lines.join("\n"), { tokenColumn, tagColumn });
  } catch (error) {
    if (error instanceof DataError) return false;
    throw error;
  }
  const examples = found.map(({ tokens, tags = [] }) => ({ tokens, tags }));
  const isNumbered = lines.some((line) => /^1\t\S/.test(line));
  const hasTabs = lines.every((line) => line.trim() === "" || line.startsWith("#") || line.includes("\t"));
  let all = 0;
  let known = 0;
  for (const { tags } of tagsInScheme(examples, { onBad: () => all++ }).examples) {
    all += tags.length;
    known += tags.filter((tag) => model.hasTag(tag)).length;
  }
  if (hasTabs && isNumbered) return true;
  return known >= TAGGED * all && (hasTabs ? all > 0 : all > 1);
}

/** Tokens of a text as the model was trained on them. */
const cut = (model: Tagger, text: string, tokenizer: Tokenizer | undefined): PlacedToken[] =>
  tokensOfText(text, tokenizer ?? model.config.tokenizer ?? "punctuation", (token) => model.wordId(token) !== 0);

/** A tag as the data of the training had it. */
const shownTag = ({ config: { notation } }: Tagger, tag: string): string =>
  notation === undefined ? tag : writtenTag(tag, notation);

/** A token and its tag in each line. A blank line follows, so that sentences can be told. */
const tokenLines = (tokens: readonly string[], tags: readonly string[]): string =>
  tokens.map((token, t) => `${token}\t${tags[t]}\n`).join("");

function textQuestion(
  model: Tagger,
  text: string,
  { tokenizer, more }: { readonly tokenizer?: Tokenizer | undefined; readonly more: Question["json"] },
): Question {
  const found = cut(model, text, tokenizer);
  const tokens = found.map(({ token }) => token);
  return {
    tokens,
    text: (tags) => tokenLines(tokens, tags),
    json: { ...more, text, offsets: found.map(({ start, end }) => [start, end]) },
  };
}

/** Sentences in columns; the answer has their lines, with a column more. */
function columnQuestions(where: string, text: string, { tokenColumn, tagColumn }: InputOptions): Question[] {
  return conllSentences(text, { where, tokenColumn, tagColumn, isTagless: true }).map(
    ({ tokens, tags, lines, at, lineOf }) => {
      const separator = lines[at[0]].includes("\t") ? "\t" : " ";
      return {
        tokens,
        text: (predicted) => {
          const shown = [...lines];
          at.forEach((line, t) => (shown[line] = `${shown[line].trimEnd()}${separator}${predicted[t]}`));
          return shown.join("\n");
        },
        json: { line: lineOf(0), ...(tags !== undefined && { given: [...tags] }) },
      };
    },
  );
}

function jsonQuestions(
  model: Tagger,
  where: string,
  text: string,
  { tokenizer, tokenColumn, tagColumn }: InputOptions,
): Question[] {
  return labelledRecords(text, { where, tokenColumn: named(tokenColumn), tagColumn: named(tagColumn) }).map(
    ({ place, record, id }) => {
      const more = { ...(id !== undefined && { id }), line: Number(/(\d+)$/.exec(place)?.[1]), place };
      if (record.kind !== "tokens") return textQuestion(model, record.text ?? "", { tokenizer, more });
      return { tokens: record.tokens, text: (tags) => tokenLines(record.tokens, tags), json: more };
    },
  );
}

/** Rows of a table: tokens of sentences, or a text each. */
async function* tableQuestions(
  model: Tagger,
  where: string,
  text: string,
  { tokenizer, tokenColumn, tagColumn, separator }: InputOptions,
): AsyncGenerator<Question, void, undefined> {
  const rows: TaggedRow[] = [];
  let names: readonly string[] | undefined;
  const input = Readable.from([text]);
  for await (const { record, line, head } of readRecords(["-"], { format: "csv", input, separator })) {
    names ??= head?.names ?? [];
    rows.push({ line, fields: names.map((name) => String(record[name] ?? "")) });
  }
  if (names === undefined) return;
  const at = names.findIndex((name) => name.toLowerCase() === String(tokenColumn ?? "text").toLowerCase());
  if (at >= 0 && rows.some(({ fields }) => /\S\s+\S/.test(fields[at]))) {
    const id = names.findIndex((name) => name.toLowerCase() === "id");
    for (const { line, fields } of rows)
      yield textQuestion(model, fields[at], { tokenizer, more: { ...(id >= 0 && { id: fields[id] }), line } });
    return;
  }
  const examples = parseTaggedTable([{ line: 1, fields: names }, ...rows], {
    where,
    tokenColumn,
    tagColumn,
    isTagless: true,
  });
  for (const { tokens } of examples) yield { tokens, text: (tags) => tokenLines(tokens, tags), json: {} };
}

/** Columns of JSON have names. */
const named = (column: number | string | undefined): string | undefined =>
  typeof column === "string" ? column : undefined;

/** The answer to a question. */
export function predictionOf(
  model: Tagger,
  { path, question: { text, json } }: { readonly path: string; readonly question: Question },
  { tokens, tags, spans, score, probabilities }: TaggedSentence,
): Prediction {
  const shown = tags.map((tag) => shownTag(model, tag));
  const input = { file: path === "-" ? null : path, line: null, ...json };
  const { line, id } = input as { readonly line: number | null; readonly id?: string | number };
  const join = { ...(id !== undefined && { id }), file: input.file, line };
  const own = tags.map((tag, t) => probabilities[t][model.config.tags.indexOf(tag)]);
  return {
    text: text(shown),
    json: {
      ...input,
      tokens: [...tokens],
      tags: shown,
      spans: spans.map((span) => ({ ...span })),
      score,
      probabilities: own,
    },
    // a sentence without words has a row, too
    rows: (tokens.length === 0 ? [""] : tokens).map((token, t) => ({
      ...join,
      word: tokens.length === 0 ? null : t + 1,
      token,
      tag: shown[t],
      probability: own[t],
    })),
  };
}
