/**
 * @file Prints a hash for each of 320 configurations of layers: of outputs, states and gradients, on the engine that the environment asks for. Sizes and
 * choices are those of PyTorch's test_RNN_cpu_vs_cudnn.
 */
import { createHash } from "node:crypto";
import {
  add,
  assign,
  bidirectionalDynamicRnn,
  dynamicRnn,
  engineReport,
  gruCell,
  lstmCell,
  mul,
  multiRnnCell,
  randomStream,
  randomTensor,
  rnnCell,
  scope,
  sum,
  Tensor,
  valueAndGrad,
  zeroState,
} from "unrolled";

const [INPUTS, UNITS, STEPS] = [10, 6, 7];
const LENGTHS = [7, 5, 5, 2, 1, 1];

const cells = {
  "rnn tanh": (dialect) => rnnCell({ units: UNITS, dialect }),
  "rnn relu": (dialect) => rnnCell({ units: UNITS, dialect, activation: "relu" }),
  lstm: (dialect) => lstmCell({ units: UNITS, dialect }),
  "lstm with projection": (dialect) => lstmCell({ units: UNITS, dialect, projection: 3 }),
  gru: (dialect) => gruCell({ units: UNITS, dialect }),
};

const uniform = (shape, random) => randomTensor(shape, random, { kind: "uniform", low: -0.9, high: 0.9 });

/** Every tensor in a record of records, by its path. */
const tensorsOf = (prefix, tree) =>
  tree instanceof Tensor
    ? { [prefix]: tree }
    : Object.assign({}, ...Object.entries(tree).map(([name, one]) => tensorsOf(`${prefix}/${name}`, one)));

function stackOf(make, layers, random) {
  const stack = layers === 2 ? multiRnnCell([make(), make()]) : make();
  stack.build(INPUTS, { random });
  for (const [path, one] of Object.entries(stack.parameters())) assign(one, uniform(one.shape, random.named(path)));
  return stack;
}

function randomState(cell, random) {
  const state = zeroState(cell, LENGTHS.length);
  for (const [path, one] of Object.entries(tensorsOf("", state))) assign(one, uniform(one.shape, random.named(path)));
  return state;
}

/** Six choices of two each, as the bits of a number below 64. */
function hashOf(cell, bits) {
  const [isTorch, bothWays, isDeep, timeMajor, isRagged, hasState] = Array.from(
    { length: 6 },
    (_, i) => (bits >> i) & 1,
  );
  const random = randomStream(5).named(cell);
  const make = () => cells[cell](isTorch ? "torch" : "tf1");
  const stacks = ["forward", "backward"].map((name) => stackOf(make, 1 + isDeep, random.named(name)));
  const [first, second] = stacks.map((stack, d) => randomState(stack, random.named("state").at(d)));
  const batch = LENGTHS.length;
  const inputs = uniform(timeMajor ? [STEPS, batch, INPUTS] : [batch, STEPS, INPUTS], random.named("inputs"));
  const options = { timeMajor: timeMajor === 1, ...(isRagged && { lengths: LENGTHS }) };
  const run = () =>
    bothWays
      ? bidirectionalDynamicRnn(...stacks, inputs, {
          ...options,
          ...(hasState && { initialState: { forward: first, backward: second } }),
        })
      : dynamicRnn(stacks[0], inputs, { ...options, ...(hasState && { initialState: first }) });
  const trained = {
    ...tensorsOf("forward", stacks[0].parameters()),
    ...(bothWays && tensorsOf("backward", stacks[1].parameters())),
    ...(hasState && tensorsOf("state", first)),
    inputs,
  };
  const { result, gradients } = valueAndGrad(() => {
    const results = tensorsOf("", run());
    const terms = Object.entries(results).map(([name, one]) => sum(mul(one, uniform(one.shape, random.named(name)))));
    return { value: terms.reduce((total, term) => add(total, term)), results };
  }, trained);
  const hash = createHash("sha256");
  for (const [name, one] of Object.entries({ ...result.results, ...gradients })) hash.update(name).update(one.values());
  return hash.digest("hex");
}

const hashes = Object.keys(cells).flatMap((cell) =>
  Array.from({ length: 64 }, (_, bits) => scope(() => hashOf(cell, bits))),
);
const { name, numerics } = engineReport();
console.log(JSON.stringify({ engine: name, numerics, hashes }));
