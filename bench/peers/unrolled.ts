/** @file The contestant of this repository, through its public API. Runs the build in `dist/`. */
import {
  adam,
  assign,
  capture,
  languageModel,
  type LanguageModel,
  mean,
  scope,
  sparseSoftmaxCrossEntropy,
  type Tensor,
  tensor,
  valueAndGrad,
  vocabularyFromJSON,
} from "unrolled";
import { type Case, isTiny } from "../cases.ts";
import { type Layer, tokensOf, transposed, weightsOf } from "../numbers.ts";
import { serve, type Work } from "../protocol.ts";

function training(task: Case): Work {
  const model = modelOf(task);
  const { inputs, targets } = tokensOf(task);
  const ids = tensor(inputs, { shape: [task.steps, task.batch] });
  const labels = tensor(targets);
  const zero = model.initialState(task.batch);
  const parameters = model.parameters();
  const optimizer = adam();
  let state = optimizer.init(parameters);
  const loss = (x: Tensor, y: Tensor): Tensor => mean(sparseSoftmaxCrossEntropy(model.forward(x, zero).logits, y));
  const eager = (x: Tensor, y: Tensor): { value: Tensor; gradients: typeof parameters } =>
    valueAndGrad(() => loss(x, y), parameters);
  const gradientsOf = isTiny(task) && !process.argv.includes("eager") ? capture(eager) : eager;
  let first: number | undefined;
  return {
    step() {
      const value = scope(() => {
        const { value, gradients } = gradientsOf(ids, labels);
        state = optimizer.update(parameters, gradients, state);
        return value.item();
      });
      first ??= value;
    },
    values: () => [first as number, scope(() => loss(ids, labels).item())],
  };
}

function generate(task: Case): Work {
  const model = modelOf(task);
  const ids = tokensOf({ ...task, steps: 64 }).inputs;
  let state = model.initialState(1);
  let count = 0;
  const step = (): Float32Array => {
    const next = scope(() => model.forward(tensor(ids.subarray(count, count + 1), { shape: [1, 1] }), state));
    count = (count + 1) % ids.length;
    state = next.state;
    return next.logits.values() as Float32Array;
  };
  return { step, values: () => [...step()] };
}

/** A language model with the common weights: the tf1 dialect for an LSTM, the default here, and PyTorch's for a GRU. */
function modelOf(task: Case): LanguageModel {
  const { cell, vocabulary, hidden, layers } = task;
  const letters = Array.from({ length: vocabulary }, (_, i) => String.fromCodePoint(48 + i));
  const model = languageModel({
    vocabulary: vocabularyFromJSON({ unit: "char", tokens: letters }),
    cell,
    dialect: cell === "lstm" ? "tf1" : "torch",
    hiddenSize: hidden,
    embeddingSize: hidden,
    layers,
  });
  const weights = weightsOf(task);
  const values: Record<string, Float32Array> = {
    embedding: weights.embedding,
    "output/kernel": transposed(weights.weight, vocabulary, hidden),
    "output/bias": weights.bias,
  };
  weights.layers.forEach((layer, index) => {
    const named = cell === "lstm" ? tf1Lstm(layer, hidden) : torchGru(layer);
    for (const [name, array] of Object.entries(named)) values[`rnn/${index}/${name}`] = array;
  });
  for (const [name, parameter] of Object.entries(model.parameters())) assign(parameter, values[name]);
  return model;
}

/** Gate i, f, g, o of PyTorch -> its place in i, j, f, o. */
const TF1_PLACE = [0, 2, 1, 3];

/** One kernel [H+H, 4H] and one bias [4H], less the 1 that tf1 adds to the forget gate. */
function tf1Lstm({ weightIh, weightHh, biasIh }: Layer, hidden: number): Record<string, Float32Array> {
  const columns = 4 * hidden;
  const kernel = new Float32Array(2 * hidden * columns);
  const bias = new Float32Array(columns);
  for (let row = 0; row < columns; row++) {
    const gate = Math.floor(row / hidden);
    const column = TF1_PLACE[gate] * hidden + (row % hidden);
    bias[column] = biasIh[row] - (gate === 1 ? 1 : 0);
    for (let i = 0; i < hidden; i++) {
      kernel[i * columns + column] = weightIh[row * hidden + i];
      kernel[(hidden + i) * columns + column] = weightHh[row * hidden + i];
    }
  }
  return { kernel, bias };
}

const torchGru = ({ weightIh, weightHh, biasIh, biasHh }: Layer): Record<string, Float32Array> => ({
  weight_ih: weightIh,
  weight_hh: weightHh,
  bias_ih: biasIh,
  bias_hh: biasHh,
});

await serve(`Node ${process.version.slice(1)}`, (task: Case) =>
  task.kind === "training" ? training(task) : generate(task),
);
