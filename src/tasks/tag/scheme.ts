/** @file Which tags may follow each other. */
import type { CrfConstraints } from "../../tensor/index.ts";
import { DataError, sentence } from "../../base/index.ts";
import { isTagOf, OUTSIDE, partsOf, type TagScheme } from "../../metrics/index.ts";

/**
 * Constraints of a scheme, for `crfViterbi`: in BIO an I only after a B or I of its label, and not
 * first; in BIOES also no span without its E at the end. Everything in scheme "none". Throws
 * DataError for a tag that the scheme does not have.
 */
export function tagConstraints(tags: readonly string[], scheme: TagScheme): CrfConstraints {
  for (const tag of tags) {
    if (!isTagOf(scheme, tag))
      throw new DataError(sentence("tagConstraints", `tags of scheme "${scheme}"`, JSON.stringify(tag)));
  }
  const isFree = scheme === "none";
  const isClosed = (tag: string): boolean => isFree || scheme === "BIO" || !"BI".includes(partsOf(tag).prefix);
  const isOpening = (tag: string): boolean => isFree || tag === OUTSIDE || "BS".includes(partsOf(tag).prefix);
  const mayFollow = (before: string, after: string): boolean => {
    if (isOpening(after)) return isClosed(before);
    const [from, to] = [partsOf(before), partsOf(after)];
    return "BI".includes(from.prefix) && from.label === to.label;
  };
  return {
    transitions: Uint8Array.from(tags.flatMap((before) => tags.map((after) => Number(mayFollow(before, after))))),
    start: Uint8Array.from(tags, (tag) => Number(isOpening(tag))),
    end: Uint8Array.from(tags, (tag) => Number(isClosed(tag))),
  };
}

/**
 * "BIOES" when a tag ends a span or is one by itself, "BIO" when all are O, B or I, else "none".
 */
export function detectScheme(tags: Iterable<string>): TagScheme {
  const all = [...new Set(tags)];
  const isAll = (scheme: TagScheme): boolean => all.every((tag) => isTagOf(scheme, tag));
  if (all.every((tag) => tag === OUTSIDE)) return "none";
  if (isAll("BIO")) return "BIO";
  return isAll("BIOES") ? "BIOES" : "none";
}

/**
 * All tags of a scheme that the spans in `tags` can need, "O" first, then by label; those of "none"
 * in alphabetical order.
 */
export function tagSet(tags: Iterable<string>, scheme: TagScheme): string[] {
  const given = [...new Set(tags)].toSorted(inOrder);
  if (scheme === "none") return given;
  const labels = [...new Set(given.filter((tag) => tag !== OUTSIDE).map((tag) => partsOf(tag).label))].toSorted(
    inOrder,
  );
  const prefixes = scheme === "BIO" ? ["B", "I"] : ["B", "I", "E", "S"];
  return [OUTSIDE, ...labels.flatMap((label) => prefixes.map((prefix) => `${prefix}-${label}`))];
}

const inOrder = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Tag of the data that a model can't give, and the place of the first, where it is known. */
export type UnknownTag = { readonly tag: string; readonly count: number; readonly place: string | undefined };

/** Most tags that a message lists. */
const LISTED = 20;

/** Error about a tag that a model can't give. */
export function unknownTagError(tags: readonly string[], { tag, place }: Pick<UnknownTag, "place" | "tag">): DataError {
  const more = tags.length > LISTED ? `, … (${tags.length} in all)` : "";
  const expected = `one of ${tags.slice(0, LISTED).join(", ")}${more}`;
  return new DataError(sentence(place ?? "tagger tag", expected, JSON.stringify(tag)));
}
