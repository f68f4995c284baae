/** @file Deliberate bugs in the LSTM: gate orders, forward kernel, backward kernel, cells and drivers. */
import { gateOrderMutants, type Mutant, mutantsIn } from "./mutant.ts";

const DIALECTS = "src/rnn/cells/lstm-dialects.ts";
const KERNEL = "src/engine/reference/lstm.ts";

const orders: Mutant[] = [
  ...gateOrderMutants(
    "lstm",
    DIALECTS,
    "const GATE_ORDER: Readonly<Record<Dialect, string>>",
    [
      { dialect: "tf1", order: "icfo" },
      { dialect: "keras", order: "ifco" },
      { dialect: "torch", order: "ifco" },
    ],
    ["tf1", "keras", "torch"],
  ),
  // only tf1 has golden numbers of the coupled cell
  ...gateOrderMutants(
    "lstm",
    DIALECTS,
    "const COUPLED_ORDER: Readonly<Record<Dialect, string>>",
    [
      { dialect: "tf1", order: "cfo" },
      { dialect: "keras", order: "fco" },
      { dialect: "torch", order: "fco" },
    ],
    ["tf1"],
  ),
];

const forward = mutantsIn("lstm", KERNEL, [
  [
    "forget bias added to the input gate",
    `        const f = gateAct(peek(round(pre(forget) + forgetBias), 1, cPrevious));
        const i = spec.coupled ? round(1 - f) : gateAct(peek(pre(input), 0, cPrevious));`,
    `        const f = gateAct(peek(pre(forget), 1, cPrevious));
        const i = spec.coupled ? round(1 - f) : gateAct(peek(round(pre(input) + forgetBias), 0, cPrevious));`,
  ],
  [
    "forget bias added after the activation",
    "const f = gateAct(peek(round(pre(forget) + forgetBias), 1, cPrevious));",
    "const f = round(gateAct(peek(pre(forget), 1, cPrevious)) + forgetBias);",
  ],
  ["forget bias subtracted", "round(pre(forget) + forgetBias)", "round(pre(forget) - forgetBias)"],
  [
    "bias ignored",
    "round(sums[row * width + block * units + j] + bias[block * units + j])",
    "sums[row * width + block * units + j]",
  ],
  ["initial c ignored", "c.set(floats(arrays.c0));", "c.fill(0);"],
  ["initial h ignored", "h.set(floats(arrays.h0));", "h.fill(0);"],
  [
    "R transposed in each gate block",
    "matrix(recurrent, width), batch, features, width);\n    for",
    `matrix(recurrent.map((_, k) => {
      const column = (k % width) % units;
      return recurrent[column * width + (k % width) - column + Math.floor(k / width)];
    }), width), batch, features, width);\n    for`,
  ],
  [
    "h before the last step enters the product",
    "multiplyAdd(matrix(sums, width), matrix(h, features), matrix(recurrent, width)",
    "multiplyAdd(matrix(sums, width), t < 2 ? matrix(h, features) : matrix(y, features, (t - 2) * batch * features), matrix(recurrent, width)",
  ],
  ["output gate peeks at the old c", "peek(pre(output), 2, cNext)", "peek(pre(output), 2, cPrevious)"],
  ["output gate peeks at the unclipped c", "peek(pre(output), 2, cNext)", "peek(pre(output), 2, free)"],
  [
    "forget gate doesn't peek",
    "const f = gateAct(peek(round(pre(forget) + forgetBias), 1, cPrevious));",
    "const f = gateAct(round(pre(forget) + forgetBias));",
  ],
  [
    "input gate peeks with the forget gate's weights",
    "peek(pre(input), 0, cPrevious)",
    "peek(pre(input), 1, cPrevious)",
  ],
  ["peephole of the first unit for all", "peepholes[which * units + j] * state", "peepholes[which * units] * state"],
  ["coupled input gate is f", "const i = spec.coupled ? round(1 - f)", "const i = spec.coupled ? f"],
  ["coupling ignored", "const i = spec.coupled ? round(1 - f) :", "const i = spec.coupled ? 1 :"],
  [
    "candidate through the gate's activation",
    "const g = candidateAct(pre(candidate));",
    "const g = gateAct(pre(candidate));",
  ],
  [
    "f multiplies the candidate and i the old c",
    "round(round(f * cPrevious) + round(i * g))",
    "round(round(i * cPrevious) + round(f * g))",
  ],
  ["old c forgotten", "round(round(f * cPrevious) + round(i * g))", "round(i * g)"],
  ["cell clip ignored", "const cNext = Math.min(cellClip, Math.max(-cellClip, free));", "const cNext = free;"],
  ["cell clip from above only", "Math.min(cellClip, Math.max(-cellClip, free))", "Math.min(cellClip, free)"],
  [
    "old c clipped, not the new one",
    `        const cPrevious = c[cell];
        const f =`,
    `        const cPrevious = Math.min(cellClip, Math.max(-cellClip, c[cell]));
        const f =`,
  ],
  ["c carried unclipped", "        c[cell] = cNext;", "        c[cell] = free;"],
  ["c leaves without its activation", "raw[cell] = round(o * outputAct(cNext));", "raw[cell] = round(o * cNext);"],
  ["h from the unclipped c", "raw[cell] = round(o * outputAct(cNext));", "raw[cell] = round(o * outputAct(free));"],
  ["output gate ignored", "raw[cell] = round(o * outputAct(cNext));", "raw[cell] = outputAct(cNext);"],
  [
    "projection ignored: the first P units are the output",
    "multiplyAdd(matrix(next, features), matrix(raw, units), matrix(projection, features), batch, units, features);",
    "for (let k = 0; k < next.length; k++) next[k] = raw[Math.floor(k / features) * units + (k % features)];",
  ],
  [
    "projection clip ignored",
    "next[k] = Math.min(projectionClip, Math.max(-projectionClip, next[k]));",
    "next[k] = next[k];",
  ],
  [
    "projection clip before the projection",
    `      next.fill(0);
      multiplyAdd(matrix(next, features), matrix(raw, units), matrix(projection, features), batch, units, features);
      for (let k = 0; k < next.length; k++) next[k] = Math.min(projectionClip, Math.max(-projectionClip, next[k]));`,
    `      next.fill(0);
      for (let k = 0; k < raw.length; k++) raw[k] = Math.min(projectionClip, Math.max(-projectionClip, raw[k]));
      multiplyAdd(matrix(next, features), matrix(raw, units), matrix(projection, features), batch, units, features);`,
  ],
  [
    "lengths ignored",
    "const active = activeRows(lengths, batch);\n  const sums",
    "const active = activeRows(undefined, batch);\n  const sums",
  ],
  ["h not copied through padding", "copyActive(h, next, features, batch, t, active);", "h.set(next);"],
  [
    "c not copied through padding",
    "          cells[saved] = c[cell];",
    "          c[cell] = 0;\n          cells[saved] = c[cell];",
  ],
  ["padded output not zero", "          raw[cell] = 0;\n", ""],
  [
    "kernel skips the first step",
    "for (let t = 0; t < steps; t++) {\n    sums.set",
    "for (let t = 1; t < steps; t++) {\n    sums.set",
  ],
]);

