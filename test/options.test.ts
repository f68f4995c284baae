/** Bad values of public options: a typed error that names the option, in less than a second. */
import { describe, expect, test } from "vitest";
import {
  adagrad,
  adam,
  gruCell,
  languageModel,
  layerNormLstmCell,
  lstmCell,
  momentum,
  rmsprop,
  rnnCell,
  sequenceLoss,
  sgd,
  sparseSoftmaxCrossEntropy,
  sum,
  tensor,
  train,
  valueAndGrad,
  weightedMean,
} from "../src/index.ts";
import { encodeWav } from "../src/tasks/index.ts";

const CORPUS = "abcdef".repeat(40);
const notIntegers = [1.5, NaN, Infinity, -1, "3", null, 2 ** 60, {}];
const notSizes = [...notIntegers, 0, 1e6, 1e12];
const notRates = [NaN, Infinity, -1, "0.1", null, {}];
const notFlags = ["yes", 1, null];
const notChoices = ["other", 3, null];

type Row = readonly [option: string, values: readonly unknown[]];

/** What is called with the option, and which values of which options it refuses. */
const factories: Readonly<
  Record<string, { readonly call: (options: object) => unknown; readonly rows: readonly Row[] }>
> = {
  rnnCell: { call: (options) => rnnCell({ units: 2, ...options }), rows: [["units", notSizes]] },
  lstmCell: {
    call: (options) => lstmCell({ units: 2, ...options }),
    rows: [
      ["units", notSizes],
      ["projection", notSizes],
      ["forgetBias", [NaN, Infinity, "1", null]],
      ["cellClip", [NaN, -1, "1", null]],
      ["projectionClip", [NaN, -1, "1", null]],
    ],
  },
  gruCell: { call: (options) => gruCell({ units: 2, ...options }), rows: [["units", notSizes]] },
  layerNormLstmCell: { call: (options) => layerNormLstmCell({ units: 2, ...options }), rows: [["units", notSizes]] },
  languageModel: {
    call: (options) => languageModel({ corpus: CORPUS, hiddenSize: 2, embeddingSize: 2, ...options }),
    rows: [
      ["layers", notSizes],
      ["hiddenSize", notSizes],
      ["embeddingSize", notSizes],
      ["dropout", [NaN, Infinity, -0.1, 1, "0.5", null]],
      ["seed", [1.5, NaN, -1, "1", null]],
      ["tieWeights", notFlags],
      ["cell", notChoices],
      ["dialect", notChoices],
    ],
  },
  sgd: {
    call: (options) => sgd(options),
    rows: [
      ["learningRate", notRates],
      ["weightDecay", notRates],
    ],
  },
  momentum: {
    call: (options) => momentum(options),
    rows: [
      ["learningRate", notRates],
      ["momentum", notRates],
    ],
  },
  rmsprop: {
    call: (options) => rmsprop(options),
    rows: [
      ["learningRate", notRates],
      ["decay", notRates],
    ],
  },
  adagrad: { call: (options) => adagrad(options), rows: [["learningRate", notRates]] },
  adam: {
    call: (options) => adam(options),
    rows: [
      ["learningRate", notRates],
      ["beta1", [...notRates, 1]],
      ["beta2", [...notRates, 1]],
      ["epsilon", [...notRates, 0]],
      ["weightDecay", notRates],
      ["epsilonMode", notChoices],
    ],
  },
  encodeWav: {
    call: (options) => encodeWav(new Float32Array(3), { sampleRate: 8000, ...options }),
    rows: [
      ["sampleRate", [...notIntegers, 0]],
      ["format", notChoices],
    ],
  },
};

