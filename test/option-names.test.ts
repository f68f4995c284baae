/**
 * Names of options: every public function refuses one that it does not have and names the one
 * meant, and takes undefined for its default.
 */
import * as library from "unrolled";
import * as node from "unrolled/node";
import * as imports from "unrolled/import";
import * as tasks from "unrolled/tasks";
import { describe, expect, test } from "vitest";
import { type FunctionOptions, publicOptions } from "./helpers/public-options.ts";

/** Functions whose last argument is a value of its own, which may have other fields. */
const VALUES = new Set([
  "attentionWeights",
  "crfBestPaths",
  "crfViterbi",
  "encodeCheckpoint",
  "encodeNative",
  "featureNames",
  "formatFrequency",
  "idxPictures",
  "pool",
  "precisionRecallF1",
  "resizePicture",
  "runCurves",
  "seasonOf",
  "shardRows",
  "tagsInScheme",
  "timeAfter",
  "writeDiagnosis",
  "writtenTag",
  "arraysIn",
]);

/** Arguments before the options, where others than undefined are looked at first. */
const ARGUMENTS: Readonly<Record<string, readonly unknown[]>> = {
  readPicture: [import.meta.filename],
  fit: [library.languageModel({ corpus: "abc" })],
  forecasterTask: [{ config: {} }],
  attentionPicture: [{}],
  forecastPicture: [{ values: [] }, { mean: [] }],
  spectrogramSvg: [{}],
  writeModelCard: ["", {}, {}],
};

const entries: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  unrolled: library,
  "unrolled/tasks": tasks,
  "unrolled/import": imports,
  "unrolled/node": node,
};

/** The error of a call with these options; undefined if there is none. */
async function errorOf({ entry, name, index }: FunctionOptions, options: unknown): Promise<Error | undefined> {
  const call = entries[entry][name] as (...inputs: unknown[]) => unknown;
  const inputs = ARGUMENTS[name] ?? new Array<unknown>(index).fill(undefined);
  try {
    const result: unknown = await call(...inputs, options);
    // a generator checks when it is first advanced
    if (typeof (result as Partial<AsyncIterator<unknown>> | undefined)?.next === "function")
      await (result as AsyncIterator<unknown>).next();
    return undefined;
  } catch (error) {
    return error as Error;
  }
}

const all = publicOptions().filter(({ name }) => !VALUES.has(name));

test("the functions with options are found", () => {
  expect(all.length).toBeGreaterThan(120);
  for (const name of ["lstmCell", "dynamicRnn", "train", "classify", "readRecords", "max", "evaluate"])
    expect(all.map((one) => one.name)).toContain(name);
});

describe.each(all.map((one) => [`${one.entry} ${one.name}`, one] as const))("%s", (_, one) => {
  test("refuses an option that it does not have", async () => {
    const error = await errorOf(one, { nonsense: undefined });
    expect(error).toBeInstanceOf(TypeError);
    expect(error?.message).toMatch(/: expected no option but .*, got "nonsense"/);
  });

  test("names the option that is meant", async () => {
    const [longest] = one.options.toSorted((a, b) => b.length - a.length);
    const error = await errorOf(one, { [longest.slice(0, -1)]: undefined });
    if (!one.options.includes(longest.slice(0, -1)))
      expect(error?.message).toMatch(new RegExp(`Did you mean ${longest}\\?`));
  });

  test("has all that its type has", async () => {
    const error = await errorOf(one, Object.fromEntries(one.options.map((name) => [name, undefined])));
    expect(error?.message ?? "").not.toContain("expected no option but");
  });
});

test("case, initials and another kind of value", () => {
  const { adam, languageModel, lstmCell, train } = library;
  const loose = (options: unknown) => options as object;
  expect(() => adam(loose(0.01))).toThrow("adam: expected options (learningRate, beta1, beta2, epsilon");
  expect(() => adam(loose({ lr: 0.01 }))).toThrow("Did you mean learningRate?");
  expect(() => lstmCell({ units: 4, ...loose({ peephole: true }) })).toThrow("Did you mean peepholes?");
  expect(() => languageModel({ corpus: "ab", ...loose({ hiddensize: 4 }) })).toThrow("Did you mean hiddenSize?");
  expect(() => train(languageModel({ corpus: "ab" }), loose({ learningRate: 0.1 }))).toThrow(
    'got "learningRate". Give it to the optimizer: optimizer: adam({ learningRate })',
  );
});

describe("undefined stands for the default", () => {
  const series = [{ values: Array.from({ length: 60 }, (_, i) => Math.sin(i)) }];
  const rows: readonly (readonly [name: string, call: (options: object) => { readonly config: object }, object])[] = [
    ["languageModel", (options) => library.languageModel(options), { corpus: "hello world" }],
    [
      "classifier",
      (options) => tasks.classifier(options as Parameters<typeof tasks.classifier>[0]),
      {
        examples: [
          { input: "a b", label: "x" },
          { input: "c d", label: "y" },
        ],
      },
    ],
    [
      "tagger",
      (options) => tasks.tagger(options as Parameters<typeof tasks.tagger>[0]),
      { examples: [{ tokens: ["a", "b"], tags: ["O", "B-X"] }] },
    ],
    [
      "forecaster",
      (options) => tasks.forecaster(options as Parameters<typeof tasks.forecaster>[0]),
      { series, horizon: 2 },
    ],
    [
      "translator",
      (options) => tasks.translator(options as Parameters<typeof tasks.translator>[0]),
      { pairs: [{ source: "a b", target: "c d" }] },
    ],
    ["adam", (options) => library.adam(options), {}],
    ["sgd", (options) => library.sgd(options), {}],
    ["rmsprop", (options) => library.rmsprop(options), {}],
    ["momentum", (options) => library.momentum(options), {}],
  ];
  test.each(rows)("%s", (name, call, required) => {
    const options = all.find((one) => one.name === name)?.options ?? [];
    expect(options.length).toBeGreaterThan(1);
    const nothing = Object.fromEntries(options.map((option) => [option, undefined]));
    expect(call({ ...nothing, ...required }).config).toEqual(call(required).config);
  });
});
