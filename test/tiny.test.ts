import { expect, test } from "vitest";
import { adam, generate, languageModel, loadLanguageModel, encodeModel, train } from "unrolled";

test("train, sample, save and load in a second", async () => {
  const model = languageModel({ corpus: "hello ".repeat(60), hiddenSize: 16, embeddingSize: 8, seed: 1 });
  const losses: number[] = [];
  for await (const event of train(model, {
    steps: 60,
    sequenceLength: 12,
    batchSize: 4,
    optimizer: adam({ learningRate: 0.02 }),
  })) {
    if (event.kind === "step") losses.push(event.loss);
  }
  expect(losses).toHaveLength(60);
  expect(losses[59]).toBeLessThan(losses[0] / 4);

  const sample = async (of: typeof model): Promise<string> => {
    let text = "";
    for await (const piece of generate(of, "hel", { maxLength: 9, temperature: 0 })) text += piece;
    return text;
  };
  const text = await sample(model);
  expect(text).toBe("lo hello ");

  const bytes = encodeModel(model);
  const loaded = loadLanguageModel(bytes);
  expect(await sample(loaded)).toBe(text);
  expect(encodeModel(loaded)).toEqual(bytes);
});
