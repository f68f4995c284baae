/** @file What a token of a text is where nobody says it. */

/** Texts that are looked at: a few hundred tell what all are like. */
const MOST = 500;
/** Characters of a text that are looked at. */
const MOST_CHARACTERS = 2000;

/** Letters of scripts that write words without spaces between them. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Tibetan}]/gu;
const LETTER = /\p{L}/gu;

/** Above this share of such letters texts are read by characters. */
const MANY = 0.3;
/** Characters between two spaces that no text of words has on average. */
const LONG = 15;
/** Words of a text below which it is one word, such as a name. */
const FEW_WORDS = 1.5;

const countOf = (text: string, pattern: RegExp): number => text.match(pattern)?.length ?? 0;

/**
 * "char" for texts whose words can't be told apart by spaces (Chinese, Japanese, Thai), for those
 * with hardly any spaces (addresses, DNA) and for single words (names); else "word".
 */
export function textUnit(texts: readonly string[]): "char" | "word" {
  const every = Math.max(1, Math.floor(texts.length / MOST));
  const looked = texts.filter((_, i) => i % every === 0).map((text) => text.slice(0, MOST_CHARACTERS).trim());
  let [letters, unspaced, words, characters, filled] = [0, 0, 0, 0, 0];
  for (const text of looked) {
    if (text === "") continue;
    filled++;
    letters += countOf(text, LETTER);
    unspaced += countOf(text, UNSPACED);
    words += text.split(/\s+/u).length;
    characters += text.length;
  }
  if (filled === 0) return "word";
  const isUnspaced = unspaced > MANY * letters;
  return isUnspaced || characters > LONG * words || words < FEW_WORDS * filled ? "char" : "word";
}
