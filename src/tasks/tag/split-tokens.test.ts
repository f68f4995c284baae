import { expect, test } from "vitest";
import { randomStream } from "../../base/index.ts";
import { splitTokens, tokenizerOf, tokensOfText } from "./split-tokens.ts";

test("tokens are those of the pattern with a repeated group, which a word of a million parts overflows", () => {
  const pattern = /[\p{L}\p{N}\p{M}]+(?:['’.,-][\p{L}\p{N}\p{M}]+)*|[^\s]/gu;
  const signs = ["a", "é", "7", "𝒳", "😀", "'", "’", ".", ",", "-", "!", " ", "\n", "e\u0301"];
  for (let i = 0; i < 500; i++) {
    const random = randomStream(5).at(i);
    const text = Array.from({ length: random.integer(30) }, () => signs[random.integer(signs.length)]).join("");
    const expected = Array.from(text.matchAll(pattern), (match) => ({
      token: match[0],
      start: match.index,
      end: match.index + match[0].length,
    }));
    expect(splitTokens(text)).toEqual(expected);
  }
  expect(splitTokens("a.".repeat(400_000))).toHaveLength(2);
  expect(splitTokens("x北京-2 カフェ").map(({ token }) => token)).toEqual([
    "x",
    "北",
    "京",
    "-",
    "2",
    "カ",
    "フ",
    "ェ",
  ]);
});

const wordsOf = (
  text: string,
  known: readonly string[] = [],
  tokenizer: Parameters<typeof tokensOfText>[1] = "punctuation",
): string[] =>
  tokensOfText(text, tokenizer, (token) => known.includes(token)).map(({ token, start, end }) => {
    expect(text.slice(start, end)).toBe(token);
    return token;
  });

test("a text is cut at punctuation, as the reader of spans cuts it", () => {
  for (const text of ["San Francisco, on Monday.", "  Oslo-Nord (3.5 km)!  ", "“O'Neill’s” 😀 日本。", ""])
    expect(wordsOf(text)).toEqual(splitTokens(text).map(({ token }) => token));
});

test("words that a model knows stay whole, and endings that it knows are cut off", () => {
  expect(wordsOf("the U.S. and #Karl, @x", ["U.S.", "#Karl,"])).toEqual(["the", "U.S.", "and", "#Karl,", "@", "x"]);
  expect(wordsOf("Mira's don't")).toEqual(["Mira's", "don't"]);
  expect(wordsOf("Mira’s don't", ["'s", "n't"])).toEqual(["Mira", "’s", "do", "n't"]);
});

test("other ways to cut a text", () => {
  expect(wordsOf("to Oslo. now", [], "spaces")).toEqual(["to", "Oslo.", "now"]);
  expect(wordsOf("去 北京e\u0301。", [], "characters")).toEqual(["去", "北", "京", "e\u0301", "。"]);
});

test("the tokens of data tell how they were cut", () => {
  const split = (text: string): string[] => text.split(" ");
  expect(tokenizerOf([split("we saw Oslo ."), split("Mr. Berg of the U.S. came , too .")])).toBe("punctuation");
  expect(tokenizerOf([split("we saw Oslo."), split("Mr. Berg came, too.")])).toBe("spaces");
  expect(tokenizerOf([split("no sign at all")])).toBe("punctuation");
  const letters = [..."我们昨天去了北京大学看朋友他们都很高兴和我们一起"];
  expect(tokenizerOf([[...letters, "2", "0", "2", "4", "A"]])).toBe("characters");
  // as texts with spans are cut
  expect([tokenizerOf([letters]), tokenizerOf([[...letters, "2024"]])]).toEqual(["punctuation", "punctuation"]);
  expect(tokenizerOf([["a", "b"]])).toBe("punctuation");
});
