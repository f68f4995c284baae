/** @file TensorFlow.js from the modules in BENCH_MODULES. Usage: tfjs.ts wasm|cpu */
import { createRequire } from "node:module";
import type { Case } from "../cases.ts";
import { type Layer, tokensOf, transposed, weightsOf } from "../numbers.ts";
import { serve, type Work } from "../protocol.ts";

type Tensor = {
  add(other: Tensor): Tensor;
  mul(other: Tensor | number): Tensor;
  sub(other: Tensor): Tensor;
  matMul(other: Tensor): Tensor;
  sigmoid(): Tensor;
  tanh(): Tensor;
  sum(): Tensor;
  split(sizes: number | readonly number[], axis: number): Tensor[];
  dataSync(): Float32Array;
  dispose(): void;
};

/** The few functions of TensorFlow.js that are used here: it is no dependency of this package, and so are its types. */
type Tfjs = {
  readonly version: { readonly tfjs: string };
  readonly train: {
    adam(
      rate: number,
      beta1: number,
      beta2: number,
      epsilon: number,
    ): { minimize(f: () => Tensor, cost: true): Tensor };
  };
  setBackend(name: string): Promise<boolean>;
  tensor(values: Float32Array | Int32Array, shape: readonly number[]): Tensor;
  variable(initial: Tensor): Tensor;
  zeros(shape: readonly number[]): Tensor;
  oneHot(indices: Tensor, depth: number): Tensor;
  concat(parts: readonly Tensor[], axis: number): Tensor;
  logSoftmax(logits: Tensor): Tensor;
  cast(x: Tensor, dtype: string): Tensor;
  tidy<T>(f: () => T): T;
};

const [, , backend] = process.argv;
const require = createRequire(`${process.env["BENCH_MODULES"]}/package.json`);
const tf = require("@tensorflow/tfjs") as Tfjs;
if (backend === "wasm") require("@tensorflow/tfjs-backend-wasm");
await tf.setBackend(backend);

/** A layer over [T*B, H], time-major. The product with the inputs is done for all steps at once. */
type Sequence = (inputs: Tensor) => Tensor;

function recurrent(
  steps: number,
  first: () => Tensor[],
  input: Sequence,
  step: (x: Tensor, s: Tensor[]) => Tensor[],
): Sequence {
  return (inputs) => {
    let state = first();
    const outputs = input(inputs)
      .split(steps, 0)
      .map((x) => {
        state = step(x, state);
        return state[0];
      });
    return tf.concat(outputs, 0);
  };
}

function lstm({ weightIh, weightHh, biasIh }: Layer, { hidden, steps, batch }: Case): Sequence {
  const kernel = matrix(weightIh, 4 * hidden, hidden);
  const recurrentKernel = matrix(weightHh, 4 * hidden, hidden);
  const bias = tf.variable(tf.tensor(biasIh, [4 * hidden]));
  return recurrent(
    steps,
    () => [tf.zeros([batch, hidden]), tf.zeros([batch, hidden])],
    (x) => x.matMul(kernel).add(bias),
    (x, [h, c]) => {
      const [i, f, g, o] = x.add(h.matMul(recurrentKernel)).split(4, 1);
      const memory = f.sigmoid().mul(c).add(i.sigmoid().mul(g.tanh()));
      return [o.sigmoid().mul(memory.tanh()), memory];
    },
  );
}

function gru({ weightIh, weightHh, biasIh, biasHh }: Layer, { hidden, steps, batch }: Case): Sequence {
  const kernel = matrix(weightIh, 3 * hidden, hidden);
  const recurrentKernel = matrix(weightHh, 3 * hidden, hidden);
  const bias = tf.variable(tf.tensor(biasIh, [3 * hidden]));
  const recurrentBias = tf.variable(tf.tensor(biasHh, [3 * hidden]));
  return recurrent(
    steps,
    () => [tf.zeros([batch, hidden])],
    (x) => x.matMul(kernel).add(bias),
    (x, [h]) => {
      const [xGates, xNew] = x.split([2 * hidden, hidden], 1);
      const [hGates, hNew] = h
        .matMul(recurrentKernel)
        .add(recurrentBias)
        .split([2 * hidden, hidden], 1);
      const [r, z] = xGates.add(hGates).sigmoid().split(2, 1);
      const n = xNew.add(r.mul(hNew)).tanh();
      return [n.add(z.mul(h.sub(n)))];
    },
  );
}

/** PyTorch's [rows, columns], to be multiplied from the right. */
const matrix = (values: Float32Array, rows: number, columns: number): Tensor =>
  tf.variable(tf.tensor(transposed(values, rows, columns), [columns, rows]));

function prepare(task: Case): Work {
  const { cell, vocabulary, hidden } = task;
  const weights = weightsOf(task);
  const { inputs, targets } = tokensOf(task);
  // one-hot rows: the wasm backend has no gradient of gather
  const rows = (ids: Int32Array): Tensor =>
    tf.cast(tf.oneHot(tf.cast(tf.tensor(ids, [ids.length]), "int32"), vocabulary), "float32");
  const ids = rows(inputs);
  const labels = rows(targets);
  const embedding = tf.variable(tf.tensor(weights.embedding, [vocabulary, hidden]));
  const layers = weights.layers.map((layer) => (cell === "lstm" ? lstm : gru)(layer, task));
  const output = matrix(weights.weight, vocabulary, hidden);
  const outputBias = tf.variable(tf.tensor(weights.bias, [vocabulary]));
  const loss = (): Tensor => {
    let x = ids.matMul(embedding);
    for (const layer of layers) x = layer(x);
    const logits = x.matMul(output).add(outputBias);
    return tf
      .logSoftmax(logits)
      .mul(labels)
      .sum()
      .mul(-1 / targets.length);
  };
  const optimizer = tf.train.adam(1e-3, 0.9, 0.999, 1e-8);
  let first: number | undefined;
  return {
    step() {
      const cost = optimizer.minimize(loss, true);
      const [value] = cost.dataSync();
      cost.dispose();
      first ??= value;
    },
    values: () => [first as number, tf.tidy(() => loss().dataSync()[0])],
  };
}

await serve(`TensorFlow.js ${tf.version.tfjs}`, prepare);
