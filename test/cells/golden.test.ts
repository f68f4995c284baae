import { readFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { type GoldenCase, goldenErrors } from "../helpers/golden-cells.ts";

const sources = ["tf1", "keras", "torch", "composed"];
const worst: Record<string, { float64: number; float32: number; cases: number }> = {};

for (const source of sources) {
  const file = JSON.parse(readFileSync(new URL(`../golden/data/${source}.json`, import.meta.url), "utf8")) as {
    cases: GoldenCase[];
  };
  describe(`cells against ${source}`, () => {
    test.each(file.cases.map((golden) => [golden.name, golden] as const))("%s", (_name, golden) => {
      const figures = (worst[source] ??= { float64: 0, float32: 0, cases: 0 });
      figures.cases++;
      for (const [dtype, limit] of [
        ["float64", 1e-12],
        ["float32", 1e-6],
      ] as const) {
        for (const [what, error] of goldenErrors(golden, dtype)) {
          expect.soft(error, `${dtype} ${what}`).toBeLessThanOrEqual(limit * magnitude(golden, what, dtype));
          figures[dtype] = Math.max(figures[dtype], error);
        }
      }
    });
  });
}

/**
 * float32 gradients are compared relative to 1 or to the largest gradient of the case, whichever is larger. Layer normalisation
 * divides by deviations near zero, which multiplies rounding errors: ten times as much is allowed there.
 */
function magnitude(golden: GoldenCase, what: string, dtype: string): number {
  if (dtype === "float64" || !what.startsWith("gradient")) return 1;
  const all = Object.values(golden.gradients.parameters).flatMap(({ data }) => data);
  const largest = all.reduce((m, x) => Math.max(m, Math.abs(x)), 1);
  return golden.name.includes("layer-norm") ? 10 * largest : largest;
}

afterAll(() => {
  for (const [source, { cases, float64, float32 }] of Object.entries(worst)) {
    console.log(
      `golden ${source}: ${cases} cases, max error ${float64.toExponential(1)} (float64), ${float32.toExponential(1)} (float32)`,
    );
  }
});
