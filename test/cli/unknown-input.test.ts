/** `predict` with input that a model has never seen: one line tells, on stderr, with the answers on stdout. */
import { encodeModel } from "unrolled";
import { classifier, tagger, translator } from "unrolled/tasks";
import { writeFileSync } from "node:fs";
import { beforeAll, expect, test } from "vitest";
import { commandFolder, type Result, withoutCutOff } from "../helpers/cli.ts";

const { file, run } = commandFolder("unknown-input");

const small = { hiddenSize: 4, embeddingSize: 4 };
const texts = ["one two", "two three", "isn't it", "three one"];

beforeAll(() => {
  const save = (name: string, bytes: Uint8Array): void => writeFileSync(file(name), bytes);
  const pairs = texts.map((source) => ({ source, target: source.toUpperCase() }));
  save("translate", encodeModel(translator({ pairs, ...small })));
  const examples = texts.map((input, i) => ({ input, label: i % 2 === 0 ? "a" : "b" }));
  for (const unit of ["char", "word"] as const) save(unit, encodeModel(classifier({ examples, unit, ...small })));
  const tagged = texts.map((text) => ({ tokens: text.split(" "), tags: ["O", "B-X"] }));
  save("tag", encodeModel(tagger({ examples: tagged, characterSize: 4, ...small })));
});

const predict = (model: string, input: string): Result => run(["predict", model], { input });

test.each([
  [
    "translate",
    "two one\ne\u0301 Zwölf\n日\n",
    /^unrolled: 6 of 13 characters of the input are not known to the model, which may answer anything: "é", "Z", "ö", "l", "f" and 1 more\n$/,
  ],
  ["char", "zwölf\n", /^unrolled: 3 of 5 characters of the input are not known .*: "z", "l", "ö"|"z", "ö", "l"/],
  ["word", "four five one\n", /^unrolled: 2 of 3 words of the input are not known .*: "four", "five"\n$/],
  ["tag", "four five one\n", /^unrolled: 2 of 3 words of the input are not known .*: "four", "five"\n$/],
])("%s tells of what it does not know", (model, input, message) => {
  const { status, stdout, stderr } = predict(model, input);
  expect(status).toBe(0);
  expect(withoutCutOff(stderr)).toMatch(message);
  expect(stdout).not.toBe("");
});

test.each([
  ["translate", "two one\n\nit\n"],
  ["char", "one it\n"],
  ["word", "one, isn't five\n"],
  ["tag", "one two five\n"],
])("%s says nothing where it knows enough", (model, input) => {
  const { status, stderr } = predict(model, input);
  expect([status, withoutCutOff(stderr)]).toEqual([0, ""]);
});
