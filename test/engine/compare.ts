/** @file How the results of two engines are compared. */
import { createHash } from "node:crypto";
import { firstDifference } from "./bench.ts";
import type { KernelCase, Results } from "./cases.ts";

export type Comparison = (name: string, got: Results[string], expected: Results[string]) => string | undefined;

/** Bit for bit, except that all NaN are alike. */
export const sameBits: Comparison = (name, got, expected) => {
  if (typeof got !== "object" || typeof expected !== "object")
    return Object.is(got, expected) ? undefined : `${name}: ${String(got)} for ${String(expected)}`;
  const at = firstDifference(got, expected);
  if (at === -1) return undefined;
  return `${name}: lengths ${got.length} for ${expected.length}, at ${at} ${got[at]} for ${expected[at]}`;
};

/** Sums of numbers near 1 can come out smaller, with errors as before. */
const SMALLEST = 0.01;

/** Numbers within `tolerance` times the largest finite one of the array. Infinities and NaN must be the same. */
export const within =
  (tolerance: number, seen?: (error: number) => void): Comparison =>
  (name, got, expected) => {
    if (typeof got !== "object" || typeof expected !== "object" || got.length !== expected.length)
      return sameBits(name, got, expected);
    let largest = SMALLEST;
    for (const x of expected) if (Number.isFinite(x)) largest = Math.max(largest, Math.abs(x));
    for (let i = 0; i < got.length; i++) {
      if (Object.is(got[i], expected[i])) continue;
      const error = Math.abs(got[i] - expected[i]) / largest;
      if (error <= tolerance) seen?.(error);
      else return `${name}: at ${i} ${got[i]} for ${expected[i]}, off by ${error.toPrecision(2)} of the largest`;
    }
    return undefined;
  };

/** What is wrong with the results of a row, in words. */
export function faultsOf(
  kernel: Pick<KernelCase, "name" | "finite">,
  got: Results,
  expected: Results,
  compare: Comparison,
): string[] {
  const faults: string[] = [];
  if (Object.keys(got).join() !== Object.keys(expected).join())
    faults.push(`${kernel.name}: results ${Object.keys(got).join()} for ${Object.keys(expected).join()}`);
  for (const [name, value] of Object.entries(got)) {
    const fault = compare(name, value, expected[name]);
    if (fault !== undefined) faults.push(`${kernel.name}: ${fault}`);
    const isFinite = typeof value !== "object" || value.every((x: number) => Number.isFinite(x));
    if (kernel.finite === true && !isFinite) faults.push(`${kernel.name}: ${name} is not finite`);
  }
  return faults;
}

/** A short text that is the same for the same bits. */
export function digest(results: Results): string {
  const hash = createHash("sha256");
  for (const [name, value] of Object.entries(results)) {
    hash.update(name);
    if (typeof value !== "object") hash.update(String(value));
    else {
      // NaN has many forms
      const plain = value.map((x) => (x === x ? x : NaN));
      hash.update(new Uint8Array(plain.buffer, plain.byteOffset, plain.byteLength));
    }
  }
  return hash.digest("base64").slice(0, 12);
}
