/** @file Records of JSON as tools for labelling write them: tokens with tags, texts with spans. */
import { DataError, describe, sentence } from "../../base/index.ts";
import type { GivenSpan } from "./spans-of-text.ts";

/** A record as it was understood. */
export type LabelledRecord =
  | {
      readonly kind: "tokens";
      readonly tokens: readonly string[];
      /** Tags of the tokens, or spans of them. Undefined where the record has neither. */
      readonly tags: readonly unknown[] | undefined;
      readonly spans: readonly GivenSpan[] | undefined;
    }
  | {
      readonly kind: "text";
      readonly text: string;
      /** Spans of characters. Undefined where the record says nothing of spans. */
      readonly spans: readonly GivenSpan[] | undefined;
    }
  /** Not labelled: somebody decided against it, or has not come to it. */
  | { readonly kind: "unlabelled"; readonly text: string | undefined; readonly why: string };

/** Names of the fields with tokens and with tags or spans. Default: the usual ones. */
export type RecordColumns = { readonly tokenColumn?: string | undefined; readonly tagColumn?: string | undefined };

type Fields = Readonly<Record<string, unknown>>;

export const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isText = (value: unknown): value is string => typeof value === "string";
const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);
const isTexts = (value: unknown): value is readonly string[] => isList(value) && value.every(isText);
const isSomething = (value: unknown): value is string | number | object =>
  typeof value === "string" || typeof value === "number" || (typeof value === "object" && value !== null);

/** The first of some fields that a record has and that passes. */
function firstOf<T>(record: Fields, names: readonly string[], isRight: (value: unknown) => value is T): T | undefined {
  for (const name of names) {
    const value = Object.hasOwn(record, name) ? record[name] : undefined;
    if (isRight(value)) return value;
  }
  return undefined;
}

const TOKENS = ["tokens", "words", "tokenized_text", "token", "sentence", "text"];
const TAGS = ["tags", "ner_tags", "ner", "labels", "label", "tag", "bio_tags", "upos", "pos_tags", "pos", "chunk_tags"];
const TEXTS = ["text", "data", "content", "sentence", "raw", "document", "source"];
const SPANS = ["spans", "label", "labels", "entities", "ents", "annotations", "ner", "tags", "entity"];
const STARTS = ["start", "start_offset", "startOffset", "begin", "start_char", "beginOffset", "begin_offset"];
const ENDS = ["end", "end_offset", "endOffset", "stop", "end_char"];
const LABELS = ["label", "labels", "type", "entity_group", "entity_type", "entity", "tag", "category", "class"];
const TOKEN_TEXTS = ["text", "orth", "word", "form", "token"];
const TOKEN_TAGS = ["tag", "ner", "label", "ner_tag", "upos", "pos"];

const FORMS = '{"tokens", "tags"} or {"text", "spans"}';

const namesOf = (record: Fields): string =>
  Object.keys(record)
    .slice(0, 12)
    .map((name) => JSON.stringify(name))
    .join(", ") || "nothing";

/**
 * Understands a record: tokens and tags or spans of tokens, a text and spans in the forms of
 * doccano, spaCy, Prodigy and Label Studio. Throws DataError for anything else.
 */
export function labelledRecord(
  here: string,
  value: unknown,
  { tokenColumn, tagColumn }: RecordColumns = {},
): LabelledRecord {
  if (isList(value)) return textAndMore(here, value);
  if (!isFields(value)) throw new DataError(sentence(here, FORMS, describe(value)));
  const { answer } = value;
  if (answer === "reject" || answer === "ignore")
    return { kind: "unlabelled", text: firstOf(value, TEXTS, isText), why: `whose answer is "${answer}"` };
  if (isFields(value.data) && !isText(value.text)) return labelStudioTask(value, value.data);
  const tokenNames = tokenColumn === undefined ? TOKENS : [tokenColumn];
  const words = firstOf(value, tokenNames, isTexts);
  const spanNames = tagColumn === undefined ? SPANS : [tagColumn];
  if (words !== undefined)
    return tokensOf(value, words, { tagNames: tagColumn === undefined ? TAGS : [tagColumn], spanNames });
  const objects = firstOf(
    value,
    tokenNames,
    (one): one is Fields[] => isList(one) && one.length > 0 && one.every(isFields),
  );
  const text = firstOf(value, tokenColumn === undefined ? TEXTS : [tokenColumn], isText);
  const spans = spansOf(value, spanNames);
  if (objects !== undefined) {
    const found = tokenObjects(objects, text, spans);
    if (found !== undefined) return found;
  }
  if (text === undefined) {
    const wrong = firstOf(value, tokenNames, isList)?.find((one) => !isText(one));
    if (wrong !== undefined) throw new DataError(sentence(here, "tokens that are text and not empty", describe(wrong)));
    throw new DataError(sentence(here, FORMS, namesOf(value)));
  }
  if (spans === undefined) {
    const tags = firstOf(value, tagColumn === undefined ? TAGS : [tagColumn], isText)
      ?.trim()
      .split(/\s+/);
    const words = text.trim().split(/\s+/);
    // one word may be a class of the text
    if (words.length > 1 && tags?.length === words.length) return { kind: "tokens", tokens: words, tags, spans };
  }
  // Label Studio leaves the field out where there is no span
  const isExport = spans === undefined && (Object.hasOwn(value, "annotation_id") || Object.hasOwn(value, "annotator"));
  return { kind: "text", text, spans: isExport ? [] : spans };
}

