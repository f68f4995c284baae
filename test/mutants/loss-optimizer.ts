/** @file Deliberate bugs in losses, optimizers, clipping and learning rate schedules. */
import { type Mutant, mutantsIn } from "./mutant.ts";

const FAMILY = "loss-optimizer";

const kernels = mutantsIn(FAMILY, "src/engine/reference/optimizer.ts", [
  ["sgd uphill", "w[i] -= round(lr * g[i]);", "w[i] += round(lr * g[i]);"],
  ["weight decay with the wrong sign", "round(scaled + round(decay * w[i]))", "round(scaled - round(decay * w[i]))"],
  ["decoupled decay with the wrong sign", "learningRate: shrink }", "learningRate: -shrink }"],
  [
    "decoupled decay after the update",
    "updateOne(update, w, prepare(preparation, w, floats(item.gradient)), item.slots);",
    "updateOne(update, w, prepare({}, w, floats(item.gradient)), item.slots);\n    prepare(preparation, w, w);",
  ],
  ["momentum with the wrong sign", "v[i] = round(mu * v[i]) + gradient;", "v[i] = gradient - round(mu * v[i]);"],
  [
    "momentum dampened as an average",
    "v[i] = round(mu * v[i]) + gradient;",
    "v[i] = round(mu * v[i]) + round((1 - mu) * gradient);",
  ],
  ["nesterov ignored", "update.nesterov ? round(round(mu * v[i]) + gradient) : v[i]", "v[i]"],
  [
    "nesterov always",
    "update.nesterov ? round(round(mu * v[i]) + gradient) : v[i]",
    "round(round(mu * v[i]) + gradient)",
  ],
  ["nesterov without the gradient", "round(round(mu * v[i]) + gradient)", "round(mu * v[i])"],
  [
    "momentum: learning rate always outside",
    'const scaled = update.velocity === "scaled";\n  for (let i = 0; i < w.length; i++) {\n    const gradient',
    "const scaled = false;\n  for (let i = 0; i < w.length; i++) {\n    const gradient",
  ],
  [
    "momentum: learning rate always inside",
    'const scaled = update.velocity === "scaled";\n  for (let i = 0; i < w.length; i++) {\n    const gradient',
    "const scaled = true;\n  for (let i = 0; i < w.length; i++) {\n    const gradient",
  ],
  [
    "rmsprop: epsilon always inside the root",
    "round(round(Math.sqrt(variance)) + epsilon)",
    "round(Math.sqrt(round(variance + epsilon)))",
  ],
  [
    "rmsprop: epsilon always outside the root",
    "round(Math.sqrt(round(variance + epsilon)))",
    "round(round(Math.sqrt(variance)) + epsilon)",
  ],
  [
    "rmsprop: epsilon ignored",
    "const epsilon = round(update.epsilon);\n  const scaled",
    "const epsilon = 0;\n  const scaled",
  ],
  [
    "rmsprop: decay swapped",
    "square[i] = round(decay * square[i]) + round(rest * round(g[i] * g[i]));",
    "square[i] = round(rest * square[i]) + round(decay * round(g[i] * g[i]));",
  ],
  [
    "rmsprop: sum instead of mean",
    "square[i] = round(decay * square[i]) + round(rest * round(g[i] * g[i]));",
    "square[i] = round(decay * square[i]) + round(g[i] * g[i]);",
  ],
  [
    "rmsprop: centering ignored",
    "variance = Math.max(0, round(variance - round(mean[i] * mean[i])));",
    "variance = Math.max(0, variance);",
  ],
  ["rmsprop: mean not squared", "round(variance - round(mean[i] * mean[i]))", "round(variance - mean[i])"],
  ["rmsprop: momentum ignored", "const move = velocity ? velocity[i] : step;", "const move = step;"],
  [
    "rmsprop: momentum times the new step",
    "velocity[i] = round(mu * velocity[i]) + step;",
    "velocity[i] = round(mu * (velocity[i] + step));",
  ],
  [
    "rmsprop: learning rate always inside",
    'const scaled = update.velocity === "scaled";\n  for (let i = 0; i < w.length; i++) {\n    square',
    "const scaled = true;\n  for (let i = 0; i < w.length; i++) {\n    square",
  ],
  ["adagrad: accumulator replaced", "square[i] += round(g[i] * g[i]);", "square[i] = round(g[i] * g[i]);"],
  [
    "adagrad: epsilon always inside the root",
    "round(round(Math.sqrt(square[i])) + epsilon)",
    "round(Math.sqrt(round(square[i] + epsilon)))",
  ],
  [
    "adagrad: epsilon always outside the root",
    "round(Math.sqrt(round(square[i] + epsilon)))",
    "round(round(Math.sqrt(square[i])) + epsilon)",
  ],
  [
    "adagrad: no root",
    "w[i] -= round(round(lr * g[i]) / root);",
    "w[i] -= round(round(lr * g[i]) / round(root * root));",
  ],
  [
    "adam: epsilon inside the root",
    "round(round(round(Math.sqrt(v[i])) * rootScale) + epsilon)",
    "round(Math.sqrt(round(v[i] * rootScale * rootScale + epsilon)))",
  ],
  [
    "adam: epsilon corrected too",
    "round(round(round(Math.sqrt(v[i])) * rootScale) + epsilon)",
    "round(round(round(Math.sqrt(v[i])) + epsilon) * rootScale)",
  ],
  [
    "adam: v without root",
    "round(round(round(Math.sqrt(v[i])) * rootScale) + epsilon)",
    "round(round(v[i] * rootScale) + epsilon)",
  ],
  [
    "adam: mean of the gradient not weighted",
    "m[i] = round(beta1 * m[i]) + round(rest1 * g[i]);",
    "m[i] = round(beta1 * m[i]) + g[i];",
  ],
  [
    "adam: gradient instead of its mean",
    "round(stepSize * round(m[i] / root))",
    "round(stepSize * round(g[i] / root))",
  ],
  ["adam: v without the square", "round(rest2 * round(g[i] * g[i]))", "round(rest2 * Math.abs(g[i]))"],
]);

