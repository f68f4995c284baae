/** @file Examples in the tags that a model knows. */
import { convertTags, OUTSIDE } from "../../metrics/index.ts";
import type { Tagger } from "./model.ts";
import { findNotation, notationOf, ownTag, schemeOf } from "./notation.ts";
import type { UnknownTag } from "./scheme.ts";
import { placedLike, type TaggedExample, tokenPlaceOf } from "./words.ts";

/** Examples in the tags of a model's scheme. */
export type ExamplesFor = {
  readonly examples: readonly TaggedExample[];
  /** Tags that the model can't give or that are not of their scheme, most frequent first. */
  readonly unknown: readonly UnknownTag[];
};

/**
 * The examples in the tags of the model's scheme; also repairs tags that break it. Those
 * that are of no scheme, or of another one than most, stay as they are.
 */
export function examplesFor(model: Tagger, given: readonly TaggedExample[]): ExamplesFor {
  const { scheme } = model.config;
  const unknown = new Map<string, { tag: string; count: number; place: string | undefined }>();
  const tell = (example: TaggedExample, t: number): void => {
    const tag = example.tags[t];
    const found = unknown.get(tag);
    if (found === undefined) unknown.set(tag, { tag, count: 1, place: tokenPlaceOf(example, t) });
    else found.count++;
  };
  const { notation: found } = scheme === "none" ? { notation: undefined } : findNotation(given.map(({ tags }) => tags));
  const notation = found ?? notationOf(scheme);
  const from = scheme === "none" ? "none" : schemeOf(notation);
  const examples = given.map((example) => {
    const { tokens, tags } = example;
    const own = scheme === "none" ? tags : tags.map((tag) => ownTag(tag, notation));
    const read = own.map((tag) => tag ?? OUTSIDE);
    const inScheme = scheme === "none" ? read : convertTags(read, from, scheme);
    const all = inScheme.map((tag, t) => (own[t] === undefined ? tags[t] : tag));
    all.forEach((tag, t) => {
      if (own[t] === undefined || !model.hasTag(tag)) tell(example, t);
    });
    return placedLike({ tokens, tags: all }, example);
  });
  return { examples, unknown: [...unknown.values()].toSorted((a, b) => b.count - a.count) };
}
