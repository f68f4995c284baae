import { expect, test } from "vitest";
import { charactersOf, UnknownInput } from "./unknown-input.ts";

const isKnown = (part: string): boolean => "abcdef".includes(part);

test("characters that a model does not know are told with some of them, if there are any", () => {
  const input = new UnknownInput("character");
  input.add(charactersOf("abc ab\n"), isKnown);
  expect(input.message()).toBeUndefined();
  input.add(charactersOf("aö 日日😀"), isKnown);
  expect(input.message()).toBe(
    '4 of 10 characters of the input are not known to the model, which may answer anything: "日", "ö", "😀"',
  );
  input.add(charactersOf("xyzuvw"), isKnown);
  expect(input.message()).toMatch(/: "日", "ö", "😀", "x", "y" and 4 more$/);
});

test("words are told only if more than half are unknown", () => {
  const input = new UnknownInput("word");
  input.add(["a", "b", "q", "r"], isKnown);
  expect(input.message()).toBeUndefined();
  input.add(["r"], isKnown);
  expect(input.message()).toBe(
    '3 of 5 words of the input are not known to the model, which may answer anything: "r", "q"',
  );
  const one = new UnknownInput("character");
  one.add("x", isKnown);
  expect(one.message()).toMatch(/^1 of 1 character of the input is not known/);
});
