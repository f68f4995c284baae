/**
 * @file The recurrent ops of ONNX: LSTM, GRU and RNN over a sequence, in their own layout of
 * weights. Letters: T time, B batch, I inputs, H units, D directions, G gates.
 */
import { FormatError, formatShape, sentence, UnsupportedError } from "../../base/index.ts";
import type { ActivationName } from "../../engine/index.ts";
import {
  add,
  cast,
  concat,
  equal,
  gruSequence,
  lstmSequence,
  neg,
  reshape,
  reverseSequence,
  flip,
  rnnSequence,
  slice,
  stack,
  sub,
  swapLeading,
  type Tensor,
  tensor,
  transpose,
  where,
  zeros,
} from "../../tensor/index.ts";
import type { Op, OpContext, OpInputs, Ops } from "../op.ts";
import { listOf, operand } from "./operands.ts";

const is = (value: number, wanted: number): boolean => Math.fround(value) === Math.fround(wanted);

/** An activation as ONNX names it, with its alpha and beta. */
function activationOf(
  name: string,
  alpha: number | undefined,
  beta: number | undefined,
  where: string,
): ActivationName {
  const plain: Readonly<Record<string, ActivationName>> = {
    relu: "relu",
    sigmoid: "sigmoid",
    softsign: "softsign",
    tanh: "tanh",
  };
  const key = name.toLowerCase();
  if (Object.hasOwn(plain, key)) return plain[key];
  if (key === "hardsigmoid" && is(beta ?? 0.5, 0.5)) {
    if (is(alpha ?? 0.2, 0.2)) return "hardSigmoid02";
    if (is(alpha ?? 0.2, 1 / 6)) return "hardSigmoid";
  }
  if (key === "affine" && is(alpha ?? 1, 1) && is(beta ?? 0, 0)) return "linear";
  const got = [name, alpha, beta].filter((part) => part !== undefined).join(" ");
  throw new UnsupportedError(
    sentence(`${where} activations`, "Sigmoid, Tanh, Relu, Softsign, HardSigmoid of slope 0.2 or 1/6, Affine", got),
  );
}

/** Activations of each direction; `count` for one. */
function activationsOf({ attributes }: OpContext, directions: number, missing: readonly string[]): ActivationName[][] {
  const { where } = attributes;
  const all = Array.from({ length: directions }, () => missing).flat();
  const names = attributes.texts("activations", all);
  const alphas = [...attributes.numbers("activation_alpha", [])];
  const betas = [...attributes.numbers("activation_beta", [])];
  if (names.length !== all.length)
    throw new FormatError(sentence(`${where} activations`, `${all.length} names`, String(names.length)));
  // only activations that have such a number take one from the list
  const found = names.map((name) => {
    const key = name.toLowerCase();
    const hasAlpha = ["affine", "hardsigmoid", "leakyrelu", "elu", "scaledtanh", "thresholdedrelu"].includes(key);
    const hasBeta = ["affine", "hardsigmoid", "scaledtanh"].includes(key);
    return activationOf(name, hasAlpha ? alphas.shift() : undefined, hasBeta ? betas.shift() : undefined, where);
  });
  return Array.from({ length: directions }, (_, i) => found.slice(i * missing.length, (i + 1) * missing.length));
}

/** Element `i` of the first axis, without it. */
const row = (x: Tensor, i: number): Tensor => reshape(slice(x, [i], [1]), x.shape.slice(1));

/** Operands of one direction. */
type Direction = {
  /** [T, B, I]. */
  readonly inputs: Tensor;
  readonly lengths: Tensor | undefined;
  /** [I, G*H]. */
  readonly inputKernel: Tensor;
  /** [H, G*H]. */
  readonly recurrentKernel: Tensor;
  /** [G*H], both zero where the op has none. */
  readonly inputBias: Tensor;
  readonly recurrentBias: Tensor;
  /** [B, H]. */
  readonly h: Tensor;
  readonly index: number;
};

type DirectionResult = {
  readonly outputs: Tensor;
  readonly h: Tensor;
  readonly c?: Tensor;
  /** c after each step, [T, B, H]. */
  readonly cells?: Tensor;
};

/**
 * Runs a direction each, and joins them as ONNX does: outputs [T, D, B, H], states [D, B, H]. A row
 * of length 0 ends in zeros, as in ONNX Runtime, not in its initial state.
 */
