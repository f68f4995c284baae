import { expect, test } from "vitest";
import type { Status } from "../terminal/status.ts";
import { reported } from "../commands/train.ts";

const statusOf = (): { readonly status: Status; readonly notes: string[] } => {
  const notes: string[] = [];
  const nothing = (): void => {};
  const note = (text: string): void => void notes.push(text);
  return { status: { isQuiet: false, show: nothing, note, end: nothing, chart: nothing }, notes };
};

test("a report that fails is told, and ends nothing", async () => {
  const { status, notes } = statusOf();
  const found = await reported(() => Promise.reject(new Error("expected a season")), status);
  expect(found).toBeUndefined();
  expect(notes).toEqual(["no report of how good it is: expected a season"]);
});

test("a report that succeeds is given, and a task may have none", async () => {
  const { status, notes } = statusOf();
  expect(await reported(() => Promise.resolve({ measures: { accuracy: 1 } }), status)).toEqual({
    measures: { accuracy: 1 },
  });
  expect(await reported(() => undefined, status)).toBeUndefined();
  expect(notes).toEqual([]);
});
