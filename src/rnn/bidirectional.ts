import { checkOptions, kindError, randomStream } from "../base/index.ts";
import { add, concat, flip, reverseSequence, swapLeading, Tensor } from "../tensor/index.ts";
import { type Cell, mapTrace, type SequenceInputs, type State, type Trace } from "./cell.ts";
import {
  checkLengths,
  checkSequenceInputs,
  dynamicRnn,
  type DynamicRnnOptions,
  type DynamicRnnResult,
} from "./dynamic-rnn.ts";

/** One value for each direction. */
export type Directions<F, B = F> = { readonly forward: F; readonly backward: B };

export type BidirectionalOptions<F extends State, B extends State> = Omit<DynamicRnnOptions<F>, "initialState"> & {
  readonly initialState?: Directions<F, B> | undefined;
};

export type BidirectionalResult<
  F extends State,
  B extends State,
  FT extends Trace = Trace,
  BT extends Trace = Trace,
> = {
  /**
   * Each [B, T, n], aligned with the inputs; zero on padding. Join them with `concat([forward,
   * backward], 2)`.
   */
  readonly outputs: Directions<Tensor>;
  /** The backward state is the one after each row's first token. */
  readonly state: Directions<F, B>;
  readonly trace?: Directions<FT, BT>;
};

/**
 * Two cells over the same sequences, one from each end, as TensorFlow 1's
 * `tf.nn.bidirectional_dynamic_rnn`: the backward cell reads each row reversed within its length,
 * and its outputs are put back in order. Options and errors as in `dynamicRnn`.
 */
export function bidirectionalDynamicRnn<
  F extends State,
  B extends State,
  FT extends Trace = Trace,
  BT extends Trace = Trace,
>(
  forward: Cell<F, FT>,
  backward: Cell<B, BT>,
  inputs: SequenceInputs,
  options: BidirectionalOptions<F, B> & { readonly trace: true },
): BidirectionalResult<F, B, FT, BT> & { readonly trace: Directions<FT, BT> };
export function bidirectionalDynamicRnn<
  F extends State,
  B extends State,
  FT extends Trace = Trace,
  BT extends Trace = Trace,
>(
  forward: Cell<F, FT>,
  backward: Cell<B, BT>,
  inputs: SequenceInputs,
  options?: BidirectionalOptions<F, B>,
): BidirectionalResult<F, B, FT, BT>;
export function bidirectionalDynamicRnn<F extends State, B extends State, FT extends Trace, BT extends Trace>(
  forward: Cell<F, FT>,
  backward: Cell<B, BT>,
  inputs: SequenceInputs,
  { lengths, initialState, timeMajor = false, random, ...rest }: BidirectionalOptions<F, B> = {},
): BidirectionalResult<F, B, FT, BT> {
  checkOptions("bidirectionalDynamicRnn", arguments[3], "lengths timeMajor paddedOutput random trace initialState");
  const where = "bidirectionalDynamicRnn";
  if ((forward as unknown) === backward)
    throw kindError(where, "two cells", "the same cell twice", "Make one for each direction");
  const { x, features, batch, steps, dtype } = checkSequenceInputs(where, inputs, timeMajor);
  const limits = lengths === undefined ? undefined : checkLengths(where, lengths, batch, steps);
  forward.build(features, { dtype, random: randomStream(0).named("forward") });
  backward.build(features, { dtype, random: randomStream(0).named("backward") });
  const reverse = (y: Tensor): Tensor => (limits === undefined ? flip(y, 0) : reverseSequence(y, limits));
  const run = <S extends State, T extends Trace>(
    cell: Cell<S, T>,
    name: "forward" | "backward",
    source: SequenceInputs,
  ): DynamicRnnResult<S, T> =>
    dynamicRnn(cell, source, {
      ...rest,
      lengths,
      initialState: initialState?.[name] as S | undefined,
      timeMajor: true,
      random: random?.named(name),
    });
  const ahead = run(forward, "forward", x);
  const behind = run(backward, "backward", x instanceof Tensor ? reverse(x) : { ...x, ids: reverse(x.ids) });
  const orient = (y: Tensor): Tensor => (timeMajor ? y : swapLeading(y));
  return {
    outputs: { forward: orient(ahead.outputs), backward: orient(reverse(behind.outputs)) },
    state: { forward: ahead.state, backward: behind.state },
    ...(ahead.trace &&
      behind.trace && {
        trace: {
          forward: mapTrace(ahead.trace, orient),
          backward: mapTrace(behind.trace, (y) => orient(reverse(y))),
        },
      }),
  };
}

export type StackBidirectionalResult = {
  /** Outputs of the top layer, forward and backward joined: [B, T, 2n]. */
  readonly outputs: Tensor;
  /** One record per layer, "0", "1", … from the bottom. */
  readonly state: Readonly<Record<string, Directions<State>>>;
  /** Traces in the form of the state, with `trace`. */
  readonly trace?: Readonly<Record<string, Directions<Trace>>>;
};

export type StackBidirectionalOptions = Omit<BidirectionalOptions<State, State>, "initialState"> & {
  readonly initialState?: Readonly<Record<string, Directions<State>>> | undefined;
  /** Each layer above the lowest adds its input to its joined output. Default false. */
  readonly residual?: boolean | undefined;
};

/**
 * Bidirectional layers on top of each other, each reading both directions of the one below, as
 * `tf.contrib.rnn.stack_bidirectional_dynamic_rnn` and PyTorch's `num_layers` with `bidirectional`.
 */
export function stackBidirectionalDynamicRnn(
  layers: readonly Directions<Cell>[],
  inputs: SequenceInputs,
  { initialState, random, residual = false, ...options }: StackBidirectionalOptions = {},
): StackBidirectionalResult {
  checkOptions(
    "stackBidirectionalDynamicRnn",
    arguments[2],
    "lengths timeMajor paddedOutput random trace initialState residual",
  );
  if (layers.length === 0) throw kindError("stackBidirectionalDynamicRnn", "at least one layer", layers);
  const state: Record<string, Directions<State>> = {};
  const trace: Record<string, Directions<Trace>> = {};
  const run = ({ forward, backward }: Directions<Cell>, i: number, below: SequenceInputs): Tensor => {
    const layer = bidirectionalDynamicRnn(forward, backward, below, {
      ...options,
      initialState: initialState?.[String(i)],
      random: random?.named(String(i)),
    });
    state[String(i)] = layer.state;
    if (layer.trace) trace[String(i)] = layer.trace;
    const outputs = concat([layer.outputs.forward, layer.outputs.backward], 2);
    return residual && below instanceof Tensor && i > 0 ? add(outputs, below) : outputs;
  };
  const [lowest, ...others] = layers;
  const outputs = others.reduce((below, layer, i) => run(layer, i + 1, below), run(lowest, 0, inputs));
  return { outputs, state, ...(options.trace && { trace }) };
}
