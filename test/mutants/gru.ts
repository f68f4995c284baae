/** @file Deliberate bugs in the GRU. */
import { gateOrderMutants, type Mutant, mutantsIn } from "./mutant.ts";

const DIALECTS = "src/rnn/cells/gru-dialects.ts";
const KERNEL = "src/engine/reference/gru.ts";

const orders = gateOrderMutants(
  "gru",
  DIALECTS,
  "const GATE_ORDER: Readonly<Record<Dialect, string>>",
  [
    { dialect: "tf1", order: "run" },
    { dialect: "keras", order: "urn" },
    { dialect: "torch", order: "run" },
  ],
  ["tf1", "keras", "torch"],
);

const forward = mutantsIn("gru", KERNEL, [
  [
    "update gate reversed",
    "round(round(u * kept) + round(round(1 - u) * written))",
    "round(round(u * written) + round(round(1 - u) * kept))",
  ],
  [
    "update gate always keeps",
    'const kept = spec.updateGate === "keep" ? h[i] : n;\n        const written = spec.updateGate === "keep" ? n : h[i];',
    "const kept = h[i];\n        const written = n;",
  ],
  ["1 - u dropped", "round(round(u * kept) + round(round(1 - u) * written))", "round(round(u * kept) + written)"],
  ["reset gate ignored, reset after", "round(input + round(gates[gate] * term[i]))", "round(input + term[i])"],
  ["reset gate ignored, reset before", "else term[i] = round(r * h[i]);", "else term[i] = h[i];"],
  [
    "update gate resets",
    "round(input + round(gates[gate] * term[i]))",
    "round(input + round(gates[gate + units] * term[i]))",
  ],
  [
    "candidate's recurrent bias ignored",
    "term[i] = recurrentBias ? round(term[i] + recurrentBias[candidate * units + j]) : term[i];",
    "term[i] = round(term[i]);",
  ],
  [
    "candidate's recurrent bias not reset",
    "round(input + round(gates[gate] * term[i]))",
    "round(input + round(round(gates[gate] * (term[i] - (recurrentBias?.[candidate * units + j] ?? 0))) + (recurrentBias?.[candidate * units + j] ?? 0)))",
  ],
  [
    "recurrent bias of the gates ignored",
    "return recurrentBias ? round(x + recurrentBias[block * units + j]) : x;",
    "return x;",
  ],
  [
    "bias of the gates ignored",
    "const x = round(sums[row * width + block * units + j] + bias[block * units + j]);",
    "const x = sums[row * width + block * units + j];",
  ],
  [
    "bias of the candidate ignored",
    "const input = round(sums[row * width + candidate * units + j] + bias[candidate * units + j]);",
    "const input = sums[row * width + candidate * units + j];",
  ],
  [
    "candidate reset twice",
    "if (!after) addRecurrent(sums, candidate * units, width, term, candidate);",
    "addRecurrent(sums, candidate * units, width, term, candidate);",
  ],
  ["recurrent product of the reset gate dropped", "addRecurrent(sums, reset * units, width, h, reset);", ""],
  [
    "update gate reads the reset gate's R",
    "addRecurrent(sums, update * units, width, h, update);",
    "addRecurrent(sums, update * units, width, h, reset);",
  ],
  ["initial h ignored", "h.set(floats(arrays.h0));", "h.fill(0);"],
  [
    "lengths ignored",
    "const active = activeRows(lengths, batch);\n  const sums",
    "const active = activeRows(undefined, batch);\n  const sums",
  ],
  ["h not copied through padding", "copyActive(h, next, units, batch, t, active);", "h.set(next);"],
  ["padded output not zero", "          next[i] = 0;\n", "          next[i] = h[i];\n"],
]);

