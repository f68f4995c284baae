/** @file Annotations of brat: a text, and a file of spans beside it. */
import { checkOptions, DataError, describe, sentence } from "../../base/index.ts";
import { spansToTags } from "../../metrics/index.ts";
import type { TaggedJsonlOptions } from "./json.ts";
import { alignSpans, fitOf, type GivenSpan, type Offsets, placesOfPoints, SpanNotes } from "./spans-of-text.ts";
import { splitTokens } from "./split-tokens.ts";
import { placed, type TaggedExample } from "./words.ts";

export type BratOptions = Pick<TaggedJsonlOptions, "badSpans" | "offsets" | "onBad" | "onNote" | "scheme" | "where">;

type Annotation = GivenSpan & { readonly start: number; readonly end: number; readonly place: string };

/**
 * Sentences of a text, one per line, with the spans of brat's standoff format: lines such as
 * "T1<tab>PER 0 4<tab>Karl"; lines of relations, events and notes are left out. Places count code
 * points, unless those of the text show otherwise.
 *
 * Throws DataError, with the line of the annotations, for a span that is not of the text.
 */
export function parseBrat(text: string, annotations: string, options: BratOptions = {}): TaggedExample[] {
  checkOptions(
    "parseBrat",
    options,
    "tokenColumn tagColumn scheme where offsets badSpans onNote onBad isTagless separator encoding",
  );
  const { where = "parseBrat", badSpans = "mend", onNote, onBad } = options;
  const notes = new SpanNotes();
  const attempt = <R>(build: () => R): R[] => {
    try {
      return [build()];
    } catch (error) {
      if (!(error instanceof DataError) || onBad === undefined) throw error;
      onBad(error);
      return [];
    }
  };
  const spans = annotations.split(/\r?\n/).flatMap((line, i) => {
    if (!line.startsWith("T")) return [];
    return attempt(() => annotationOf(`${where} line ${i + 1}`, line)).flatMap((one) => one ?? []);
  });
  const offsets = options.offsets ?? offsetsOf(text, spans);
  const points = offsets === "codepoint" ? placesOfPoints(text) : undefined;
  const at = (place: number): number => (points === undefined ? place : (points[place] ?? text.length + 1));
  const own = spans.map((span) => ({ ...span, start: at(span.start), end: at(span.end) }));
  const examples: TaggedExample[] = [];
  let next = 0;
  const sorted = own.toSorted((a, b) => a.start - b.start);
  for (const { 0: line, index } of text.matchAll(/[^\r\n]+/g)) {
    const tokens = splitTokens(line);
    const inside: Annotation[] = [];
    for (; next < sorted.length && sorted[next].start < index + line.length; next++) inside.push(sorted[next]);
    if (tokens.length === 0) continue;
    const here = inside[0]?.place ?? where;
    examples.push(
      ...attempt(() => {
        const relative = inside.map((span) => ({ ...span, start: span.start - index, end: span.end - index }));
        const found = alignSpans(here, line, relative, tokens, { offsets: "utf16", badSpans, notes });
        const tags = spansToTags(found, tokens.length, options.scheme ?? "BIO");
        return placed({ tokens: tokens.map(({ token }) => token), tags }, here);
      }),
    );
  }
  if (next < sorted.length)
    attempt(() => {
      throw new DataError(sentence(sorted[next].place, "a span inside of the text", `one from ${sorted[next].start}`));
    });
  if (options.badSpans === undefined) notes.checkParts();
  for (const note of notes.all()) onNote?.(note);
  return examples;
}

/** The span of a line. Of one in several pieces, all from the first to the last. */
function annotationOf(place: string, line: string): Annotation {
  const [, label, start, end, text] = /^T\S*\t(\S+) (\d+)(?: \d+;\d+)* (\d+)(?:\t([^]*))?$/.exec(line) ?? [];
  if (label === undefined)
    throw new DataError(sentence(place, 'a span such as "T1<tab>PER 0 4<tab>Karl"', describe(line)));
  const isOne = !line.includes(";");
  return { place, label, start: Number(start), end: Number(end), ...(isOne && text !== undefined && { text }) };
}

/** brat counts code points; what it doesn't fit was written by something else. */
function offsetsOf(text: string, spans: readonly GivenSpan[]): Offsets {
  const missed = fitOf(text, spans, () => splitTokens(text));
  return missed !== undefined && missed.utf16 < missed.codepoint ? "utf16" : "codepoint";
}
