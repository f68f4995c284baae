/**
 * @file Recurrent layers on top of each other, in one or both directions: what every model here is
 * built around.
 */
import {
  checkInteger,
  checkNumber,
  checkOptions,
  leavesOf,
  type RandomStream,
  randomStream,
  valueError,
  withPrefix,
} from "../base/index.ts";
import {
  type ByLayer,
  type Cell,
  cellByName,
  type CellName,
  type Dialect,
  type Directions,
  dropoutWrapper,
  dynamicRnn,
  type Gates,
  type Lengths,
  multiRnnCell,
  residualWrapper,
  type SequenceInputs,
  stackBidirectionalDynamicRnn,
  type State,
  type StatesByName,
  type Trace,
  type TracesByName,
  zeroState,
} from "../rnn/index.ts";
import type { Tensor } from "../tensor/index.ts";
import type { Layer, LayerOptions } from "./layer.ts";

/** A cell's name, or what makes a new cell of so many units. */
export type StackCell = CellName | ((units: number) => Cell);

/** The layers of a stack, without what they read. */
export type StackLayers = {
  /** A cell's name, or what makes a new cell of so many units. Default "lstm". */
  readonly cell?: StackCell;
  /** Framework whose conventions cells by name follow. Default "tf1". */
  readonly dialect?: Dialect;
  /**
   * Units of each layer, and of each direction: one number, or one for each layer from the bottom.
   */
  readonly hiddenSize: number | readonly number[];
  /** Number of layers. Default: as many as there are sizes. */
  readonly layers?: number;
  /**
   * Probability of dropping an output of a layer while training, with fresh masks at every step.
   * Default 0.
   */
  readonly dropout?: number;
  /**
   * Whether each layer above the lowest adds its input to its output; all then have the same size
   * (He et al. 2016). Default false.
   */
  readonly residual?: boolean;
};

export type RecurrentStackOptions = StackLayers &
  LayerOptions & {
    /** Features I of the inputs. */
    readonly inputSize: number;
    /** Whether each layer reads from both ends, its outputs joined. Default false. */
    readonly bidirectional?: boolean | undefined;
  };

export type StackRunOptions = {
  /** Valid steps of each row. Default: all T. */
  readonly lengths?: Lengths | undefined;
  /**
   * Given while training: turns dropout on. Use a stream of its own for each step,
   * `random.at(step)`.
   */
  readonly random?: RandomStream | undefined;
  /** State that the layers begin with. Default: zero. */
  readonly initialState?: State | undefined;
  /** Also return every gate and state of every step. Default false. */
  readonly trace?: boolean | undefined;
};

export type StackResult<S extends State = State, T extends Trace = Trace> = {
  /**
   * Outputs of the top layer, [T, B, n], zero on padding; n is `outputSize`: forward, then
   * backward.
   */
  readonly outputs: Tensor;
  /**
   * After each row's last step, by layer: "0" is the lowest. In both directions
   * `{ forward, backward }`, the backward one after the row's first step.
   */
  readonly state: S;
  /** Traces by layer (and direction) and name, each [T, B, n]; with `trace`. */
  readonly trace?: T;
};

/** State of a stack of cells `C`, in one direction or (`B`) both. */
export type StackState<C extends StackCell = StackCell, B extends boolean = boolean> = InLayers<
  C extends CellName ? StatesByName[C] : C extends (units: number) => Cell<infer S> ? S : State,
  B
>;

/** Trace of a stack of cells `C`, in one direction or (`B`) both. */
export type StackTrace<C extends StackCell = StackCell, B extends boolean = boolean> = InLayers<
  C extends CellName ? TracesByName[C] : C extends (units: number) => Cell<State, infer T> ? T : Trace,
  B
>;

type InLayers<V, B extends boolean> = B extends true ? ByLayer<Directions<V>> : ByLayer<V>;

/** Letters: T time steps, B rows, I inputs. */
export type RecurrentStack<S extends State = State, T extends Trace = Trace> = Layer & {
  readonly inputSize: number;
  /** Features of an output: the units of the top layer, twice that in both directions. */
  readonly outputSize: number;
  /** Gates by their paths in a trace. */
  readonly gates: Gates;
  /** The state before the first step: zeros for `batch` rows. */
  initialState(batch: number): S;
  /**
   * Runs time-major inputs [T, B, I], or rows of a table. What inputs hold on padding has no
   * effect. Throws RangeError and TypeError as `dynamicRnn`.
   */
  forward(inputs: SequenceInputs, options?: StackRunOptions): StackResult<S, T>;
};

