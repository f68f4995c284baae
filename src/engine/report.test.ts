import { beforeEach, expect, test, vi } from "vitest";

beforeEach(() => vi.resetModules());

/** The functions on an engine of their own, started with this environment. */
async function started(environment: Readonly<Record<string, string>>) {
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  return import("./index.ts");
}

test("the report tells the engine, its threads and each choice with its reason", async () => {
  const { engineReport, useThreads } = await started({ UNROLLED_ENGINE: "wasm", UNROLLED_THREADS: "3" });
  const { name, threads, bytes, choices } = engineReport();
  expect({ name, threads }).toEqual({ name: "wasm", threads: 3 });
  expect(bytes).toBeGreaterThan(0);
  expect(choices.length).toBeGreaterThan(0);
  for (const { what, chosen, why } of choices) for (const text of [what, chosen, why]) expect(text).not.toBe("");
  useThreads(2);
  expect(engineReport().threads).toBe(2);
});

test("an engine without threads ignores their number, but not a wrong one", async () => {
  const { engineReport, useThreads } = await started({ UNROLLED_ENGINE: "reference" });
  useThreads(8);
  expect(engineReport()).toMatchObject({ name: "reference", threads: 1 });
  expect(() => useThreads(0)).toThrow(RangeError);
});

test.each([
  [0, "RangeError: useThreads: expected an integer in [1, 1024], got 0"],
  [1.5, "RangeError: useThreads: expected an integer in [1, 1024], got 1.5"],
  [1025, "RangeError: useThreads: expected an integer in [1, 1024], got 1025"],
  ["2", 'TypeError: useThreads: expected an integer in [1, 1024], got "2"'],
  [undefined, "TypeError: useThreads: expected an integer in [1, 1024], got undefined"],
])("useThreads(%o) says what is wrong", async (threads, message) => {
  const { engineReport, useThreads } = await started({});
  const before = engineReport().threads;
  let thrown: unknown;
  try {
    useThreads(threads as number);
  } catch (error) {
    thrown = error;
  }
  expect(String(thrown)).toBe(message);
  expect(engineReport().threads).toBe(before);
});