const model = languageModel({ corpus: CORPUS, hiddenSize: 2, embeddingSize: 2 });
const trained: readonly Row[] = [
  ["batchSize", [...notIntegers, 0]],
  ["sequenceLength", [...notIntegers, 0]],
  ["steps", [...notIntegers, 0]],
  ["epochs", [...notIntegers, 0]],
  ["seconds", notRates],
  ["clipNorm", [NaN, -1, 0, "5", null]],
  ["accumulate", [...notIntegers, 0]],
  ["evaluateEvery", [...notIntegers, 0]],
  ["seed", [1.5, NaN, -1, "1", null]],
  ["threads", [1.5, NaN, 0, "2", null]],
  ["averaging", [NaN, 1.1, -0.1, "0.9", null]],
  ["validation", [NaN, -0.1, 1.5, "0.1", null]],
  ["resetState", [NaN, -0.1, 1.1, "0", null]],
  ["optimizer", ["adam", 3, null, {}]],
  ["schedule", [0.1, "cosine", null]],
  ["anomaly", notFlags],
  ["groups", [{}, "all", null]],
  ["callbacks", [{}, "all", null]],
  ["signal", [{}, "stop", null]],
  ["resume", ["last", 3, null]],
  ["communicator", [{}, "mpi", null, { rank: 0, size: 1 }]],
];

const named = (option: string): Error =>
  expect.objectContaining({
    code: expect.stringMatching(/^ERR_(KIND|VALUE|DTYPE|SHAPE)$/) as string,
    message: expect.stringMatching(new RegExp(`\\b${option}\\b.*expected`)) as string,
  }) as Error;

function atOnce<R>(f: () => R): R {
  const start = performance.now();
  try {
    return f();
  } finally {
    expect(performance.now() - start).toBeLessThan(1000);
  }
}

describe.each(Object.entries(factories))("%s", (_name, { call, rows }) => {
  test.each(rows.map(([option, values]) => [option, values] as const))("%s", (option, values) => {
    for (const value of values)
      expect(() => atOnce(() => call({ [option]: value })), String(value)).toThrow(named(option));
  });
});

describe("train", () => {
  test.each(trained.map(([option, values]) => [option, values] as const))("%s", async (option, values) => {
    for (const value of values) {
      const limit = ["steps", "epochs", "seconds"].includes(option) ? {} : { steps: 1 };
      const run = train(model, { batchSize: 2, sequenceLength: 4, ...limit, [option]: value });
      await expect(run.next(), String(value)).rejects.toThrow(named(option));
    }
  });

  test("a schedule that gives text is refused, and not read as a number", async () => {
    const run = train(model, { batchSize: 2, sequenceLength: 4, steps: 1, schedule: (() => "0.1") as never });
    await expect(run.next()).rejects.toThrow('train schedule: expected a learning rate for step 0, got "0.1"');
  });
});

test("sound that is not finite is not written", () => {
  for (const format of ["pcm16", "float32"] as const)
    expect(() => encodeWav(Float32Array.of(0, NaN), { sampleRate: 8000, format })).toThrow(
      "encodeWav samples[1]: expected a finite number, got NaN",
    );
});

describe("a row without any possible class", () => {
  const logits = tensor([
    [0, 1],
    [-Infinity, -Infinity],
  ]);
  const targets = tensor(Int32Array.of(1, 0));

  test("has the loss Infinity", () => {
    expect(sparseSoftmaxCrossEntropy(logits, targets).toArray()).toEqual([
      expect.closeTo(Math.log(1 + Math.exp(-1)), 6),
      Infinity,
    ]);
  });

  test("has no part in an average where its weight is 0", () => {
    const weights = tensor([1, 0]);
    const plain = valueAndGrad((x) => sum(sparseSoftmaxCrossEntropy(x, tensor(Int32Array.of(1)))), tensor([[0, 1]]));
    const mean = valueAndGrad((x) => weightedMean(sparseSoftmaxCrossEntropy(x, targets), weights), logits);
    expect(mean.value.item()).toBeCloseTo(plain.value.item(), 6);
    expect(Array.from(mean.gradients.values())).toEqual(
      [...Array.from(plain.gradients.values()), 0, 0].map((x) => expect.closeTo(x, 6) as number),
    );
    const all = valueAndGrad(
      (x) => sequenceLoss(x, tensor(Int32Array.of(1, 0), { shape: [1, 2] }), tensor([[1, 0]])),
      tensor([
        [
          [0, 1],
          [-Infinity, -Infinity],
        ],
      ]),
    );
    expect(all.value.item()).toBeCloseTo(plain.value.item(), 6);
    expect(Array.from(all.gradients.values()).every(Number.isFinite)).toBe(true);
  });
});