function inDirections(
  inputs: OpInputs,
  context: OpContext,
  { gates, missing }: { gates: number; missing: readonly string[] },
  run: (direction: Direction, activations: readonly ActivationName[]) => DirectionResult,
): Tensor[] {
  const { attributes } = context;
  const direction = attributes.choice("direction", ["forward", "reverse", "bidirectional"], "forward");
  const isBatchFirst = attributes.flag("layout");
  if (attributes.has("clip"))
    throw new UnsupportedError(
      sentence(`${attributes.where} clip`, "no clipping of gates", String(attributes.number("clip"))),
    );
  const given = operand(inputs, 0, context);
  const x = isBatchFirst ? swapLeading(given) : given;
  const [, batch] = x.shape;
  const kernels = operand(inputs, 1, context);
  const recurrent = operand(inputs, 2, context);
  const directions = direction === "bidirectional" ? 2 : 1;
  const units = recurrent.shape[2];
  if (
    kernels.rank !== 3 ||
    recurrent.rank !== 3 ||
    kernels.shape[0] !== directions ||
    kernels.shape[1] !== gates * units
  )
    throw new FormatError(
      sentence(
        attributes.where,
        `weights [${directions}, ${gates} H, I] and [${directions}, ${gates} H, H]`,
        `${formatShape(kernels.shape)} and ${formatShape(recurrent.shape)}`,
      ),
    );
  const lengths = inputs[4] && cast(inputs[4], "int32");
  const initial = inputs[5] && (isBatchFirst ? swapLeading(inputs[5]) : inputs[5]);
  const activations = activationsOf(context, directions, missing);
  const results = Array.from({ length: directions }, (_, index) => {
    const isBackward = direction === "reverse" || index === 1;
    const turn = (sequence: Tensor): Tensor =>
      !isBackward ? sequence : lengths === undefined ? flip(sequence, 0) : reverseSequence(sequence, lengths);
    const bias = inputs[3] && row(inputs[3], index);
    const half = (part: number): Tensor =>
      bias === undefined ? zeros([gates * units], x.dtype) : slice(bias, [part * gates * units], [gates * units]);
    const { outputs, ...states } = run(
      {
        inputs: turn(x),
        lengths,
        inputKernel: transpose(row(kernels, index)),
        recurrentKernel: transpose(row(recurrent, index)),
        inputBias: half(0),
        recurrentBias: half(1),
        h: initial === undefined ? zeros([batch, units], x.dtype) : row(initial, index),
        index,
      },
      activations[index],
    );
    return { outputs: turn(outputs), ...states };
  });
  const isEmpty =
    lengths !== undefined && listOf(lengths).includes(0) ? reshape(equal(lengths, 0), [batch, 1]) : undefined;
  const last = (states: readonly Tensor[]): Tensor => {
    const joined = stack(isEmpty === undefined ? states : states.map((state) => where(isEmpty, 0, state)));
    return isBatchFirst ? swapLeading(joined) : joined;
  };
  const outputs = stack(
    results.map((result) => result.outputs),
    1,
  );
  if (context.everyState) {
    const [{ outputs: h, cells }] = results;
    return [outputs, ...[h, cells].flatMap((each) => (each ? [reshape(each, [1, each.size / units, units])] : []))];
  }
  const cells = results.map(({ c }) => c);
  return [
    isBatchFirst ? transpose(outputs, [2, 0, 1, 3]) : outputs,
    last(results.map(({ h }) => h)),
    ...(cells.every((c) => c !== undefined) ? [last(cells)] : []),
  ];
}

