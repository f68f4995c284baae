/** @file A cell of our own. Any object of the cell's shape works in dynamicRnn, in wrappers and under gradients. */
import {
  add,
  assign,
  type Cell,
  concat,
  constant,
  dynamicRnn,
  glorotUniform,
  linear,
  mean,
  mul,
  multiRnnCell,
  parameterSet,
  randomStream,
  randomTensor,
  residualWrapper,
  sigmoid,
  slice,
  square,
  sub,
  tanh,
  type Tensor,
  valueAndGrad,
} from "unrolled";

/**
 * The update gate RNN (Collins, Sohl-Dickstein and Sussillo 2017), TensorFlow 1's `UGRNNCell`:
 *
 *   g = sigmoid([x, h]·Wg + bg + 1)     c = tanh([x, h]·Wc + bc)     h' = g h + (1 - g) c
 */
function ugrnnCell(units: number, seed: number): Cell<{ h: Tensor }> {
  const weights = parameterSet(
    "ugrnnCell",
    (inputSize) => ({
      kernel: { shape: [inputSize + units, 2 * units], initializer: glorotUniform },
      bias: { shape: [2 * units], initializer: constant(0) },
    }),
    seed,
  );
  return {
    ...weights,
    outputSize: units,
    stateSize: { h: units },
    memory: [],
    gates: { g: "sigmoid", c: "tanh" },
    step(input, { h }) {
      const { kernel, bias } = weights.parameters();
      const z = linear(concat([input, h], 1), kernel, bias);
      const g = sigmoid(add(slice(z, [0, 0], [-1, units]), 1));
      const c = tanh(slice(z, [0, units], [-1, units]));
      const next = add(mul(g, h), mul(sub(1, g), c));
      return { output: next, state: { h: next }, trace: { g, c } };
    },
  };
}

const [batch, steps, features] = [2, 6, 3];
const inputs = randomTensor([batch, steps, features], randomStream(1), { kind: "normal", mean: 0, deviation: 1 });

// in the driver, with rows of different lengths
const cell = ugrnnCell(4, 2);
const { outputs, state } = dynamicRnn(cell, inputs, { lengths: [6, 3] });
console.log(`outputs (${outputs.shape.join(", ")}), state h (${state.h.shape.join(", ")})`);

// under a gradient
const loss = () => mean(square(dynamicRnn(cell, inputs, { lengths: [6, 3] }).outputs));
const { value, gradients } = valueAndGrad(loss, cell.parameters());
console.log(`loss ${value.item().toFixed(6)}, gradients of ${Object.keys(gradients).join(" and ")}`);

// the same gradient by a difference: move one weight a little and look at the loss
const kernel = cell.parameters()["kernel"];
const original = kernel.values();
const lossAt = (change: number): number => {
  assign(
    kernel,
    original.map((x, i) => (i === 0 ? x + change : x)),
  );
  return loss().item();
};
const difference = (lossAt(1e-2) - lossAt(-1e-2)) / 2e-2;
assign(kernel, original);
console.log(
  `first weight: gradient ${gradients["kernel"].values()[0].toFixed(4)}, difference ${difference.toFixed(4)}`,
);

// in wrappers and in a stack
const stack = multiRnnCell([cell, residualWrapper(ugrnnCell(4, 3))]);
console.log(
  `stack: outputs (${dynamicRnn(stack, inputs).outputs.shape.join(", ")}), parameters ${Object.keys(stack.parameters()).join(", ")}`,
);
