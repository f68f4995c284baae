import { describe, expect, test } from "vitest";
import { FormatError, NotFiniteError } from "../base/index.ts";
import { decodeSafetensors, encodeSafetensors } from "../formats/index.ts";
import { lstmCell } from "../rnn/index.ts";
import { linearLayer } from "./linear-layer.ts";
import { arraysOf, loadParameters, type NamedArrays } from "./load-parameters.ts";

const layer = (): ReturnType<typeof linearLayer> => linearLayer({ inputSize: 2, outputSize: 1 });
const float32 = (shape: number[], ...data: number[]): NamedArrays[string] => ({
  dtype: "float32",
  shape,
  data: Float32Array.from(data),
});
const kernel = float32([2, 1], 1, 2);
const bias = float32([1], 3);
const valuesOf = (target: ReturnType<typeof layer>): number[][] =>
  Object.values(target.parameters()).map((value) => Array.from(value.values()));

test("gives a layer, or a cell, the arrays of another", () => {
  const target = layer();
  expect(loadParameters(target, { "linear/bias": bias, "linear/kernel": kernel })).toEqual({ missing: [], extra: [] });
  expect(valuesOf(target)).toEqual([[1, 2], [3]]);
  const cells = [1, 2].map((seed) => {
    const cell = lstmCell({ units: 3, seed });
    cell.build(2);
    return cell;
  });
  const { arrays } = decodeSafetensors(encodeSafetensors(arraysOf(cells[0])));
  loadParameters(cells[1], arrays);
  expect(arraysOf(cells[1])).toEqual(arraysOf(cells[0]));
});

describe("names", () => {
  const arrays = { "fc.weight": kernel, "fc.bias": bias, "linear/extra": bias };
  const values = [[1, 2], [3]];

  test("by a record: others stay", () => {
    const target = layer();
    const rename = { "fc.weight": "linear/kernel", "fc.bias": "linear/bias" };
    expect(loadParameters(target, arrays, { rename, extra: "ignore" })).toEqual({
      missing: [],
      extra: ["linear/extra"],
    });
    expect(valuesOf(target)).toEqual(values);
  });

  test("by a function: undefined is none", () => {
    const target = layer();
    const rename = (name: string): string | undefined =>
      name === "linear/extra" ? undefined : name.replace("fc.", "linear/").replace("weight", "kernel");
    expect(loadParameters(target, arrays, { rename, extra: "ignore" }).extra).toEqual(["linear/extra"]);
    expect(valuesOf(target)).toEqual(values);
  });
});

test("missing parameters keep their values where that is asked for", () => {
  const target = layer();
  const [before] = valuesOf(target);
  const options = { missing: "keep" } as const;
  expect(loadParameters(target, { "linear/bias": bias }, options)).toEqual({ missing: ["linear/kernel"], extra: [] });
  expect(valuesOf(target)).toEqual([before, [3]]);
});

describe("what does not fit", () => {
  const refused = (arrays: NamedArrays, options = {}): Error => {
    const target = layer();
    const before = valuesOf(target);
    let error: unknown;
    try {
      loadParameters(target, arrays, options);
    } catch (thrown) {
      error = thrown;
    }
    expect(valuesOf(target)).toEqual(before);
    return error as Error;
  };

  test("is named, all of it at once, and nothing is changed", () => {
    const found = refused({
      other: bias,
      "linear/kernel": float32([1, 2], 1, 2),
      more: bias,
    });
    expect(found).toEqual(
      new FormatError(
        'loadParameters: expected "linear/kernel" float32 [2, 1], got float32 [1, 2]; expected a parameter "linear/bias", got none; expected no other parameters, got "other"; expected no other parameters, got "more"',
      ),
    );
    expect(refused({ "linear/kernel": float32([2, 1], 1, Infinity) }).message).toBe(
      'loadParameters: expected finite weights, got Infinity at element 1 of "linear/kernel"; expected a parameter "linear/bias", got none',
    );
  });

  test("another dtype, and two arrays for one parameter", () => {
    const double = { dtype: "float64", shape: [1], data: Float64Array.of(1) } as const;
    expect(refused({ "linear/kernel": kernel, "linear/bias": double })).toEqual(
      new FormatError('loadParameters: expected "linear/bias" float32 [1], got float64 [1]'),
    );
    const both = { "linear/kernel": kernel, "linear/bias": bias, b: bias };
    expect(refused(both, { rename: { b: "linear/bias" } })).toEqual(
      new FormatError('loadParameters: expected one array for "linear/bias", got "b", too'),
    );
  });

  test("numbers that are not finite have an error of their own", () => {
    const bad = { "linear/kernel": float32([2, 1], NaN, 1), "linear/bias": float32([1], -Infinity) };
    const found = refused(bad);
    expect(found).toBeInstanceOf(NotFiniteError);
    expect(found.message).toBe(
      'loadParameters: expected finite weights, got NaN at element 0 of "linear/kernel"; expected finite weights, got -Infinity at element 0 of "linear/bias". The model has diverged, or the file is damaged',
    );
  });

  test("names of the prototype are names", () => {
    expect(refused({ "linear/kernel": kernel, "linear/bias": bias, constructor: bias }).message).toContain(
      'no other parameters, got "constructor"',
    );
  });
});
