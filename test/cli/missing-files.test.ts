/** What people and other programs remove from a run directory, between two runs and in the middle of one: the run is exact, or says by name what is missing. */
import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { commandFolder, env, MAIN, type Result } from "../helpers/cli.ts";
import { remainsOf } from "../helpers/run-remains.ts";
import { tinyTasks } from "../helpers/tiny-tasks.ts";

const { folder, file: at, run } = commandFolder("missing");
const tasks = tinyTasks(folder);
const one = { UNROLLED_THREADS: "1" };
const limits = "--evaluate-every 3 --checkpoint-every 2 --learning-rate 0.02 --schedule constant --quiet".split(" ");

const train = (args: readonly string[], more: Readonly<Record<string, string>> = {}): Result =>
  run(["train", ...args], { env: { ...one, ...more } });
const good = { status: 0, stderr: "" };

describe.each(tasks.filter(({ name }) => ["language-model", "forecast"].includes(name)))("$name", ({ name, args }) => {
  const whole = `${name}-whole`;
  const half = `${name}-half`;
  let expected: object;
  beforeAll(() => {
    expect(train([...args, ...limits, "--steps", "6", "--out", whole])).toMatchObject(good);
    expect(train([...args, ...limits, "--steps", "4", "--out", half])).toMatchObject(good);
    expected = remainsOf(at(whole));
  });

  /** Goes on with a copy of which something was removed. */
  function resumed(removed: readonly string[]): Result & { readonly directory: string } {
    const directory = `${name}-without`;
    rmSync(at(directory), { recursive: true, force: true });
    cpSync(at(half), at(directory), { recursive: true });
    for (const one of removed) rmSync(at(directory, one), { recursive: true });
    return { ...train(["--resume", directory, "--steps", "6", "--quiet"]), directory };
  }

  const outputs: [string, string[]][] = [
    ["both, and what is drawn", ["model.safetensors", "best.safetensors", "README.md", "curves.svg"]],
    ["the model", ["model.safetensors"]],
    ["the best model", ["best.safetensors"]],
  ];
  // a task has the files of a language model
  test.each(name === "language-model" ? outputs : outputs.slice(0, 1))(
    "without %s it goes on to the same end",
    (_what, removed) => {
      const { directory, ...result } = resumed(removed);
      expect(result).toMatchObject(good);
      const { config: _limits, checkpoints: _names, ...rest } = remainsOf(at(directory)) as Record<string, unknown>;
      expect(expected).toMatchObject({ ...rest, metrics: expect.anything() as unknown });
    },
  );

  test("without its metrics it goes on to the same models, and says what is missing", () => {
    const { directory, status, stderr } = resumed(["metrics.jsonl"]);
    expect(stderr).toMatch(/^unrolled train: \S*metrics\.jsonl has 0 of the \d+ lines .*\n$/);
    expect(status).toBe(0);
    const { model, best } = remainsOf(at(directory)) as Record<string, unknown>;
    expect(expected).toMatchObject({ model, best });
  });

  test.each([
    ["its configuration", ["config.json"], /config\.json/],
    [
      "its checkpoints",
      ["checkpoints"],
      /--resume: expected a run with a checkpoint, .*--config \S+ --out \S+ --overwrite/,
    ],
  ])("without %s it is refused by name", (_what, removed, message) => {
    const { directory, status, stderr } = resumed(removed);
    expect(stderr).toMatch(message);
    expect(stderr.trimEnd()).not.toContain("\n");
    expect(status).toBe(2);
    expect(existsSync(at(directory, "run.lock"))).toBe(false);
  });
});

