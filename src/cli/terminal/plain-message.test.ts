import { expect, test } from "vitest";
import { plainMessage } from "./plain-message.ts";

test.each([
  ['readRecords: expected a file, got "x"', 'expected a file, got "x"'],
  ["evaluate: expected a series, got none", "expected a series, got none"],
  ["forecaster horizon: expected an integer >= 1, got 0", "--horizon: expected an integer >= 1, got 0"],
  ["forecaster series: expected more, got less", "series: expected more, got less"],
  ["checkSomething: expected a, got b", "expected a, got b"],
  ["train: expected a, got b. Lower clipNorm", "expected a, got b. Lower --clip-norm"],
  ['train: expected a, got "clipNorm"', 'expected a, got "clipNorm"'],
  // files, options and what is in them
  ["a.csv line 2: expected a label, got none", "a.csv line 2: expected a label, got none"],
  ["train line 3: expected a label, got none", "train line 3: expected a label, got none"],
  ["data: expected a label, got none", "data: expected a label, got none"],
  ["--horizon: expected a, got b", "--horizon: expected a, got b"],
  ["config.json: options: expected a, got b", "config.json: options: expected a, got b"],
])("%s", (given, shown) => {
  expect(plainMessage(given, ["--horizon", "--clip-norm"])).toBe(shown);
});