const backward = mutantsIn("lstm", KERNEL, [
  [
    "gradient of the input gate dropped",
    "if (!spec.coupled) dz[to + input * units] = dzi;",
    "if (!spec.coupled) dz[to + input * units] = 0;",
  ],
  ["gradient of the forget gate dropped", "dz[to + forget * units] = dzf;", "dz[to + forget * units] = 0;"],
  [
    "gradient of the candidate dropped",
    "dz[to + candidate * units] = round(round(dCell * i) * candidateSlope(g));",
    "dz[to + candidate * units] = 0;",
  ],
  ["gradient of the output gate dropped", "dz[to + output * units] = dzo;", "dz[to + output * units] = 0;"],
  [
    "candidate with the gate's slope",
    "round(round(dCell * i) * candidateSlope(g))",
    "round(round(dCell * i) * gateSlope(g))",
  ],
  ["input gate with the forget gate's slope", "round(di * gateSlope(i))", "round(di * gateSlope(f))"],
  ["forget gate without its slope", "const dzf = round(df * gateSlope(f));", "const dzf = df;"],
  [
    "output gate without its slope",
    "round(round(dRaw[cell] * activated) * gateSlope(o))",
    "round(dRaw[cell] * activated)",
  ],
  [
    "output activation without its slope",
    "round(round(dRaw[cell] * o) * outputSlope(activated))",
    "round(dRaw[cell] * o)",
  ],
  [
    "output gate's gradient from c without its activation",
    "const dzo = round(round(dRaw[cell] * activated)",
    "const dzo = round(round(dRaw[cell] * cells[saved])",
  ],
  ["forget gate's gradient from the new c", "cells[saved - batch * units];", "cells[saved];"],
  [
    "forget gate's gradient at the first step without c0",
    "const cPrevious = t === 0 ? c0[cell] :",
    "const cPrevious = t === 0 ? 0 :",
  ],
  ["recurrent gradient of c dropped", "let dPrevious = round(dCell * f);", "let dPrevious = 0;"],
  ["recurrent gradient of c not forgotten", "let dPrevious = round(dCell * f);", "let dPrevious = dCell;"],
  [
    "gradient of c from the next step dropped",
    "round(dc[cell] + round(round(dRaw[cell] * o) * outputSlope(activated)))",
    "round(round(dRaw[cell] * o) * outputSlope(activated))",
  ],
  [
    "gradient of h from the next step dropped",
    "dNext[k] = on && !clipped ? round(dy[at] + dh[k]) : 0;",
    "dNext[k] = on && !clipped ? dy[at] : 0;",
  ],
  [
    "gradient of the outputs dropped",
    "dNext[k] = on && !clipped ? round(dy[at] + dh[k]) : 0;",
    "dNext[k] = on && !clipped ? dh[k] : 0;",
  ],
  [
    "gradient of the outputs one step late",
    "const at = t * batch * features + k;\n        // clipping",
    "const at = (t === 0 ? 0 : t - 1) * batch * features + k;\n        // clipping",
  ],
  ["gradient of the last h ignored", "setOrClear(dh, arrays.dhLast);", "dh.fill(0);"],
  ["gradient of the last c ignored", "setOrClear(dc, arrays.dcLast);", "dc.fill(0);"],
  [
    "gradient of h not copied through padding",
    "copyActive(dh, carried, features, batch, t, active);",
    "dh.set(carried);",
  ],
  [
    "gradient of c lost in padding",
    "for (let block = 0; block < width; block += units) dz[to + block] = 0;",
    "for (let block = 0; block < width; block += units) dz[to + block] = 0;\n          dc[cell] = 0;",
  ],
  [
    "lengths ignored backward",
    "const active = activeRows(lengths, batch);\n  const recurrentBack",
    "const active = activeRows(undefined, batch);\n  const recurrentBack",
  ],
  [
    "gradient on padding is the gradient of c",
    "for (let block = 0; block < width; block += units) dz[to + block] = 0;\n",
    "for (let block = 0; block < width; block += units) dz[to + block] = dc[cell];\n",
  ],
  [
    "R not transposed backward",
    "const recurrentBack = transposed(matrix(floats(arrays.recurrent), width), features, width);",
    "const recurrentBack = matrix(floats(arrays.recurrent), features);",
  ],
  [
    "projection not transposed backward",
    "transposed(matrix(floats(arrays.projection), features), units, features)",
    "matrix(floats(arrays.projection), units)",
  ],
  [
    "output peephole's gradient into c dropped",
    "if (peepholes) dCell = round(dCell + round(dzo * peepholes[2 * units + j]));\n",
    "\n",
  ],
  [
    "input peephole's gradient into the old c dropped",
    "round(round(dzi * peepholes[j]) + round(dzf * peepholes[units + j]))",
    "round(dzf * peepholes[units + j])",
  ],
  [
    "forget peephole's gradient into the old c dropped",
    "round(round(dzi * peepholes[j]) + round(dzf * peepholes[units + j]))",
    "round(dzi * peepholes[j])",
  ],
  [
    "gradient of the input peephole from the new c",
    "sums[j] += round(dzi * cPrevious);",
    "sums[j] += round(dzi * cells[saved]);",
  ],
  ["gradient of the forget peephole dropped", "sums[units + j] += round(dzf * cPrevious);\n", "\n"],
  [
    "gradient of the output peephole from the old c",
    "sums[2 * units + j] += round(dzo * cells[saved]);",
    "sums[2 * units + j] += round(dzo * cPrevious);",
  ],
  [
    "gradient of the peepholes of the last step only",
    "          sums[j] += round(dzi",
    "          sums[j] = round(dzi",
  ],
  [
    "cell clip lets all gradients through",
    "if (unclipped && Math.abs(unclipped[saved]) > cellClip) dCell = 0;\n",
    "\n",
  ],
  ["cell clip judges the clipped c", "Math.abs(unclipped[saved]) > cellClip", "Math.abs(cells[saved]) > cellClip"],
  [
    "output peephole's gradient passes the cell clip",
    `        if (peepholes) dCell = round(dCell + round(dzo * peepholes[2 * units + j]));
        if (unclipped && Math.abs(unclipped[saved]) > cellClip) dCell = 0;`,
    `        if (unclipped && Math.abs(unclipped[saved]) > cellClip) dCell = 0;
        if (peepholes) dCell = round(dCell + round(dzo * peepholes[2 * units + j]));`,
  ],
  [
    "projection clip lets all gradients through",
    "const clipped = projectionClip !== Infinity && Math.abs(y[at]) >= projectionClip;",
    "const clipped = false;",
  ],
  [
    "projection's gradient in reversed time",
    "dProjectedOutputs?.set(dNext, t * batch * features);",
    "dProjectedOutputs?.set(dNext, (steps - 1 - t) * batch * features);",
  ],
  ["coupled: gradient of 1 - f dropped", "round(round(dCell * cPrevious) - di)", "round(dCell * cPrevious)"],
  [
    "coupled: sign of the gradient of 1 - f",
    "round(round(dCell * cPrevious) - di)",
    "round(round(dCell * cPrevious) + di)",
  ],
  [
    "backward stops before the first step",
    "for (let t = steps - 1; t >= 0; t--) {\n    // gradient",
    "for (let t = steps - 1; t >= 1; t--) {\n    // gradient",
  ],
]);

