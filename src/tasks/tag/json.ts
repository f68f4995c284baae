/** @file Tagged sentences as JSON. */
import { checkOptions, checkChoice, DataError, describe, sentence } from "../../base/index.ts";
import { parseDataJson } from "../../formats/index.ts";
import { spansToTags, type TagScheme } from "../../metrics/index.ts";
import { checkTag, linesOf } from "./lines.ts";
import {
  isFields,
  labelledRecord,
  type LabelledRecord,
  type PlacedRecord,
  type RecordColumns,
  recordsIn,
} from "./records.ts";
import { alignSpans, BAD_SPANS, type BadSpans, fitOf, OFFSETS, type Offsets, SpanNotes } from "./spans-of-text.ts";
import { splitTokens } from "./split-tokens.ts";
import { placed, type TaggedExample } from "./words.ts";

export type TaggedJsonlOptions = RecordColumns & {
  /**
   * Tags that are not of it are errors; spans become tags of it. Default "BIO" for spans, any tag
   * for tags.
   */
  readonly scheme?: TagScheme | undefined;
  /** Beginning of errors, such as the file's name. Default "parseTaggedJsonl". */
  readonly where?: string | undefined;
  /**
   * Unit of the places of spans: "utf16", as JavaScript's strings have it, or "codepoint", a
   * character as Python counts them. They differ after an emoji. Default: what fits the tokens.
   */
  readonly offsets?: Offsets | undefined;
  /**
   * Treatment of a span that has spaces at its ends, is part of a token or overlaps another: "mend"
   * takes the spaces off, widens it to whole tokens, keeps the longest; "skip" leaves it out;
   * "refuse" throws. Default "mend", but more than a few that are part of a token are refused.
   */
  readonly badSpans?: BadSpans | undefined;
  /** Called with a sentence that says what was mended or left out. Default: nothing is called. */
  readonly onNote?: ((note: string) => void) | undefined;
  /** Called with the error about a record, which is left out. Default: the error is thrown. */
  readonly onBad?: ((error: DataError) => void) | undefined;
};

/**
 * Sentences as JSON: a record per line, or one list of records. A record has tokens and tags, or a
 * text and spans, in one of the forms of doccano, spaCy, Prodigy, Label Studio and others:
 *
 * - `{"tokens": [...], "tags": [...]}`
 * - `{"text": "...", "spans": [{"start", "end", "label"}]}`, `end` not included
 * - `{"text": "...", "label": [[start, end, "LABEL"]]}`
 * - `["...", {"entities": [[start, end, "LABEL"]]}]`
 *
 * The tokens of a text are those of `splitTokens`, if the record has none. Records that are not
 * labelled and other fields are left out.
 *
 * Throws DataError, with the line, for anything else, for a span without a label or outside of the
 * text, and where it can't be told what the places of spans count.
 */
export function parseTaggedJsonl(text: string, options: TaggedJsonlOptions = {}): TaggedExample[] {
  checkOptions(
    "parseTaggedJsonl",
    options,
    "tokenColumn tagColumn scheme where offsets badSpans onNote onBad isTagless separator encoding",
  );
  const { scheme, where = "parseTaggedJsonl", badSpans = "mend", onNote, onBad } = options;
  checkChoice(`${where} badSpans`, badSpans, BAD_SPANS);
  if (options.offsets !== undefined) checkChoice(`${where} offsets`, options.offsets, OFFSETS);
  const records = labelledRecords(text, {
    where,
    onBad: options.onBad,
    tokenColumn: options.tokenColumn,
    tagColumn: options.tagColumn,
  });
  const offsets = options.offsets ?? offsetsOf(records);
  const notes = new SpanNotes();
  const examples: TaggedExample[] = [];
  for (const { place, record } of records) {
    try {
      if (record.kind === "unlabelled") {
        notes.add(`a text ${record.why}, left out`, place);
        continue;
      }
      const example = exampleOfRecord(place, record, { offsets, badSpans, notes, scheme });
      if (example.tokens.length > 0) examples.push(placed(example, place));
    } catch (error) {
      if (!(error instanceof DataError) || onBad === undefined) throw error;
      onBad(error);
    }
  }
  if (options.badSpans === undefined) notes.checkParts();
  for (const note of notes.all()) onNote?.(note);
  return examples;
}

/** A record of a file of JSON. */
export type LabelledEntry = {
  readonly place: string;
  readonly record: LabelledRecord;
  /** The value of its field "id", where it is text or a number. */
  readonly id: string | number | undefined;
};

/** Options of `labelledRecords`. */
export type LabelledRecordsOptions = Pick<TaggedJsonlOptions, "onBad" | "tagColumn" | "tokenColumn" | "where">;

/**
 * The records of a text that `parseTaggedJsonl` reads, labelled or not. Throws DataError, with the
 * line, for one that is of no form.
 */
export function labelledRecords(
  text: string,
  { where = "labelledRecords", onBad, tokenColumn, tagColumn }: LabelledRecordsOptions = {},
): LabelledEntry[] {
  checkOptions("labelledRecords", arguments[1], "onBad tagColumn tokenColumn where");
  const columns = { tokenColumn, tagColumn };
  const found: LabelledEntry[] = [];
  for (const read of jsonRecords(text, where)) {
    try {
      const { place, value } = read();
      const given = isFields(value) ? value.id : undefined;
      const id = typeof given === "string" || typeof given === "number" ? given : undefined;
      found.push({ place, record: labelledRecord(place, value, columns), id });
    } catch (error) {
      if (!(error instanceof DataError) || onBad === undefined) throw error;
      onBad(error);
    }
  }
  return found;
}

