/**
 * The recipes of the tasks on real data, in their short forms: each prints its figure, and fails below a floor that a model which learns nothing can't reach.
 * UNROLLED_VERIFY=full runs them whole, some minutes each.
 */
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const folder = fileURLToPath(new URL("../examples/recipes", import.meta.url));
const isFull = process.env["UNROLLED_VERIFY"] === "full";

const recipes: Readonly<Record<string, string>> = {
  classify: "spam.ts",
  forecast: "births.ts",
  image: "mnist.ts",
  tag: "names.ts",
  transcribe: "main.ts",
  translate: "train.ts",
};

test("every recipe has a row here", () => {
  expect(readdirSync(folder).toSorted()).toEqual(Object.keys(recipes));
});

test("births.ts --csv: all of it, however slowly it is read", () => {
  const { stdout } = spawnSync(process.execPath, [join(folder, "forecast", "births.ts"), "--csv"], {
    encoding: "utf8",
  });
  const lines = stdout.trim().split("\n");
  // from 1994 to 2014, with a head
  expect(lines).toHaveLength(7671);
  expect(lines.at(-1)).toMatch(/^2014-12-31,\d+,/);
});

const hasSpeech = spawnSync("espeak-ng", ["--version"]).status === 0;

for (const [task, program] of Object.entries(recipes)) {
  // without espeak-ng (a package of Debian and others) there is nothing to hear; CI has it
  test.skipIf(task === "transcribe" && !hasSpeech)(`${task}: reaches its floor`, { timeout: 900_000 }, () => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [join(folder, task, program), ...(isFull ? [] : ["--short"])],
      // figures are compared with those of a plain run
      { encoding: "utf8", env: { ...process.env, UNROLLED_POISON: "" } },
    );
    console.log(stdout.trim().split("\n").slice(-4).join("\n"));
    expect(status, stderr).toBe(0);
  });
}
