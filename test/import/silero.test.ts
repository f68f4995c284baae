/**
 * Silero's voice detectors v5 and v6, whose weights are constants inside the branches of a choice:
 * block by block and over a whole recording, beside ONNX Runtime.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { InferenceSession, Tensor as OnnxTensor } from "onnxruntime-web";
import { describe, expect, test } from "vitest";
import { randomStream } from "../../src/base/index.ts";
import { importModel, type Network } from "../../src/import/index.ts";
import { scope, tensor } from "../../src/index.ts";
import "../onnx/onnx-oracle.ts";

/** Blocks of 512 samples: 10 seconds, with UNROLLED_VERIFY=full 10 minutes. */
const BLOCKS = process.env["UNROLLED_VERIFY"] === "full" ? 18_750 : 300;
/** A block is read with the samples before it. */
const [BLOCK, BEFORE] = [512, 64];
const READ = BLOCK + BEFORE;
const STATE = [2, 1, 128];
/** Largest difference of a probability; ONNX Runtime rounds its activations further than we do. */
const LIMIT = 5e-6;

const folder = dirname(createRequire(import.meta.url).resolve("@ricky0123/vad-web/package.json"));
const bytesOf = (version: string): Uint8Array => readFileSync(join(folder, "dist", `silero_vad_${version}.onnx`));

/** Voiced sounds of changing pitch between pauses, with noise: 16,000 samples a second. */
function sound(): Float32Array {
  const random = randomStream(4);
  let phase = 0;
  return Float32Array.from({ length: BLOCKS * BLOCK }, (_, i) => {
    const seconds = i / 16_000;
    phase += (2 * Math.PI * (120 + 40 * Math.sin(seconds * 3))) / 16_000;
    const isVoiced = seconds % 2 < 1.2;
    let voice = 0;
    for (let k = 1; k <= 20; k++) voice += (Math.exp(-(((k * 120 - 600) / 400) ** 2)) + 0.2 / k) * Math.sin(k * phase);
    return (isVoiced ? 0.15 * voice : 0) + 0.01 * (random.uniform() - 0.5);
  });
}

/** The blocks of a recording, each with the samples before it: [T, 576]. */
function blocksOf(samples: Float32Array): Float32Array {
  const blocks = new Float32Array(BLOCKS * READ);
  for (let t = 0; t < BLOCKS; t++) {
    const from = t * BLOCK - BEFORE;
    blocks.set(samples.subarray(Math.max(0, from), from + READ), t * READ + Math.max(0, -from));
  }
  return blocks;
}

const blocks = blocksOf(sound());

async function inOnnxRuntime(bytes: Uint8Array): Promise<number[]> {
  const session = await InferenceSession.create(bytes, { executionProviders: ["wasm"], logSeverityLevel: 4 });
  const sr = new OnnxTensor("int64", BigInt64Array.of(16_000n), []);
  let state: OnnxTensor = new OnnxTensor("float32", new Float32Array(256), STATE);
  const speech: number[] = [];
  for (let t = 0; t < BLOCKS; t++) {
    const input = new OnnxTensor("float32", blocks.slice(t * READ, (t + 1) * READ), [1, READ]);
    const results = await session.run({ input, state, sr });
    speech.push((results["output"].data as Float32Array)[0]);
    state = results["stateN"] as OnnxTensor;
  }
  await session.release();
  return speech;
}

function blockByBlock(model: Network): number[] {
  let state = new Float32Array(256);
  return Array.from({ length: BLOCKS }, (_, t) =>
    scope(() => {
      const input = tensor(blocks.slice(t * READ, (t + 1) * READ), { shape: [1, READ] });
      const { output, stateN } = model.run({ input, state: tensor(state, { shape: STATE }) });
      state = stateN.values() as Float32Array<ArrayBuffer>;
      return output.item();
    }),
  );
}

const wholeRecording = (model: Network): number[] =>
  scope(() => {
    const input = tensor(blocks, { shape: [BLOCKS, 1, READ] });
    const state = tensor(new Float32Array(256), { shape: STATE });
    return Array.from(model.runSteps({ input, state }, { states: { state: "stateN" } })["output"].values());
  });

describe.each(["v5", "v6"])("Silero %s", (version) => {
  test("says what it says in ONNX Runtime, block by block and over the whole recording", async () => {
    const bytes = bytesOf(version);
    const expected = await inOnnxRuntime(bytes);
    // it hears something, and pauses
    expect(Math.max(...expected) - Math.min(...expected)).toBeGreaterThan(0.3);
    const model = await importModel(bytes, { fixed: { sr: 16_000 } });
    expect(Object.keys(model.parameters())).toContainEqual(expect.stringContaining("decoder.rnn.weight_ih"));
    const single = blockByBlock(model);
    const worst = Math.max(...single.map((value, t) => Math.abs(value - expected[t])));
    expect(worst).toBeLessThanOrEqual(LIMIT);
    expect(wholeRecording(model)).toEqual(single);
    console.log(`silero ${version}: ${BLOCKS} blocks, largest difference ${worst.toExponential(1)}`);
  }, 600_000);
});
