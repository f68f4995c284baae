/** Weights that are not finite are refused when a model is loaded; weights that are, however large, end no program and give no answer of NaN. */
import { describe, expect, test } from "vitest";
import { FormatError, NotFiniteError, randomStream } from "../../src/base/index.ts";
import { decodeNative, encodeNative, type NativeFile } from "../../src/formats/index.ts";
import { encodeModel } from "../../src/model/index.ts";
import { smallModels } from "./small-models.ts";
import { drawGamma, drawNegativeBinomial, drawPoisson, drawStudentT } from "../../src/tasks/forecast/draws.ts";

/** The file with weights replaced: those of one array, or of all. */
function changed(
  { kind, config, arrays }: NativeFile,
  change: (x: number, i: number) => number,
  only?: string,
): Uint8Array {
  for (const [name, { data }] of Object.entries(arrays))
    if (only === undefined || name === only) data.forEach((x, i) => (data[i] = change(x, i)));
  return encodeNative({ kind, config, arrays });
}

describe.each(smallModels())("$name", ({ model, load, run }) => {
  const bytes = encodeModel(model);
  const names = Object.keys(decodeNative(bytes).arrays);

  test("a weight that is not finite is refused by name, in each array", () => {
    for (const [i, name] of names.entries()) {
      const bad = [NaN, Infinity, -Infinity][i % 3];
      const { arrays } = decodeNative(bytes);
      const at = Math.floor(arrays[name].data.length / 2);
      const damaged = changed(decodeNative(bytes), (x, k) => (k === at ? bad : x), name);
      expect(() => load(damaged), name).toThrow(NotFiniteError);
      expect(() => load(damaged), name).toThrow(
        `expected finite weights, got ${bad} at element ${at} of ${JSON.stringify(name)}`,
      );
      // one that has diverged can still be looked at
      expect(decodeNative(damaged).arrays[name].data[at]).toBe(bad);
    }
  });

  test.each([3e38, 1e30, 1e19, 1e10])(
    "weights of %d end, in an answer of numbers or in a NotFiniteError",
    async (size) => {
      const random = randomStream(1);
      const large = load(changed(decodeNative(bytes), () => (2 * random.uniform() - 1) * size));
      const start = process.cpuUsage();
      try {
        const answer = await run(large);
        expect(JSON.stringify(answer, (_, x: unknown) => (Object.is(x, NaN) ? "NaN" : x))).not.toContain("NaN");
      } catch (error) {
        expect(error).toBeInstanceOf(NotFiniteError);
        expect(error).not.toBeInstanceOf(FormatError);
      }
      expect(process.cpuUsage(start).user / 1000).toBeLessThan(2000);
    },
  );
});

test.each([NaN, Infinity, 1e308, 1e17, 5e-324, 0])("draws with a parameter of %d end", (x) => {
  const random = randomStream(2);
  for (let i = 0; i < 20; i++) {
    const draws = [
      drawGamma(random, x),
      drawPoisson(random, x),
      drawStudentT(random, x),
      drawNegativeBinomial(random, x, 1),
      drawNegativeBinomial(random, 1, x),
    ];
    for (const draw of draws) expect(typeof draw).toBe("number");
  }
});

test("draws of finite parameters are what they were", () => {
  const random = randomStream(3);
  expect([drawGamma(random, 2.5), drawGamma(random, 0.5), drawPoisson(random, 3), drawPoisson(random, 30)]).toEqual([
    2.3132655487668203, 0.12177138858874482, 5, 23,
  ]);
});