const rules = [
  ...mutantsIn(FAMILY, "src/engine/wasm/optimizer.ts", [
    ["first parameter only", "for (const item of items) {", "for (const item of items.slice(0, 1)) {"],
    ["last parameter only", "for (const item of items) {", "for (const item of items.slice(-1)) {"],
    [
      "decay of the first parameter only",
      "optimizerUpdateByReference(update, [item], preparation);",
      "optimizerUpdateByReference(update, [item], item === items[0] ? preparation : {});",
    ],
  ]),
  ...mutantsIn(FAMILY, "src/optim/adam.ts", [
    ["adam: bias correction of m missing", "const correction1 = 1 - integerPower(beta1, t);", "const correction1 = 1;"],
    [
      "adam: bias correction of v missing",
      "const correction2 = Math.sqrt(1 - integerPower(beta2, t));",
      "const correction2 = 1;",
    ],
    [
      "adam: bias correction of v without root",
      "const correction2 = Math.sqrt(1 - integerPower(beta2, t));",
      "const correction2 = 1 - integerPower(beta2, t);",
    ],
    [
      "adam: bias correction one step ahead",
      "const correction1 = 1 - integerPower(beta1, t);",
      "const correction1 = 1 - integerPower(beta1, t + 1);",
    ],
    ["adam: betas swapped", "      beta1,\n      beta2,\n", "      beta1: beta2,\n      beta2: beta1,\n"],
    ["adam: epsilon hat always", 'const corrected = epsilonMode === "corrected";', "const corrected = false;"],
    ["adam: epsilon corrected always", 'const corrected = epsilonMode === "corrected";', "const corrected = true;"],
    [
      "adamw: decay coupled to the gradient",
      'name === "adam" ? { gradientDecay: weightDecay }',
      "name !== undefined ? { gradientDecay: weightDecay }",
    ],
    [
      "adam: decay decoupled from the gradient",
      'name === "adam" ? { gradientDecay: weightDecay }',
      "name === undefined ? { gradientDecay: weightDecay }",
    ],
  ]),
  ...mutantsIn(FAMILY, "src/optim/rule.ts", [
    ["weight decay ignored", "        gradientDecay,\n", "        gradientDecay: 0,\n"],
    ["slots in reverse order", "slots: slotNames.map((slotName)", "slots: slotNames.toReversed().map((slotName)"],
    ["decoupled decay without the learning rate", "parameterDecay: learningRate * parameterDecay,", "parameterDecay,"],
    ["decoupled decay ignored", "parameterDecay: learningRate * parameterDecay,", "parameterDecay: 0,"],
    ["learning rate of the step ignored", "rule.kernel(learningRate, t)", "rule.kernel(rule.learningRate, t)"],
    ["steps counted from 2", "rule.kernel(learningRate, t)", "rule.kernel(learningRate, t + 1)"],
    ["gradient scale ignored", "        gradientScale,\n", "        gradientScale: 1,\n"],
    ["step not counted", "return { step: t, slots };", "return { step, slots };"],
    [
      "slots always start at 0",
      "full(parameter.shape, start, parameter.dtype)",
      "full(parameter.shape, 0, parameter.dtype)",
    ],
    ["dampening ignored", "damping: rule.damping?.(t) ?? 1,", ""],
  ]),
  ...mutantsIn(FAMILY, "src/optim/momentum.ts", [
    ["dampening from the first step", "t === 1 ? 1 : 1 - dampening", "1 - dampening"],
  ]),
  ...mutantsIn(FAMILY, "src/optim/adagrad.ts", [
    ["adagrad: rate decays from the first step", "(t - 1) * learningRateDecay", "t * learningRateDecay"],
    ["adagrad: accumulator starts at 0", "slots: { accumulator: initialAccumulator },", "slots: { accumulator: 0 },"],
    ["adagrad: rate doesn't decay", "rate / (1 + (t - 1) * learningRateDecay)", "rate"],
  ]),
  ...mutantsIn(FAMILY, "src/optim/rmsprop.ts", [
    ["rmsprop: TF1's mean square starts at 0", "slots: { meanSquare: initialMeanSquare,", "slots: { meanSquare: 0,"],
  ]),
  ...mutantsIn(FAMILY, "src/optim/presets.ts", [
    [
      "Keras' adagrad with PyTorch's epsilon",
      'initialAccumulator: 0.1, epsilon: 1e-7, epsilonPlace: "inside" }',
      'initialAccumulator: 0.1, epsilon: 1e-7, epsilonPlace: "outside" }',
    ],
    [
      "TF1's adam with PyTorch's epsilon",
      `initialAccumulator: 0.1, epsilon: 0 },
    adam: { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, epsilonMode: "hat" }`,
      `initialAccumulator: 0.1, epsilon: 0 },
    adam: { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, epsilonMode: "corrected" }`,
    ],
    [
      "Keras' momentum with PyTorch's velocity",
      'momentum: { learningRate: 0.01, velocity: "scaled" }',
      'momentum: { learningRate: 0.01, velocity: "plain" }',
    ],
  ]),
];

