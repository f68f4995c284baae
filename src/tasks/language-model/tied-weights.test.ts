import { encodeModel } from "../../model/index.ts";
import { expect, test } from "vitest";
import { checkGradient } from "../../../test/helpers/gradient-check.ts";
import { randomStream } from "../../base/index.ts";
import {
  assign,
  gather,
  linear,
  mean,
  randomTensor,
  sparseSoftmaxCrossEntropy,
  tanh,
  tensor,
  valueAndGrad,
} from "../../tensor/index.ts";
import { evaluate } from "./evaluation.ts";
import { parameterCount } from "../../layers/index.ts";
import { languageModel, loadLanguageModel } from "./model.ts";

const corpus = "tied or not, the words are the same words. ".repeat(30);
const tied = (): ReturnType<typeof languageModel> =>
  languageModel({ corpus, unit: "word", hiddenSize: 6, tieWeights: true, seed: 2 });

test("embedding and output kernel are one array", () => {
  const model = tied();
  const V = model.vocabulary.size;
  expect(model.config).toMatchObject({ tieWeights: true, embeddingSize: 6 });
  expect(Object.keys(model.parameters())).toEqual(["embedding", "rnn/0/kernel", "rnn/0/bias", "output/bias"]);
  const loose = languageModel({ corpus, unit: "word", hiddenSize: 6, embeddingSize: 6, seed: 2 });
  expect(parameterCount(loose) - parameterCount(model)).toBe(6 * V);
  expect(loose.config).not.toHaveProperty("tieWeights");
});

test("the scores are those of an output kernel that is the embedding transposed", () => {
  const model = tied();
  const loose = languageModel({ corpus, unit: "word", hiddenSize: 6, embeddingSize: 6, seed: 5 });
  const V = model.vocabulary.size;
  const own = model.parameters();
  const rows = own["embedding"].values();
  for (const [path, parameter] of Object.entries(loose.parameters()))
    assign(
      parameter,
      path === "output/kernel"
        ? Float32Array.from({ length: 6 * V }, (_, i) => rows[(i % V) * 6 + Math.floor(i / V)])
        : own[path],
    );
  const ids = tensor(Int32Array.of(1, 2, 3, 4), { shape: [2, 2] });
  const scores = (of: typeof model): number[] => [...of.forward(ids, of.initialState(2)).logits.values()];
  expect(scores(model)).toEqual(scores(loose));

  // and the gradient is the sum of those of both uses
  const gradients = (of: typeof model): Record<string, ArrayLike<number>> => {
    const found = valueAndGrad(
      () =>
        mean(sparseSoftmaxCrossEntropy(of.forward(ids, of.initialState(2)).logits, tensor(Int32Array.of(0, 1, 2, 3)))),
      of.parameters(),
    ).gradients;
    return Object.fromEntries(Object.entries(found).map(([path, x]) => [path, x.values()]));
  };
  const [both, each] = [gradients(model), gradients(loose)];
  for (let v = 0; v < V; v++)
    for (let h = 0; h < 6; h++)
      expect(both["embedding"][v * 6 + h]).toBeCloseTo(
        each["embedding"][v * 6 + h] + each["output/kernel"][h * V + v],
        7,
      );
});

test("the gradient of a matrix with both uses, against differences", () => {
  const random = randomStream(4);
  const normal = { kind: "normal", mean: 0, deviation: 1 } as const;
  const matrix = randomTensor([5, 3], random.at(0), normal, "float64");
  const bias = randomTensor([5], random.at(1), normal, "float64");
  const ids = tensor(Int32Array.of(0, 2, 2, 4));
  const targets = tensor(Int32Array.of(1, 2, 3, 4));
  checkGradient(
    ([e, b]) => mean(sparseSoftmaxCrossEntropy(linear(tanh(gather(e, ids)), e, b, { transposeKernel: true }), targets)),
    [matrix, bias],
  );
});

test("a saved model is the same model, and without the field it is not tied", () => {
  const model = tied();
  const bytes = encodeModel(model);
  const loaded = loadLanguageModel(bytes);
  expect(loaded.config).toEqual(model.config);
  expect(encodeModel(loaded)).toEqual(bytes);
  const ids = model.corpus as Int32Array;
  expect(evaluate(loaded, ids)).toEqual(evaluate(model, ids));
  const loose = encodeModel(languageModel({ corpus, tieWeights: false, hiddenSize: 4 }));
  expect(new TextDecoder("latin1").decode(loose)).not.toContain("tieWeights");
  expect(loadLanguageModel(loose).config).not.toHaveProperty("tieWeights");
});

test("sizes that do not go together", () => {
  expect(() => languageModel({ corpus, tieWeights: true, embeddingSize: 64 })).toThrow(
    "languageModel embeddingSize: expected 128, the hiddenSize, with tieWeights, got 64",
  );
  expect(() => languageModel({ corpus, tieWeights: true, embeddingSize: 64 })).toThrow(RangeError);
  expect(() => languageModel({ corpus, tieWeights: 1 as unknown as boolean })).toThrow(TypeError);
});
