/** @file Tagged sentences as text: CoNLL columns, and JSON lines. */
import { checkInteger, DataError, describe, sentence, valueError } from "../../base/index.ts";
import { parseDataJson } from "../../formats/index.ts";
import { isTagOf, type Span, spansToTags, type TagScheme } from "../../metrics/index.ts";
import { placed, type TaggedExample } from "./words.ts";

export type ConllOptions = {
  /** Column of the token, counted from 0. Default 0. */
  readonly tokenColumn?: number;
  /** Column of the tag; negative ones are counted from the end. Default -1, the last. */
  readonly tagColumn?: number;
  /** Tags that are not of it are errors. Default: any tag. */
  readonly scheme?: TagScheme | undefined;
  /** Beginning of errors, such as the file's name. Default "parseConll". */
  readonly where?: string;
};

/**
 * Sentences in columns: one token per line, a blank line between sentences. Columns are separated
 * by tabs in a line that has one, else by white space. Lines with "-DOCSTART-" and, without a tab,
 * such as begin with "# " (CoNLL-U) are left out.
 *
 * Throws DataError, with the line, for one with too few columns, an empty token or tag, or a tag
 * that is not of the scheme.
 */
export function parseConll(
  text: string,
  { tokenColumn = 0, tagColumn = -1, scheme, where = "parseConll" }: ConllOptions = {},
): TaggedExample[] {
  checkInteger(`${where} tokenColumn`, tokenColumn);
  if (!Number.isInteger(tagColumn)) throw valueError(`${where} tagColumn`, "an integer", tagColumn);
  const examples: TaggedExample[] = [];
  let tokens: string[] = [];
  let tags: string[] = [];
  /** Line of the first token. */
  let begin = 1;
  const end = (): void => {
    if (tokens.length > 0) examples.push(placed({ tokens, tags }, `${where} line ${begin}`));
    tokens = [];
    tags = [];
  };
  linesOf(text).forEach((line, i) => {
    if (line.trim() === "") return end();
    const hasTab = line.includes("\t");
    if (line.startsWith("-DOCSTART-") || (!hasTab && line.startsWith("# "))) return;
    const fields = hasTab ? line.split("\t") : line.trim().split(/\s+/);
    const at = tagColumn < 0 ? fields.length + tagColumn : tagColumn;
    const here = `${where} line ${i + 1}`;
    const needed = Math.max(tokenColumn + 1, tagColumn < 0 ? tokenColumn + 2 : tagColumn + 1);
    if (fields.length < needed || at < 0)
      throw new DataError(sentence(here, `at least ${needed} columns`, String(fields.length)));
    const [token, tag] = [fields[tokenColumn].trim(), fields[at].trim()];
    if (token === "") throw new DataError(sentence(here, `a token in column ${tokenColumn}`, "nothing"));
    if (tokens.length === 0) begin = i + 1;
    tokens.push(token);
    tags.push(checkTag(here, tag, scheme));
  });
  end();
  return examples;
}

export type TaggedJsonlOptions = {
  /**
   * Tags that are not of it are errors; spans become tags of it. Default "BIO" for spans, any tag
   * for tags.
   */
  readonly scheme?: TagScheme | undefined;
  /** Beginning of errors, such as the file's name. Default "parseTaggedJsonl". */
  readonly where?: string;
};

/**
 * Sentences as JSON, one per line: `{"tokens": [...], "tags": [...]}`, or `{"text": "...", "spans":
 * [{"start", "end", "label"}]}` with places in the text (UTF-16, `end` not included), whose tokens
 * are those of `splitTokens`. Other fields are left out.
 *
 * Throws DataError, with the line, for anything else, and for a span that does not begin and end
 * with a token.
 */
export function parseTaggedJsonl(
  text: string,
  { scheme, where = "parseTaggedJsonl" }: TaggedJsonlOptions = {},
): TaggedExample[] {
  const examples: TaggedExample[] = [];
  linesOf(text).forEach((line, i) => {
    if (line.trim() === "") return;
    const here = `${where} line ${i + 1}`;
    const value = parseLine(here, line);
    const example = Array.isArray(value.tokens)
      ? tokensAndTags(here, value, scheme)
      : textAndSpans(here, value, scheme ?? "BIO");
    if (example.tokens.length > 0) examples.push(placed(example, here));
  });
  return examples;
}

