import { describe, expect, test } from "vitest";
import {
  checkChoice,
  checkInteger,
  checkNumber,
  DamagedError,
  DataError,
  describe as describeValue,
  dtypeError,
  FormatError,
  internalError,
  kindError,
  LockedError,
  NotFiniteError,
  releasedError,
  sentence,
  shapeError,
  UnsupportedError,
  valueError,
} from "./index.ts";

const hint = "Do this";

test.each([
  [kindError("f x", "a number", "abc", hint), TypeError, "ERR_KIND", 'f x: expected a number, got "abc". Do this'],
  [kindError("f x", "a number", undefined), TypeError, "ERR_KIND", "f x: expected a number, got undefined"],
  [valueError("f x", "x > 0", -1, hint), RangeError, "ERR_VALUE", "f x: expected x > 0, got -1. Do this"],
  [valueError("f x", "x > 0", NaN), RangeError, "ERR_VALUE", "f x: expected x > 0, got NaN"],
  [
    shapeError("f", "input [batch, 64]", [32, 65]),
    RangeError,
    "ERR_SHAPE",
    "f: expected input [batch, 64], got [32, 65]",
  ],
  [shapeError("f", "a matrix", [], hint), RangeError, "ERR_SHAPE", "f: expected a matrix, got []. Do this"],
  [dtypeError("f", "float32", "int32", hint), TypeError, "ERR_DTYPE", "f: expected float32, got int32. Do this"],
  [
    releasedError("add"),
    RangeError,
    "ERR_RELEASED",
    "add: expected a live tensor, got one whose scope has ended. Return it from the scope to keep it",
  ],
  [internalError("lost a block"), Error, "ERR_INTERNAL", "internal: lost a block"],
  [new FormatError("bad magic"), FormatError, "ERR_FORMAT", "bad magic"],
  [new DamagedError("a bit is wrong", { file: "a" }), DamagedError, "ERR_DAMAGED", "a bit is wrong"],
  [new LockedError("in use"), LockedError, "ERR_LOCKED", "in use"],
  [new DataError("no text"), DataError, "ERR_DATA", "no text"],
  [new UnsupportedError("no float64"), UnsupportedError, "ERR_UNSUPPORTED", "no float64"],
  [new NotFiniteError("loss is NaN"), NotFiniteError, "ERR_NOT_FINITE", "loss is NaN"],
])("%s", (error, kind, code, message) => {
  expect(error).toBeInstanceOf(kind);
  expect(error).toBeInstanceOf(Error);
  expect((error as { code?: string }).code).toBe(code);
  expect(error.message).toBe(message);
  expect(error.name).toBe(kind.name);
  expect(String(error)).toBe(`${kind.name}: ${message}`);
});

test("damage names the file and the array, and is an error of the format", () => {
  const cause = new Error("inner");
  const error = new DamagedError("outer", { file: "a.safetensors", array: "w", cause });
  expect(error).toMatchObject({ file: "a.safetensors", array: "w", cause });
  expect(error).toBeInstanceOf(FormatError);
});

test("a cause is kept", () => {
  const cause = new Error("inner");
  expect(new FormatError("outer", { cause }).cause).toBe(cause);
});

test("sentence", () => {
  expect(sentence("f", "X", "Y")).toBe("f: expected X, got Y");
  expect(sentence("f", "X", "Y", "Z")).toBe("f: expected X, got Y. Z");
});

describe("values in messages", () => {
  class Thing {
    readonly size = 1;
  }
  test.each<[unknown, string]>([
    ["a\n", '"a\\n"'],
    ["x".repeat(40), `"${"x".repeat(40)}"`],
    ["x".repeat(41), `"${"x".repeat(40)}"… (41 characters)`],
    [[1, "a", [2]], '[1, "a", [2]]'],
    [[], "[]"],
    [Array.from({ length: 9 }, (_, i) => i), "[0, 1, 2, 3, 4, 5, 6, 7, … 9 in all]"],
    [new Thing(), "Thing"],
    [{}, "Object"],
    [Object.create(null), "an object"],
    [() => 1, "a function"],
    [null, "null"],
    [undefined, "undefined"],
    [1.5, "1.5"],
    [10n, "10"],
    [true, "true"],
    [Symbol("s"), "Symbol(s)"],
  ])("%#", (value, text) => {
    expect(describeValue(value)).toBe(text);
  });
});

describe("checks", () => {
  const failure = (name: string, code: string, message: string): Error =>
    expect.objectContaining({ name, code, message }) as Error;

  test("checkInteger", () => {
    expect(checkInteger("n", 3)).toBe(3);
    expect(checkInteger("n", 0)).toBe(0);
    expect(checkInteger("n", -2, -2, 5)).toBe(-2);
    expect(checkInteger("n", 5, -2, 5)).toBe(5);
    expect(() => checkInteger("n", "3")).toThrow(
      failure("TypeError", "ERR_KIND", 'n: expected an integer >= 0, got "3"'),
    );
    expect(() => checkInteger("n", 3n)).toThrow(TypeError);
    expect(() => checkInteger("n", -1)).toThrow(
      failure("RangeError", "ERR_VALUE", "n: expected an integer >= 0, got -1"),
    );
    expect(() => checkInteger("n", 6, 1, 5)).toThrow(
      failure("RangeError", "ERR_VALUE", "n: expected an integer in [1, 5], got 6"),
    );
    for (const bad of [0.5, NaN, Infinity, 2 ** 53]) expect(() => checkInteger("n", bad)).toThrow(RangeError);
  });

  test("checkNumber", () => {
    expect(checkNumber("x", -1.5)).toBe(-1.5);
    expect(checkNumber("x", 0, 0, 1)).toBe(0);
    expect(checkNumber("x", 1, 0, 1)).toBe(1);
    expect(() => checkNumber("x", "1")).toThrow(
      failure("TypeError", "ERR_KIND", 'x: expected a finite number, got "1"'),
    );
    expect(() => checkNumber("x", Infinity)).toThrow(
      failure("RangeError", "ERR_VALUE", "x: expected a finite number, got Infinity"),
    );
    expect(() => checkNumber("x", NaN, 0)).toThrow(
      failure("RangeError", "ERR_VALUE", "x: expected a finite number >= 0, got NaN"),
    );
    expect(() => checkNumber("x", 1.1, 0, 1)).toThrow(
      failure("RangeError", "ERR_VALUE", "x: expected a number in [0, 1], got 1.1"),
    );
    expect(() => checkNumber("x", -0.1, 0, 1)).toThrow(RangeError);
  });

  test("checkChoice", () => {
    expect(checkChoice("mode", "b", ["a", "b"])).toBe("b");
    expect(() => checkChoice("mode", "c", ["a", "b"])).toThrow(
      failure("RangeError", "ERR_VALUE", 'mode: expected "a" | "b", got "c"'),
    );
    expect(() => checkChoice("mode", undefined, ["a"])).toThrow(RangeError);
  });
});
