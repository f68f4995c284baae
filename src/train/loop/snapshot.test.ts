/**
 * The state in a checkpoint is checked whole before anything is changed, whoever wrote it and with
 * whatever hashes.
 */
import { assert, asyncProperty, constant, constantFrom, jsonValue, oneof } from "fast-check";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { DataError, FormatError } from "../../base/index.ts";
import { engineReport, NUMERICS_VERSION } from "../../engine/index.ts";
import { decodeCheckpoint, encodeCheckpoint, type JsonValue } from "../../formats/index.ts";
import { languageModel, type LanguageModel, train, type TrainOptions } from "../../tasks/language-model/index.ts";
import { type Callback, earlyStopping, reduceOnPlateau } from "./callbacks.ts";
import type { Snapshot } from "./snapshot.ts";

const corpus = "the cat sat on the mat. ".repeat(12);
const make = (): LanguageModel => languageModel({ corpus, hiddenSize: 4, embeddingSize: 3, seed: 1 });
const callbacks = (): Callback[] => [earlyStopping({ patience: 3 }), reduceOnPlateau({ patience: 1 })];
const options = { sequenceLength: 6, batchSize: 2, validation: 0.2, evaluateEvery: 3, steps: 9, accumulate: 2 };

type State = { [name: string]: JsonValue } & {
  run: Record<string, JsonValue>;
  fingerprint: Record<string, JsonValue>;
  callbacks: Record<string, JsonValue>;
};

let whole: Snapshot;
beforeAll(async () => {
  const training = train(make(), { ...options, callbacks: callbacks() });
  for await (const event of training) if (event.step === 7) break;
  whole = await training.snapshot();
});
afterEach(() => vi.restoreAllMocks());

/** The snapshot with another state, as a file gives it: its hashes are right. */
async function changed(change: (state: State) => unknown): Promise<Snapshot> {
  const state = structuredClone(whole.state) as State;
  const other = change(state);
  const { arrays, ...read } = await decodeCheckpoint(await encodeCheckpoint({ ...whole, state: other ?? state }));
  return { arrays, state: read.state };
}

/** All that a resume can change. */
const everything = (model: LanguageModel, own: readonly Callback[]): unknown => [
  Object.entries(model.parameters()).map(([path, x]) => [path, Array.from(x.values() as Float32Array)]),
  own.map((callback) => [callback.state?.(), Object.keys(callback.arrays?.() ?? {})]),
];

/**
 * First event or error of the resumed run; the model and the callbacks are as they were where
 * it refuses.
 */
async function resumed(resume: Snapshot, more: TrainOptions = {}): Promise<unknown> {
  const model = make();
  const own = callbacks();
  const before = everything(model, own);
  const training = train(model, { ...options, callbacks: own, ...more, resume });
  try {
    await training.next();
    await training.return();
    return undefined;
  } catch (error) {
    expect(everything(model, own)).toEqual(before);
    return error;
  }
}

const RUN = "step epoch batch skipped skippedTotal seconds epochWeight rateFactor updates evaluatedAt".split(" ");

const wrongStates: readonly (readonly [name: string, change: (state: State) => unknown, message: RegExp])[] = [
  ["a list", () => [], /expected the snapshot of a run/],
  ["no run", (state) => ((state as Record<string, unknown>)["run"] = []), /the snapshot of a run/],
  ["another version", (state) => void (state["version"] = 2), /a snapshot of version 1, got version 2/],
  ["a version that is text", (state) => void (state["version"] = "1"), /a snapshot of version 1/],
  ["no fingerprint", (state) => void delete (state as Partial<State>).fingerprint, /fingerprint: expected an object/],
  ["a fingerprint that is a list", (state) => void ((state["fingerprint"] as unknown) = [1]), /fingerprint: expected/],
  ["no callbacks", (state) => void delete (state as Partial<State>).callbacks, /callbacks: expected an object/],
  ["an enormous step", ({ run }) => void (run["step"] = 1e300), /run\.step: expected an integer from 0 to/],
  ["an enormous factor", ({ run }) => void (run["rateFactor"] = 1e9), /run\.rateFactor: expected a number from 0/],
  ["text for an epoch", ({ run }) => void (run["epoch"] = "x"), /run\.epoch: expected an integer .*got "x"/],
  ["more epochs than steps", ({ run }) => void (run["epoch"] = 1000), /run\.epoch: expected an integer from 0 to 7/],
  [
    "a batch that the epoch hasn't",
    ({ run }) => void Object.assign(run, { step: 20, batch: 20 }),
    /run\.batch: expected at most the 19 of/,
  ],
  ["half of a step", ({ run }) => void (run["batch"] = 3), /run\.batch: expected a multiple of 2/],
  ["an object as the reason", ({ run }) => void (run["stopped"] = {}), /run\.stopped: expected text or null/],
  ["a loss of another name", ({ run }) => void (run["loss"] = "nan"), /run\.loss: expected a number, or "NaN"/],
  ["a counter that nobody knows", ({ run }) => void (run["steps"] = 1), /run: expected only step, .*got "steps"/],
  ...RUN.map((name) => [`no ${name}`, ({ run }: State) => void delete run[name], /expected .*, got nothing/] as const),
  ...RUN.map((name) => [`${name} is an object`, ({ run }: State) => void (run[name] = {}), /run\.\w+: exp/] as const),
  [
    "early stopping with text",
    (state) => void (state.callbacks["earlyStopping"] = { best: "x", bestStep: 1, bad: 0 }),
    /callbacks\.earlyStopping: earlyStopping state best/,
  ],
  [
    "the second callback",
    (state) => void (state.callbacks["reduceOnPlateau"] = null),
    /callbacks\.reduceOnPlateau: reduceOnPlateau state: expected an object, got null/,
  ],
  [
    "numerics that are none",
    ({ fingerprint }) => void (fingerprint["numerics"] = "fma"),
    /fingerprint\.numerics: expected an object/,
  ],
];