/**
 * Letters, digits and accents, or one other sign. No group is repeated: over a word of a million
 * parts that overflows the stack.
 */
const PARTS = /[\p{L}\p{N}\p{M}]+|[^\s]/gu;
const isWord = (part: string): boolean => /^[\p{L}\p{N}\p{M}]/u.test(part);
/** Signs that join two words to one token. */
const JOINTS: ReadonlySet<string> = new Set(["'", "’", ".", ",", "-"]);

/**
 * Words, numbers and single punctuation marks, with their places in the text. One of `'’.,-`
 * between two words makes one of them.
 */
export function splitTokens(text: string): { readonly token: string; readonly start: number; readonly end: number }[] {
  const parts = Array.from(text.matchAll(PARTS), ({ 0: part, index }) => ({ part, index }));
  const tokens: { token: string; start: number; end: number }[] = [];
  for (let i = 0; i < parts.length; i++) {
    const start = parts[i].index;
    let end = start + parts[i].part.length;
    if (isWord(parts[i].part)) {
      while (i + 2 < parts.length) {
        const [joint, next] = [parts[i + 1], parts[i + 2]];
        if (joint.index !== end || !JOINTS.has(joint.part) || next.index !== end + 1 || !isWord(next.part)) break;
        end = next.index + next.part.length;
        i += 2;
      }
    }
    tokens.push({ token: text.slice(start, end), start, end });
  }
  return tokens;
}

const linesOf = (text: string): string[] => text.replace(/^\uFEFF/, "").split(/\r?\n/);

function checkTag(here: string, tag: unknown, scheme: TagScheme | undefined): string {
  if (typeof tag !== "string" || tag === "") throw new DataError(sentence(here, "a tag", describe(tag)));
  if (scheme !== undefined && !isTagOf(scheme, tag))
    throw new DataError(sentence(here, `a tag of scheme "${scheme}"`, JSON.stringify(tag)));
  return tag;
}

function parseLine(here: string, line: string): Record<string, unknown> {
  const value = parseDataJson(line, { where: here });
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new DataError(sentence(here, '{"tokens", "tags"} or {"text", "spans"}', describe(value)));
  return value as Record<string, unknown>;
}

function tokensAndTags(
  here: string,
  { tokens, tags }: Record<string, unknown>,
  scheme: TagScheme | undefined,
): TaggedExample {
  const words = tokens as unknown[];
  if (!Array.isArray(tags) || tags.length !== words.length)
    throw new DataError(
      sentence(here, `${words.length} tags`, Array.isArray(tags) ? String(tags.length) : describe(tags)),
    );
  for (const token of words)
    if (typeof token !== "string" || token === "")
      throw new DataError(sentence(here, "tokens that are text and not empty", describe(token)));
  return { tokens: words as string[], tags: tags.map((tag: unknown) => checkTag(here, tag, scheme)) };
}

function textAndSpans(here: string, { text, spans }: Record<string, unknown>, scheme: TagScheme): TaggedExample {
  if (typeof text !== "string" || !Array.isArray(spans))
    throw new DataError(sentence(here, '{"tokens", "tags"} or {"text", "spans"}', "neither"));
  const tokens = splitTokens(text);
  const startingAt = new Map<unknown, number>(tokens.map(({ start }, i) => [start, i]));
  const endingAt = new Map<unknown, number>(tokens.map(({ end }, i) => [end, i]));
  const found = spans.map((given: unknown): Span => {
    const { start, end, label } = (given ?? {}) as Record<string, unknown>;
    const first = startingAt.get(start);
    const last = endingAt.get(end);
    if (typeof label !== "string" || label === "" || first === undefined || last === undefined || last < first)
      throw new DataError(
        sentence(here, "spans with a label, from the start of a token to the end of one", JSON.stringify(given)),
      );
    return { label, start: first, end: last + 1 };
  });
  try {
    return { tokens: tokens.map(({ token }) => token), tags: spansToTags(found, tokens.length, scheme) };
  } catch (error) {
    throw new DataError(`${here}: ${(error as Error).message}`);
  }
}
