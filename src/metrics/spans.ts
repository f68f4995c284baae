/** @file Conversion between spans and tags of tokens. */
import { DataError, sentence, valueError } from "../base/index.ts";

/**
 * Scheme by which tags `PREFIX-LABEL` encode spans; "O" is outside of all spans.
 *
 * - "BIO" (IOB2): B begins a span, I is inside.
 * - "BIOES": also E, which ends a span, and S, a span of one token.
 * - "none": tags without prefixes; each token whose tag is not "O" is a span.
 */
export type TagScheme = "BIO" | "BIOES" | "none";

/** A labelled span of tokens, from `start` up to, but not including, `end`. */
export type Span = { readonly label: string; readonly start: number; readonly end: number };

/** The tag of tokens outside of all spans. */
export const OUTSIDE = "O";

/** Prefix and label of a tag of scheme "BIO" or "BIOES". */
export const partsOf = (tag: string): { readonly prefix: string; readonly label: string } => ({
  prefix: tag.slice(0, 1),
  label: tag.slice(2),
});

/** Whether a tag exists in a scheme. */
export const isTagOf = (scheme: TagScheme, tag: string): boolean => {
  if (scheme === "none") return tag !== "";
  return tag === OUTSIDE || (scheme === "BIO" ? /^[BI]-./su : /^[BIES]-./su).test(tag);
};

/**
 * Spans encoded by tags, in order. Invalid sequences are read as by conlleval and seqeval (not
 * strict): an I or E without a span to continue, or with another label than the token before,
 * begins a span; a span without E ends where the next tag does not continue it.
 *
 * Throws DataError for a tag that does not exist in the scheme.
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
 * Tags of `length` tokens that encode `spans`. Throws RangeError for spans that overlap, are empty
 * or out of range, or are longer than one token in scheme "none".
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
 * Converts tags to another scheme. With "BIO" for both schemes, repairs invalid sequences and
 * converts IOB1 to BIO.
 */
export const convertTags = (tags: readonly string[], from: TagScheme, to: TagScheme): string[] =>
  spansToTags(tagsToSpans(tags, from), tags.length, to);
