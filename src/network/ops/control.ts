/** @file Ops that run a body: a choice, and loops that are unrolled as they run. */
import { FormatError, normalizeAxis, sentence, UnsupportedError, valueError } from "../../base/index.ts";
import { flip, reshape, slice, stack, type Tensor, tensor } from "../../tensor/index.ts";
import type { Op, OpContext, Ops } from "../op.ts";
import { numberOf, operand } from "./operands.ts";

/** Most turns of one loop. */
const MOST_TURNS = 10_000_000;

const If: Op = (inputs, context) => {
  const isTrue = numberOf(operand(inputs, 0, context), context) !== 0;
  return context.run(context.attributes.graph(isTrue ? "then_branch" : "else_branch"), []);
};

const Loop: Op = (inputs, context) => {
  const body = context.attributes.graph("body");
  const [limit, condition, ...initial] = inputs;
  const turns = limit === undefined ? MOST_TURNS : numberOf(limit, context);
  let goesOn = condition === undefined || numberOf(condition, context) !== 0;
  let carried = initial as Tensor[];
  const scans: Tensor[][] = Array.from({ length: body.outputs.length - 1 - initial.length }, () => []);
  for (let i = 0; i < turns && goesOn; i++) {
    if (i >= MOST_TURNS)
      throw new UnsupportedError(sentence(context.attributes.where, `at most ${MOST_TURNS} turns`, "more"));
    const [next, ...rest] = context.run(body, [
      tensor(i, { dtype: "int32" }),
      tensor(1, { dtype: "bool" }),
      ...carried,
    ]);
    goesOn = numberOf(next, context) !== 0;
    carried = rest.slice(0, initial.length);
    rest.slice(initial.length).forEach((value, at) => scans[at].push(value));
  }
  return [...carried, ...scans.map((values) => stacked(values, 0, context))];
};

const stacked = (values: readonly Tensor[], axis: number, { attributes }: OpContext): Tensor => {
  if (values.length === 0)
    throw new UnsupportedError(
      sentence(attributes.where, "at least one turn", "none, so the shape of its output is unknown"),
    );
  return stack(values, axis);
};

const Scan: Op = (inputs, context) => {
  const { attributes } = context;
  const body = attributes.graph("body");
  const count = attributes.number("num_scan_inputs");
  const states = inputs.length - count;
  if (count < 1 || states < 0) throw valueError(`${attributes.where} num_scan_inputs`, `1 to ${inputs.length}`, count);
  let carried = inputs.slice(0, states) as Tensor[];
  const sequences = inputs.slice(states) as Tensor[];
  const outputs = body.outputs.length - states;
  const listOr = (name: string, length: number): readonly number[] =>
    attributes.numbers(name, new Array<number>(length).fill(0));
  const axes = listOr("scan_input_axes", count).map((axis, i) =>
    normalizeAxis(attributes.where, axis, sequences[i].rank),
  );
  const ahead = listOr("scan_input_directions", count);
  const lengths = new Set(sequences.map((sequence, i) => sequence.shape[axes[i]]));
  if (lengths.size !== 1)
    throw new FormatError(sentence(attributes.where, "sequences of one length", [...lengths].join(", ")));
  const [turns] = lengths;
  const scans: Tensor[][] = Array.from({ length: outputs }, () => []);
  for (let i = 0; i < turns; i++) {
    const items = sequences.map((sequence, k) => itemAt(sequence, axes[k], ahead[k] === 0 ? i : turns - 1 - i));
    const results = context.run(body, [...carried, ...items]);
    carried = results.slice(0, states);
    results.slice(states).forEach((value, at) => scans[at].push(value));
  }
  const outAxes = listOr("scan_output_axes", outputs);
  const backwards = listOr("scan_output_directions", outputs);
  return [
    ...carried,
    ...scans.map((values, at) => {
      const joined = stacked(values, outAxes[at], context);
      return backwards[at] === 0 ? joined : flip(joined, outAxes[at]);
    }),
  ];
};

/** Element `index` along an axis, without the axis. */
function itemAt(x: Tensor, axis: number, index: number): Tensor {
  const begin = x.shape.map((_, i) => (i === axis ? index : 0));
  const part = slice(
    x,
    begin,
    x.shape.map((n, i) => (i === axis ? 1 : n)),
  );
  return reshape(
    part,
    x.shape.filter((_, i) => i !== axis),
  );
}

export const controlOps: Ops = { If, Loop, Scan };