/** `[text, {"entities": [[0, 4, "PER"]]}]`, as spaCy is trained on. */
function textAndMore(here: string, [text, more]: readonly unknown[]): LabelledRecord {
  const spans = isFields(more) ? spansOf(more, SPANS) : isList(more) ? spanList(more) : undefined;
  if (!isText(text) || spans === undefined)
    throw new DataError(
      sentence(here, `${FORMS} or [text, {"entities"}]`, `a list that begins with ${describe(text)}`),
    );
  return { kind: "text", text, spans };
}

function tokensOf(
  record: Fields,
  tokens: readonly string[],
  { tagNames, spanNames }: { readonly tagNames: readonly string[]; readonly spanNames: readonly string[] },
): LabelledRecord {
  const fitting = (one: unknown): one is readonly unknown[] =>
    isList(one) && one.length === tokens.length && one.every((tag) => !isSpanLike(tag));
  const tags =
    firstOf(record, tagNames, fitting) ??
    firstOf(record, tagNames, (one): one is readonly unknown[] => isList(one) && !one.some(isSpanLike));
  const spans = spansOf(record, spanNames);
  if (tags !== undefined && (tags.length > 0 || spans === undefined || spans.length === 0))
    return { kind: "tokens", tokens, tags, spans: undefined };
  // GLiNER counts the last token in
  const last = Object.hasOwn(record, "tokenized_text") ? 1 : 0;
  const own = spans?.map((span) => ({
    ...span,
    end: isInteger(span.end) ? span.end + last : span.end,
    areTokens: true,
  }));
  return { kind: "tokens", tokens, tags: undefined, spans: own };
}

const isInteger = (value: unknown): value is number => Number.isSafeInteger(value);

/** Tokens with their text and tag, or with their places, among which the spans are looked up. */
function tokenObjects(
  objects: readonly Fields[],
  text: string | undefined,
  spans: readonly GivenSpan[] | undefined,
): LabelledRecord | undefined {
  const points = text === undefined ? [] : [...text];
  const tokens = objects.map((one) => {
    const said = firstOf(one, TOKEN_TEXTS, isText);
    // spaCy counts code points
    return said ?? (isInteger(one.start) && isInteger(one.end) ? points.slice(one.start, one.end).join("") : undefined);
  });
  if (!isTexts(tokens)) return undefined;
  if (spans === undefined) {
    const tags = objects.map((one) => firstOf(one, TOKEN_TAGS, isText));
    return isTexts(tags) ? { kind: "tokens", tokens, tags, spans: undefined } : undefined;
  }
  const starts = new Map(objects.map(({ start }, i) => [start, i]));
  const ends = new Map(objects.map(({ end }, i) => [end, i + 1]));
  const own = spans.map((span) => ({ ...span, start: starts.get(span.start), end: ends.get(span.end) }));
  const given = spans.map((span, i) => {
    const { first, last } = span;
    if (isInteger(first) && isInteger(last)) return { ...span, start: first, end: last + 1, areTokens: true };
    return { ...own[i], areTokens: true };
  });
  const isFound = given.every(({ start, end }) => isInteger(start) && isInteger(end));
  return isFound
    ? { kind: "tokens", tokens: visible(tokens), tags: undefined, spans: withoutSpaces(tokens, given) }
    : undefined;
}

/** Tokens that are not white space only, which spaCy has. */
const visible = (tokens: readonly string[]): string[] => tokens.filter((token) => token.trim() !== "");

function withoutSpaces(tokens: readonly string[], spans: readonly GivenSpan[]): GivenSpan[] {
  let seen = 0;
  const before = tokens.map((token) => (token.trim() === "" ? seen : seen++));
  before.push(seen);
  return spans.map((span) => ({ ...span, start: before[span.start as number], end: before[span.end as number] }));
}

/** A task of Label Studio's JSON: data, and annotations with results. */
function labelStudioTask(task: Fields, data: Fields): LabelledRecord {
  const text = firstOf(data, TEXTS, isText) ?? Object.values(data).find(isText);
  const annotations = [task.annotations, task.completions].find(isList)?.filter(isFields) ?? [];
  const done = annotations.find((one) => one.was_cancelled !== true && isList(one.result));
  if (text === undefined || done === undefined) return { kind: "unlabelled", text, why: "without an annotation" };
  const results = (done.result as readonly unknown[]).filter(isFields).map(({ value }) => value);
  const spans = results.filter((value): value is Fields => isFields(value) && isSpanLike(value));
  return { kind: "text", text, spans: spans.flatMap((value) => labelsOf(value).map((label) => spanOf(value, label))) };
}

