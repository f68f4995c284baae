/** @file Deliberate bugs in Elman's RNN, in what all recurrent ops share, and in the drivers. */
import { type Mutant, mutantsIn } from "./mutant.ts";

const kernel = mutantsIn("rnn", "src/engine/reference/rnn.ts", [
  ["bias ignored", "act(round(sums[i] + b[j]))", "act(sums[i])"],
  ["bias of the first unit for all", "act(round(sums[i] + b[j]))", "act(round(sums[i] + b[0]))"],
  [
    "recurrent product ignored",
    "    multiplyAdd(matrix(sums, units), matrix(h, units), matrix(r, units), batch, units, units);\n",
    "",
  ],
  [
    "R transposed",
    "matrix(h, units), matrix(r, units), batch, units, units)",
    "matrix(h, units), transposed(matrix(r, units), units, units), batch, units, units)",
  ],
  ["initial h ignored", "h.set(floats(h0));", "h.fill(0);"],
  [
    "lengths ignored",
    "const active = activeRows(lengths, batch);\n  const sums",
    "const active = activeRows(undefined, batch);\n  const sums",
  ],
  ["h not copied through padding", "if (on) h[i] = act(", "h[i] = act("],
  ["padded output not zero", "y[at + i] = on ? h[i] : 0;", "y[at + i] = h[i];"],
  [
    "inputs one step late",
    "sums.set(z.subarray(at, at + batch * units));",
    "sums.set(z.subarray(t === 0 ? at : at - batch * units, t === 0 ? at + batch * units : at));",
  ],
  [
    "gradient without the activation's slope",
    "round(dy[at + i] + dh[i]) * derivative(y[at + i])",
    "round(dy[at + i] + dh[i])",
  ],
  [
    "gradient of the next h dropped",
    "round(dy[at + i] + dh[i]) * derivative(y[at + i])",
    "dy[at + i] * derivative(y[at + i])",
  ],
  [
    "gradient of the outputs dropped",
    "round(dy[at + i] + dh[i]) * derivative(y[at + i])",
    "dh[i] * derivative(y[at + i])",
  ],
  [
    "gradient on padding not zero",
    "dz[at + i] = on ? round(dy[at + i] + dh[i]) * derivative(y[at + i]) : 0;",
    "dz[at + i] = round(dy[at + i] + dh[i]) * derivative(y[at + i]);",
  ],
  ["gradient of the last h ignored", "setOrClear(dh, dhLast);", "dh.fill(0);"],
  ["gradient of h not copied through padding", "copyActive(dh, carried, units, batch, t, active);", "dh.set(carried);"],
  ["gradient of h accumulated over time", "    carried.fill(0);\n", ""],
  [
    "R not transposed backward",
    "const back = transposed(matrix(floats(recurrent), units), units, units);",
    "const back = matrix(floats(recurrent), units);",
  ],
  [
    "gradient of h from the next step's z",
    "matrix(dz, units, at), back,",
    "matrix(dz, units, t === 0 ? at : at - batch * units), back,",
  ],
]);

/** The whole sequence as one call of the engine. */
const sequence = [
  ...mutantsIn("rnn", "src/engine/reference/rnn.ts", [
    ["states without h0", "first.set(h);", "first.fill(0);"],
    [
      "last h is the last output",
      "y[at + i] = on ? h[i] : 0;\n      }\n    }\n  }\n}",
      "y[at + i] = on ? h[i] : 0;\n      }\n    }\n  }\n  h.set(y.subarray((steps - 1) * batch * units));\n}",
    ],
  ]),
  ...mutantsIn("rnn", "src/engine/reference/sequence.ts", [
    [
      "gradient of R at the first step without h0",
      "matrix(floats(states), outputs)",
      "matrix(floats(states).map((h, k) => (k < batch * outputs ? 0 : h)), outputs)",
    ],
    [
      "gradient of R from states one step ahead",
      "matrix(floats(states), outputs)",
      "matrix(floats(states), outputs, batch * outputs)",
    ],
    [
      "gradient of R of all steps but the last",
      "matrix(dzRecurrent, width), outputs, rows, width, true)",
      "matrix(dzRecurrent, width), outputs, rows - batch, width, true)",
    ],
    [
      "gradient of W from the states",
      "inputGradients(arrays, matrix(dz, width), rows);",
      "inputGradients({ ...arrays, inputs: states }, matrix(dz, width), rows);",
    ],
    [
      "gradient of W of the first step only",
      "gradient, features, rows, width, true)",
      "gradient, features, inputs.shape[1], width, true)",
    ],
    [
      "gradient of the bias of the first steps only",
      "columnSums(arrays.ids === undefined ? dz :",
      "columnSums(arrays.ids === undefined ? dz.subarray(0, batch * width) :",
    ],
    [
      "gradient of the bias without the last row",
      "sumColumns(to, x.length, (i) => x[i]);",
      "sumColumns(to, x.length - to.length, (i) => x[i]);",
    ],
    [
      "gradient of the inputs through R",
      "inputGradients(arrays, matrix(dz, width), rows);",
      "{ const { block, offset, dtype } = arrays.recurrent, { shape } = arrays.inputKernel; inputGradients({ ...arrays, inputKernel: { block, offset, dtype, shape } }, matrix(dz, width), rows); }",
    ],
    [
      "W not transposed for the gradient of the inputs",
      "transposed(matrix(floats(inputKernel), width), features, width)",
      "matrix(floats(inputKernel), features)",
    ],
    [
      "inputs of the first step projected at all steps",
      "const x = matrix(floats(arrays.inputs), features);",
      "const x = matrix(floats(arrays.inputs).map((_, k, all) => all[k % (batch * features)]), features);",
    ],
  ]),
  ...mutantsIn("rnn", "src/tensor/ops/recurrent.ts", [
    [
      "gradients of R and h0 lost",
      "[finish(), dBias, dh0, ...gradients.stored];",
      "[finish(), dBias, undefined, gradients.stored[0]];",
    ],
    [
      "outputs begin with h0",
      "outputs: states.view([steps, batch, features], batch * features)",
      "outputs: states.view([steps, batch, features], 0)",
    ],
  ]),
];

