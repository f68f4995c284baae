/** @file Spans as tags of tokens, and tags as spans. */
import { DataError, sentence, valueError } from "../base/index.ts";

/**
 * How tags name spans, as `PREFIX-LABEL`; "O" is outside of all.
 *
 * - "BIO" (IOB2): B begins a span, I is inside.
 * - "BIOES": also E, which ends a span, and S, a span of one token.
 * - "none": tags are what they are; each token whose tag is not "O" is a span of its own.
 */
export type TagScheme = "BIO" | "BIOES" | "none";

/** Tokens from `start` up to and without `end`. */
export type Span = { readonly label: string; readonly start: number; readonly end: number };

export const OUTSIDE = "O";

/** A tag of "BIO" or "BIOES", taken apart. */
export const partsOf = (tag: string): { readonly prefix: string; readonly label: string } => ({
  prefix: tag.slice(0, 1),
  label: tag.slice(2),
});

/** Whether a tag can occur in a scheme. */
export const isTagOf = (scheme: TagScheme, tag: string): boolean => {
  if (scheme === "none") return tag !== "";
  return tag === OUTSIDE || (scheme === "BIO" ? /^[BI]-./su : /^[BIES]-./su).test(tag);
};

/**
 * The spans that tags stand for, in order. Tags that break their scheme are read as conlleval and
 * seqeval (not strict) read them: an I or E with no span to continue, or of another label than the
 * token before, begins one; a span that no E ends is ended by what follows.
 *
 * Throws DataError for a tag that the scheme does not have.
 */
export function tagsToSpans(tags: readonly string[], scheme: TagScheme): Span[] {
  const spans: Span[] = [];
  let open: { label: string; start: number } | undefined;
  let previous = OUTSIDE;
  const close = (end: number): void => {
    if (open !== undefined) spans.push({ ...open, end });
    open = undefined;
  };
  tags.forEach((tag, at) => {
    if (!isTagOf(scheme, tag))
      throw new DataError(sentence(`tagsToSpans tag ${at}`, `one of ${scheme}`, JSON.stringify(tag)));
    if (scheme === "none") {
      if (tag !== OUTSIDE) spans.push({ label: tag, start: at, end: at + 1 });
      return;
    }
    const { prefix, label } = partsOf(tag);
    const isNew = "BS".includes(prefix) || "ES".includes(previous) || open?.label !== label;
    if (prefix === OUTSIDE || isNew) close(at);
    if (prefix !== OUTSIDE && isNew) open = { label, start: at };
    previous = prefix;
  });
  close(tags.length);
  return spans;
}

/**
 * The tags of `length` tokens that stand for `spans`. Throws RangeError for spans that overlap, are
 * empty or lie outside, or are longer than one token in scheme "none".
 */
export function spansToTags(spans: readonly Span[], length: number, scheme: TagScheme): string[] {
  const tags = Array.from({ length }, () => OUTSIDE);
  for (const { label, start, end } of spans) {
    const text = `${label} [${start}, ${end})`;
    const isInside = Number.isInteger(start) && Number.isInteger(end) && start >= 0 && start < end && end <= length;
    if (!isInside) throw valueError("spansToTags", `a span inside [0, ${length})`, text);
    if (scheme === "none" && end - start > 1) throw valueError("spansToTags", "spans of one token", text);
    for (let at = start; at < end; at++) {
      if (tags[at] !== OUTSIDE) throw valueError("spansToTags", "spans that don't overlap", text);
      tags[at] = scheme === "none" ? label : `${prefixAt(at, start, end, scheme)}-${label}`;
    }
  }
  return tags;
}

function prefixAt(at: number, start: number, end: number, scheme: TagScheme): string {
  if (scheme === "BIOES" && end - start === 1) return "S";
  if (at === start) return "B";
  return scheme === "BIOES" && at === end - 1 ? "E" : "I";
}

/**
 * The same spans in the tags of another scheme. Also repairs tags that break their own, and turns
 * IOB1 into BIO, when both schemes are "BIO".
 */
export const convertTags = (tags: readonly string[], from: TagScheme, to: TagScheme): string[] =>
  spansToTags(tagsToSpans(tags, from), tags.length, to);
