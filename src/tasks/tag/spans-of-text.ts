/** @file Spans of characters as spans of tokens. */
import { DataError, describe, sentence } from "../../base/index.ts";
import type { Span } from "../../metrics/index.ts";

/** Treatment of a span that does not begin and end with a token, or overlaps another. */
export const BAD_SPANS = ["mend", "skip", "refuse"] as const;
export type BadSpans = (typeof BAD_SPANS)[number];

/** Units of places in a text. */
export const OFFSETS = ["utf16", "codepoint"] as const;
export type Offsets = (typeof OFFSETS)[number];

/** A labelled span as data have it, from `start` up to, but not including, `end`. */
export type GivenSpan = {
  readonly start: unknown;
  readonly end: unknown;
  readonly label: unknown;
  /** Text that it is said to have, where the data say so. */
  readonly text?: string | undefined;
  /** Numbers of its first and last token, where the data have them. */
  readonly first?: number;
  readonly last?: number;
  /** Whether the places are numbers of tokens, and `end` that of the first after it. */
  readonly areTokens?: boolean;
};

type Place = { readonly start: number; readonly end: number };

/** Spans of a file that were mended or left out, counted by what was wrong. */
export class SpanNotes {
  readonly #found = new Map<string, { count: number; readonly first: string }>();
  #all = 0;

  /** Counts spans of which some may be told with `add`. */
  count(spans: number): void {
    this.#all += spans;
  }

