/** A run directory from a stranger: its configuration can't make a command read other files than the run has read, or wait for a pipe. */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { commandFolder, type Result } from "../helpers/cli.ts";

const { file: at, run } = commandFolder("config-paths");
const unrolled = (...args: readonly string[]): Result => run(args, { timeout: 60_000 });

const small = ["--hidden-size", "4", "--batch-size", "2", "--steps", "2", "--quiet"];

beforeAll(() => {
  writeFileSync(at("text.txt"), "the whale saw a big ship. ".repeat(20));
  writeFileSync(at("secret.txt"), "the whale saw a big ship, ".repeat(20));
  writeFileSync(at("mails.csv"), `text,label\n${"good,ham\nbad,spam\n".repeat(10)}`);
  writeFileSync(at("secrets.csv"), `text,label\n${"good,ham\nbad,spyy\n".repeat(10)}`);
  if (process.platform !== "win32") execFileSync("mkfifo", [at("pipe.txt")]);
  for (const args of [
    ["text.txt", "--sequence-length", "4", "--out", "lm"],
    ["mails.csv", "--task", "classify", "--out", "mails"],
  ])
    expect(unrolled("train", ...args, ...small).stderr).toBe("");
});

/** Names other data in the configuration, whose hash stays what it was. */
function redirect(run: string, path: string): void {
  const file = at(join(run, "config.json"));
  const config = JSON.parse(readFileSync(file, "utf8")) as { data: { path: string }[]; inputs?: string[] };
  config.data[0].path = path;
  if (config.inputs) config.inputs = [path];
  writeFileSync(file, JSON.stringify(config));
}

test.each([
  ["lm", "text.txt", "secret.txt"],
  ["mails", "mails.csv", "secrets.csv"],
])("%s", (run, own, other) => {
  const resumed = ["train", "--resume", run, "--steps", "4"];
  const from = [
    "train",
    "--config",
    run,
    "--out",
    "other",
    "--steps",
    "2",
    ...(run === "mails" ? ["--task", "classify"] : []),
  ];
  redirect(run, other);
  const { status, stderr } = unrolled(...resumed);
  expect(stderr).toContain(`--resume: ${other}: expected the SHA-256`);
  expect(status).toBe(2);
  for (const [path, got] of [
    ["pipe.txt", "a pipe, a socket or a device"],
    ["/dev/zero", "a pipe, a socket or a device"],
    ["/etc", "a folder"],
    ["none.txt", "nothing there"],
  ]) {
    redirect(run, path);
    for (const command of path === "pipe.txt" ? [resumed, from] : run === "lm" ? [resumed] : []) {
      const found = unrolled(...command);
      expect(found.stderr, path).toContain(got);
      expect(found.status, path).toBe(2);
    }
  }
  redirect(run, own);
  const good = unrolled(...resumed);
  expect(good.status).toBe(0);
  expect(good.stdout).toContain(`reads ${own}`);
});
