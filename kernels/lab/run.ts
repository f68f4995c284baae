/**
 * @file Validates every variant against the definition, then times them in turn: GFLOP/s of one thread in this process' Node, median and best of the
 * rounds. Packing is not counted. `--build simd` rounds after each multiply and add; `--no-revectorize` keeps V8 to 128 bits.
 *
 *     node kernels/lab/run.ts [--no-revectorize] [--only 6x16] [--build simd] [--rounds 15]
 */
import { setFlagsFromString } from "node:v8";
import { parseArgs } from "node:util";
import { main as asc } from "assemblyscript/asc";
import { variants } from "./variants.ts";

const { values: options } = parseArgs({
  options: {
    "no-revectorize": { type: "boolean", default: false },
    only: { type: "string", default: "" },
    build: { type: "string", default: "relaxed" },
    rounds: { type: "string", default: "15" },
  },
});
const major = Number(process.versions.node.split(".")[0]);
if (major < 22) setFlagsFromString("--experimental-wasm-relaxed-simd");
if (major >= 24 && !options["no-revectorize"]) setFlagsFromString("--experimental-wasm-revectorize");

const [m, k, n] = [240, 512, 240];
const START = 65_536;
const at = {
  c: START,
  a: START + 4 * m * n,
  b: START + 4 * (m * n + m * k),
  scratch: START + 4 * (m * n + m * k + k * n),
};

async function compile(source: string): Promise<WebAssembly.Module> {
  let binary: Uint8Array<ArrayBuffer> | undefined;
  const features = options.build === "relaxed" ? "simd,relaxed-simd" : "simd";
  const { error, stderr } = await asc(
    [
      "variant.ts",
      "--outFile",
      "out.wasm",
      "-O3",
      "--noAssert",
      "--runtime",
      "stub",
      "--importMemory",
      "--enable",
      features,
    ],
    {
      readFile: (name) => (name === "variant.ts" ? source : null),
      writeFile: (name, contents) => {
        if (name === "out.wasm") binary = contents as Uint8Array<ArrayBuffer>;
      },
      listFiles: () => [],
    },
  );
  if (error || binary === undefined) throw new Error(stderr.toString());
  return new WebAssembly.Module(binary);
}

type Multiply = (c: number, a: number, b: number, m: number, k: number, n: number, scratch: number) => void;
type Contestant = { name: string; idea: string; call: () => void; result: Float32Array | undefined; times: number[] };

const contestants: Contestant[] = [];
for (const { name, idea, source, isProduct = true } of variants) {
  if (name > "02" && !name.includes(options.only)) continue;
  const memory = new WebAssembly.Memory({ initial: 64 });
  const instance = new WebAssembly.Instance(await compile(source), { env: { memory } });
  const multiply = instance.exports["multiply"] as Multiply;
  let seed = 1;
  const random = (): number => ((seed = (Math.imul(seed, 1_103_515_245) + 12_345) | 0) >>> 8) / 2 ** 24 - 0.5;
  const operands = new Float32Array(memory.buffer, at.a, m * k + k * n);
  for (let i = 0; i < operands.length; i++) operands[i] = random();
  const call = (): void => multiply(at.c, at.a, at.b, m, k, n, at.scratch);
  (instance.exports["prepare"] as Multiply | undefined)?.(at.c, at.a, at.b, m, k, n, at.scratch);
  call();
  const result = isProduct ? new Float32Array(memory.buffer, at.c, m * n).slice() : undefined;
  contestants.push({ name, idea, call, result, times: [] });
}

const expected = contestants.find(({ result }) => result !== undefined)?.result ?? new Float32Array();
for (const { name, result } of contestants) {
  if (result === undefined) continue;
  const worst = result.reduce((most, x, i) => Math.max(most, Math.abs(x - expected[i])), 0);
  if (!(worst < 1e-4)) throw new Error(`${name}: expected the first variant's result, got one that is ${worst} away`);
}
for (let round = 0; round < Number(options.rounds); round++) {
  for (const { call, times } of contestants) {
    const begin = performance.now();
    let calls = 0;
    do {
      call();
      calls++;
    } while (performance.now() - begin < 10);
    times.push((performance.now() - begin) / calls);
  }
}
const best = ({ times }: Contestant): number => Math.min(...times);
const limit = contestants[0];
for (const contestant of contestants) {
  const { name, idea, times } = contestant;
  times.sort((a, b) => a - b);
  const share = `${((100 * best(limit)) / best(contestant)).toFixed(0).padStart(3)} % of the limit`;
  const speed = (ms: number): string => ((2 * m * k * n) / ms / 1e6).toFixed(1).padStart(6);
  console.log(
    `${name.padEnd(14)} median ${speed(times[times.length >> 1])}  best ${speed(times[0])}  ${share}   ${idea}`,
  );
}
