/** The built command, as a user runs it. */
import { type ChildProcessByStdio, spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { beforeAll, describe, expect, test } from "vitest";
import { commandFolder, env, MAIN, type Result } from "../helpers/cli.ts";

const { folder, file, unrolled } = commandFolder("cli");

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
  const evaluation = JSON.parse(unrolled("evaluate", "run", "text.txt", "--all", "--json").stdout) as Record<
    string,
    number
  >;
  expect(evaluation["bitsPerCharacter"]).toBeLessThan(1);
  expect(evaluation["bitsPerCharacter"]).toBeCloseTo(evaluation["loss"] / Math.LN2, 6);
  const { configuration, parameters } = JSON.parse(unrolled("inspect", "run", "--json").stdout) as {
    configuration: Record<string, unknown>;
    parameters: { name: string; count: number }[];
  };
  expect(configuration).toMatchObject({ kind: "languageModel", cell: "lstm", hiddenSize: 16, unit: "char" });
  expect(parameters.map(({ name }) => name)).toContain("rnn/0/weight_ih");
  expect(parameters.reduce((total, p) => total + p.count, 0)).toBe(configuration["parameters"]);
  expect(unrolled("inspect", "run").stdout).toContain("[64, 8]");
});

test("--dry-run says what a run would take, and writes nothing", () => {
  const { stdout } = unrolled("train", "text.txt", "--out", "dry", "--dry-run", ...small);
  expect(stdout.split("\n").map((line) => line.split(" ")[0])).toEqual([
    ..."2,080 parameters data memory process time".split(" "),
    "",
  ]);
  expect(stdout).toMatch(/^process +\d[\d.]* [MG]iB with Node and the data/m);
  const json = unrolled("train", "text.txt", "--out", "dry", "--dry-run", "--json", ...small).stdout;
  const { bytes, processBytes } = JSON.parse(json) as { bytes: number; processBytes: number };
  // Node alone takes 40 MiB and more
  expect(processBytes).toBeGreaterThan(bytes + 40 * 2 ** 20);
  expect(existsSync(file("dry"))).toBe(false);
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

test("torch-rnn's decay of the learning rate needs only one of its two options", () => {
  const rates = (...args: string[]): number[] =>
    unrolled("train", "text.txt", "--out", "rates", "--overwrite", "--json", "--epochs", "6", ...small, ...args)
      .stdout.trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { learningRate?: number }).learningRate)
      .filter((rate) => rate !== undefined);
  const expected = rates("-lr_decay_every", "5", "-lr_decay_factor", "0.5");
  expect(new Set(expected)).toEqual(new Set([0.01, 0.005]));
  expect(rates("-lr_decay_every", "5")).toEqual(expected);
  expect(rates("-lr_decay_factor", "0.5")).toEqual(expected);
});

test("a value that looks like an option stays a value", () => {
  expect(unrolled("sample", "run", "--prime", "-length", "--seed", "1").stderr).toMatch(/vocabulary.*got "-"/);
  const { stdout } = unrolled("sample", "run", "--prime=the", "-length=5", "-top_k=1", "--seed=1");
  expect(stdout).toMatch(/^the.{5}\n$/);
});

test("training goes on from a saved model, which keeps its architecture", () => {
  const go = (...args: string[]): Result =>
    unrolled("train", "text.txt", "--init-from", "run", "--out", "more", "--overwrite", "--steps", "2", ...args);
  expect(go(...small).status).toBe(0);
  const { status, stderr } = go("--layers", "2");
  expect(stderr).toBe("unrolled train: --layers: expected 1, as in the saved model, got 2\n");
  expect(status).toBe(2);
});

test.each(["char", "word", "byte"])(
  "--stream gives the same weights, and runs go on with it and without: %s",
  (unit) => {
    // with the same rates, however long a run is planned
    const settings = ["--unit", unit, "--schedule", "constant", ...small];
    const run = (out: string, ...args: string[]): Buffer => {
      const { status, stderr } = unrolled("train", "--out", out, "text.txt", ...settings, ...args);
      expect(stderr).toBe("");
      expect(status).toBe(0);
      return readFileSync(file(`${out}/model.safetensors`));
    };
    const whole = run(`memory-${unit}`, "--steps", "10");
    const steps = unit === "word" ? "10" : "6";
    expect(run(`stream-${unit}`, "--steps", steps, "--stream").equals(whole)).toBe(unit === "word");
    expect(existsSync(file(`stream-${unit}/tokens`))).toBe(unit !== "byte");
    // words go on as characters do
    if (unit === "word") return;
    expect(unrolled("train", "--resume", `stream-${unit}`, "--steps", "8").status).toBe(0);
    expect(unrolled("train", "--resume", `stream-${unit}`, "--steps", "10", "--stream").status).toBe(0);
    expect(readFileSync(file(`stream-${unit}/model.safetensors`)).equals(whole)).toBe(true);
  },
);