const backward = mutantsIn("gru", KERNEL, [
  [
    "gradient of the update gate dropped",
    "dz[to + update * units] = round(du * gateSlope(u));",
    "dz[to + update * units] = 0;",
  ],
  [
    "sign of the update gate's gradient",
    "(keep ? round(hPrevious - n) : round(n - hPrevious))",
    "(keep ? round(n - hPrevious) : round(hPrevious - n))",
  ],
  [
    "update gate's gradient with the sign of keep",
    "(keep ? round(hPrevious - n) : round(n - hPrevious))",
    "round(hPrevious - n)",
  ],
  ["update gate without its slope", "round(du * gateSlope(u))", "du"],
  ["candidate with the gate's slope", "round(dn * candidateSlope(n))", "round(dn * gateSlope(n))"],
  [
    "candidate's gradient not weighted by 1 - u",
    "const dn = round(dNext * (keep ? round(1 - u) : u));",
    "const dn = dNext;",
  ],
  ["kept h passes no gradient", "carried[i] = round(dNext * (keep ? u : round(1 - u)));", "carried[i] = 0;"],
  ["kept h passes all gradient", "carried[i] = round(dNext * (keep ? u : round(1 - u)));", "carried[i] = dNext;"],
  ["gradient of the next h dropped", "const dNext = round(dy[at] + dh[i]);", "const dNext = dy[at];"],
  ["gradient of the outputs dropped", "const dNext = round(dy[at] + dh[i]);", "const dNext = dh[i];"],
  ["gradient of the last h ignored", "setOrClear(dh, arrays.dhLast);", "dh.fill(0);"],
  [
    "gradient of the reset gate dropped",
    "dz[to + reset * units] = round(dr * gateSlope(r));",
    "dz[to + reset * units] = 0;",
  ],
  ["reset gate's gradient from h, reset after", "after ? round(dn * resetTerm[at])", "after ? round(dn * hPrevious)"],
  [
    "reset gate's gradient from the reset h, reset before",
    "round(dTerm[i] * hPrevious)",
    "round(dTerm[i] * resetTerm[at])",
  ],
  ["gradient through the reset h dropped", "if (!after) carried[i] = round(carried[i] + round(dTerm[i] * r));", ""],
  ["gradient through the reset h not reset", "round(carried[i] + round(dTerm[i] * r))", "round(carried[i] + dTerm[i])"],
  [
    "recurrent gradient of the candidate not reset",
    "dRecurrent[to + candidate * units] = round(dn * r);",
    "dRecurrent[to + candidate * units] = dn;",
  ],
  [
    "recurrent gradient of the update gate dropped",
    "dRecurrent[to + update * units] = dz[to + update * units];",
    "dRecurrent[to + update * units] = 0;",
  ],
  ["h gets no gradient from the reset gate", "    addBack(carried, dz, t, reset);\n", ""],
  ["h gets no gradient from the update gate", "    addBack(carried, dz, t, update);\n", ""],
  [
    "h gets no gradient from the candidate, reset after",
    "if (dRecurrent) addBack(carried, dRecurrent, t, candidate);",
    "",
  ],
  ["gradient of h not copied through padding", "copyActive(dh, carried, units, batch, t, active);", "dh.set(carried);"],
  [
    "gradient on padding is the gradient of h",
    "for (let k = 0; k < 3; k++) dz[to + k * units] = 0;\n",
    "for (let k = 0; k < 3; k++) dz[to + k * units] = dh[i];\n",
  ],
  [
    "update gate's gradient at the first step without h0",
    "const hPrevious = t === 0 ? h0[i] : y[at - batch * units];\n        const dNext",
    "const hPrevious = t === 0 ? 0 : y[at - batch * units];\n        const dNext",
  ],
  [
    "reset gate's gradient from the h of the same step",
    "const hPrevious = t === 0 ? h0[i] : y[at - batch * units];\n        const dn =",
    "const hPrevious = t === 0 ? h0[i] : y[at];\n        const dn =",
  ],
  [
    "R not transposed backward",
    "const back = transposed(matrix(floats(arrays.recurrent), width), units, width);",
    "const back = matrix(floats(arrays.recurrent), units);",
  ],
]);

