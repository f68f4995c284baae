/**
 * @file The cell contract. A cell is one step of a recurrent network:
 * `step(input, state) -> { output, state }`. Any object of this shape is a cell; the drivers,
 * wrappers, gradients and saving work on it.
 */
import { type FloatDType, mapTree, type RandomStream, type Tree } from "../base/index.ts";
import type { ActivationName } from "../engine/index.ts";
import type { TableInputs, Tensor } from "../tensor/index.ts";

/**
 * Always a named record, also when there is only one part: `{ h }`, `{ c, h }`,
 * `{ "0": { h }, "1": { h } }`. Each part is [B, n].
 */
export type State = { readonly [part: string]: Tensor | State };

/** Features n of each part of a state. */
export type StateSize = { readonly [part: string]: number | StateSize };

/** Every gate and state of every step, by name, [T, B, n]. */
export type Trace = { readonly [name: string]: Tensor | Trace };

/** Gates by their names in a trace: the activation that each comes from, which says its range. */
export type Gates = { readonly [name: string]: ActivationName | Gates };

/** Named tensors. Names are paths joined by "/". */
export type Parameters = Readonly<Record<string, Tensor>>;

export type BuildOptions = {
  /** Source of the initial values. Default: the cell's own seed. */
  readonly random?: RandomStream | undefined;
  readonly dtype?: FloatDType | undefined;
  /** False: zeros, for parameters that are about to be loaded. Default true. */
  readonly initialize?: boolean | undefined;
};

export type StepContext = {
  /** Given while training; dropout is off without it. */
  readonly random?: RandomStream | undefined;
  /**
   * Multiplies h where it enters the recurrent product, and only there: Keras' recurrent dropout.
   * [B, P].
   */
  readonly recurrentMask?: Tensor | undefined;
  /** Index of the step, for randomness that is fresh at each step. */
  readonly time: number;
};

/**
 * Inputs [T, B, I], or the table whose rows they are, such as an embedding, with the ids [T, B].
 */
export type SequenceInputs = Tensor | TableInputs;

export type SequenceContext = {
  /** int32 [B]; absent: all rows have T steps. */
  readonly lengths?: Tensor | undefined;
  readonly random?: RandomStream | undefined;
  /** Index of the first step, for randomness that is fresh at each step. Default 0. */
  readonly start?: number;
  readonly trace: boolean;
};

export type SequenceResult<S, T extends Trace = Trace> = {
  /** [T, B, n], zero on padding. */
  readonly outputs: Tensor;
  /** After each row's last step. */
  readonly state: S;
  readonly trace?: T;
};

export type StepResult<S> = {
  /** [B, n]. */
  readonly output: Tensor;
  readonly state: S;
  /** Gates, each [B, n], for a driver that is asked for a trace; states are in it anyway. */
  readonly trace?: Trace;
};

/** `S` is the state, `T` what a driver's `trace` holds: gates and states by name. */
export interface Cell<S extends State = State, T extends Trace = Trace> {
  /** Names the cell in messages, for example `lstmCell`. */
  readonly name: string;
  /** Features of the output. */
  readonly outputSize: number;
  readonly stateSize: StateSize;
  /** Names of the state parts that are memory: state dropout leaves them alone. */
  readonly memory: readonly string[];
  /** Names in a trace that come out of an activation, with the activation. Default: none. */
  readonly gates?: Gates;
  /** Whether `step` honours `recurrentMask`. Default false. */
  readonly masksRecurrence?: boolean;
  /**
   * Creates the parameters for inputs of `inputSize` features. Called again with the same size, it
   * does nothing; with another, it throws.
   */
  build(inputSize: number, options?: BuildOptions): void;
  /** The trainable tensors. Throws until the cell is built. */
  parameters(): Parameters;
  /** One time step: input [B, I], state parts [B, n]. */
  step(input: Tensor, state: S, context?: StepContext): StepResult<S>;
  /**
   * Whether `sequence` takes inputs as rows of a table, too. Default false: it gets tensors only.
   */
  readonly readsTables?: boolean;
  /**
   * A whole time-major sequence [T, B, I], zero on padding, as one op. Absent: the driver loops
   * over `step`.
   */
  sequence?(inputs: SequenceInputs, state: S, context: SequenceContext): SequenceResult<S, T>;
}

/** Declarations that a wrapper takes over from its cell. */
export const outlineOf = <S extends State>({
  outputSize,
  stateSize,
  memory,
  gates = {},
}: Cell<S>): Pick<Cell<S>, "outputSize" | "stateSize" | "memory"> & { readonly gates: Gates } => ({
  outputSize,
  stateSize,
  memory,
  gates,
});

export const mapTrace = <T extends Trace>(trace: T, f: (values: Tensor, path: string) => Tensor): T =>
  mapTree(trace as Tree<Tensor>, f) as unknown as T;

/** A state is a tree of tensors. */
export const asTree = (state: State): Tree<Tensor> => state as Tree<Tensor>;