  /**
   * Throws DataError where so many spans are parts of words that their places may count something
   * else, or words are not what is labelled.
   */
  checkParts(): void {
    const parts = [...this.#found].find(([what]) => what.startsWith(PART));
    if (parts === undefined || parts[1].count < FEW || parts[1].count < MANY * this.#all) return;
    const [, { count, first }] = parts;
    throw new DataError(
      sentence(
        first,
        "spans that begin and end with words",
        `${count} of ${this.#all} that are part of one`,
        "If their places are right, --bad-spans mend labels the whole words; if not, see --offsets",
      ),
    );
  }

  add(what: string, place: string): void {
    const found = this.#found.get(what);
    if (found === undefined) this.#found.set(what, { count: 1, first: place });
    else found.count++;
  }

  /** A sentence for each kind. */
  all(): string[] {
    return [...this.#found].map(
      ([what, { count, first }]) => `${first}${count === 1 ? "" : ` and ${count - 1} more`}: ${what}`,
    );
  }
}

/** Words for spans that begin or end inside of a token. */
const PART = "a span that is part of a word";
/** Spans that may be parts of words, however many there are. */
const FEW = 5;
/** Share of spans from which they are too many. */
const MANY = 0.25;

const isPlace = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** UTF-16 place of each code point of a text, and its length; undefined where both count alike. */
export function placesOfPoints(text: string): number[] | undefined {
  if (!/[\uD800-\uDBFF][\uDC00-\uDFFF]/.test(text)) return undefined;
  const places: number[] = [];
  let at = 0;
  for (const point of text) {
    places.push(at);
    at += point.length;
  }
  places.push(at);
  return places;
}

/** Span in UTF-16 units without white space at its ends; undefined outside of the text. */
function trimmed(text: string, start: unknown, end: unknown, points: readonly number[] | undefined): Place | undefined {
  if (!isPlace(start) || !isPlace(end) || start >= end) return undefined;
  const from = points === undefined ? start : points[start];
  const to = points === undefined ? end : points[end];
  if (from === undefined || to === undefined || to > text.length) return undefined;
  const own = text.slice(from, to);
  const begin = from + (own.length - own.trimStart().length);
  return { start: begin, end: Math.max(begin, begin + own.trim().length) };
}

/**
 * Number of spans of a text that miss its tokens, or the text that they are said to have, with
 * their places counted either way; undefined where both are the same. Only spans whose places
 * differ are counted.
 */
export function fitOf(
  text: string,
  spans: readonly GivenSpan[],
  tokensOf: () => readonly Place[],
): Readonly<Record<Offsets, number>> | undefined {
  const points = placesOfPoints(text);
  if (points === undefined) return undefined;
  const tokens = tokensOf();
  const starts = new Set(tokens.map(({ start }) => start));
  const ends = new Set(tokens.map(({ end }) => end));
  const own = spans.filter(({ areTokens, end }) => areTokens !== true && isPlace(end));
  const differing = own.filter(({ start, end }) => points[start as number] !== start || points[end as number] !== end);
  const fits = (places: readonly number[] | undefined): number =>
    differing.filter(({ start, end, text: said }) => {
      const found = trimmed(text, start, end, places);
      if (found === undefined) return false;
      if (said !== undefined && said.trim() !== "") return text.slice(found.start, found.end) === said.trim();
      return starts.has(found.start) && ends.has(found.end);
    }).length;
  return differing.length === 0
    ? undefined
    : { utf16: differing.length - fits(undefined), codepoint: differing.length - fits(points) };
}

export type AlignOptions = {
  readonly offsets: Offsets;
  readonly badSpans: BadSpans;
  readonly notes: SpanNotes;
};

/**
 * The tokens of each span. A span loses white space at its ends; one that begins or ends inside of
 * a token is widened to whole tokens, and of spans that overlap the longest stays; or they are left
 * out, or refused.
 *
 * Throws DataError for a span without a label or outside of the text, and for what is refused.
 */
export function alignSpans(
  here: string,
  text: string,
  given: readonly GivenSpan[],
  tokens: readonly Place[],
  { offsets, badSpans, notes }: AlignOptions,
): Span[] {
  const points = offsets === "codepoint" ? placesOfPoints(text) : undefined;
  const shown = ({ start, end, label }: GivenSpan): string => `${describe(label)} [${String(start)}, ${String(end)})`;
  /** Tells what is done with a span. Whether it stays. */
  const isKept = (span: GivenSpan, what: string, mended: string): boolean => {
    if (badSpans === "refuse")
      throw new DataError(
        sentence(
          here,
          "spans from the start of a token to the end of one, which don't overlap",
          `${shown(span)}, ${what}`,
          HINT,
        ),
      );
    notes.add(`${what}: ${badSpans === "mend" ? mended : "left out (--bad-spans)"}`, here);
    return badSpans === "mend";
  };
  notes.count(given.length);
  const found = given.flatMap((span): (Span & { readonly given: GivenSpan })[] => {
    const { label, start, end, areTokens } = span;
    if (typeof label !== "string" || label.trim() === "")
      throw new DataError(sentence(here, "spans with a label", shown(span), SKIP));
    if (areTokens === true) {
      if (!isPlace(start) || !isPlace(end) || start >= end || end > tokens.length)
        throw new DataError(sentence(here, `spans inside of ${tokens.length} tokens`, shown(span), SKIP));
      return [{ label, start, end, given: span }];
    }
    const place = trimmed(text, start, end, points);
    if (place === undefined || place.start >= place.end)
      throw new DataError(sentence(here, `spans inside of the text, of ${text.length} units`, shown(span), SKIP));
    const said = span.text?.trim();
    if (said !== undefined && said !== "" && !isSame(said, text.slice(place.start, place.end)))
      throw new DataError(
        sentence(
          here,
          `the text ${describe(said)} at ${shown(span)}`,
          describe(text.slice(place.start, place.end)),
          SKIP,
        ),
      );
    const first = countWhile(tokens, (token) => token.end <= place.start);
    const last = countWhile(tokens, (token) => token.start < place.end) - 1;
    if (last < first) throw new DataError(sentence(here, "spans of at least one token", shown(span), SKIP));
    const isTrimmed =
      place.end - place.start <
      (points === undefined ? (end as number) - (start as number) : points[end as number] - points[start as number]);
    const isPart = tokens[first].start !== place.start || tokens[last].end !== place.end;
    if (isTrimmed && !isKept(span, "a span with a space at an end", "it ends with the word")) return [];
    if (isPart && !isKept(span, PART, "it stands for the whole word")) return [];
    return [{ label, start: first, end: last + 1, given: span }];
  });
  const kept: Span[] = [];
  const known = new Set<string>();
  const isTaken = new Uint8Array(tokens.length);
  for (const { given: span, ...own } of found.toSorted(
    (a, b) => b.end - b.start - (a.end - a.start) || a.start - b.start,
  )) {
    const key = `${own.start} ${own.end} ${own.label}`;
    if (known.has(key)) continue;
    known.add(key);
    if (isTaken.subarray(own.start, own.end).includes(1)) {
      isKept(span, "a span that overlaps another", "the longer one stays");
      continue;
    }
    isTaken.fill(1, own.start, own.end);
    kept.push(own);
  }
  return kept.toSorted((a, b) => a.start - b.start);
}

/** Whether two texts are the same but for white space. */
const isSame = (a: string, b: string): boolean => a.replaceAll(/\s+|\\n/g, "") === b.replaceAll(/\s+|\\n/g, "");

/** Number of items at the beginning of which something is true, and of none after them. */
function countWhile<T>(items: readonly T[], isTrue: (item: T) => boolean): number {
  let [from, to] = [0, items.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (isTrue(items[middle])) from = middle + 1;
    else to = middle;
  }
  return from;
}

const SKIP = "Correct it, or leave such texts out with --skip-bad";
const HINT = `Choose what to do with such spans with --bad-spans`;