const clipping = mutantsIn(FAMILY, "src/optim/clip.ts", [
  ["clipping to norm 1", "1 : maxNorm / norm", "1 : 1 / norm"],
  ["clipping scaled by the square of the norm", "1 : maxNorm / norm", "1 : maxNorm / (norm * norm)"],
  ["clipping scales small gradients up", "norm <= maxNorm ? 1 :", "norm === 0 ? 1 :"],
  ["clipping never scales", "norm <= maxNorm ? 1 :", "norm < Infinity ? 1 :"],
  ["epsilon of the norm ignored", "limit(norm + epsilon, maxNorm)", "limit(norm, maxNorm)"],
  [
    "global norm of the last gradient only",
    "total = sumOfSquares(gradients[name], total);",
    "total = sumOfSquares(gradients[name], 0);",
  ],
  ["global norm without root", "  return Math.sqrt(total);", "  return total;"],
  [
    "norms of all gradients together",
    "limit(norms[name], maxNorm)",
    "limit(Math.hypot(...Object.values(norms)), maxNorm)",
  ],
  ["clipping by value from above only", "clip(gradient, min, max)", "clip(gradient, -Infinity, max)"],
]);

const schedules = [
  ...mutantsIn(FAMILY, "src/optim/schedules.ts", [
    ["step decay one step early", "Math.floor(step / every)", "Math.floor((step + 1) / every)"],
    ["step decay without steps", "integerPower(factor, Math.floor(step / every))", "integerPower(factor, step)"],
    [
      "exponential decay one step early",
      "const exponent = step / decaySteps;",
      "const exponent = (step + 1) / decaySteps;",
    ],
    ["staircase ignored", "staircase ? Math.floor(exponent) : exponent", "exponent"],
    ["cosine decay rises again", "cosPi(Math.min(step, decaySteps) / decaySteps)", "cosPi(step / decaySteps)"],
    [
      "cosine decay one step early",
      "cosPi(Math.min(step, decaySteps) / decaySteps)",
      "cosPi(Math.min(step + 1, decaySteps) / decaySteps)",
    ],
    ["cosine decay's alpha ignored", "initial * ((1 - alpha) * cosine + alpha)", "initial * cosine"],
    ["cosine annealing restarts", "(step % (2 * period)) / period", "(step % period) / period"],
    [
      "cosine annealing's minimum ignored",
      "minimum + ((initial - minimum) * (1 + cosPi(",
      "0 + (initial * (1 + cosPi(",
    ],
  ]),
  ...mutantsIn(FAMILY, "src/optim/plateau.ts", [
    ["plateau: patience one less", "if (bad <= patience) return;", "if (bad < patience) return;"],
    ["plateau: cooldown ignored", "cooling = cooldown;", "cooling = 0;"],
    ["plateau: cooldown one longer", "cooling = cooldown;", "cooling = cooldown + 1;"],
    [
      "plateau: best not kept",
      "        best = metric;\n        bad = 0;",
      "        best ??= metric;\n        bad = 0;",
    ],
    [
      "plateau: count goes on after a reduction",
      "      cooling = cooldown;\n      bad = 0;",
      "      cooling = cooldown;",
    ],
  ]),
  ...mutantsIn(FAMILY, "src/optim/power.ts", [
    ["integer power of the odd bits only", "square *= square;", "square *= base;"],
    ["cosine of the second half turn", "if (turn > 1) turn = 2 - turn;", "if (turn > 1) turn = turn - 1;"],
  ]),
];