/** The whole sequence as one call of the engine: what goes in, and the gradients that come out. */
const sequence = [
  ...mutantsIn("lstm", KERNEL, [
    ["states without h0", "first.set(h);", "first.fill(0);"],
    [
      "last h is the last output",
      "y.set(next, t * batch * features);\n  }\n}",
      "y.set(next, t * batch * features);\n  }\n  h.set(next);\n}",
    ],
    [
      "gradient of R from the h after each step",
      "outerGradients(arrays, dz);",
      `outerGradients({ ...arrays, states: {
        block: arrays.states.block, dtype: arrays.states.dtype, shape: arrays.states.shape, offset: arrays.states.offset + batch * features,
      } }, dz);`,
    ],
    [
      "gradient of the projection from the h before",
      "const hidden = matrix(floats(arrays.hidden), units);",
      "const hidden = matrix(floats(arrays.hidden).map((_, k, all) => (k < batch * units ? 0 : all[k - batch * units])), units);",
    ],
    [
      "gradient of the projection of the last rows dropped",
      "const rows = steps * batch;",
      "const rows = steps * batch - 1;",
    ],
  ]),
  ...mutantsIn("lstm", "src/tensor/ops/recurrent.ts", [
    [
      "gradients of h0 and c0 swapped",
      "[finish(), dBias, dh0, dc0, ...gradients.stored, ...dExtras]",
      "[finish(), dBias, dc0, dh0, ...gradients.stored, ...dExtras]",
    ],
    [
      "gradients of the projection and the peepholes swapped",
      "const dExtras = [dPeepholes, dProjection]",
      "const dExtras = [dProjection, dPeepholes]",
    ],
    ["gradient of the last c not passed on", "      dcLast,\n", "      dcLast: undefined,\n"],
    ["gradient of the inputs not wanted", "const wants = isRecording([inputs]);", "const wants = false;"],
    [
      "tf1 kernel with the rows of h first",
      `    inputKernel: operands.kernel.view([inputSize, width], offset),
    recurrent: operands.kernel.view([rows - inputSize, width], offset + inputSize * width),`,
      `    inputKernel: operands.kernel.view([inputSize, width], offset + (rows - inputSize) * width),
    recurrent: operands.kernel.view([rows - inputSize, width], offset),`,
    ],
    ["tf1 R one row too high", "offset + inputSize * width)", "offset + (inputSize - 1) * width)"],
    ["tf1 gradient of the kernel one row too high", "    inputSize,\n  );", "    inputSize - 1,\n  );"],
    [
      "gradients of W and R swapped",
      "{ inputKernel: first, recurrentKernel: second }",
      "{ inputKernel: second, recurrentKernel: first }",
    ],
  ]),
];

