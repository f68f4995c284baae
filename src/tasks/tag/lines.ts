/** @file What all readers of tagged text need: lines, and tags that are some. */
import { DataError, describe, sentence } from "../../base/index.ts";
import { isTagOf, type TagScheme } from "../../metrics/index.ts";

/**
 * Lines of a text without a byte order mark and their ends, "\n" or "\r\n"; "\r" where there is no
 * other.
 */
export const linesOf = (text: string): string[] =>
  text.replace(/^\uFEFF/, "").split(text.includes("\n") ? /\r?\n/ : /\r/);

/** Tag without white space at its ends. Throws DataError for none, or one of another scheme. */
export function checkTag(here: string, given: unknown, scheme: TagScheme | undefined): string {
  const tag = typeof given === "string" ? given.trim() : given;
  if (typeof tag !== "string" || tag === "") throw new DataError(sentence(here, "a tag", describe(given)));
  if (scheme !== undefined && !isTagOf(scheme, tag))
    throw new DataError(sentence(here, `a tag of scheme "${scheme}"`, JSON.stringify(tag)));
  return tag;
}
