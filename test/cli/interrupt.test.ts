/** Ctrl-C and a reader that goes away end every command that computes or prints for long, within milliseconds. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { MAIN } from "../helpers/cli.ts";
import { encodeModel, languageModel } from "unrolled";
import { classifier, forecaster, tagger, transcriber, encodeWav, translator } from "unrolled/tasks";

const env = { ...process.env, UNROLLED_POISON: "0", UNROLLED_THREADS: "1" };
const folder = mkdtempSync(join(tmpdir(), "unrolled-interrupt-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string): string => join(folder, name);

/** 100 ms on a quiet machine; tests share theirs with others. */
const MOST_MS = 2000;

function save(name: string, bytes: Uint8Array): void {
  mkdirSync(at(name));
  writeFileSync(join(at(name), "model.safetensors"), bytes);
}

const line = "a b c d e f g h i j k l m n o p q r s t u v w x y z";

beforeAll(() => {
  save("lm", encodeModel(languageModel({ corpus: line, hiddenSize: 64 })));
  writeFileSync(at("long.txt"), line.repeat(100_000));
  save("translate", encodeModel(translator({ pairs: [{ source: line, target: line }], hiddenSize: 32 })));
  writeFileSync(at("lines.txt"), `${line}\n`.repeat(50_000));
  writeFileSync(at("pairs.tsv"), `source\ttarget\n${`${line}\t${line}\n`.repeat(50_000)}`);
  const examples = ["x", "y"].map((label) => ({ input: line, label }));
  save("classify", encodeModel(classifier({ examples, hiddenSize: 256 })));
  writeFileSync(at("labelled.csv"), `text,label\n${`${line},x\n`.repeat(50_000)}`);
  const tokens = line.split(" ");
  const tags = tokens.map((_, i) => (i % 2 === 0 ? "O" : "B-X"));
  save("tag", encodeModel(tagger({ examples: [{ tokens, tags }], hiddenSize: 32 })));
  writeFileSync(
    at("tagged.conll"),
    `${tokens.map((token, i) => `${token}\t${tags[i]}`).join("\n")}\n\n`.repeat(20_000),
  );
  const values = Array.from({ length: 200 }, (_, i) => Math.sin(i) + i / 50);
  save("forecast", encodeModel(forecaster({ series: [{ values }], horizon: 14, hiddenSize: 16 })));
  writeFileSync(
    at("series.csv"),
    `date,value\n${values.map((value, i) => `${new Date(1e12 + i * 86_400_000).toISOString().slice(0, 10)},${value}`).join("\n")}\n`,
  );
  const samples = Float32Array.from({ length: 8000 * 60 }, (_, i) => Math.sin(i / 20) * Math.sin(i / 3000));
  const utterance = { samples: samples.subarray(0, 16_000), text: "abc def" };
  save(
    "transcribe",
    encodeModel(transcriber({ utterances: [utterance], features: { sampleRate: 8000 }, hiddenSize: 32 })),
  );
  writeFileSync(at("long.wav"), encodeWav(samples, { sampleRate: 8000 }));
});

/** Sends the signal when the command prints, or after a while; how it ended. */
function interrupted(
  args: readonly string[],
  signal: NodeJS.Signals,
  wait: number | "output",
): Promise<{ code: number | null; ms: number; errors: string; printed: number }> {
  const child: ChildProcess = spawn(process.execPath, [MAIN, ...args], { cwd: folder, env });
  let sentAt = 0;
  let errors = "";
  let printed = 0;
  const send = (): void => {
    if (sentAt > 0) return;
    sentAt = performance.now();
    child.kill(signal);
  };
  child.stderr?.on("data", (data: Buffer) => (errors += data.toString()));
  child.stdout?.on("data", (data: Buffer) => {
    printed += data.length;
    if (wait === "output") send();
  });
  if (wait !== "output") setTimeout(send, wait);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    // as a shell says it: while a large file is read, the system ends the process
    child.on("close", (code, by) =>
      resolve({
        code: code ?? 128 + constants.signals[by as NodeJS.Signals],
        ms: performance.now() - sentAt,
        errors,
        printed,
      }),
    );
  });
}

const CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

describe("a signal ends what computes", () => {
  test.each([
    ["sample lm --length 1000000000000 --seed 1", "SIGINT"],
    ["sample lm --length 1000000000000 --seed 1", "SIGTERM"],
    ["predict translate lines.txt", "SIGINT"],
    ["predict classify labelled.csv", "SIGINT"],
    ["predict tag lines.txt", "SIGHUP"],
  ] as const)("unrolled %s: %s", async (command, signal) => {
    const { code, ms, errors } = await interrupted(command.split(" "), signal, "output");
    console.log(`interrupt: ${command}, ${signal}: ${Math.round(ms)} ms`);
    expect(errors).toBe("");
    expect(code).toBe(CODES[signal]);
    expect(ms).toBeLessThan(MOST_MS);
  });

  test.each([
    "evaluate lm long.txt",
    "evaluate translate pairs.tsv",
    "evaluate classify labelled.csv",
    "evaluate tag tagged.conll",
    "predict transcribe long.wav --beams 400",
    "doctor",
  ])("unrolled %s, before it has printed anything", async (command) => {
    // when the work has begun, and before a fast machine is done with it
    const after = command === "doctor" ? 500 : 1200;
    const { code, ms, errors, printed } = await interrupted(command.split(" "), "SIGINT", after);
    console.log(`interrupt: ${command}: ${Math.round(ms)} ms`);
    expect(printed, "bytes printed before it was interrupted").toBe(0);
    expect(errors).toBe("");
    expect(code).toBe(130);
    expect(ms).toBeLessThan(MOST_MS);
  });
});

test.each([
  "sample lm --length 1000000000000 --seed 1",
  "predict translate lines.txt",
  "predict classify labelled.csv",
  "predict tag lines.txt",
  "inspect lm",
  "train --help",
])("unrolled %s | head -c 10: exit code 0, nothing on stderr", async (command) => {
  const child = spawn(process.execPath, [MAIN, ...command.split(" ")], { cwd: folder, env });
  let errors = "";
  child.stderr.on("data", (data: Buffer) => (errors += data.toString()));
  child.stdout.once("data", () => child.stdout.destroy());
  const code = await new Promise((resolve) => child.on("exit", resolve));
  expect(errors).toBe("");
  expect(code).toBe(0);
});
