/** @file The recurrent layers of a model in its options and in its file. */
import { withoutUndefined, type Optional } from "../base/index.ts";
import type { CellName, Dialect } from "../rnn/index.ts";
import { field, type Fields } from "./fields.ts";

/** Architecture of a stack. */
export type StackConfig = {
  readonly cell: CellName;
  readonly dialect: Dialect;
  /** Units of each layer, and of each direction. */
  readonly hiddenSize: number;
  readonly layers: number;
  /** Whether each layer reads from both ends. */
  readonly bidirectional: boolean;
  /** Probability of dropping an output of a layer while training. */
  readonly dropout: number;
};

/**
 * A stack where nothing else is asked for: one LSTM layer of 128 units in the tf1 dialect, forward,
 * no dropout.
 */
export const STACK_DEFAULTS: StackConfig = {
  cell: "lstm",
  dialect: "tf1",
  hiddenSize: 128,
  layers: 1,
  bidirectional: false,
  dropout: 0,
};

/** Checks of the fields of a stack in a file. */
export const stackFields: Fields<StackConfig> = {
  cell: field.cell,
  dialect: field.dialect,
  hiddenSize: field.size,
  layers: field.layers,
  bidirectional: field.flag,
  dropout: field.probability,
};

/**
 * The fields of a stack among other options, with defaults. Throws RangeError and TypeError that
 * name the option.
 */
export function stackConfigOf(
  where: string,
  options: Optional<StackConfig>,
  defaults: Partial<StackConfig> = {},
): StackConfig {
  const all = { ...STACK_DEFAULTS, ...defaults };
  const { cell, dialect, hiddenSize, layers, bidirectional, dropout } = {
    ...all,
    ...(withoutUndefined(options) as Partial<StackConfig>),
  };
  return {
    cell: field.cell(`${where} cell`, cell),
    dialect: field.dialect(`${where} dialect`, dialect),
    hiddenSize: field.size(`${where} hiddenSize`, hiddenSize),
    layers: field.layers(`${where} layers`, layers),
    bidirectional: field.flag(`${where} bidirectional`, bidirectional),
    dropout: field.dropout(`${where} dropout`, dropout),
  };
}
