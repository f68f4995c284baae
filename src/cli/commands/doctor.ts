import { availableParallelism, cpus } from "node:os";
import { type EngineReport, engineReport } from "unrolled";
import { type Choice, choicesOf } from "./engine-choices.ts";
import { EXIT } from "../terminal/failure.ts";
import { binaryBytes, real, table } from "../terminal/format.ts";
import { say, sayJson } from "../terminal/output.ts";
import { interruptible } from "../terminal/interruptible.ts";
import { type Check, selfCheck } from "./self-check.ts";
import { measureSpeed, SIZES, type Speed } from "./speed.ts";
import { type WasmFeatures, wasmFeatures } from "./wasm-features.ts";

/** All that is known; `--json` prints it as it is. */
type Diagnosis = {
  readonly node: string;
  readonly platform: string;
  readonly cpu: string;
  /** Processors that threads can use. */
  readonly cores: number;
  readonly engine: string;
  readonly numerics: string;
  readonly threads: number;
  readonly choices: readonly Choice[];
  readonly webAssembly: WasmFeatures;
  /** Bytes taken from the system, and how many there can be. */
  readonly memory: { readonly taken: number; readonly limit: number };
  readonly speed: readonly Speed[];
  readonly checks: readonly Check[];
  readonly ok: boolean;
};

/** Prints the diagnosis; returns the exit code. */
export async function doctor({ json }: { readonly json?: boolean }): Promise<number> {
  const diagnosis = await interruptible(diagnose);
  if (json) sayJson(diagnosis);
  else say(describe(diagnosis));
  return diagnosis.ok ? EXIT.ok : EXIT.failure;
}

async function diagnose(): Promise<Diagnosis> {
  const { threads } = engineReport();
  const speed = await measureSpeed(threads);
  // before the self-check, which changes the number of threads
  const report = engineReport();
  const checks = await selfCheck(threads);
  return {
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}`,
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    engine: report.name,
    numerics: report.numerics,
    threads: report.threads,
    choices: choicesOf(report, process.env),
    webAssembly: wasmFeatures(),
    memory: { taken: report.bytes, limit: memoryLimit(report) },
    speed,
    checks,
    ok: checks.every(({ ok }) => ok),
  };
}

/** 4 GiB, unless the engine had to do with less. */
function memoryLimit({ choices }: EngineReport): number {
  const less = choices.find(({ what }) => what === "memory");
  return less === undefined ? 2 ** 32 : Number.parseFloat(less.chosen) * 2 ** 30;
}

function describe({ node, platform, cpu, cores, choices, webAssembly, memory, speed, checks }: Diagnosis): string {
  const yes = (is: boolean): string => (is ? "yes" : "no");
  const { simd, relaxedSimd, threads } = webAssembly;
  const host = [
    ["Node", `${node}, ${platform}`],
    ["processor", `${cpu}, ${cores} usable`],
    ["WebAssembly", `SIMD ${yes(simd)}, relaxed SIMD ${yes(relaxedSimd)}, threads ${yes(threads)}`],
    ["memory", `${binaryBytes(memory.taken)} taken from the system, at most ${binaryBytes(memory.limit)}`],
  ];
  const chosen = choices.map(({ what, chosen, why, variable }) => [what, chosen, why, variable]);
  const { product, step } = SIZES;
  const speeds = [
    ["speed", ...speed.map((at) => (at.threads === 1 ? "1 thread" : `${at.threads} threads`)), ""],
    [
      `matrix product ${product.m}x${product.k} · ${product.k}x${product.n}`,
      ...speed.map(({ gflops }) => real(gflops)),
      "GFLOP/s",
    ],
    [
      `LSTM training step, ${step.hiddenSize} units, ${step.batchSize} rows of ${step.sequenceLength}`,
      ...speed.map(({ stepMilliseconds }) => real(stepMilliseconds)),
      "ms",
    ],
  ];
  return [
    table(host),
    table([["choice", "is", "because", "set by"], ...chosen]),
    table(speeds, new Set(speed.map((_, i) => i + 1))),
    table([["self-check", ""], ...checks.map(({ what, ok }) => [what, ok ? "ok" : "FAILED"])]),
  ].join("\n\n");
}