/**
 * The records of a text, each as a function that throws DataError where its line is no JSON: the
 * text is one JSON value, or has one in each line.
 */
export function* jsonRecords(text: string, where: string): Generator<() => PlacedRecord, void, undefined> {
  const lines = linesOf(text);
  const filled = lines.flatMap((line, i) => (line.trim() === "" ? [] : [i]));
  if (filled.length === 0) return;
  const [first] = filled;
  const isWhole = !isJson(lines[first]) && (isJson(text) || /^[[{\s]+$/.test(lines[first]));
  if (isWhole || filled.length === 1) {
    const own = `${where} line ${first + 1}`;
    const value = isWhole ? wholeValue(where, text) : parseLine(own, lines[first]);
    for (const record of recordsIn(where, value))
      yield () => (record.place === where && !isWhole ? { ...record, place: own } : record);
    return;
  }
  for (const i of filled) {
    const place = `${where} line ${i + 1}`;
    yield () => ({ place, value: parseLine(place, lines[i]) });
  }
}

/** A value over several lines, or a list of objects one after the other. */
function wholeValue(where: string, text: string): unknown {
  const list = `[${text.replaceAll(/^\}\s*,?\s*\n\s*\{/gm, "},{")}]`;
  return parseDataJson(!isJson(text) && isJson(list) ? list : text, { where });
}

function parseLine(place: string, line: string): unknown {
  const trimmed = line.trimEnd();
  if (trimmed.endsWith(",") && isJson(trimmed.slice(0, -1))) {
    const hint = 'Remove the comma at the end of each line, or put "[" before the first one and "]" after the last';
    throw new DataError(sentence(place, "an object of JSON", "one with a comma after it", hint));
  }
  return parseDataJson(line, { where: place });
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/**
 * Unit of the places of spans, told by which of them meet tokens. Throws DataError where that says
 * nothing.
 */
function offsetsOf(records: readonly LabelledEntry[]): Offsets {
  const missed = { utf16: 0, codepoint: 0 };
  let place: string | undefined;
  for (const { place: here, record } of records) {
    if (record.kind !== "text" || record.spans === undefined) continue;
    const found = fitOf(record.text, record.spans, () => splitTokens(record.text));
    if (found === undefined) continue;
    place ??= here;
    missed.utf16 += found.utf16;
    missed.codepoint += found.codepoint;
  }
  if (place === undefined) return "utf16";
  if (missed.utf16 > CLEARLY * missed.codepoint) return "codepoint";
  if (missed.codepoint > CLEARLY * missed.utf16) return "utf16";
  throw new DataError(
    sentence(
      place,
      "spans that show what their places count after an emoji",
      "ones that fit in UTF-16 units as well as in code points",
      "Say which with --offsets utf16 or --offsets codepoint",
    ),
  );
}

/** One count fits clearly better where the other misses this many times as often. */
const CLEARLY = 4;

type ExampleOptions = {
  readonly offsets: Offsets;
  readonly badSpans: BadSpans;
  readonly notes: SpanNotes;
  readonly scheme: TagScheme | undefined;
};

/** Sentence of a record. Throws DataError for one that is wrong. */
export function exampleOfRecord(
  here: string,
  record: Exclude<LabelledRecord, { readonly kind: "unlabelled" }>,
  { offsets, badSpans, notes, scheme }: ExampleOptions,
): TaggedExample {
  if (record.kind === "tokens" && record.spans === undefined) return tokensAndTags(here, record, scheme);
  const { spans } = record;
  if (spans === undefined)
    throw new DataError(
      sentence(
        here,
        '{"tokens", "tags"} or {"text", "spans"}',
        "neither tags nor spans",
        "--tag-column names the field that has them",
      ),
    );
  const [text, tokens] =
    record.kind === "text"
      ? [record.text, splitTokens(record.text)]
      : ["", record.tokens.map((token) => ({ token, start: 0, end: 0 }))];
  checkTokens(
    here,
    tokens.map(({ token }) => token),
  );
  const found = alignSpans(here, text, spans, tokens, { offsets, badSpans, notes });
  return { tokens: tokens.map(({ token }) => token), tags: spansToTags(found, tokens.length, scheme ?? "BIO") };
}

function tokensAndTags(
  here: string,
  { tokens, tags = [] }: Extract<LabelledRecord, { readonly kind: "tokens" }>,
  scheme: TagScheme | undefined,
): TaggedExample {
  checkTokens(here, tokens);
  if (tags.length !== tokens.length) throw new DataError(sentence(here, `${tokens.length} tags`, String(tags.length)));
  const names = tags.map((tag) => {
    if (typeof tag === "number")
      throw new DataError(
        sentence(
          here,
          "tags as text",
          `${tag}, a number`,
          "Write their names, which the description of the data set has",
        ),
      );
    return checkTag(here, tag, scheme);
  });
  return { tokens, tags: names };
}

function checkTokens(here: string, tokens: readonly unknown[]): void {
  for (const token of tokens)
    if (typeof token !== "string" || token === "")
      throw new DataError(sentence(here, "tokens that are text and not empty", describe(token)));
}
