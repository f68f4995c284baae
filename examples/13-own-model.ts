/**
 * A model of our own, made of layers: it tells after each bit whether the ones so far are odd in
 * number. Trained, resumed, saved and loaded.
 */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  adam,
  embeddingLayer,
  greater,
  layerNormLayer,
  linearLayer,
  mean,
  parameterCount,
  parametersOf,
  randomStream,
  type RandomStream,
  recurrentStack,
  reshape,
  type SavedModel,
  scope,
  softplus,
  mul,
  sub,
  type Tensor,
  tensor,
  trainOn,
} from "unrolled";
import { loadModel, saveModel } from "unrolled/node";

type Config = { readonly hiddenSize: number; readonly seed: number };
type Parity = SavedModel & { forward(bits: Tensor, random?: RandomStream): Tensor };

/**
 * Everything that it is built from is in `config`, so that a file of it says how to build it again.
 */
function parityModel(config: Config): Parity {
  const { hiddenSize, seed } = config;
  const random = randomStream(seed);
  const embedding = embeddingLayer({ inputSize: 2, outputSize: 4, random });
  const rnn = recurrentStack({
    cell: "gru",
    inputSize: 4,
    hiddenSize,
    layers: 2,
    residual: true,
    dropout: 0.1,
    random,
  });
  const norm = layerNormLayer({ inputSize: hiddenSize, random });
  const output = linearLayer({ inputSize: hiddenSize, outputSize: 1, name: "output", random });
  return {
    kind: "parity",
    configuration: () => config,
    parameters: () => parametersOf(embedding, rnn, norm, output),
    /** Bits int32 [T, B] give a score [T, B], positive where the ones so far are odd in number. */
    forward(bits, dropout) {
      const { outputs } = rnn.forward(embedding.inputs(bits), { random: dropout });
      return reshape(output.forward(norm.forward(outputs)), bits.shape);
    },
  };
}

const [steps, rows] = [12, 16];
type Batch = { readonly bits: Tensor; readonly odd: Tensor };

function batch(random: RandomStream): Batch {
  const bits = Int32Array.from({ length: steps * rows }, () => random.integer(2));
  const odd = bits.slice();
  for (let i = rows; i < odd.length; i++) odd[i] ^= odd[i - rows];
  return {
    bits: tensor(bits, { shape: [steps, rows] }),
    odd: tensor(Float32Array.from(odd), { shape: [steps, rows] }),
  };
}

function* batches(epoch: number): Generator<Batch> {
  for (let i = 0; i < 100; i++) yield batch(randomStream(1).at(epoch).at(i));
}

const taskOf = (model: Parity) => ({
  parameters: model.parameters(),
  batches,
  /** Cross entropy of yes and no: softplus(score) - odd · score. */
  loss({ bits, odd }: Batch, { random }: { random: RandomStream }): Tensor {
    const score = model.forward(bits, random);
    return mean(sub(softplus(score), mul(odd, score)));
  },
  tokens: () => steps * rows,
});
const options = { optimizer: adam({ learningRate: 0.01 }), seed: 2 };

const accuracyOf = (model: Parity): number =>
  scope(() => {
    const { bits, odd } = batch(randomStream(3));
    const right = greater(model.forward(bits), 0)
      .values()
      .filter((yes, i) => yes === odd.values()[i]);
    return right.length / (steps * rows);
  });

const model = parityModel({ hiddenSize: 12, seed: 4 });
console.log(`${parameterCount(model)} parameters, accuracy ${accuracyOf(model).toFixed(2)} before training`);
const training = trainOn(taskOf(model), { ...options, epochs: 3 });
for await (const event of training) {
  if (event.kind === "epoch") console.log(`epoch ${event.epoch}  loss ${event.loss.toFixed(3)}`);
}
const snapshot = await training.snapshot();

// saved and loaded as the built-in models are
const folder = mkdtempSync(join(tmpdir(), "unrolled-parity-"));
saveModel(model, folder);
const kinds = { parity: (config: Config) => parityModel(config) };
const loaded = loadModel(folder, kinds);
console.log(`accuracy ${accuracyOf(model).toFixed(2)}, loaded ${accuracyOf(loaded).toFixed(2)}`);

// the loaded model goes on where the first one was, with the same bits
const goOn = async (one: Parity): Promise<number> => {
  const run = trainOn(taskOf(one), { ...options, epochs: 5, resume: snapshot });
  let last = 0;
  for await (const event of run) if (event.kind === "step") last = event.loss;
  return last;
};
const [first, second] = [await goOn(model), await goOn(loaded)];
console.log(
  `resumed twice: loss ${first.toFixed(4)} and ${second.toFixed(4)}, ${first === second ? "equal" : "different"}`,
);