const LSTM: Op = (inputs, context) => {
  const { attributes } = context;
  const x = operand(inputs, 0, context);
  const coupled = attributes.flag("input_forget");
  const isBatchFirst = attributes.flag("layout");
  return inDirections(inputs, context, { gates: 4, missing: ["Sigmoid", "Tanh", "Tanh"] }, (direction, activations) => {
    const { h, index, inputBias, recurrentBias, ...operands } = direction;
    const [gateActivation, candidateActivation, outputActivation] = activations;
    const initial = inputs[6] && (isBatchFirst ? swapLeading(inputs[6]) : inputs[6]);
    const peepholes = inputs[7] && row(inputs[7], index);
    const units = h.shape[1];
    // ONNX has the order input, output, forget
    const peephole = (at: number): Tensor => slice(peepholes as Tensor, [at * units], [units]);
    const ordered = peepholes && stack([peephole(0), peephole(2), peephole(1)]);
    // with input_forget the forget gate is 1 - input gate: the engine couples them the other way
    // round, so both exchange their places and peepholes
    if (coupled) return coupledLstm(direction, activations, initial && row(initial, index), peepholes);
    const forgetBias = attributes.number("forget_bias", 0);
    return lstmSequence(
      {
        ...operands,
        bias: add(inputBias, withoutForgetBias(recurrentBias, units, forgetBias)),
        h,
        c: initial === undefined ? zeros([x.shape[isBatchFirst ? 0 : 1], units], x.dtype) : row(initial, index),
        peepholes: ordered,
      },
      {
        gates: { input: 0, output: 1, forget: 2, candidate: 3 },
        forgetBias,
        coupled: false,
        gateActivation,
        candidateActivation,
        outputActivation,
        cellClip: Infinity,
        projectionClip: Infinity,
      },
    );
  });
};

/**
 * The second bias without the forget bias that it has in it (an attribute of this package): added
 * apart, it gives the bits of the cell that was exported.
 */
function withoutForgetBias(bias: Tensor, units: number, forgetBias: number): Tensor {
  if (forgetBias === 0) return bias;
  const shift = new Float64Array(bias.size).fill(forgetBias, 2 * units, 3 * units);
  return sub(bias, tensor(shift, { shape: bias.shape, dtype: bias.dtype }));
}

/**
 * An LSTM whose forget gate is 1 - i. The engine has i = 1 - f, so f := 1 - i is the gate of the
 * negated pre-activation where the gate is a sigmoid: 1 - sigmoid(a) = sigmoid(-a).
 */
function coupledLstm(
  { h, inputBias, recurrentBias, inputs, lengths, inputKernel, recurrentKernel }: Direction,
  [gateActivation, candidateActivation, outputActivation]: readonly ActivationName[],
  c: Tensor | undefined,
  peepholes: Tensor | undefined,
): DirectionResult {
  if (gateActivation !== "sigmoid" || peepholes !== undefined)
    throw new UnsupportedError(
      sentence("LSTM input_forget", "sigmoid gates without peepholes", peepholes ? "peepholes" : gateActivation),
    );
  const units = h.shape[1];
  const blocks = (x: Tensor): Tensor => {
    const axis = x.rank - 1;
    const block = (at: number): Tensor =>
      slice(
        x,
        x.shape.map((_, i) => (i === axis ? at * units : 0)),
        x.shape.map((n, i) => (i === axis ? units : n)),
      );
    const [input, output, , candidate] = [0, 1, 2, 3].map(block);
    return concat([neg(input), output, candidate], axis);
  };
  return lstmSequence(
    {
      inputs,
      lengths,
      inputKernel: blocks(inputKernel),
      recurrentKernel: blocks(recurrentKernel),
      bias: blocks(add(inputBias, recurrentBias)),
      h,
      c: c ?? zeros(h.shape, h.dtype),
    },
    {
      gates: { input: -1, forget: 0, output: 1, candidate: 2 },
      forgetBias: 0,
      coupled: true,
      gateActivation,
      candidateActivation,
      outputActivation,
      cellClip: Infinity,
      projectionClip: Infinity,
    },
  );
}

const GRU: Op = (inputs, context) => {
  const isAfter = context.attributes.flag("linear_before_reset");
  return inDirections(inputs, context, { gates: 3, missing: ["Sigmoid", "Tanh"] }, (direction, activations) => {
    const { inputBias, recurrentBias, index: _, ...operands } = direction;
    const [gateActivation, candidateActivation] = activations;
    return gruSequence(
      {
        ...operands,
        bias: isAfter ? inputBias : add(inputBias, recurrentBias),
        recurrentBias: isAfter ? recurrentBias : undefined,
      },
      {
        gates: { update: 0, reset: 1, candidate: 2 },
        reset: isAfter ? "after" : "before",
        updateGate: "keep",
        gateActivation,
        candidateActivation,
      },
    );
  });
};

const RNN: Op = (inputs, context) =>
  inDirections(inputs, context, { gates: 1, missing: ["Tanh"] }, (direction, [activation]) => {
    const { inputBias, recurrentBias, index: _, ...operands } = direction;
    return rnnSequence({ ...operands, bias: add(inputBias, recurrentBias) }, activation);
  });

export const recurrentOps: Ops = { GRU, LSTM, RNN };
