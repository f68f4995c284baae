/** The built command, as a user runs it. */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const main = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
if (!existsSync(main)) throw new Error("test/cli: expected the build in dist, got none. Run npm run build first");

const folder = mkdtempSync(join(tmpdir(), "unrolled-cli-"));
const file = (name: string): string => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Result = { status: number | null; stdout: string; stderr: string };
const env = { ...process.env, UNROLLED_POISON: "0" };

function unrolled(...args: string[]): Result {
  return spawnSync(process.execPath, [main, ...args], { encoding: "utf8", cwd: folder, env });
}

const small = ["--hidden-size", "16", "--embedding-size", "8", "--batch-size", "4", "--sequence-length", "12"];
const escape = String.fromCharCode(27);

beforeAll(() => {
  writeFileSync(file("text.txt"), "the whale saw a big ship. ".repeat(80));
  const { status, stderr } = unrolled(
    "train",
    "text.txt",
    "--out",
    "run",
    "--steps",
    "80",
    "--learning-rate",
    "0.02",
    ...small,
  );
  expect(stderr).toBe("");
  expect(status).toBe(0);
});

test("hello plays the tutorial with its shapes, in under 3 seconds", () => {
  const start = performance.now();
  const { status, stdout } = unrolled("hello");
  expect(performance.now() - start).toBeLessThan(3000);
  expect(status).toBe(0);
  for (const shape of ["(1, 5, 4)", "(1, 5, 2)", "(3, 5, 4)", "(3, 5, 2)"]) expect(stdout).toContain(shape);
  expect(stdout).toContain("hell -> ello");
  expect(stdout).toContain("loss");
  expect(stdout).not.toContain(escape);
});

test("one seed samples one text, another seed another", () => {
  const sample = (seed: string): string =>
    unrolled("sample", "run", "--prime", "the ", "--length", "60", "--seed", seed).stdout;
  expect(sample("3")).toMatch(/^the [\s\S]{60}\n$/);
  expect(sample("3")).toBe(sample("3"));
  expect(sample("3")).not.toBe(sample("4"));
});

test("greedy sampling knows the text, and stops before a stop string", () => {
  expect(unrolled("sample", "run", "--prime", "the whale", "--greedy", "--length", "26").stdout).toBe(
    "the whale saw a big ship. the whale\n",
  );
  expect(unrolled("sample", "run", "--prime", "the whale", "--greedy", "--stop", "ship").stdout).toBe(
    "the whale saw a big \n",
  );
});

test("evaluate and inspect, as JSON", () => {
  const evaluation = JSON.parse(unrolled("evaluate", "run", "text.txt", "--json").stdout) as Record<string, number>;
  expect(evaluation["bitsPerCharacter"]).toBeLessThan(1);
  expect(evaluation["bitsPerCharacter"]).toBeCloseTo(evaluation["loss"] / Math.LN2, 6);
  const { configuration, parameters } = JSON.parse(unrolled("inspect", "run", "--json").stdout) as {
    configuration: Record<string, unknown>;
    parameters: { name: string; count: number }[];
  };
  expect(configuration).toMatchObject({ kind: "languageModel", cell: "lstm", hiddenSize: 16, unit: "char" });
  expect(parameters.map(({ name }) => name)).toContain("rnn/0/kernel");
  expect(parameters.reduce((total, p) => total + p.count, 0)).toBe(configuration["parameters"]);
  expect(unrolled("inspect", "run").stdout).toContain("[24, 64]");
});

