/** The built command where something is scarce or forbidden: address space, code generation, rights, space on the disk. It works, or says in one line why not. */
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { commandFolder, env, MAIN, type Result } from "../helpers/cli.ts";
import { tinyTasks } from "../helpers/tiny-tasks.ts";

const { folder, file: at } = commandFolder("hosts");
const [{ args }] = tinyTasks(folder);
const begin = (out: string): string[] => ["train", ...args, "--steps", "3", "--quiet", "--out", out];

const shell = (before: string, words: readonly string[]): Result =>
  spawnSync("sh", ["-c", `${before} "$@"`, "sh", process.execPath, ...words], {
    encoding: "utf8",
    cwd: folder,
    env,
  });

beforeAll(() => {
  expect(shell("exec", [MAIN, ...begin("run")])).toMatchObject({ status: 0, stderr: "" });
});

test.each([4_000_000, 8_000_000])("with %i KiB of address space another engine is no silent choice", (kilobytes) => {
  const out = `small ${kilobytes}`;
  const { status, stderr } = shell(`ulimit -v ${kilobytes}; exec`, [MAIN, ...begin(out)]);
  expect(status).toBe(0);
  const engineOf = (run: string): string =>
    /"engine": "(\w+)"/.exec(readFileSync(at(run, "config.json"), "utf8"))?.[1] ?? "";
  expect(stderr).toMatch(engineOf(out) === engineOf("run") ? /^$/ : /^unrolled: .*slow reference engine.*\n$/);
});

test("without code generation", () => {
  const words = ["--disallow-code-generation-from-strings", MAIN, ...begin("strict")];
  expect(shell("exec", words)).toMatchObject({ status: 0, stderr: "" });
  expect(existsSync(at("strict", "curves.svg"))).toBe(true);
});

// who may do anything can become somebody who may not
const isRoot = process.getuid?.() === 0;

describe.runIf(isRoot)("as another user", () => {
  const asNobody = (words: readonly string[]): Result =>
    shell("exec setpriv --reuid=65534 --regid=65534 --clear-groups", [MAIN, ...words]);
  const one = (message: RegExp) => ({ status: 2, stderr: expect.stringMatching(message) as string });

  test("unreadable data, a folder that may not be written, a run of somebody else", () => {
    chmodSync(folder, 0o755);
    mkdirSync(at("closed"), { mode: 0o755 });
    expect(asNobody(begin("closed/run"))).toEqual(
      expect.objectContaining(one(/^unrolled train: --out: .*EACCES.*\n$/)),
    );
    expect(asNobody(["train", "--resume", "run", "--steps", "5"])).toEqual(
      expect.objectContaining(one(/^unrolled train: --out: .*"run".*EACCES.*\n$/)),
    );
    cpSync(at("text.txt"), at("secret.txt"));
    chmodSync(at("secret.txt"), 0o600);
    const { status, stderr } = asNobody(["train", "secret.txt", "--out", "closed/run"]);
    expect(stderr).toMatch(/^unrolled train: .*"secret\.txt".*may not be opened.*\n$/);
    expect(status).toBe(2);
  });
});

const isMounted = isRoot && mounted();

/** Whether a disk of 64 KiB can be had. */
function mounted(): boolean {
  mkdirSync(at("full"));
  return spawnSync("mount", ["-t", "tmpfs", "-o", "size=64k", "none", at("full")]).status === 0;
}
afterAll(() => {
  if (isMounted) spawnSync("umount", [at("full")]);
});

// a small disk takes the right to mount one
test.runIf(isMounted)("a full disk ends a run in one line, and what is there can be gone on with", () => {
  const { status, stderr } = shell("exec", [MAIN, ...begin("full/run")]);
  expect(stderr).toMatch(/^unrolled train: ENOSPC.*\n$/);
  expect(status).toBe(1);
  cpSync(at("full", "run"), at("rescued"), { recursive: true });
  expect(shell("exec", [MAIN, "train", "--resume", "rescued", "--quiet"])).toMatchObject({ status: 0, stderr: "" });
  const model = (run: string): Buffer => readFileSync(at(run, "model.safetensors"));
  expect(model("rescued").equals(model("run"))).toBe(true);
});