const cell = [
  ...mutantsIn("rnn", "src/rnn/cells/rnn-cell.ts", [
    ["activation always tanh", "operands()), activation);", 'operands()), "tanh");'],
    ["final h is the initial one", "return { outputs, state: { h },", "return { outputs, state,"],
  ]),
  ...mutantsIn("rnn", "src/tensor/ops/recurrent-steps.ts", [
    [
      "step: h before x",
      "const z = matmul(concat([input, previous], 1), joinedKernel(weights));",
      "const z = matmul(concat([previous, input], 1), joinedKernel(weights));",
    ],
    ["step: bias ignored", "activate(activation, add(z, weights.bias))", "activate(activation, z)"],
    [
      "step: activation always tanh",
      "activate(activation, add(z, weights.bias))",
      'activate("tanh", add(z, weights.bias))',
    ],
    [
      "step: R above W",
      "concat([kernels.inputKernel, kernels.recurrentKernel])",
      "concat([kernels.recurrentKernel, kernels.inputKernel])",
    ],
  ]),
  ...mutantsIn("rnn", "src/rnn/cells/dialect.ts", [
    [
      "keras R transposed",
      'recurrentKernel: p["recurrent_kernel"], bias',
      'recurrentKernel: transpose(p["recurrent_kernel"]), bias',
    ],
    [
      "torch R not transposed",
      'recurrentKernel: transpose(p["weight_hh"]),',
      'recurrentKernel: p["weight_hh"].view([p["weight_hh"].shape[1], p["weight_hh"].shape[0]], p["weight_hh"].offset),',
    ],
    [
      "torch input bias added twice",
      'bias: add(p["bias_ih"], p["bias_hh"]),',
      'bias: add(p["bias_ih"], p["bias_ih"]),',
    ],
  ]),
  ...mutantsIn("rnn", "src/engine/reference/activations.ts", [
    [
      "relu's gradient where it is 0",
      'case "relu":\n      return (y) => (y > 0 ? 1 : 0);',
      'case "relu":\n      return (y) => (y >= 0 ? 1 : 0);',
    ],
    ["tanh's slope of the argument", "return (y) => round(1 - round(y * y));", "return (y) => round(1 - y);"],
  ]),
];

const drivers = [
  ...mutantsIn("rnn", "src/rnn/dynamic-rnn.ts", [
    ["lengths not given to the cell", "lengths: limits, random, trace }", "lengths: undefined, random, trace }"],
    [
      "initial state ignored",
      "const state = initialState ?? zeroState(cell, batch, dtype);",
      "const state = zeroState(cell, batch, dtype);",
    ],
    [
      "padding never holds the last output",
      'lengths !== undefined && paddedOutput === "hold"',
      'lengths !== undefined && paddedOutput !== "zero" && trace',
    ],
    [
      "padding always holds the last output",
      'lengths !== undefined && paddedOutput === "hold"',
      "lengths !== undefined",
    ],
    [
      "padding holds the last step of the batch",
      "limits.map((n) => Math.max(0, n - 1))",
      "limits.map(() => steps - 1)",
    ],
    [
      "holding starts one step late",
      "flags[t * batch + b] = t < limits[b] ? 1 : 0",
      "flags[t * batch + b] = t <= limits[b] ? 1 : 0",
    ],
    [
      "loop: h not copied through padding",
      "state = active === undefined ? next.state : chooseState(active, next.state, state);",
      "state = next.state;",
    ],
    ["loop: padded output not zero", "outputs.push(masked(next.output));", "outputs.push(next.output);"],
    [
      "inputs not masked: NaN in the padding reaches the cell",
      "const clean = x instanceof Tensor && context.lengths !== undefined ? maskSequence(x, context.lengths) : x;",
      "const clean = x;",
    ],
    ["loop: time runs backwards", "slice(inputs, [time], [1])", "slice(inputs, [steps - 1 - time], [1])"],
  ]),
  ...mutantsIn("rnn", "src/rnn/state.ts", [
    [
      "loop: rows one step too long",
      "expandDims(less(tensor(Int32Array.of(t)), lengths), 1)",
      "expandDims(less(tensor(Int32Array.of(t - 1)), lengths), 1)",
    ],
    ["loop: state chosen the wrong way round", "where(active, a, b)", "where(active, b, a)"],
  ]),
  ...mutantsIn("rnn", "src/engine/reference/move.ts", [
    ["reversed rows begin one step late", "limit[b] - 1 - t : t", "(limit[b] - t) % limit[b] : t"],
    ["rows reversed over the padding", "t < limit[b] ? limit[b] - 1 - t : t", "steps - 1 - t"],
    ["mask one step too long", "if (t < limit[b]) continue;", "if (t <= limit[b]) continue;"],
    ["mask one step too short", "if (t < limit[b]) continue;", "if (t < limit[b] - 1) continue;"],
  ]),
  ...mutantsIn("rnn", "src/rnn/wrappers/skip-wrappers.ts", [
    ["residual: input not added", "add(inner.outputs, inputs)", "inner.outputs"],
    [
      "highway: carry gate reversed",
      "add(mul(carry, input), mul(sub(1, carry), output))",
      "add(mul(carry, output), mul(sub(1, carry), input))",
    ],
  ]),
  ...mutantsIn("rnn", "src/rnn/wrappers/projection-wrappers.ts", [
    [
      "output projection: padding is the bias",
      "outputs: masked(apply(inner.outputs), context)",
      "outputs: apply(inner.outputs)",
    ],
    [
      "projection: bias ignored",
      'add(matmul(x, weights.parameters()["projection/kernel"]), weights.parameters()["projection/bias"])',
      'matmul(x, weights.parameters()["projection/kernel"])',
    ],
  ]),
];

