/** Small files of weights that other frameworks wrote, with what is in them. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { JsonValue } from "../../src/formats/index.ts";

export type WeightFiles = {
  readonly name: string;
  readonly files: Readonly<Record<string, Uint8Array>>;
  /** Element type in the file, shape and numbers, by name. */
  readonly tensors: Readonly<Record<string, readonly [string, readonly number[], readonly (number | boolean)[]]>>;
  readonly metadata?: Readonly<Record<string, JsonValue>>;
};

/** The cases of a file in test/golden/data. */
export function weightFiles(file: string): WeightFiles[] {
  const path = fileURLToPath(new URL(`../golden/data/${file}`, import.meta.url));
  const { cases } = JSON.parse(readFileSync(path, "utf8")) as {
    cases: (Omit<WeightFiles, "files"> & { files: Record<string, string> })[];
  };
  return cases.map((one) => ({
    ...one,
    files: Object.fromEntries(
      Object.entries(one.files).map(([name, text]) => [name, new Uint8Array(Buffer.from(text, "base64"))]),
    ),
  }));
}

const NOT_FINITE: Readonly<Record<string, number>> = { inf: Infinity, "-inf": -Infinity, nan: NaN };

/** Numbers of a case as they stand in a typed array. */
export const numbersOf = (values: readonly unknown[]): number[] =>
  values.map((value) =>
    typeof value === "string" && Object.hasOwn(NOT_FINITE, value) ? NOT_FINITE[value] : Number(value),
  );