const cell = mutantsIn("lstm", "src/rnn/cells/lstm-cell.ts", [
  [
    "forget bias ignored",
    "    forgetBias,\n    coupled,\n    gateActivation",
    "    forgetBias: 0,\n    coupled,\n    gateActivation",
  ],
  ["tf1 forget bias starts at 0", 'forgetBias = dialect === "tf1" ? 1 : 0', "forgetBias = 0"],
  [
    "keras forget bias added twice",
    'forgetBias = dialect === "tf1" ? 1 : 0',
    'forgetBias = dialect !== "torch" ? 1 : 0',
  ],
  ["output activation always tanh", "outputActivation = activation,", 'outputActivation = "tanh",'],
  ["candidate activation always tanh", "candidateActivation: activation,", 'candidateActivation: "tanh",'],
  ["gate activation always sigmoid", "gateActivation: recurrentActivation,", 'gateActivation: "sigmoid",'],
  [
    "peepholes of input and forget gate swapped",
    "stack([peephole.input, peephole.forget, peephole.output])",
    "stack([peephole.forget, peephole.input, peephole.output])",
  ],
  [
    "peepholes in ONNX order",
    "stack([peephole.input, peephole.forget, peephole.output])",
    "stack([peephole.input, peephole.output, peephole.forget])",
  ],
  [
    "peepholes ignored",
    "peepholes: peephole && stack([peephole.input, peephole.forget, peephole.output]),",
    "peepholes: undefined,",
  ],
  [
    "initial c and h swapped",
    "        c: state.c,\n        h: state.h,\n",
    "        c: state.h,\n        h: state.c,\n",
  ],
  ["final c and h swapped", "return { outputs, state: { c, h }", "return { outputs, state: { c: h, h: c }"],
  ["final state is the initial one", "return { outputs, state: { c, h },", "return { outputs, state,"],
  ["step: state's c and h swapped", "{ c: next.c, h: next.output }", "{ c: next.output, h: next.c }"],
]);