const COMPOSED_TESTS = ["test/cells/second-derivatives.test.ts"];
const composed = [
  ...mutantsIn(
    "rnn",
    "src/tensor/ops/recurrent.ts",
    [
      ["second derivatives: operands not asked", "isRecording(watched) || isRecording(", "isRecording("],
      [
        "second derivatives: upstream gradients not asked",
        "isRecording(watched) || isRecording(gradients.filter((gradient) => gradient !== undefined));",
        "isRecording(watched) && gradients.length > 0;",
      ],
      ["trace: gates of an LSTM without a gradient", "if (dGates !== undefined || dCells !== undefined ||", "if ("],
      ["trace: gates of a GRU without a gradient", "if (dGates !== undefined || isDiff", "if (isDiff"],
      [
        "second derivatives: peepholes of input and forget gate swapped",
        "{ input: row(0), forget: row(1), output: row(2) }",
        "{ input: row(1), forget: row(0), output: row(2) }",
      ],
    ],
    COMPOSED_TESTS,
  ),
  ...mutantsIn(
    "rnn",
    "src/tensor/ops/recurrent-composed.ts",
    [
      ["second derivatives: operands shared", "alias(operand)]", "operand]"],
      [
        "second derivatives: operands cut off",
        "record([x], [x.view(x.shape, x.offset)], (dy) => [dy])",
        "x.view(x.shape, x.offset)",
      ],
      [
        "second derivatives: outputs on padding",
        "outputs.push(active ? where(active, next.output, 0) : next.output)",
        "outputs.push(next.output)",
      ],
      ["second derivatives: state not kept after the end", "(active ? where(active, part, state[i]) : part)", "part"],
      ["trace: gates on padding", "gates.push(active ? where(expandDims(active, 2), all, 0) : all)", "gates.push(all)"],
      [
        "second derivatives: only the first result",
        "gradient === undefined ? []",
        "gradient === undefined || i > 0 ? []",
      ],
    ],
    COMPOSED_TESTS,
  ),
];

const TABLE_TESTS = ["src/rnn/table-inputs.test.ts"];
const table = [
  ...mutantsIn(
    "rnn",
    "src/tensor/ops/recurrent.ts",
    [
      ["table: its gradient lost", "const wants = isRecording([table]);", "const wants = false;"],
      [
        "table: its gradient without W",
        "engine.matmul(dProjected, inputKernel, dTable,",
        "engine.matmul(dProjected, dInputKernel, dTable,",
      ],
      [
        "table: no gradient of W",
        "engine.matmul(table, dProjected, dInputKernel, TRANSPOSED_A);",
        "engine.fill(dInputKernel, 0);",
      ],
    ],
    TABLE_TESTS,
  ),
  ...mutantsIn(
    "rnn",
    "src/rnn/dynamic-rnn.ts",
    [
      ["table: multiplied up to as many rows as inputs", "4 * rows <= steps * batch", "rows <= steps * batch"],
      ["table: padding decides", "lengths === undefined ? steps : USUAL_STEPS", "steps"],
    ],
    TABLE_TESTS,
  ),
  ...mutantsIn(
    "rnn",
    "src/rnn/bidirectional.ts",
    [["table: the backward cell reads forward", "{ ...x, ids: reverse(x.ids) }", "x"]],
    TABLE_TESTS,
  ),
];

export const rnnMutants: readonly Mutant[] = [...kernel, ...sequence, ...cell, ...drivers, ...composed, ...table];