const losses = [
  ...mutantsIn(FAMILY, "src/rnn/weighted-mean.ts", [
    ["sequence loss: 0/0 without weights", "export const TINY = 1e-12;", "export const TINY = 0;"],
    ["sequence loss: constant too large", "export const TINY = 1e-12;", "export const TINY = 1e-7;"],
  ]),
  ...mutantsIn(FAMILY, "src/rnn/sequence-loss.ts", [
    [
      "sequence loss: divided by the number of positions",
      "add(sum(weights, axes), TINY)",
      "axes.reduce((n, axis) => n * logits.shape[axis], 1)",
    ],
    [
      "sequence loss: not divided",
      "return div(sum(losses, axes), add(sum(weights, axes), TINY));",
      "return sum(losses, axes);",
    ],
    [
      "sequence loss: weights ignored above",
      "weighed(softmaxLossFunction(logits, targets), weights)",
      "softmaxLossFunction(logits, targets)",
    ],
    [
      "sequence loss: weights squared",
      "weighed(softmaxLossFunction(logits, targets), weights)",
      "weighed(weighed(softmaxLossFunction(logits, targets), weights), weights)",
    ],
    [
      "sequence loss: axes swapped",
      "[...(averageAcrossBatch ? [0] : []), ...(averageAcrossTimesteps ? [1] : [])]",
      "[...(averageAcrossBatch ? [1] : []), ...(averageAcrossTimesteps ? [0] : [])]",
    ],
    ["sequence loss: time always averaged", "...(averageAcrossTimesteps ? [1] : [])]", "1]"],
    ["sequence loss: denominators of all weights", "add(sum(weights, axes), TINY)", "add(sum(weights), TINY)"],
  ]),
  ...mutantsIn(FAMILY, "src/engine/reference/reduce.ts", [
    [
      "cross entropy: gradient without the target",
      "round(p[at + j] - (j === ids[row] ? 1 : 0)) * upstream[row]",
      "p[at + j] * upstream[row]",
    ],
    [
      "cross entropy: sign of the gradient",
      "round(p[at + j] - (j === ids[row] ? 1 : 0)) * upstream[row]",
      "round((j === ids[row] ? 1 : 0) - p[at + j]) * upstream[row]",
    ],
    [
      "cross entropy: gradient from above ignored",
      "round(p[at + j] - (j === ids[row] ? 1 : 0)) * upstream[row]",
      "round(p[at + j] - (j === ids[row] ? 1 : 0))",
    ],
    [
      "cross entropy: gradient from above of the first row",
      "(j === ids[row] ? 1 : 0)) * upstream[row]",
      "(j === ids[row] ? 1 : 0)) * upstream[0]",
    ],
    [
      "cross entropy: largest logit not subtracted",
      "losses[row] = naturalLog(total, round) - round(from[at + ids[row]] - maximum);",
      "losses[row] = naturalLog(total, round) - from[at + ids[row]];",
    ],
    [
      "cross entropy: overflow",
      "for (let j = 0; j < n; j++) maximum = Math.max(maximum, from[at + j]);",
      "maximum = 0;",
    ],
    [
      "cross entropy: target of the next row",
      "round(from[at + ids[row]] - maximum)",
      "round(from[at + ids[(row + 1) % ids.length]] - maximum)",
    ],
    [
      "log softmax: gradient without the sum",
      "to[at + j] = upstream[at + j] - round(e(value[at + j]) * total);",
      "to[at + j] = upstream[at + j] - e(value[at + j]);",
    ],
    [
      "log softmax: logarithm not exponentiated in the gradient",
      "round(e(value[at + j]) * total)",
      "round(value[at + j] * total)",
    ],
    [
      "softmax: gradient without the sum",
      "value[at + j] * round(upstream[at + j] - total)",
      "value[at + j] * upstream[at + j]",
    ],
    [
      "sum loses the last elements",
      "lanes[i & (count - 1)] = round(lanes[i & (count - 1)] + x[at + i]);",
      "lanes[i & (count - 1)] = x[at + i];",
    ],
  ]),
];

export const lossOptimizerMutants: readonly Mutant[] = [...kernels, ...rules, ...clipping, ...schedules, ...losses];
