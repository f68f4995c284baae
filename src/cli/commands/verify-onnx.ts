/** @file An exported file in ONNX Runtime, beside the model that it was made of. */
import { randomStream, type RandomStream, scope, tensor } from "unrolled";
import { importModel, type Network, type NetworkValue } from "unrolled/import";
import { UsageError } from "../terminal/failure.ts";

/**
 * Largest difference that rounding explains in any model, relative to numbers above 1; it is some
 * 5e-6 with 256 units.
 */
export const LIMIT = 1e-4;

/** Runs of random input. */
const RUNS = 10;

/** Parts of ONNX Runtime's packages, which are no dependencies of this one. */
type Runtime = {
  readonly env: { readonly wasm: { numThreads?: number } };
  readonly InferenceSession: {
    create(
      bytes: Uint8Array,
    ): Promise<{ run(feeds: object): Promise<Record<string, { readonly data: ArrayLike<number> }>> }>;
  };
  readonly Tensor: new (type: string, data: object, shape: readonly number[]) => object;
};

async function loadRuntime(): Promise<Runtime> {
  for (const name of ["onnxruntime-node", "onnxruntime-web"]) {
    try {
      return (await import(name)) as Runtime;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw error;
    }
  }
  throw new UsageError(
    "--verify: expected ONNX Runtime to be installed, got none. Install it with: npm install onnxruntime-web",
  );
}

/** The largest difference of any output over several random inputs, relative to numbers above 1. */
export async function largestDifference(file: Uint8Array): Promise<number> {
  const runtime = await loadRuntime();
  runtime.env.wasm.numThreads = 1;
  const session = await runtime.InferenceSession.create(file);
  // an imported file gives the bits of the model that it was made of
  const model = await importModel(file);
  let largest = 0;
  for (let i = 0; i < RUNS; i++) {
    const feeds = randomFeeds(model, randomStream(i));
    const results = await session.run(
      Object.fromEntries(
        feeds.map(({ name, type, shape, data }) => [name, new runtime.Tensor(type, typed(type, data), shape)]),
      ),
    );
    scope(() => {
      const ours = model.run(
        Object.fromEntries(
          feeds.map(({ name, type, shape, data }) => [
            name,
            tensor(type === "float32" ? Float32Array.from(data) : Int32Array.from(data), { shape }),
          ]),
        ),
      );
      for (const [name, value] of Object.entries(ours)) {
        const theirs = results[name].data;
        value.values().forEach((number: number, k: number) => {
          const difference = Math.abs(number - theirs[k]) / Math.max(1, Math.abs(number));
          if (!(difference <= largest)) largest = difference;
        });
      }
    });
  }
  return largest;
}

type Feed = {
  readonly name: string;
  readonly type: "float32" | "int32" | "int64";
  readonly shape: readonly number[];
  readonly data: readonly number[];
};

const typed = (type: Feed["type"], data: readonly number[]): object =>
  type === "float32"
    ? Float32Array.from(data)
    : type === "int32"
      ? Int32Array.from(data)
      : BigInt64Array.from(data, BigInt);

/** Random input for every input of a file of ours: batch, time and lengths are drawn, too. */
function randomFeeds(model: Network, random: RandomStream): Feed[] {
  const sizes = new Map<string, number>();
  const sizeOf = (name: string): number => {
    const known = sizes.get(name) ?? 1 + random.integer(name === "batch" ? 4 : 9);
    sizes.set(name, known);
    return known;
  };
  return model.inputs.map(({ name, dtype, shape }: NetworkValue) => {
    const sized = (shape ?? []).map((size) => (typeof size === "number" ? size : sizeOf(size ?? "any")));
    const count = sized.reduce((product, n) => product * n, 1);
    const draw = (below: number, from = 0): number[] =>
      Array.from({ length: count }, () => from + random.integer(below - from));
    if (dtype === "float32")
      return { name, type: "float32", shape: sized, data: Array.from({ length: count }, () => random.normal()) };
    if (name.endsWith("lengths")) {
      const most = sizeOf(name === "lengths" ? "time" : "letters");
      return { name, type: "int32", shape: sized, data: draw(most + 1, 1) };
    }
    return {
      name,
      type: "int64",
      shape: sized,
      data: draw(name === "spellings" ? sizeOf("spellings") : rowsOf(model, name)),
    };
  });
}

/** Rows of the table that an input's ids choose from. */
function rowsOf(model: Network, input: string): number {
  const names = new Set([input]);
  for (const { op, inputs, outputs } of model.graph.nodes) {
    if (op === "Gather" && names.has(inputs[1])) return model.parameters()[inputs[0]].shape[0];
    if (op === "Transpose" && names.has(inputs[0])) names.add(outputs[0]);
  }
  return 1;
}