const STEPS = "src/tensor/ops/recurrent-steps.ts";
const step = mutantsIn("lstm", STEPS, [
  [
    "step: h before x",
    "const z = add(matmul(concat([input, previous], 1), joinedKernel(kernels)), bias);",
    "const z = add(matmul(concat([previous, input], 1), joinedKernel(kernels)), bias);",
  ],
  [
    "step: output gate peeks at the old c",
    'peek(gate(gates.output), "output", next)',
    'peek(gate(gates.output), "output", c)',
  ],
  ["step: forget bias ignored", "peek(add(gate(gates.forget), forgetBias)", "peek(gate(gates.forget)"],
  ["step: coupled input gate is f", "const i = coupled ? sub(1, f) :", "const i = coupled ? f :"],
  ["step: cell clip ignored", "cellClip === Infinity ? free : clip(free, -cellClip, cellClip)", "free"],
  [
    "step: projection clip ignored",
    "if (projectionClip !== Infinity) output = clip(output, -projectionClip, projectionClip);",
    "",
  ],
  [
    "step: bias ignored",
    "const z = add(matmul(concat([input, previous], 1), joinedKernel(kernels)), bias);",
    "const z = matmul(concat([input, previous], 1), joinedKernel(kernels));",
  ],
]);

const layouts = [
  ...mutantsIn("lstm", DIALECTS, [
    [
      "torch projection reshaped, not transposed",
      'stored && dialect === "torch" ? transpose(stored) : stored',
      'stored && dialect === "torch" ? stored.view([units, projection ?? units], stored.offset) : stored',
    ],
    [
      "coupled peephole of the forget gate used twice",
      'coupled ? zeros([units], p["w_f_diag"].dtype) : p["w_i_diag"]',
      'p["w_f_diag"]',
    ],
    ["output peephole read from the forget gate's", 'output: p["w_o_diag"],', 'output: p["w_f_diag"],'],
  ]),
  ...mutantsIn("lstm", "src/rnn/cells/dialect.ts", [
    ["torch recurrent bias ignored", 'bias: add(p["bias_ih"], p["bias_hh"]),', 'bias: p["bias_ih"],'],
    [
      "torch W reshaped, not transposed",
      'inputKernel: transpose(p["weight_ih"]),',
      'inputKernel: p["weight_ih"].view([p["weight_ih"].shape[1], p["weight_ih"].shape[0]], p["weight_ih"].offset),',
    ],
  ]),
  ...mutantsIn("lstm", "src/engine/reference/activations.ts", [
    ["hard sigmoid of Keras 2 in Keras 3", "const HARD_SLOPE = 1 / 6;", "const HARD_SLOPE = 0.2;"],
    [
      "hard sigmoid's gradient outside its bounds",
      'case "hardSigmoid":\n      return (y) => (y > 0 && y < 1 ? round(HARD_SLOPE) : 0);',
      'case "hardSigmoid":\n      return () => round(HARD_SLOPE);',
    ],
    ["softsign's slope not squared", "return round(d * d);", "return d;"],
  ]),
];

