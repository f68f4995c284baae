import { expect, test, vi } from "vitest";
import { warnOnce } from "./warn.ts";

test("each message is printed once", () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  for (const message of ["one", "two", "one", "one"]) warnOnce(message);
  expect(warn.mock.calls).toEqual([["unrolled: one"], ["unrolled: two"]]);
  warn.mockRestore();
});
