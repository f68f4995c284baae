/** @file ONNX Runtime from the modules in BENCH_MODULES, for generating. Usage: onnxruntime.ts node|web THREADS */
import { createRequire } from "node:module";
import type { Case } from "../cases.ts";
import { tokensOf } from "../numbers.ts";
import { serve, type Work } from "../protocol.ts";
import { generatorModel } from "./onnx-model.ts";

type Value = { readonly data: Float32Array };

/** What onnxruntime-node and onnxruntime-web have in common, as far as it is used here: they are no dependencies of this package. */
type Onnx = {
  readonly env: { wasm: { numThreads?: number }; readonly versions: { readonly [name: string]: string | undefined } };
  readonly Tensor: new (type: string, data: Float32Array | BigInt64Array, shape: readonly number[]) => Value;
  readonly InferenceSession: {
    create(
      model: Uint8Array,
      options: object,
    ): Promise<{ run(feeds: Record<string, Value>): Promise<Record<string, Value>> }>;
  };
};

const [, , build, threads] = process.argv;
const onnx = createRequire(`${process.env["BENCH_MODULES"]}/package.json`)(`onnxruntime-${build}`) as Onnx;
onnx.env.wasm.numThreads = Number(threads);

async function prepare(task: Case): Promise<Work> {
  const session = await onnx.InferenceSession.create(generatorModel(task), {
    executionProviders: [build === "web" ? "wasm" : "cpu"],
    intraOpNumThreads: Number(threads),
    interOpNumThreads: 1,
    graphOptimizationLevel: "all",
  });
  const ids = tokensOf({ ...task, steps: 64 }).inputs;
  const shape = [1, 1, task.hidden];
  let h = new onnx.Tensor("float32", new Float32Array(task.hidden), shape);
  let c = new onnx.Tensor("float32", new Float32Array(task.hidden), shape);
  let count = 0;
  const step = async (): Promise<Float32Array> => {
    const id = new onnx.Tensor("int64", BigInt64Array.of(BigInt(ids[count])), [1, 1]);
    count = (count + 1) % ids.length;
    const results = await session.run({ id, h, c });
    h = results["next_h"];
    c = results["next_c"];
    return results["logits"].data;
  };
  return { step, values: async () => [...(await step())] };
}

await serve(`ONNX Runtime ${onnx.env.versions[build]}`, prepare);
