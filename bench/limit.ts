/**
 * @file How many flops one core can do in WebAssembly: fused multiply-adds on registers, with nothing to load or store. What the kernels
 * reach is compared with it.
 */
import { setFlagsFromString } from "node:v8";
import * as asc from "assemblyscript/asc";

/** Enough 128-bit accumulators to hide the latency of the multiply-add, few enough to stay in registers. */
const ACCUMULATORS = 24;

/** Trips through the loop: some tens of milliseconds. */
const TRIPS = 10_000_000;

const FLOPS = TRIPS * ACCUMULATORS * 4 * 2;

const repeated = (line: (index: number) => string): string =>
  Array.from({ length: ACCUMULATORS }, (_, i) => line(i)).join("\n");

/** V8 joins two neighbours into one 256-bit operation. It starts from neighbouring stores, and not from stores to a constant address. */
const SOURCE = `
export function run(memory: usize, trips: i32): void {
  const a0 = v128.load(memory), a1 = v128.load(memory, 16);
  const b0 = v128.load(memory, 32), b1 = v128.load(memory, 48);
  ${repeated((i) => `let s${i} = v128.load(memory, ${64 + 16 * i});`)}
  for (let i = 0; i < trips; i++) {
    ${repeated((i) => `s${i} = f32x4.relaxed_madd(a${i % 2}, b${i % 2}, s${i});`)}
  }
  ${repeated((i) => `v128.store(memory, s${i}, ${64 + 16 * i});`)}
}`;

/** Returns a function that measures: flops in a second, of one core, now. */
export async function fmaLimit(): Promise<() => number> {
  const { binary, stderr } = await asc.compileString(SOURCE, {
    optimizeLevel: 3,
    runtime: "stub",
    initialMemory: 1,
    enable: ["simd", "relaxed-simd"],
  });
  if (!binary) throw new Error(`limit: ${stderr.toString()}`);
  // read when a module is compiled; there since Node 24, and an older one prints an error for a flag that it lacks
  if (Number(process.versions.node.split(".")[0]) >= 24) setFlagsFromString("--experimental-wasm-revectorize");
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(binary as Uint8Array<ArrayBuffer>));
  const run = exports["run"] as (memory: number, trips: number) => void;
  // in unoptimized code; from the next call on it is optimized
  run(0, TRIPS);
  return () => {
    const start = performance.now();
    run(0, TRIPS);
    return (FLOPS / (performance.now() - start)) * 1000;
  };
}