const drivers = [
  ...mutantsIn("lstm", "src/engine/reference/sequence.ts", [
    ["rows one step too long", "return (row, t) => t < limit[row];", "return (row, t) => t <= limit[row];"],
    ["rows one step too short", "return (row, t) => t < limit[row];", "return (row, t) => t < limit[row] - 1;"],
    [
      "length of the first row for all",
      "return (row, t) => t < limit[row];",
      "return (row, t) => t < limit[0] && row < batch;",
    ],
  ]),
  ...mutantsIn("lstm", "src/rnn/bidirectional.ts", [
    [
      "backward direction reversed over the padding",
      "limits === undefined ? flip(y, 0)",
      "limits === undefined || y.rank === 3 ? flip(y, 0)",
    ],
    [
      "backward outputs left in reverse order",
      "backward: orient(reverse(behind.outputs))",
      "backward: orient(behind.outputs)",
    ],
    [
      "backward outputs put back over the padding",
      "backward: orient(reverse(behind.outputs))",
      "backward: orient(flip(behind.outputs, 0))",
    ],
    ["backward cell reads forward", "x instanceof Tensor ? reverse(x) :", "x instanceof Tensor ? x :"],
    [
      "initial states of the directions swapped",
      "initialState: initialState?.[name] as",
      'initialState: initialState?.[name === "forward" ? "backward" : "forward"] as',
    ],
    [
      "final states of the directions swapped",
      "state: { forward: ahead.state, backward: behind.state },",
      "state: { forward: behind.state, backward: ahead.state } as never,",
    ],
    ["bidirectional lengths ignored by the cells", "      lengths,\n", ""],
    [
      "stacked directions joined in the wrong order",
      "concat([layer.outputs.forward, layer.outputs.backward], 2)",
      "concat([layer.outputs.backward, layer.outputs.forward], 2)",
    ],
  ]),
  ...mutantsIn("lstm", "src/rnn/wrappers/multi-rnn-cell.ts", [
    ["all layers start from the first layer's state", "          state[String(i)],\n", '          state["0"],\n'],
    ["upper layer reads the inputs", "          below,\n", "          inputs,\n"],
    ["stack loses the lengths", "Object.assign({}, context, { random })", "{ trace: context.trace, random }"],
  ]),
];

const layerNormKernel = mutantsIn("lstm", "src/engine/reference/layer-norm.ts", [
  [
    "layer norm: epsilon outside the root",
    "Math.sqrt(round(variance + round(epsilon)))",
    "Math.sqrt(variance) + epsilon",
  ],
  ["layer norm: mean not subtracted", "normals[at + j] = from[at + j] - mean;", "normals[at + j] = from[at + j];"],
  ["layer norm: mean of the first row", "laneSum(from, at, n, round)", "laneSum(from, 0, n, round)"],
  [
    "layer norm: variance of a sample",
    "round(laneDot(normals, normals, at, n, round) / n)",
    "laneDot(normals, normals, at, n, round) / (n - 1)",
  ],
  ["layer norm: gain ignored", "gains ? round(normals[at + j] * gains[j]) :", "gains === null ? 0 :"],
  ["layer norm: shift ignored", "to[at + j] = shifts ? scaled + shifts[j] : scaled;", "to[at + j] = scaled;"],
  ["layer norm: gain forgotten in the gradient", "gains ? upstream[at + j] * gains[j] :", "gains === null ? 0 :"],
  ["layer norm: mean's gradient missing", "round(to[at + j] - mean)", "to[at + j]"],
  [
    "layer norm: variance's gradient missing",
    "round(round(to[at + j] - mean) - round(normals[at + j] * slope))",
    "(to[at + j] - mean)",
  ],
  ["layer norm: gradient of the first root", ") / roots[row];", ") / roots[0];"],
  ["layer norm: gain's gradient without x", "round(upstream[i] * normals[i])", "upstream[i]"],
]);