test("a large text is not in memory", () => {
  const bytes = 80 * 2 ** 20;
  writeFileSync(file("large.txt"), "the whale saw a big ship.\n".repeat(bytes / 26));
  writeFileSync(
    file("memory.mjs"),
    'process.on("exit", () => process.stderr.write(`peak ${process.resourceUsage().maxRSS * 1024}`));',
  );
  const { stderr } = spawnSync(
    process.execPath,
    [
      "--import",
      file("memory.mjs"),
      MAIN,
      "train",
      "large.txt",
      "--out",
      "large",
      "--steps",
      "3",
      "--validation",
      "0.00001",
      ...small,
    ],
    { encoding: "utf8", cwd: folder, env },
  );
  // it took 180 to 260 MiB; the ids alone would be 320
  expect(Number(/peak (\d+)/.exec(stderr)?.[1])).toBeLessThan(4 * bytes);
});

test("--tie-weights ties them, for good", () => {
  const go = (...args: string[]): Result => unrolled("train", "text.txt", "--steps", "2", ...small.slice(4), ...args);
  expect(go("--out", "tied", "--hidden-size", "16", "--tie-weights").status).toBe(0);
  const { configuration } = JSON.parse(unrolled("inspect", "tied", "--json").stdout) as { configuration: object };
  expect(configuration).toMatchObject({ embeddingSize: 16, tieWeights: true });
  expect(unrolled("train", "--resume", "tied", "--steps", "4").status).toBe(0);
  expect(go("--init-from", "run", "--out", "loose", "--tie-weights").stderr).toBe(
    "unrolled train: --tie-weights: expected false, as in the saved model, got true\n",
  );
  const { status, stderr } = go("--out", "odd", "--embedding-size", "8", "--tie-weights");
  expect(stderr).toContain("--embedding-size: expected 256, the --hidden-size, with --tie-weights, got 8");
  expect(status).toBe(2);
});

test("--threads changes no bit", () => {
  const large = ["--hidden-size", "64", "--batch-size", "16", "--sequence-length", "32", "--steps", "4"];
  const bytes = (threads: string): Buffer => {
    const out = `threads-${threads}`;
    expect(unrolled("train", "text.txt", "--out", out, "--threads", threads, ...large)).toMatchObject({ status: 0 });
    return readFileSync(file(`${out}/model.safetensors`));
  };
  expect(bytes("2").equals(bytes("1"))).toBe(true);
  const loss = (threads: string): string => unrolled("evaluate", "run", "text.txt", "--threads", threads).stdout;
  expect(loss("2")).toBe(loss("1"));
  const text = (...args: string[]): string => unrolled("sample", "run", "--seed", "1", ...args).stdout;
  expect(text("--threads", "2")).toBe(text());
});

test("without a limit on gradients, with a preset, and with train_frac", () => {
  const go = (...args: string[]): Result =>
    unrolled("train", "text.txt", "--out", "other", "--overwrite", "--steps", "2", ...small, ...args);
  for (const args of [["--clip-norm", "off"], ["--preset", "char-rnn"], ["--preset=torch-rnn"], ["-train_frac", "0.9"]])
    expect(go(...args)).toMatchObject({ status: 0, stderr: "" });
});

test("says at the start where it saves, and draws the losses at the end, without escape codes", () => {
  const { stdout } = unrolled("train", "text.txt", "--out", "drawn", "--steps", "20", ...small);
  expect(stdout).toContain(`20 steps, 41 steps per epoch; saves to ${join("drawn", "model.safetensors")}`);
  expect(stdout).toContain("loss over 20 steps\n");
  expect(stdout).toContain("next: unrolled sample drawn\n");
  expect(stdout).not.toContain(escape);
});

test("a model that diverges ends with 3", () => {
  const wild = ["--learning-rate", "1e38", "--optimizer", "sgd", "--clip-norm", "off", "--steps", "500"];
  const { status, stderr } = unrolled("train", "text.txt", "--out", "wild", ...wild, ...small);
  expect(stderr).toMatch(/^unrolled train: expected steps with a finite loss.*\n$/);
  expect(status).toBe(3);
});

