/**
 * Whole layers on every engine. PyTorch compares its CPU and its GPU on 258 configurations to 5e-5 (test_RNN_cpu_vs_cudnn); here are 320 of that kind.
 * With portable numerics outputs, states and gradients are the reference's bit for bit, on any number of threads; with fused ones they are the same on any
 * number of threads.
 */
import { expect, test } from "vitest";
import { nodeHash } from "../helpers/node-hash.ts";

type Found = { readonly engine: string; readonly numerics: string; readonly hashes: readonly string[] };

const found = (variables: Readonly<Record<string, string>>): Found =>
  JSON.parse(nodeHash(process.execPath, variables, "layers-hash.mjs")) as Found;

test("portable numerics give the reference's bits on 1, 2 and 4 threads", () => {
  const reference = found({ UNROLLED_ENGINE: "reference" });
  expect(reference.engine).toBe("reference");
  expect(new Set(reference.hashes).size).toBe(320);
  for (const threads of ["1", "2", "4"]) {
    const portable = found({ UNROLLED_NUMERICS: "portable", UNROLLED_THREADS: threads });
    expect(portable).toEqual({ engine: "wasm", numerics: "portable", hashes: reference.hashes });
  }
});

test("fused numerics give one result on 1, 2 and 4 threads", () => {
  const [first, ...others] = ["1", "2", "4"].map((threads) => found({ UNROLLED_THREADS: threads }));
  expect(first.numerics).toBe("fma");
  for (const other of others) expect(other).toEqual(first);
});
