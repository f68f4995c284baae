import { expect, test } from "vitest";
import { FormatError } from "../base/index.ts";
import { decodeNative, decodeSafetensors, encodeNative, encodeSafetensors, kindOf, NATIVE_VERSION } from "./index.ts";

const arrays = { "cell/kernel": { dtype: "float32", shape: [2, 1], data: Float32Array.of(1, -2) } } as const;
const config = { units: 2, rate: 1e-3, tokens: ["a", "__proto__", "\n", "😀"], nested: { none: null, yes: true } };

test("kind, configuration and arrays come back; the same contents give the same bytes", () => {
  const bytes = encodeNative({ kind: "languageModel", config, arrays });
  expect(decodeNative(bytes)).toEqual({ kind: "languageModel", config, arrays });
  expect(encodeNative({ kind: "languageModel", config: { ...config }, arrays: { ...arrays } })).toEqual(bytes);
  expect(decodeSafetensors(bytes).metadata["unrolled.format"]).toBe("1");
});

test.each<[string, unknown, RegExp]>([
  ["NaN", { a: { b: [NaN] } }, /^encodeNative config a\.b\[0\]: expected a finite number, got NaN/],
  ["infinity", { rate: Infinity }, /rate: expected a finite number/],
  ["a typed array", { w: new Float32Array(1) }, /w: expected a plain object/],
  ["nothing", undefined, /encodeNative config: expected a value that JSON has/],
])("does not write %s", (_, bad, message) => {
  expect(() => encodeNative({ kind: "m", config: bad, arrays })).toThrow(message);
});

test("does not write a strange kind", () => {
  for (const kind of ["", "a b", "1a", "x".repeat(65)]) {
    expect(() => encodeNative({ kind, config: {}, arrays })).toThrow(RangeError);
  }
});

const metadata = { "unrolled.format": "1", "unrolled.kind": "m", "unrolled.config": "{}" };
test.each<[string, Record<string, string | undefined>, RegExp]>([
  [
    "a plain safetensors file",
    { "unrolled.format": undefined },
    /without an Unrolled configuration. decodeSafetensors\(bytes\) reads its arrays/,
  ],
  [
    "a newer version",
    { "unrolled.format": "2" },
    new RegExp(`expected Unrolled format ${NATIVE_VERSION}, got format 2`),
  ],
  ["a version that is no number", { "unrolled.format": "one" }, /a version number, got "one"/],
  ["version 0", { "unrolled.format": "0" }, /a version number/],
  ["no kind", { "unrolled.kind": undefined }, /the kind of model, got none/],
  ["a strange kind", { "unrolled.kind": "../x" }, /the kind of model, got "..\/x"/],
  ["no configuration", { "unrolled.config": undefined }, /unrolled.config: JSON text, got none/],
  ["broken JSON", { "unrolled.config": "{" }, /^decodeNative config: expected a key/],
  ["a duplicate key", { "unrolled.config": '{"a":1,"a":1}' }, /distinct keys/],
])("refuses %s", (_, change, message) => {
  const all = Object.entries({ ...metadata, ...change }).filter(
    (pair): pair is [string, string] => pair[1] !== undefined,
  );
  const bytes = encodeSafetensors(arrays, Object.fromEntries(all));
  expect(() => decodeNative(bytes)).toThrow(FormatError);
  expect(() => decodeNative(bytes)).toThrow(message);
});

test("refuses what is no safetensors file", () => {
  expect(() => decodeNative(new TextEncoder().encode("hello, world"))).toThrow(FormatError);
});

test("the kind is read from the header alone", () => {
  const bytes = encodeNative({ kind: "mine", config: {}, arrays });
  const end = 8 + new DataView(bytes.buffer).getUint32(0, true);
  expect(kindOf(bytes)).toBe("mine");
  expect(kindOf(bytes.subarray(0, end))).toBe("mine");
  expect(() => kindOf(bytes.subarray(0, end - 1))).toThrow(FormatError);
  expect(() => kindOf(encodeSafetensors(arrays))).toThrow("kindOf: expected an Unrolled file");
});