/** A list of numbers and a label, or an object with places. */
function isSpanLike(value: unknown): boolean {
  if (isList(value)) return value.length >= 3 && isInteger(value[0]) && isInteger(value[1]);
  if (!isFields(value)) return false;
  return firstOf(value, STARTS, isSomething) !== undefined && firstOf(value, ENDS, isSomething) !== undefined;
}

/** Spans in one of some fields, or in the only other one that looks like them. */
function spansOf(record: Fields, names: readonly string[]): readonly GivenSpan[] | undefined {
  const own = names.filter((name) => Object.hasOwn(record, name)).map((name) => record[name]);
  const lists = own.map((value) => (isFields(value) ? listIn(value) : value));
  const filled = lists.find((value) => isList(value) && value.length > 0 && value.every(isListOrFields));
  if (filled !== undefined) return spanList(filled as readonly unknown[]);
  const other = Object.entries(record).find(
    ([name, value]) =>
      name !== "tokens" && name !== "sents" && isList(value) && value.length > 0 && value.every(isSpanLike),
  );
  if (other !== undefined) return spanList(other[1] as readonly unknown[]);
  return lists.some((value) => value === null || (isList(value) && value.length === 0)) ? [] : undefined;
}

/** Spans in an object: under "entities", as in spaCy, or lists of places under their label. */
function listIn(value: Fields): readonly unknown[] | undefined {
  const found = firstOf(value, ["entities", "spans"], isList);
  if (found !== undefined) return found;
  const all = Object.entries(value);
  if (!all.every(([, list]) => isList(list))) return undefined;
  return all.flatMap(([label, list]) =>
    (list as readonly unknown[]).map((item) =>
      isList(item) && item.length === 2 && item.every(isInteger) ? [item[0], item[1], label] : item,
    ),
  );
}

const isListOrFields = (value: unknown): boolean => typeof value === "object" && value !== null;

const spanList = (list: readonly unknown[]): GivenSpan[] =>
  list.flatMap((item) => {
    if (isList(item)) {
      // [start, end, label], or [label, start, end]
      const [a, b, c] = item;
      return [isText(a) ? { start: b, end: c, label: a } : { start: a, end: b, label: c }];
    }
    const fields = (isFields(item) ? item : {}) as Fields;
    return labelsOf(fields).map((label) => spanOf(fields, label));
  });

/** Labels of a span, of which Label Studio and others allow several. */
function labelsOf(span: Fields): readonly unknown[] {
  const found = firstOf(span, LABELS, isSomething);
  return isList(found) && found.length > 0 ? found : [found];
}

function spanOf(span: Fields, label: unknown): GivenSpan {
  const places = isFields(span.globalOffsets) ? span.globalOffsets : span;
  const said = firstOf(span, ["text"], isText);
  const [first, last] = [span.token_start, span.token_end];
  return {
    start: firstOf(places, STARTS, isSomething),
    end: firstOf(places, ENDS, isSomething),
    label,
    ...(said !== undefined && { text: said }),
    ...(isInteger(first) && isInteger(last) && { first, last }),
  };
}

/** A record of a file and where it stands. */
export type PlacedRecord = { readonly place: string; readonly value: unknown };

/**
 * The records in a JSON value: its items, those of spaCy's and Rasa's training files, or itself.
 */
export function recordsIn(where: string, value: unknown): PlacedRecord[] {
  if (isFields(value)) {
    const rasa = isFields(value.rasa_nlu_data) ? value.rasa_nlu_data.common_examples : undefined;
    const list =
      [rasa, value.examples].find(isList) ??
      (isText(value.text) || isFields(value.data) ? undefined : [value.annotations, value.data].find(isList));
    if (list !== undefined) return recordsIn(where, list);
    if (isList(value.paragraphs)) return spacyDocument(where, value.paragraphs);
    return [{ place: where, value }];
  }
  if (!isList(value)) throw new DataError(sentence(where, `${FORMS}, or a list of such`, describe(value)));
  // a text and its spans
  if (isText(value[0])) return [{ place: where, value }];
  return value.flatMap((item, i) => {
    const place = `${where} item ${i + 1}`;
    if (item === null) return [];
    return isFields(item) && isList(item.paragraphs) ? spacyDocument(place, item.paragraphs) : [{ place, value: item }];
  });
}

/** Sentences of a document of spaCy 2. */
const spacyDocument = (place: string, paragraphs: readonly unknown[]): PlacedRecord[] =>
  paragraphs
    .filter(isFields)
    .flatMap(({ sentences }) => (isList(sentences) ? sentences : []))
    .filter(isFields)
    .map((value, i) => ({
      place: `${place} sentence ${i + 1}`,
      value: { tokens: isList(value.tokens) ? value.tokens.map(nerFirst) : [] },
    }));

/** A token of spaCy 2, whose names come before its parts of speech. */
const nerFirst = (token: unknown): unknown =>
  isFields(token) && isText(token.ner) ? { ...token, tag: token.ner } : token;
