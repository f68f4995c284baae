/** Ctrl-C and SIGTERM at awkward moments: the run ends within 5 seconds, and going on gives the run that was left alone, bit for bit. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, watch, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { MAIN } from "../helpers/cli.ts";
import { readMetrics } from "unrolled/node";

const HANDLER = fileURLToPath(new URL("../helpers/stop-signals.ts", import.meta.url));
const env = {
  ...process.env,
  UNROLLED_POISON: "0",
  npm_command: undefined,
  npm_config_user_agent: undefined,
  npm_execpath: undefined,
};
const folder = mkdtempSync(join(tmpdir(), "unrolled-signals-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string): string => join(folder, name);

const CODES = { SIGINT: 130, SIGTERM: 143 } as const;
type Signal = keyof typeof CODES;

/** What a run leaves, without what a clock has a say in. */
function remains(run: string): object {
  const metrics = readMetrics(join(at(run), "metrics.jsonl")).map(
    ({ seconds: _seconds, tokensPerSecond: _speed, ...event }) => event,
  );
  const bytes = (name: string): string => readFileSync(join(at(run), name)).toString("base64");
  return { metrics, model: bytes("model.safetensors"), best: bytes("best.safetensors") };
}

/** Runs to the end. */
function train(...args: string[]): void {
  const { status, stderr } = spawnSync(process.execPath, [MAIN, "train", ...args], {
    cwd: folder,
    env,
    encoding: "utf8",
  });
  expect(stderr).toBe("");
  expect(status).toBe(0);
}

/** Begins or goes on, sends the signal when `aim` says so, and checks how the command ends. Returns the command that it says to go on with. */
function interrupt(
  args: string[],
  signal: Signal,
  aim: (child: ChildProcess, send: () => void) => void,
): Promise<string> {
  const child = spawn(process.execPath, [MAIN, "train", ...args], { cwd: folder, env });
  let output = "";
  let errors = "";
  let sentAt: number | undefined;
  child.stdout.on("data", (data: Buffer) => (output += data.toString()));
  child.stderr.on("data", (data: Buffer) => (errors += data.toString()));
  aim(child, () => {
    sentAt ??= performance.now();
    child.kill(signal);
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      const said = output + errors;
      expect(said).toMatch(/^interrupted after /m);
      expect(performance.now() - (sentAt as number)).toBeLessThan(5000);
      expect(code).toBe(CODES[signal]);
      const next = /^next: unrolled train (.*)$/m.exec(said);
      resolve((next as RegExpExecArray)[1]);
    });
  });
}

/** Aims at the moment after the line of a step has come. */
const afterStep =
  (step: number) =>
  (child: ChildProcess, send: () => void): void => {
    let lines = "";
    child.stdout?.on("data", (data: Buffer) => {
      const isNew = !lines.includes(`"step":${step},`);
      lines += data.toString();
      if (isNew && lines.includes(`"step":${step},`)) send();
    });
  };

/** Aims at the moment in which a checkpoint is half-written, `count` checkpoints from now. */
const whileSaving =
  (run: string, count: number) =>
  (child: ChildProcess, send: () => void): void => {
    const names = new Set<string | null>();
    const directory = join(at(run), "checkpoints");
    const look = setInterval(() => {
      if (!existsSync(directory)) return;
      clearInterval(look);
      const watcher = watch(directory, (_, name) => {
        if (!name?.endsWith(".tmp") || names.add(name).size < count) return;
        watcher.close();
        send();
      });
      child.on("exit", () => watcher.close());
    }, 5);
    child.on("exit", () => clearInterval(look));
  };

const words = (text: string): string[] => text.split(" ");

describe("between steps and while checkpoints are written", () => {
  const options = words(
    "small.txt --hidden-size 16 --embedding-size 8 --sequence-length 20 --batch-size 4 --dropout 0.1 --layers 2 --steps 160 --evaluate-every 45 --checkpoint-every 2",
  );
  beforeAll(() => {
    writeFileSync(
      at("small.txt"),
      Array.from({ length: 6000 }, (_, i) => "abcdefghij \n"[(i * i + 7 * i) % 12]).join(""),
    );
    train(...options, "--quiet", "--out", "alone");
  });

  test("SIGINT, then SIGTERM in the run that goes on", async () => {
    const run = "between steps";
    const next = await interrupt([...options, "--json", "--out", run], "SIGINT", afterStep(30));
    expect(next).toBe(`--resume '${run}'`);
    await interrupt(["--resume", run, "--json"], "SIGTERM", afterStep(90));
    train("--resume", run, "--quiet");
    expect(remains(run)).toEqual(remains("alone"));
  });

  test("a signal while a checkpoint is written tears nothing", async () => {
    await interrupt([...options, "--out", "saving"], "SIGTERM", whileSaving("saving", 5));
    await interrupt(["--resume", "saving"], "SIGINT", whileSaving("saving", 8));
    train("--resume", "saving", "--quiet");
    expect(remains("saving")).toEqual(remains("alone"));
  });

  test("a run that went on with other limits says them again", async () => {
    const next = await interrupt([...options, "--json", "--out", "limits"], "SIGINT", afterStep(3));
    expect(next).toBe("--resume limits");
    const again = await interrupt(words("--resume limits --steps 400 --json"), "SIGINT", afterStep(170));
    expect(again).toBe("--resume limits --steps 400 --json");
  });
});

test("an evaluation is cut short, and made by the run that goes on", async () => {
  writeFileSync(
    at("long.txt"),
    Array.from({ length: 500_000 }, (_, i) => "abcdefghij \n"[(i * i + 7 * i) % 12]).join(""),
  );
  const options = words(
    "long.txt --validation 0.9 --hidden-size 32 --embedding-size 8 --batch-size 4 --sequence-length 8 --steps 6 --evaluate-every 3",
  );
  train(...options, "--quiet", "--out", "alone-long");
  const timed = readMetrics(join(at("alone-long"), "metrics.jsonl"));
  const evaluated = timed.findIndex(({ kind }) => kind === "evaluation");
  const evaluating = 1000 * ((timed[evaluated].seconds ?? 0) - (timed[evaluated - 1].seconds ?? 0));
  const kinds = (): string[] => readMetrics(join(at("long"), "metrics.jsonl")).map(({ kind }) => kind);

  const start = performance.now();
  await interrupt([...options, "--json", "--out", "long"], "SIGINT", afterStep(3));
  expect(kinds()).toEqual(["step", "step", "step", "end"]);
  await interrupt(["--resume", "long", "--json"], "SIGTERM", afterStep(6));
  expect(kinds()).toEqual(["step", "step", "step", "evaluation", "step", "step", "step", "end"]);
  console.log(
    `signals: two ends within evaluations of ${Math.round(evaluating)} ms took ${Math.round(performance.now() - start)} ms`,
  );
  train("--resume", "long", "--quiet");
  expect(remains("long")).toEqual(remains("alone-long"));
});

test("a signal that comes twice at once is one; the next ends the process at once, also while it computes", async () => {
  const child = spawn(process.execPath, [HANDLER], { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  child.stdout.on("data", (data: Buffer) => {
    const line = data.toString();
    said += line;
    if (line.includes("ready") || line.includes("aborted") || line.includes("computing")) child.kill("SIGTERM");
  });
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve) =>
    child.on("exit", (...how) => resolve(how)),
  );
  expect(said).toBe("ready\naborted 143\ncomputing\n");
  expect([code, signal]).toEqual([null, "SIGTERM"]);
});