const sums = [
  ...mutantsIn("lstm", "src/engine/reference/long-sums.ts", [
    ["layer norm: gradients of the last row only", "to[i % n] += element(i);", "to[i % n] = element(i);"],
  ]),
  ...mutantsIn(
    "lstm",
    "src/engine/reference/long-sums.ts",
    [
      ["long sums: none", "x instanceof Float32Array && n > LONG_SUM", "x instanceof Float32Array && n < 0"],
      ["long sums: from the last short one on", "n > LONG_SUM", "n >= LONG_SUM"],
      ["long sums: the last part of columns only", "sums[j] += part[j];", "sums[j] = part[j];"],
      ["long sums: parts of columns that go on", "    part.fill(0);\n", ""],
      ["long sums: what is there is left out", "Float64Array.from(to)", "new Float64Array(to.length)"],
    ],
    ["src/engine/reference/reference.test.ts"],
  ),
  ...mutantsIn(
    "lstm",
    "src/engine/reference/matmul.ts",
    [
      ["long products: parts of the first steps", "at: b.at + p * b.row }", "at: b.at }"],
      ["long products: the end of the sum left out", "Math.min(SUM_PART, k - p)", "Math.min(SUM_PART, k - p - 1)"],
    ],
    ["src/engine/reference/reference.test.ts"],
  ),
  ...mutantsIn(
    "lstm",
    "src/engine/reference/reduce.ts",
    [
      ["long sums: the last part of lanes only", "sums[l] += part[l];", "sums[l] = part[l];"],
      [
        "long sums: not rounded before they are stored",
        "return round(folded(sums, exactly));",
        "return folded(sums, exactly);",
      ],
      ["long sums: parts in index order only", "sum += part;", "sum = part;"],
    ],
    ["src/engine/reference/reference.test.ts"],
  ),
];

const layerNorm = mutantsIn("lstm", "src/rnn/cells/layer-norm-lstm-cell.ts", [
  [
    "layer norm contrib: forget bias ignored",
    'sigmoid(add(norm(f, "forget"), forgetBias))',
    'sigmoid(norm(f, "forget"))',
  ],
  ["layer norm contrib: gates i, f, j, o", "const [i, j, f, o] = columns(", "const [i, f, j, o] = columns("],
  [
    "layer norm contrib: c not normalised",
    'const next = norm(add(kept, written), "state");',
    "const next = add(kept, written);",
  ],
  ["layer norm tfa: epsilon of contrib", "tfa: 1e-3", "tfa: 1e-12"],
  [
    "layer norm tfa: bias ignored",
    'const [i, f, g, o] = columns(add(add(fromInput, fromState), p["bias"]), units);\n  const next = norm(',
    "const [i, f, g, o] = columns(add(fromInput, fromState), units);\n  const next = norm(",
  ],
  [
    "layer norm haste: c carried normalised",
    'return { c: next, h: mul(sigmoid(o), tanh(layerNorm(next, epsilon, p["gamma_h"], p["beta_h"]))) };',
    'const c2 = layerNorm(next, epsilon, p["gamma_h"], p["beta_h"]);\n  return { c: c2, h: mul(sigmoid(o), tanh(c2)) };',
  ],
  ["layer norm haste: gains of x and h swapped", "epsilon, gain(0));", "epsilon, gain(1));"],
]);

export const lstmMutants: readonly Mutant[] = [
  ...orders,
  ...forward,
  ...backward,
  ...sequence,
  ...cell,
  ...step,
  ...layouts,
  ...drivers,
  ...layerNormKernel,
  ...sums,
  ...layerNorm,
];
