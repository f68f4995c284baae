/** Models whose weights are NaN: each command refuses them alike, and `inspect` shows which arrays. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { commandFolder, type Result } from "../helpers/cli.ts";
import { decodeNative, encodeNative } from "../../src/formats/index.ts";
import { encodeModel, type SavedModel } from "../../src/model/index.ts";
import { smallModels } from "../hostile/small-models.ts";

const { folder, run } = commandFolder("not-finite");
const unrolled = (...args: readonly string[]): Result => run(args, { input: "a\n", timeout: 30_000 });

/** Writes the model with one weight that is NaN; returns the name of its array. */
function writeDamaged(model: SavedModel, directory: string): string {
  const { kind, config, arrays } = decodeNative(encodeModel(model));
  const [name] = Object.keys(arrays);
  arrays[name].data[1] = NaN;
  mkdirSync(join(folder, directory));
  writeFileSync(join(folder, directory, "model.safetensors"), encodeNative({ kind, config, arrays }));
  return name;
}

writeFileSync(join(folder, "a.txt"), "hello world");
writeFileSync(
  join(folder, "a.csv"),
  "date,value,text,label,source,target\n2001-01-01,1,a,0,a,b\n2001-01-02,2,b,0,a,b\n",
);

const kinds = ["language model", "classifier of texts", "tagger", "forecaster, studentT", "translator", "transcriber"];

test.each(smallModels().filter(({ name }) => kinds.includes(name)))("$name", ({ name, model }) => {
  const run = name.replaceAll(/\W/g, "");
  const array = writeDamaged(model, run);
  const commands =
    name === "language model"
      ? [
          ["sample", run],
          ["train", "a.txt", "--init-from", run, "--out", `${run}2`],
        ]
      : [[name === "tagger" ? "evaluate" : "predict", run, "a.csv"]];
  for (const command of commands) {
    const { status, stdout, stderr } = unrolled(...command);
    expect(stderr, command.join(" ")).toContain(`expected finite weights, got NaN at element 1 of "${array}"`);
    expect({ status, stdout, lines: stderr.trim().split("\n").length }, command.join(" ")).toEqual({
      status: 3,
      stdout: "",
      lines: 1,
    });
  }
});

test("inspect shows which weights are not finite", () => {
  const array = writeDamaged(smallModels()[0].model, "seen");
  const { status, stdout } = unrolled("inspect", "seen");
  expect(status).toBe(0);
  expect(stdout).toContain(`weights not finite: ${array}\n`);
  expect((JSON.parse(unrolled("inspect", "seen", "--json").stdout) as { notFinite: string[] }).notFinite).toEqual([
    array,
  ]);
});
