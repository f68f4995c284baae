import { expect, test } from "vitest";
import { DataError } from "../../base/index.ts";
import { parseConll } from "./columns.ts";
import { describeNotation, findNotation, ownTag, type TagNotation, tagsInScheme, writtenTag } from "./notation.ts";
import type { TaggedExample } from "./words.ts";

const bio = "O B-PER I-PER O B-LOC O B-LOC B-LOC I-LOC I-LOC O".split(" ");
const bioes = "O B-PER E-PER O S-LOC O S-LOC B-LOC I-LOC E-LOC O".split(" ");

const example = (tags: readonly string[]): TaggedExample => ({ tokens: tags.map((_, t) => `w${t}`), tags });

const renamed = (tags: readonly string[], names: Readonly<Record<string, string>>): string[] =>
  tags.map((tag) => tag.replace(/^[BIES](?=-)/, (letter) => names[letter] ?? letter));

const swapped = (tags: readonly string[], separator: string): string[] =>
  tags.map((tag) => (tag === "O" ? tag : `${tag.slice(2)}${separator}${tag[0]}`));

const cases: [name: string, written: readonly string[], own: readonly string[], scheme: string][] = [
  ["BIO", bio, bio, "BIO"],
  ["BIOES", bioes, bioes, "BIOES"],
  ["BILOU", renamed(bioes, { E: "L", S: "U" }), bioes, "BIOES"],
  ["BMES", renamed(bioes, { I: "M" }), bioes, "BIOES"],
  ["BMEWO", renamed(bioes, { I: "M", S: "W" }), bioes, "BIOES"],
  ["suffix", swapped(bio, "-"), bio, "BIO"],
  ["BILOU as suffix with an underscore", swapped(renamed(bioes, { E: "L", S: "U" }), "_"), bioes, "BIOES"],
  ["small letters", bio.map((tag) => (tag === "O" ? "o" : tag[0].toLowerCase() + tag.slice(1))), bio, "BIO"],
  ["another tag outside", bio.map((tag) => (tag === "O" ? "_" : tag)), bio, "BIO"],
  ...["_", ":", "/", ".", "|", " "].map(
    (sign) =>
      [`sign ${sign}`, bio.map((tag) => tag.replace("-", sign)), bio, "BIO"] as [string, string[], string[], string],
  ),
];

test.each(cases)("%s is read as its scheme, and written as it was", (_, written, own, scheme) => {
  const { examples, scheme: found, notation } = tagsInScheme([example(written)]);
  expect(found).toBe(scheme);
  expect(examples.map(({ tags }) => tags)).toEqual([own]);
  expect(own.map((tag) => writtenTag(tag, notation as TagNotation))).toEqual(written);
});

test("letters alone are spans without a label", () => {
  const { examples, notation } = tagsInScheme([example(["O", "B", "I", "O", "B"])]);
  expect(examples[0].tags).toEqual(["O", "B-_", "I-_", "O", "B-_"]);
  expect(examples[0].tags.map((tag) => writtenTag(tag, notation as TagNotation))).toEqual(["O", "B", "I", "O", "B"]);
});

test.each([
  ["parts of speech", "DT NN VBZ , NN . PRP$ -LRB- B"],
  ["universal parts of speech", "DET NOUN X PUNCT ADJ"],
  ["those of Brown", "AT NN-TL JJ-TL NN$ IN NP-HL"],
  ["single letters", "S E S RD S B V FF"],
  ["names without letters", "O PER O LOC LOC O person-actor"],
  ["nothing in spans", "O O O"],
])("%s are no scheme", (_, tags) => {
  const given = [example(tags.split(" "))];
  expect(tagsInScheme(given)).toEqual({ examples: given, scheme: "none", notation: undefined });
});

/** Many right sentences and a wrong tag in the last. */
const withTypo = (typo: string, tags: readonly string[] = bio): TaggedExample[] =>
  parseConll(`${tags.map((tag, i) => `w${i}\t${tag}\n`).join("")}\n`.repeat(90) + `a\tO\nb\t${typo}\nc\tO\n`);

test.each([
  "0",
  "o",
  "B-",
  "B",
  "I PER",
  "PER-B",
  "B_PER",
  "b-PER",
  "S-PER",
  "E-PER",
  "U-LOC",
  "L-LOC",
  "PER",
  "B–PER",
  "BPER",
  "X-PER",
  "-PER",
  "i-PER",
])("one %s among 990 BIO tags is refused with its line, and the cure", (typo) => {
  const error = new DataError(
    `parseConll line 1082: expected a tag like B-X, I-X or O, as 992 of 993 are, got ${JSON.stringify(typo)}. Correct it, or take tags as they are with scheme "none" (--scheme none)`,
  );
  expect(() => tagsInScheme(withTypo(typo))).toThrow(error);
  const bad: string[] = [];
  const { examples, scheme } = tagsInScheme(withTypo(typo), { onBad: ({ message }) => bad.push(message) });
  expect([examples.length, scheme, bad]).toEqual([90, "BIO", [error.message]]);
  expect(tagsInScheme(withTypo(typo), { scheme: "none" }).scheme).toBe("none");
});

test.each(["U-LOC", "L-LOC", "M-LOC", "0", "LOC"])("one %s among BIOES tags is refused", (typo) => {
  expect(() => tagsInScheme(withTypo(typo, bioes))).toThrow(`line 1082: expected a tag like B-X, I-X, E-X, S-X or O`);
});

test("a scheme that is asked for has to be there", () => {
  expect(() => tagsInScheme([example(["DT", "NN"])], { scheme: "BIO" })).toThrow(
    'tags: expected a tag like B-X, I-X or O, got "DT"',
  );
});

test("a notation says what it is", () => {
  const { notation } = findNotation([swapped(bioes, "_")]);
  expect(describeNotation(notation as TagNotation)).toBe("X_B, X_I, X_E, X_S or O");
  expect(ownTag("PER_Q", notation as TagNotation)).toBeUndefined();
});
