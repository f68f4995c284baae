import { expect, test } from "vitest";
import { type Decimal, decimalIn, findDecimal, isMissing, readNumber } from "./table-numbers.ts";

test.each<[string, Decimal, number | undefined]>([
  ["21.15", ".", 21.15],
  ["-0.5", ".", -0.5],
  [".5", ".", 0.5],
  ["5.", ".", 5],
  ["1e3", ".", 1000],
  ["1.5E-03", ".", 0.0015],
  ["1,872.50", ".", 1872.5],
  ["3,115", ".", 3115],
  ["12,34,567.8", ".", 1_234_567.8],
  ["1.234,5", ",", 1234.5],
  ["0,208414", ",", 0.208414],
  ["1.234", ",", 1234],
  ["1,5E+03", ",", 1500],
  ["1'234.5", ".", 1234.5],
  ["1’234", ".", 1234],
  ["1 234,5", ",", 1234.5],
  ["1\u00a0234\u00a0567", ".", 1_234_567],
  ["1\u202f234,5", ",", 1234.5],
  ["+3", ".", 3],
  ["−3", ".", -3],
  ["(1,234.50)", ".", -1234.5],
  ["123-", ".", -123],
  ["12.5%", ".", 12.5],
  ["12,5 %", ",", 12.5],
  ["$1,234.50", ".", 1234.5],
  ["-$5", ".", -5],
  ["1.234,50 €", ",", 1234.5],
  ["EUR 5", ".", 5],
  ["1.2M", ".", 1_200_000],
  ["3K", ".", 3000],
  ["12.3 p", ".", 12.3],
  ["NA", ".", NaN],
  ["?", ".", NaN],
  [" ", ".", NaN],
  ["21,15", ".", undefined],
  ["21.15", ",", undefined],
  ["1,23", ".", undefined],
  ["1 23", ".", undefined],
  ["12 kWh", ".", undefined],
  ["1.2.3", ".", undefined],
  ["--5", ".", undefined],
  ["(5", ".", undefined],
  ["x", ".", undefined],
  ["Infinity", ".", undefined],
  ["0x10", ".", undefined],
  ["1e999", ".", undefined],
])("%j with decimal %j is %d", (text, decimal, value) => {
  expect(readNumber(text, decimal)).toBe(value);
});

test.each(["", "NA", "NaN", "nan", "null", "None", "?", "-", "–", "n/a", "N/A", "#N/A", ".", "..", ":"])(
  "missing: %j",
  (text) => {
    expect(isMissing(text)).toBe(true);
  },
);

test.each([
  ["21.15", "."],
  ["21,15", ","],
  ["1,234.5", "."],
  ["1.234,5", ","],
  ["1,234,567", "."],
  ["1.234.567", ","],
  ["0.123", "."],
  ["0,123", ","],
  ["3,115", "either"],
  ["3.115", "either"],
  ["-20.259", "either"],
  ["1234.567", "."],
  ["12", undefined],
  ["Q1", undefined],
])("%s shows the decimal sign %s", (text, found) => {
  expect(decimalIn(text)).toBe(found);
});

test("all numbers of a table decide its decimal sign", () => {
  expect(findDecimal(["3,115", "12", "4,5"], undefined)).toEqual({ decimal: "," });
  expect(findDecimal(["3.115", "0.5", "-"], undefined)).toEqual({ decimal: "." });
  expect(findDecimal(["1.5", "2.5", "3,5"], undefined)).toEqual({ decimal: "." });
  expect(findDecimal(["5", "3,115"], undefined)).toEqual({ decimal: ".", unsure: "3,115" });
  expect(findDecimal(["3.115"], ",")).toEqual({ decimal: ",", unsure: "3.115" });
  expect(findDecimal(["5", ""], undefined)).toEqual({ decimal: "." });
});

test("long cells take time in proportion", () => {
  for (const text of [
    `-${" ".repeat(100_000)}x`,
    `${"1".repeat(100_000)}x`,
    `1${" ".repeat(100_000)}x`,
    "1,".repeat(50_000),
  ]) {
    const start = process.cpuUsage();
    readNumber(text, ".");
    decimalIn(text);
    expect(process.cpuUsage(start).user / 1000).toBeLessThan(1000);
  }
});