test("the names of char-rnn and torch-rnn give the same weights", () => {
  const ours = ["train", "text.txt", "--out", "ours", "--steps", "5", "--layers", "2", "--seed", "9", ...small];
  expect(unrolled(...ours).status).toBe(0);
  const charRnn =
    "--data_dir text.txt --checkpoint_dir char --num_layers 2 --rnn_size 16 --seq_length 12 --batch_size 4 --seed 9 --model lstm --gpuid -1";
  const { status, stderr } = unrolled("train", ...charRnn.split(" "), "--wordvec_size", "8", "--steps", "5");
  expect(stderr).toContain("--gpuid is ignored");
  expect(status).toBe(0);
  const torchRnn =
    "-input_txt text.txt -checkpoint_name torch -num_layers 2 -rnn_size 16 -seq_length 12 -batch_size 4 -wordvec_size 8 -seed 9";
  expect(unrolled("train", ...torchRnn.split(" "), "--steps", "5").status).toBe(0);
  const bytes = readFileSync(file("ours/model.safetensors"));
  expect(readFileSync(file("char/model.safetensors")).equals(bytes)).toBe(true);
  expect(readFileSync(file("torch/model.safetensors")).equals(bytes)).toBe(true);
});

test("--json prints one event per line, with the rest on stderr", () => {
  const { stdout, stderr } = unrolled("train", "text.txt", "--out", "json", "--steps", "3", "--json", ...small);
  const kinds = stdout
    .trim()
    .split("\n")
    .map((line) => (JSON.parse(line) as { kind: string }).kind);
  expect(kinds).toEqual(["step", "step", "step", "evaluation", "end"]);
  expect(stderr).toContain("saved");
});

describe("what is wrong is said in one line, with an exit code", () => {
  beforeAll(() => {
    writeFileSync(file("empty.txt"), "");
    writeFileSync(file("short.txt"), "abc");
    writeFileSync(file("latin1.txt"), Buffer.from([0x61, 0xe9, 0x62]));
    writeFileSync(file("damaged.safetensors"), readFileSync(file("run/model.safetensors")).subarray(0, 900));
  });
  test.each<[name: string, args: string[], code: number, message: RegExp]>([
    [
      "no such file",
      ["train", "nothing.txt"],
      2,
      /expected a text file or a folder, got .*nothing\.txt.*does not exist/,
    ],
    ["an empty file", ["train", "empty.txt"], 2, /expected text with at least one character, got empty text/],
    ["too little text", ["train", "short.txt", "--out", "s"], 1, /expected .*, got .*/],
    ["text that is not UTF-8", ["train", "latin1.txt"], 2, /expected UTF-8 text in .*latin1/],
    ["an unknown option", ["train", "text.txt", "--hiden-size", "3"], 2, /unknown option.*\n?.*--hidden-size/],
    ["a bad value", ["train", "text.txt", "--layers", "none"], 2, /--layers.*Expected an integer/],
    ["a model that is there", ["train", "text.txt", "--out", "run"], 2, /without a model.*--overwrite/],
    ["no model", ["sample", "nowhere"], 2, /expected a run directory/],
    ["an unknown character", ["sample", "run", "--prime", "Ω"], 1, /expected a character of the vocabulary.*Ω/],
    ["a damaged model", ["inspect", "damaged.safetensors"], 1, /expected .* got/],
    ["no command", ["fly"], 2, /unknown command/],
  ])("%s", (_name, args, code, message) => {
    const { status, stderr } = unrolled(...args);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(status).toBe(code);
  });
});

test("Ctrl-C ends the step, saves, and exits with 130", async () => {
  const child = spawn(process.execPath, [main, "train", "text.txt", "--out", "cut", "--epochs", "100000", ...small], {
    cwd: folder,
    env,
  });
  let output = "";
  child.stdout.on("data", (data: Buffer) => {
    const before = output;
    output += data.toString();
    if (!before.includes("step") && output.includes("step")) child.kill("SIGINT");
  });
  const code = await new Promise<number | null>((resolve) => child.on("exit", resolve));
  expect(code).toBe(130);
  expect(output).toContain("interrupted after");
  expect(execFileSync(process.execPath, [main, "inspect", "cut"], { encoding: "utf8", cwd: folder })).toContain(
    "languageModel",
  );
});

test("help has examples for every command", () => {
  for (const command of ["hello", "train", "sample", "evaluate", "inspect"]) {
    const { status, stdout } = unrolled(command, "--help");
    expect(status).toBe(0);
    expect(stdout).toMatch(/Examples?:\n {2}unrolled/);
  }
});