describe("what is wrong is said in one line, with an exit code", () => {
  beforeAll(() => {
    writeFileSync(file("empty.txt"), "");
    writeFileSync(file("short.txt"), "abc");
    writeFileSync(file("latin1.txt"), Buffer.from([0x61, 0xe9, 0xea, 0xeb, 0x62]));
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
    ["too little text", ["train", "short.txt", "--out", "s"], 2, /expected .*, got .*/],
    [
      "text that is not UTF-8",
      ["train", "latin1.txt"],
      2,
      /latin1\.txt line 1: expected UTF-8 text, got other bytes \(0xe9\)\. --encoding names another/,
    ],
    [
      "an unknown option",
      ["train", "text.txt", "--hiden-size", "3"],
      2,
      /expected an option of this command, got --hiden-size .*--hidden-size/,
    ],
    [
      "a bad value",
      ["train", "text.txt", "--layers", "none"],
      2,
      /--layers: expected an integer from 1 to 256, got "none"/,
    ],
    [
      "no threads",
      ["train", "text.txt", "--threads", "0"],
      2,
      /--threads: expected an integer from 1 to 1024, got "0"/,
    ],
    ["half a thread", ["sample", "run", "--threads", "0.5"], 2, /--threads: expected an integer from 1 to 1024/],
    [
      "threads in words",
      ["evaluate", "run", "text.txt", "--threads", "two"],
      2,
      /--threads: expected an integer from 1 to 1024/,
    ],
    [
      "more threads than make sense",
      ["train", "text.txt", "--threads", "1025"],
      2,
      /--threads: expected .* to 1024, got "1025"/,
    ],
    ["a model that is there", ["train", "text.txt", "--out", "run"], 2, /without a model.*--overwrite/],
    ["a file where it should save", ["train", "text.txt", "--out", "text.txt"], 2, /--out: expected a directory/],
    ["a seed that is no number", ["hello", "--seed", "x"], 2, /^unrolled hello: .*--seed/],
    ["nothing to evaluate", ["evaluate", "run", "empty.txt"], 2, /empty\.txt: expected at least one token, got none/],
    ["nothing to diagnose", ["diagnose", "run", "empty.txt"], 2, /empty\.txt: expected at least one token, got none/],
    [
      "nothing to go on with",
      ["train", "empty.txt", "--init-from", "run", "--out", "e"],
      2,
      /empty\.txt: expected at least one token, got none/,
    ],
    ["no model", ["sample", "nowhere"], 2, /expected a run directory/],
    ["an unknown character", ["sample", "run", "--prime", "Ω"], 1, /expected a character of the vocabulary.*Ω/],
    ["a damaged model", ["inspect", "damaged.safetensors"], 1, /expected .* got/],
    ["no command", ["fly"], 2, /expected a command, got fly/],
    [
      "other batches in a run that goes on",
      ["train", "--resume", "run", "--batch-size", "8"],
      2,
      /--batch-size: expected 4, as in the run that is resumed, got 8/,
    ],
    [
      "an option that a run that goes on does not have",
      ["train", "--resume", "run", "--learning-rate-decay", "0.5"],
      2,
      /--learning-rate-decay: expected none, as in the run that is resumed, got 0.5/,
    ],
    [
      "two sources of options",
      ["train", "--resume", "run", "--preset", "char-rnn"],
      2,
      /expected --resume or --preset/,
    ],
  ])("%s", (_name, args, code, message) => {
    const { status, stderr } = unrolled(...args);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^unrolled[^\n]*: [^\n]+\n$/);
    expect(status).toBe(code);
  });
});

/** Starts a training without an end, and calls `act` at its first step. */
function interrupted(
  out: string,
  args: string[],
  act: (child: ChildProcessByStdio<null, Readable, Readable>) => void,
): Promise<{ code: number | null; output: string; errors: string }> {
  const all = ["train", "text.txt", "--out", out, "--epochs", "100000", ...small, ...args];
  const child = spawn(process.execPath, [MAIN, ...all], { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  let errors = "";
  child.stderr.on("data", (data: Buffer) => (errors += data.toString()));
  child.stdout.on("data", (data: Buffer) => {
    const before = output;
    output += data.toString();
    if (!before.includes("loss") && output.includes("loss")) act(child);
  });
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, output, errors })));
}

const isModel = (run: string): boolean => unrolled("inspect", run).stdout.includes("languageModel");

test.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)("%s ends the step, saves, and exits with %i", async (signal, expected) => {
  const { code, output } = await interrupted(signal, [], (child) => child.kill(signal));
  expect(output).toContain("interrupted after");
  expect(code).toBe(expected);
  expect(isModel(signal)).toBe(true);
});

test("a reader of --json that goes away ends the training, which is saved", async () => {
  const { code, errors } = await interrupted("read", ["--json"], (child) => child.stdout.destroy());
  expect(errors).toContain("saved");
  expect(errors).not.toContain("EPIPE");
  expect(code).toBe(0);
  expect(isModel("read")).toBe(true);
});

test("help has examples for every command", () => {
  const commands = [...unrolled("--help").stdout.matchAll(/^ {2}([a-z]+) .*\n/gm)].map(([, name]) => name);
  expect(commands).toContain("train");
  for (const command of commands.filter((name) => name !== "help" && name !== "unrolled")) {
    const { status, stdout } = unrolled(command, "--help");
    expect(status).toBe(0);
    expect(stdout).toMatch(/^Examples:\n {2}unrolled/m);
  }
});
