import { encodeModel, encodeSafetensors, languageModel } from "unrolled";
import { describe, expect, test } from "vitest";
import { arraysIn, readWeights } from "./index.ts";

describe("readWeights", () => {
  test("lists the arrays of a safetensors file, and reads those that are asked for", async () => {
    const bytes = encodeSafetensors({
      "lstm.weight": { dtype: "float32", shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) },
      steps: { dtype: "int32", shape: [1], data: Int32Array.of(7) },
    });
    const weights = await readWeights(bytes);
    expect(weights.format).toBe("safetensors");
    expect(weights.tensors.map(({ name, type, shape }) => [name, type, shape])).toEqual([
      ["lstm.weight", "float32", [2, 2]],
      ["steps", "int32", [1]],
    ]);
    expect(arraysIn(weights, (name) => name.startsWith("lstm"))).toEqual({
      "lstm.weight": { dtype: "float32", shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) },
    });
  });

  test("says which of our own models a file holds", async () => {
    const model = languageModel({ corpus: "hello", hiddenSize: 4, embeddingSize: 3 });
    const { format, metadata } = await readWeights(encodeModel(model));
    expect([format, metadata["kind"]]).toEqual(["native", "languageModel"]);
  });

  test("refuses what is of no format, and what is no file", async () => {
    await expect(readWeights(new TextEncoder().encode("hello"))).rejects.toThrow(
      "readWeights: expected a file of weights, got bytes 68 65 6c 6c 6f",
    );
    await expect(readWeights({})).rejects.toThrow("readWeights: expected at least one file, got none");
    await expect(readWeights("model.pt" as unknown as Uint8Array)).rejects.toThrow("expected a Uint8Array, or several");
  });
});
