/** @file Reading the operands of an op. */
import { FormatError, normalizeAxis, sentence } from "../../base/index.ts";
import { add, cast, less, type Tensor, where } from "../../tensor/index.ts";
import type { OpContext, OpInputs } from "../op.ts";

/** An operand that must be there. Throws FormatError. */
export function operand(inputs: OpInputs, index: number, { attributes }: OpContext): Tensor {
  const value = inputs[index];
  if (value === undefined) throw new FormatError(sentence(attributes.where, `an input ${index}`, "none"));
  return value;
}

/** The numbers of an operand that is a list of sizes or axes. */
export const listOf = (value: Tensor): number[] => Array.from(value.values());

/** The number of an operand of one element. Throws FormatError for more or none. */
export function numberOf(value: Tensor, { attributes }: OpContext): number {
  if (value.size !== 1) throw new FormatError(sentence(attributes.where, "one number", `${value.size}`));
  return value.values()[0];
}

/**
 * A list that is an attribute in older operator sets and an operand in newer ones; undefined where
 * it is neither.
 */
export function listAt(inputs: OpInputs, index: number, name: string, { attributes }: OpContext): number[] | undefined {
  const value = inputs[index];
  if (value !== undefined) return listOf(value);
  return attributes.has(name) ? [...attributes.numbers(name)] : undefined;
}

/** Axes, counted from the beginning. */
export const axesOf = (axes: readonly number[], rank: number, { attributes }: OpContext): number[] =>
  axes.map((axis) => normalizeAxis(attributes.where, axis, rank));

/** Indices from the end made indices from the beginning, along an axis of `size`; int32. */
export function fromBeginning(indices: Tensor, size: number): Tensor {
  const whole = cast(indices, "int32");
  return where(less(whole, 0), add(whole, size), whole);
}