test.each(wrongStates)("is refused with nothing changed: %s", async (_name, change, message) => {
  const error = await resumed(await changed(change));
  expect(error).toBeInstanceOf(FormatError);
  expect((error as Error).message).toMatch(message);
});

test("an older file, with its epoch's loss by steps, goes on", async () => {
  const older = await changed(({ run }) => {
    delete run["epochWeight"];
    run["epochSteps"] = 3;
  });
  expect(await resumed(older)).toBeUndefined();
});

test("the whole state goes on", async () => {
  expect(await resumed(await changed(() => undefined))).toBeUndefined();
});

describe("numerics", () => {
  const { name: engine, numerics } = engineReport();
  const others = numerics === "fma" ? "portable" : "fma";
  const withNumerics = (change: Readonly<Record<string, JsonValue>> | undefined): Promise<Snapshot> =>
    changed(({ fingerprint }) => {
      if (change === undefined) delete fingerprint["numerics"];
      else fingerprint["numerics"] = { ...(fingerprint["numerics"] as object), ...change };
    });

  test("are part of the fingerprint", () => {
    const { fingerprint } = whole.state as State;
    expect(fingerprint["numerics"]).toEqual({ engine, numerics, version: NUMERICS_VERSION });
  });

  test.each<[string, Readonly<Record<string, JsonValue>>, string]>([
    ["of another class", { numerics: others }, `numerics: expected ${others} (engine ${engine}), as in the checkpoint`],
    ["of another version", { version: 0 }, `expected ${numerics} (engine ${engine}, version 0), as in the checkpoint`],
    ["fused on another engine", { numerics: "fma", engine: "gpu" }, "expected fma (engine gpu), as in the checkpoint"],
  ])("%s are refused, or allowed with a warning", async (_name, change, message) => {
    const resume = await withNumerics(change);
    const error = await resumed(resume);
    expect(error).toBeInstanceOf(DataError);
    expect((error as Error).message).toContain(`train resume ${message.replace(/^expected/, "numerics: expected")}`);
    expect((error as Error).message).toContain(`got ${numerics} (engine ${engine}). \`unrolled doctor\` shows`);
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    expect(await resumed(resume, { allowOtherNumerics: true })).toBeUndefined();
    expect(warn.mock.calls.flat()).toEqual([expect.stringContaining(`resumes with numerics ${numerics}`)]);
  });

  test("portable ones are the same on every engine", async () => {
    if (numerics !== "portable") return;
    expect(await resumed(await withNumerics({ engine: "another" }))).toBeUndefined();
  });

  test("a checkpoint of an older version goes on, and one line says what can't be checked", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const resume = await withNumerics(undefined);
    expect(await resumed(resume)).toBeUndefined();
    expect(await resumed(resume)).toBeUndefined();
    expect(warn.mock.calls.flat()).toEqual([expect.stringContaining("does not say which numerics made it")]);
  });
});

/** Paths of all members below a value. */
const pathsOf = (value: JsonValue, path: readonly string[] = []): string[][] =>
  typeof value === "object" && value !== null
    ? Object.entries(value).flatMap(([name, child]) => [[...path, name], ...pathsOf(child, [...path, name])])
    : [];

test("any member of the state may be anything: it goes on, or is refused by a typed error with nothing changed", async () => {
  vi.spyOn(console, "warn").mockImplementation(() => {});
  const paths = pathsOf(whole.state as JsonValue);
  expect(paths.length).toBeGreaterThan(60);
  const strange = oneof(
    constantFrom(null, -1, 0.5, 1e300, -1e300, 1e9, 2 ** 53, "NaN", "x", "", true, {}, [], { toString: 1 }),
    // no file of ours can be written with that key
    jsonValue({ maxDepth: 2 }).filter((value) => !JSON.stringify(value).includes('"__proto__"')),
    constant(undefined),
  );
  await assert(
    asyncProperty(constantFrom(...paths), strange, async (path, value) => {
      const resume = await changed((state) => {
        const parent = path.slice(0, -1).reduce((at, name) => at[name] as State, state as State);
        if (value === undefined && Array.isArray(parent)) parent.pop();
        else if (value === undefined) delete parent[path.at(-1) as string];
        else parent[path.at(-1) as string] = value as JsonValue;
      });
      const error = await resumed(resume);
      if (error !== undefined)
        expect(error instanceof FormatError || error instanceof DataError, String(error)).toBe(true);
    }),
    { numRuns: process.env["UNROLLED_VERIFY"] === "full" ? 5000 : 150 },
  );
});
