import { expect, test } from "vitest";
import { errorFromData, errorToData } from "./error-data.ts";
import {
  DamagedError,
  DataError,
  FormatError,
  kindError,
  LockedError,
  NotFiniteError,
  UnsupportedError,
  valueError,
} from "./errors.ts";

test.each([
  new DamagedError("broken", { file: "a.safetensors", array: "w" }),
  new DamagedError("cut", { file: "a.safetensors" }),
  new DataError("too short"),
  new FormatError("no file of ours"),
  new LockedError("in use"),
  new NotFiniteError("NaN"),
  new UnsupportedError("not here"),
  kindError("here", "a number", "x"),
  valueError("here", "1", 2),
  new Error("anything"),
])("%s is the same after a copy", (error) => {
  const copy = errorFromData(structuredClone(errorToData(error)));
  expect(copy).toStrictEqual(error);
  expect(copy.constructor).toBe(error.constructor);
  expect(copy.stack).toBe(error.stack);
  expect({ ...copy }).toEqual({ ...error });
});

test("what is thrown need not be an error", () => {
  expect(errorFromData(errorToData("text"))).toMatchObject({ message: "text" });
});
