/** @file A run that was configured before an option existed goes on with what was then done, bit for bit. */
import { createHash } from "node:crypto";
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { beforeAll, expect, test } from "vitest";
import { commandFolder, type Result } from "../helpers/cli.ts";

const { file, run } = commandFolder("old-defaults");

// without fused products the bits are the same on each processor
const train = (...args: readonly string[]): Result =>
  run(["train", ...args], { env: { UNROLLED_NUMERICS: "portable" } });
/** SHA-256 of the weights, without what the file says of the model. */
function hashOf(directory: string): string {
  const bytes = readFileSync(file(directory, "model.safetensors"));
  const header = Number(bytes.readBigUInt64LE());
  return createHash("sha256")
    .update(bytes.subarray(8 + header))
    .digest("hex");
}
const optionsOf = (directory: string): Record<string, unknown> =>
  (JSON.parse(readFileSync(file(directory, "config.json"), "utf8")) as { options: Record<string, unknown> }).options;

/** Options that version 0.1.0 did not have, and what it did. */
const THEN = ["--schedule", "constant", "--no-keep-best", "--embedding-initializer", "uniform"];
const SINCE = ["schedule", "warmUp", "keepBest", "embeddingInitializer"];
const SMALL = ["--hidden-size", "6", "--batch-size", "4", "--sequence-length", "12", "--evaluate-every", "3"];
const OLD = [...SMALL, "--dialect", "tf1", "--learning-rate", "0.002"];

/** The weights that version 0.1.0 trained in 8 steps. */
const BEFORE = "d5c1e10c6b0bef06578822556f44b91619620200518e51683bd31b628a983385";

beforeAll(() => {
  writeFileSync(file("text.txt"), "the whale saw a big ship. ".repeat(80));
  expect(train("text.txt", ...OLD, ...THEN, "--steps", "4", "--out", "old", "--quiet").stderr).toBe("");
  // as version 0.1.0 wrote it
  const config = JSON.parse(readFileSync(file("old", "config.json"), "utf8")) as { options: Record<string, unknown> };
  for (const name of SINCE) delete config.options[name];
  writeFileSync(file("old", "config.json"), JSON.stringify(config));
  cpSync(file("old"), file("resumed"), { recursive: true });
});

test("the defaults of then can be asked for", () => {
  expect(train("text.txt", ...OLD, ...THEN, "--steps", "8", "--out", "then", "--quiet").stderr).toBe("");
  expect(hashOf("then")).toBe(BEFORE);
});

test("a run of then is resumed", () => {
  expect(train("--resume", "resumed", "--steps", "8", "--quiet").stderr).toBe("");
  expect(hashOf("resumed")).toBe(BEFORE);
});

test("a run is made again from the configuration of then, which a later one has in full", () => {
  expect(train("--config", "old/config.json", "--steps", "8", "--out", "again", "--quiet").stderr).toBe("");
  expect(hashOf("again")).toBe(BEFORE);
  expect(optionsOf("again")).toMatchObject({
    schedule: "constant",
    keepBest: false,
    embeddingInitializer: "uniform",
    warmUp: 0,
  });
});

test("a configuration that is written by hand has the defaults of now", () => {
  writeFileSync(file("mine.json"), JSON.stringify({ options: { hiddenSize: 6, batchSize: 4, sequenceLength: 12 } }));
  const args = ["text.txt", "--config", "mine.json", "--steps", "2", "--out", "mine", "--quiet"];
  expect(train(...args).stderr).toBe("");
  expect(optionsOf("mine")).toMatchObject({
    schedule: "cosine",
    keepBest: true,
    embeddingInitializer: "normal",
    dialect: "torch",
  });
});

test("a run with the defaults of now goes on from its last checkpoint, bit for bit", () => {
  expect(train("text.txt", ...SMALL, "--steps", "8", "--out", "now", "--quiet").stderr).toBe("");
  const whole = hashOf("now");
  // what a crash in step 7 leaves: the rate has fallen to some part, and the best weights are those of step 6
  rmSync(file("now", "checkpoints", "step-00000008.safetensors"));
  expect(train("--resume", "now", "--quiet").status).toBe(0);
  expect(hashOf("now")).toBe(whole);
});

test.each<[args: readonly string[], message: RegExp]>([
  [["--schedule", "linear", "--learning-rate-decay", "0.9"], /--schedule linear or --learning-rate-decay, got both/],
  [["--patience", "3", "--no-keep-best"], /--patience or --no-keep-best, got both/],
  [["--schedule", "plateau", "--validation", "0"], /--schedule plateau: expected data held out for evaluations/],
])("%j don't go together", (args, message) => {
  const { status, stderr } = train("text.txt", ...SMALL, ...args, "--out", "no");
  expect(stderr).toMatch(message);
  expect(status).toBe(2);
});

test.each<[args: readonly string[], options: object]>([
  [["--cell", "mingru"], { dialect: "tf1" }],
  [["--tie-weights", "--embedding-size", "6"], { embeddingInitializer: "uniform" }],
  [["--learning-rate-decay", "0.9"], { schedule: "constant" }],
  [["--schedule", "plateau", "--plateau-patience", "0"], { schedule: "plateau" }],
  [
    ["--preset", "char-rnn"],
    { dialect: "tf1", embeddingInitializer: "uniform", schedule: "constant", keepBest: false },
  ],
])("%j: what depends on it is stored", (args, options) => {
  const out = args.join("").replaceAll("-", "");
  expect(train("text.txt", ...SMALL, ...args, "--layers", "1", "--steps", "2", "--out", out, "--quiet").stderr).toBe(
    "",
  );
  expect(optionsOf(out)).toMatchObject(options);
});