describe("in the middle of a run", () => {
  const children: ChildProcess[] = [];
  afterAll(() => {
    for (const child of children) child.kill("SIGKILL");
  });

  /** A run that would take minutes, from which something is removed after its first steps. */
  async function without(
    name: string,
    remove: (directory: string) => void,
  ): Promise<{ status: number | null; stderr: string }> {
    const { args } = tasks[0];
    const child = spawn(process.execPath, [MAIN, "train", ...args, "--steps", "100000000", "--quiet", "--out", name], {
      cwd: folder,
      env: { ...env, ...one },
      stdio: ["ignore", "ignore", "pipe"],
    });
    children.push(child);
    let stderr = "";
    child.stderr.on("data", (data: Buffer) => (stderr += data.toString()));
    const ended = new Promise<number | null>((resolve) => child.on("exit", resolve));
    const metrics = at(name, "metrics.jsonl");
    while (!existsSync(metrics) || readFileSync(metrics).length < 500) await wait(20);
    remove(at(name));
    return { status: await Promise.race([ended, wait(60_000, null)]), stderr };
  }

  test.each<[string, string, RegExp]>([
    ["the directory", "", /expected the run directory "gone ", got nothing there/],
    ["the lock", "run.lock", /expected this run's own "gone run\.lock\/run\.lock"/],
    ["the metrics", "metrics.jsonl", /expected this run's own "gone metrics\.jsonl\/metrics\.jsonl"/],
  ])("%s: it ends at once, by name", async (_what, removed, message) => {
    const name = `gone ${removed}`;
    const { status, stderr } = await without(name, (directory) => {
      // all at once, as a directory that is removed file by file is found without one of them first
      renameSync(join(directory, removed), at("removed"));
      rmSync(at("removed"), { recursive: true });
    });
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^unrolled train: .* It was removed while the run trained, by step \d+ at the latest.*\n$/);
    expect(status).toBe(1);
    if (removed === "") {
      expect(existsSync(at(name))).toBe(false);
      return;
    }
    // what is left can be gone on with
    const newest = readdirSync(at(name, "checkpoints")).toSorted().at(-1) ?? "";
    const steps = Number(/step-0*(\d+)/.exec(newest)?.[1]) + 1;
    expect(train(["--resume", name, "--steps", String(steps), "--quiet"]).status).toBe(0);
  });
});

describe("numerics", () => {
  const { args } = tasks[1];
  beforeAll(() => {
    for (const name of ["fused", "fused on"])
      expect(train([...args, ...limits, "--steps", "3", "--out", name])).toMatchObject(good);
  });

  test("other ones than the run's are refused by name, and nothing is changed", () => {
    const before = remainsOf(at("fused"));
    for (const other of [{ UNROLLED_NUMERICS: "portable" }, { UNROLLED_ENGINE: "reference" }]) {
      const { status, stderr } = train(["--resume", "fused", "--steps", "6", "--quiet"], other);
      expect(stderr).toMatch(
        /^unrolled train: train resume numerics: expected fma \(engine wasm\), as in the checkpoint, got portable .*--allow-other-numerics.*\n$/,
      );
      expect(status).toBe(1);
    }
    expect(remainsOf(at("fused"))).toEqual(before);
  });

  test("or go on with one line, and the run says what really ran", () => {
    const other = { UNROLLED_NUMERICS: "portable" };
    const goOn = (steps: string): Result =>
      train(["--resume", "fused on", "--steps", steps, "--allow-other-numerics", "--quiet"], other);
    const { status, stderr } = goOn("5");
    expect(stderr).toMatch(
      /^unrolled: the run resumes with numerics portable \(engine wasm\) instead of fma \(engine wasm\): .*\n$/,
    );
    expect(status).toBe(0);
    // its checkpoints are portable now
    expect(goOn("6")).toMatchObject(good);
    const { maker, continued } = JSON.parse(readFileSync(at("fused on", "config.json"), "utf8")) as Record<
      string,
      unknown
    >;
    expect(maker).toMatchObject({ engine: "wasm", numerics: "fma" });
    expect(continued).toEqual([expect.objectContaining({ step: 3, engine: "wasm", numerics: "portable" })]);
    const card = readFileSync(at("fused on", "README.md"), "utf8");
    expect(card).toMatch(/engine \| wasm, numerics fma, 1 thread/);
    expect(card).toMatch(/after step 3 \| .* wasm, numerics portable, 1 thread/);
  });

  test("portable ones are the same on every engine, and threads don't matter", () => {
    const portable = { UNROLLED_NUMERICS: "portable" };
    const begin = (name: string, steps: string): void =>
      expect(train([...args, ...limits, "--steps", steps, "--out", name], portable)).toMatchObject(good);
    begin("portable", "6");
    begin("portable half", "3");
    const rest = train(["--resume", "portable half", "--steps", "6", "--quiet"], { UNROLLED_ENGINE: "reference" });
    expect(rest).toMatchObject(good);
    const bytes = (name: string): Buffer => readFileSync(at(name, "model.safetensors"));
    expect(bytes("portable half").equals(bytes("portable"))).toBe(true);
    expect(train(["--resume", "fused", "--steps", "6", "--threads", "2", "--quiet"])).toMatchObject(good);
  });
});
