/** @file Texts as tokens, where no data say which they are. */

/** A token and its place in the text, in UTF-16 units. */
export type PlacedToken = { readonly token: string; readonly start: number; readonly end: number };

/**
 * Letters, digits and accents, or one other sign. No group is repeated: over a word of a million
 * parts that overflows the stack.
 */
const PARTS = /[\p{L}\p{N}\p{M}]+|[^\s]/gu;
/** Letters of Chinese and Japanese, whose words have no spaces between them, and the rest. */
const SINGLE = /[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}]\p{M}*|[^\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}]+/gu;
const isSingle = (part: string): boolean => /^[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}]/u.test(part);
const isWord = (part: string): boolean => /^[\p{L}\p{N}\p{M}]/u.test(part) && !isSingle(part);

type Part = { readonly part: string; readonly index: number };

const partsOf = (text: string): Part[] =>
  Array.from(text.matchAll(PARTS), ({ 0: part, index }) => ({ part, index })).flatMap((one): Part[] =>
    /[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}]/u.test(one.part)
      ? Array.from(one.part.matchAll(SINGLE), ({ 0: part, index }) => ({ part, index: one.index + index }))
      : [one],
  );

/** Signs that join two words to one token. */
const JOINTS: ReadonlySet<string> = new Set(["'", "’", ".", ",", "-"]);

/**
 * Words, numbers and single punctuation marks, with their places in the text. One of `'’.,-`
 * between two words makes one of them. Each letter of Chinese and Japanese is a token.
 */
export function splitTokens(text: string): PlacedToken[] {
  const parts = partsOf(text);
  const tokens: PlacedToken[] = [];
  for (let i = 0; i < parts.length; i++) {
    const start = parts[i].index;
    let end = start + parts[i].part.length;
    if (isWord(parts[i].part)) {
      while (i + 2 < parts.length) {
        const [joint, next] = [parts[i + 1], parts[i + 2]];
        if (joint.index !== end || !JOINTS.has(joint.part) || next.index !== end + 1 || !isWord(next.part)) break;
        end = next.index + next.part.length;
        i += 2;
      }
    }
    tokens.push({ token: text.slice(start, end), start, end });
  }
  return tokens;
}

/** Parts of a text between spaces. */
export const splitSpaces = (text: string): PlacedToken[] =>
  Array.from(text.matchAll(/\S+/gu), ({ 0: token, index }) => ({ token, start: index, end: index + token.length }));

/** Single characters, without spaces. */
export const splitCharacters = (text: string): PlacedToken[] =>
  Array.from(text.matchAll(/\S\p{M}*/gu), ({ 0: token, index }) => ({
    token,
    start: index,
    end: index + token.length,
  }));

/** Ways to cut a text into tokens. */
export const TOKENIZERS = ["spaces", "punctuation", "characters"] as const;
export type Tokenizer = (typeof TOKENIZERS)[number];

/** Words with the punctuation behind them, as in texts that are cut at spaces only. */
const ENDS_IN_SIGN = /^[\p{L}\p{N}\p{M}].*[.,!?;:。，！？]$/su;
const IS_SIGN = /^[.,!?;:。，！？]$/u;
/** Abbreviations and initials keep their dots in any data. */
const ABBREVIATION = /^(?:\p{L}\.)+$|^\p{L}{1,4}\.$/u;

/** Fewer words are no evidence that all have one letter. */
const FEW_WORDS = 20;

/**
 * Way to cut a text that gives such tokens: "characters" where each has one letter, "spaces" where
 * punctuation stands at the ends of words and not by itself, else "punctuation".
 */
export function tokenizerOf(sentences: Iterable<readonly string[]>): Tokenizer {
  let [ends, signs, words, single] = [0, 0, 0, 0];
  /** Words that are no letters of Chinese or Japanese, which stand singly anyway. */
  let [others, singleOthers] = [0, 0];
  for (const tokens of sentences) {
    for (const token of tokens) {
      if (IS_SIGN.test(token)) signs++;
      else if (ENDS_IN_SIGN.test(token) && !ABBREVIATION.test(token)) ends++;
      if (!/[\p{L}\p{N}]/u.test(token)) continue;
      words++;
      const isOne = /^.\p{M}*$/su.test(token);
      if (isOne) single++;
      if (isSingle(token)) continue;
      others++;
      if (isOne) singleOthers++;
    }
  }
  const areLetters = words >= FEW_WORDS && single >= 0.95 * words;
  if (areLetters && others > 0 && singleOthers * 2 >= others) return "characters";
  return ends > signs ? "spaces" : "punctuation";
}

/** Endings that treebanks cut off. */
const CLITICS = ["n't", "'s", "'re", "'ve", "'ll", "'d", "'m"];

/** Tells whether a model knows a word. */
export type KnownWords = (token: string) => boolean;

/**
 * Tokens of a text. "punctuation" cuts as `splitTokens`, but leaves whole what the model knows as
 * one word, such as "U.S.", and cuts off the endings that it knows, such as "'s".
 */
export function tokensOfText(text: string, tokenizer: Tokenizer, isKnown: KnownWords): PlacedToken[] {
  if (tokenizer === "spaces") return splitSpaces(text);
  if (tokenizer === "characters") return splitCharacters(text);
  const endings = CLITICS.filter((ending) => isKnown(ending));
  return splitSpaces(text).flatMap((chunk) => {
    if (isKnown(chunk.token)) return [chunk];
    return splitTokens(chunk.token)
      .flatMap((token) => withoutEnding(token, endings))
      .map(({ token, start, end }) => ({ token, start: chunk.start + start, end: chunk.start + end }));
  });
}

function withoutEnding(whole: PlacedToken, endings: readonly string[]): PlacedToken[] {
  const small = whole.token.toLowerCase().replaceAll("’", "'");
  const ending = endings.find((one) => small.length > one.length && small.endsWith(one));
  if (ending === undefined) return [whole];
  const { token, start, end } = whole;
  const cut = token.length - ending.length;
  return [
    { token: token.slice(0, cut), start, end: start + cut },
    { token: token.slice(cut), start: start + cut, end },
  ];
}
