/** @file Who takes part, in which cases, and how it is started. */
import { fileURLToPath } from "node:url";
import { type Case, isTiny } from "./cases.ts";
import { hasWideVectors } from "./machine.ts";
import { plainContestant, systemNode } from "./nodes.ts";
import type { Tool, Tools } from "./setup.ts";

export type Contestant = {
  readonly name: string;
  /** What it is called beside others of its kind: `wasm`, `Node 20.20.2`. */
  readonly variant?: string;
  readonly threads: number;
  readonly races: (task: Case) => boolean;
  /** Where a step takes seconds, it is timed once. */
  readonly isSlow?: boolean;
  /** What to run, or why it can't be run. */
  readonly command: readonly string[] | string;
  readonly environment?: Readonly<Record<string, string>>;
};

export const OURS = "unrolled";

export const titleOf = ({ name, variant, threads }: Contestant): string =>
  [name, variant, threads === 1 ? "1 thread" : `${threads} threads`].filter((part) => part !== undefined).join(", ");

const peer = (file: string): string => fileURLToPath(new URL(`peers/${file}`, import.meta.url));

const isTraining = ({ kind }: Case): boolean => kind === "training";
/** One sequence at a time: for brain.js, which knows no other. */
const isSingle = (task: Case): boolean => isTraining(task) && task.batch === 1 && !isTiny(task);
/** A second thread has nothing to do in the smallest cases. */
const fits = (task: Case, threads: number): boolean =>
  isTraining(task) && !isSingle(task) && (threads === 1 || !isTiny(task));

/** This package, first: the others are compared with it. */
export function ours(): Contestant[] {
  const one = (threads: number): Contestant => ({
    name: OURS,
    threads,
    races: (task) => threads === 1 || fits(task, threads),
    command: [process.execPath, peer("unrolled.ts")],
    environment: { UNROLLED_THREADS: String(threads) },
  });
  const eager: Contestant = {
    ...one(1),
    variant: "eager",
    races: isTiny,
    command: [process.execPath, peer("unrolled.ts"), "eager"],
  };
  const system = systemNode();
  if (system === undefined) return [one(1), one(2), eager];
  return [
    one(1),
    one(2),
    eager,
    {
      ...one(1),
      variant: `Node ${system.version.slice(1)}`,
      command: [system.path, plainContestant()],
    },
  ];
}

export function peers({ torch, tensorflow, modules }: Tools): Contestant[] {
  const started = (tool: Tool, ...args: readonly string[]): readonly string[] | string =>
    "path" in tool ? [tool.path, ...args] : tool.missing;
  const python = (name: string, tool: Tool, file: string, threads: number, largest = Infinity): Contestant => ({
    name,
    threads,
    races: (task) => fits(task, threads) && task.hidden <= largest,
    command: started(tool, peer(file), String(threads)),
  });
  const script = (name: string, variant: string | undefined, file: string, races: Contestant["races"]): Contestant => ({
    name,
    ...(variant !== undefined && { variant }),
    threads: 1,
    races,
    isSlow: true,
    command: "path" in modules ? [process.execPath, peer(file), variant ?? "", "1"] : modules.missing,
    ...("path" in modules && { environment: { BENCH_MODULES: modules.path } }),
  });
  const torchOn = (threads: number): Contestant => python("PyTorch", torch, "pytorch.py", threads);
  // what WebAssembly can use as well
  const narrow = [1, 2].map((threads): Contestant => ({
    ...torchOn(threads),
    variant: "at most AVX2",
    environment: { MKL_ENABLE_INSTRUCTIONS: "AVX2", ONEDNN_MAX_CPU_ISA: "AVX2", ATEN_CPU_CAPABILITY: "avx2" },
  }));
  return [
    torchOn(1),
    torchOn(2),
    ...(hasWideVectors() ? narrow : []),
    python("TensorFlow", tensorflow, "tensorflow_cpu.py", 1, 256),
    python("TensorFlow", tensorflow, "tensorflow_cpu.py", 2, 256),
    script("TensorFlow.js", "wasm", "tfjs.ts", (task) => fits(task, 1)),
    // minutes a step in the larger cases
    script("TensorFlow.js", "cpu", "tfjs.ts", (task) => fits(task, 1) && task.hidden <= 128 && task.layers === 1),
    script("brain.js", undefined, "brain.ts", isSingle),
    script("ONNX Runtime", "node", "onnxruntime.ts", (task) => task.kind === "generate"),
    script("ONNX Runtime", "web", "onnxruntime.ts", (task) => task.kind === "generate"),
  ];
}