/** The whole sequence as one call of the engine. */
const sequence = [
  ...mutantsIn("gru", KERNEL, [
    ["states without h0", "first.set(h);", "first.fill(0);"],
    [
      "last h is the last output",
      "y.set(next, t * batch * units);\n  }\n}",
      "y.set(next, t * batch * units);\n  }\n  h.set(next);\n}",
    ],
    [
      "gradient of the candidate's R from h, reset before",
      "if (!after) {\n    // the candidate's",
      "if (!after && steps < 0) {\n    // the candidate's",
    ],
    [
      "gradient of the candidate's R from h and the reset h",
      "for (let k = 0; k < units; k++) block.data.fill(0, block.at + k * width, block.at + k * width + units);",
      "",
    ],
    [
      "gradient of all of R from the reset h",
      "outerGradients(arrays, dz, dRecurrent);",
      "outerGradients(after ? arrays : { ...arrays, states: arrays.resetTerm }, dz, dRecurrent);",
    ],
    [
      "gradient of the recurrent bias as of the bias",
      "columnSums(dRecurrent, dRecurrentBias);",
      "columnSums(dz, dRecurrentBias);",
    ],
    ["gradient of R as of W, reset after", "outerGradients(arrays, dz, dRecurrent);", "outerGradients(arrays, dz);"],
    [
      "gradient of W as of R, reset after",
      "outerGradients(arrays, dz, dRecurrent);",
      "outerGradients(arrays, dRecurrent ?? dz, dRecurrent);",
    ],
  ]),
  ...mutantsIn("gru", "src/tensor/ops/recurrent.ts", [
    [
      "gradient of the recurrent bias lost",
      "...(dRecurrentBias ? [dRecurrentBias] : [])]",
      "...(dRecurrentBias && steps < 0 ? [dRecurrentBias] : [])]",
    ],
  ]),
];

const others = [
  ...mutantsIn("gru", "src/rnn/cells/gru-cell.ts", [
    ["reset always before", 'reset: resetAfter ? "after" : "before",', 'reset: "before",'],
    ["reset always after", 'reset: resetAfter ? "after" : "before",', 'reset: "after",'],
    ["candidate activation always tanh", "candidateActivation: activation,", 'candidateActivation: "tanh",'],
    ["gate activation always sigmoid", "gateActivation: recurrentActivation,", 'gateActivation: "sigmoid",'],
  ]),
  ...mutantsIn("gru", "src/tensor/ops/recurrent-steps.ts", [
    ["step: reset gate ignored, reset after", "add(fromInput, mul(r, shifted))", "add(fromInput, shifted)"],
    [
      "step: reset gate ignored, reset before",
      "product(mul(r, previous), gates.candidate)",
      "product(previous, gates.candidate)",
    ],
    ["step: update gate always keeps", 'updateGate === "keep" ? [h, n] : [n, h]', "[h, n]"],
    [
      "step: candidate's recurrent bias ignored",
      "recurrentBias ? add(term, part(recurrentBias, gates.candidate)) : term",
      "term",
    ],
  ]),
  ...mutantsIn("gru", DIALECTS, [
    [
      "tf1 candidate kernel before the gates",
      'concat([p["gates/kernel"], p["candidate/kernel"]], 1)',
      'concat([p["candidate/kernel"], p["gates/kernel"]], 1)',
    ],
    [
      "tf1 candidate bias before the gates",
      'concat([p["gates/bias"], p["candidate/bias"]])',
      'concat([p["candidate/bias"], p["gates/bias"]])',
    ],
    [
      "tf1 kernel with the rows of h first",
      'kernel: concat([p["gates/kernel"], p["candidate/kernel"]], 1),',
      `kernel: ((both) => concat([slice(both, [units], [-1]), slice(both, [0], [units])]))(
          concat([p["gates/kernel"], p["candidate/kernel"]], 1),
        ),`,
    ],
    [
      "keras rows of the bias swapped",
      'bias: resetAfter ? row(0) : p["bias"],\n        recurrentBias: resetAfter ? row(1) : undefined,',
      'bias: resetAfter ? row(1) : p["bias"],\n        recurrentBias: resetAfter ? row(0) : undefined,',
    ],
    [
      "torch biases swapped",
      'bias: p["bias_ih"],\n        recurrentBias: p["bias_hh"],',
      'bias: p["bias_hh"],\n        recurrentBias: p["bias_ih"],',
    ],
    ["torch recurrent bias ignored", 'recurrentBias: p["bias_hh"],', "recurrentBias: undefined,"],
  ]),
];

export const gruMutants: readonly Mutant[] = [...orders, ...forward, ...backward, ...sequence, ...others];
