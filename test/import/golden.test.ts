/** Files of weights that the real frameworks wrote, with random weights: every number is compared. */
import { describe, expect, test } from "vitest";
import { arraysIn, readWeights, type Weights } from "../../src/import/index.ts";
import { numbersOf, type WeightFiles, weightFiles } from "../helpers/weight-files.ts";

/** Files of golden data, and the formats that are found in them. */
const FILES: readonly (readonly [file: string, ...formats: string[]])[] = [
  ["torch-files.json", "torch"],
  ["numpy-files.json", "npy", "npz"],
  ["tf-files.json", "tf-checkpoint"],
  ["tfjs-files.json", "tfjs"],
  ["brain-files.json", "brain"],
];

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value)) as unknown;

function expectSame(weights: Weights, { tensors, metadata }: WeightFiles): void {
  const arrays = arraysIn(weights);
  expect(Object.keys(arrays).toSorted()).toEqual(Object.keys(tensors).toSorted());
  for (const { name, type, shape } of weights.tensors) {
    const [expectedType, expectedShape, values] = tensors[name];
    expect([type, shape], name).toEqual([expectedType, expectedShape]);
    expect([...arrays[name].data], name).toEqual(numbersOf(values));
    expect(arrays[name].shape).toEqual(expectedShape);
  }
  if (metadata !== undefined) expect(plain(weights.metadata)).toEqual(metadata);
}

describe.each(FILES)("%s", (file, ...formats) => {
  const cases = weightFiles(file);

  test("has at least 20 files", () => expect(cases.length).toBeGreaterThanOrEqual(20));

  test.each(cases)("$name", async (one) => {
    const contents = Object.values(one.files);
    const weights = await readWeights(contents.length === 1 ? contents[0] : one.files);
    expect(formats).toContain(weights.format);
    expectSame(weights, one);
  });
});