/**
 * Recurrent layers with their parameters: `rnn/0/kernel`, …, in both directions
 * `rnn/0/forward/kernel`, `rnn/0/backward/kernel`, …; a residual layer's have `cell/` before the
 * kernel. Throws RangeError for sizes, and for sizes that differ with `residual`.
 */
export function recurrentStack<C extends StackCell = "lstm", B extends boolean = false>(
  options: RecurrentStackOptions & { readonly cell?: C; readonly bidirectional?: B | undefined },
): RecurrentStack<StackState<C, B>, StackTrace<C, B>> {
  checkOptions(
    "recurrentStack",
    options,
    "cell dialect hiddenSize layers dropout residual random dtype initialize name inputSize bidirectional",
  );
  return stackOf(options) as RecurrentStack<StackState<C, B>, StackTrace<C, B>>;
}

/**
 * `recurrentStack` without a look at the names of the options, which may be a whole configuration.
 */
export function stackOf({
  inputSize,
  bidirectional = false,
  name = "rnn",
  random = randomStream(0),
  initialize = true,
  dtype = "float32",
  ...layers
}: RecurrentStackOptions): RecurrentStack {
  checkInteger("recurrentStack inputSize", inputSize, 1);
  const stream = random.named(name);
  const { residual = false } = layers;
  if (!bidirectional) {
    const cell = stackedCell(layers);
    cell.build(inputSize, { random: stream, initialize, dtype });
    return {
      inputSize,
      outputSize: cell.outputSize,
      gates: cell.gates ?? {},
      parameters: () => withPrefix(name, cell.parameters()),
      initialState: (batch) => zeroState(cell, batch, dtype),
      forward: (inputs, { lengths, random, initialState, trace = false } = {}) =>
        dynamicRnn<State>(cell, inputs, { lengths, random, initialState, trace, timeMajor: true }),
    };
  }
  const [ahead, behind] = [layerCells(layers), layerCells(layers)];
  const both = ahead.map((forward, i): Directions<Cell> => ({ forward, backward: behind[i] }));
  const byLayer = <T>(
    f: (cell: Cell, layer: number, direction: "forward" | "backward") => T,
  ): Record<string, Directions<T>> =>
    Object.fromEntries(
      both.map(({ forward, backward }, i) => [
        i,
        { forward: f(forward, i, "forward"), backward: f(backward, i, "backward") },
      ]),
    );
  byLayer((cell, i, direction) =>
    cell.build(i === 0 ? inputSize : 2 * ahead[i - 1].outputSize, {
      random: stream.named(String(i)).named(direction),
      initialize,
      dtype,
    }),
  );
  return {
    inputSize,
    outputSize: 2 * ahead[both.length - 1].outputSize,
    gates: byLayer(({ gates = {} }) => gates),
    parameters: () => Object.fromEntries(leavesOf<Tensor>({ [name]: byLayer((cell) => cell.parameters()) })),
    initialState: (batch) => byLayer((cell) => zeroState(cell, batch, dtype)),
    forward: (inputs, { initialState, ...options } = {}) =>
      stackBidirectionalDynamicRnn(both, inputs, {
        ...options,
        // what is residual is both directions together
        residual,
        initialState: initialState as Readonly<Record<string, Directions<State>>> | undefined,
        timeMajor: true,
      }),
  };
}

/** The layers of one direction as one cell, not built yet. */
export function stackedCell(layers: StackLayers): Cell {
  const cells = layerCells(layers);
  return multiRnnCell(layers.residual ? cells.map((cell, i) => (i === 0 ? cell : residualWrapper(cell))) : cells);
}

/** A new cell for each layer, whose output is dropped out while training. */
function layerCells({
  cell = "lstm",
  dialect = "tf1",
  hiddenSize,
  layers,
  dropout = 0,
  residual,
}: StackLayers): Cell[] {
  const where = "recurrentStack";
  const isList = Array.isArray(hiddenSize);
  const count = checkInteger(`${where} layers`, layers ?? (isList ? hiddenSize.length : 1), 1);
  const sizes: readonly number[] = isList ? hiddenSize : new Array<number>(count).fill(hiddenSize as number);
  if (sizes.length !== count) throw valueError(`${where} hiddenSize`, `a size for each of ${count} layers`, sizes);
  if (residual && sizes.some((size) => size !== sizes[0]))
    throw valueError(`${where} hiddenSize`, "the same size for all layers with residual", sizes);
  checkNumber(`${where} dropout`, dropout, 0, 1 - 2 ** -24);
  return sizes.map((units) => {
    const plain = typeof cell === "function" ? cell(units) : cellByName(cell, units, dialect);
    return dropout > 0 ? dropoutWrapper(plain, { kind: "torch", dropout }) : plain;
  });
}
