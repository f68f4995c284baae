/** @file Recurrent layers on top of each other, in one or both directions: what every model here is built around. */
import { type RandomStream, withPrefix } from "../base/index.ts";
import {
  type Cell,
  cellByName,
  type CellName,
  type Dialect,
  type Directions,
  dropoutWrapper,
  dynamicRnn,
  type Lengths,
  multiRnnCell,
  type Parameters,
  type SequenceInputs,
  stackBidirectionalDynamicRnn,
  type State,
} from "../rnn/index.ts";
import type { Tensor } from "../tensor/index.ts";
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

/** A stack where nothing else is asked for: one LSTM layer of 128 units in the tf1 dialect, forward, no dropout. */
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

/** The fields of a stack among other options, with defaults. Throws RangeError and TypeError that name the option. */
export function stackConfigOf(
  where: string,
  options: Partial<StackConfig>,
  defaults: Partial<StackConfig> = {},
): StackConfig {
  const all = { ...STACK_DEFAULTS, ...defaults };
  const { cell, dialect, hiddenSize, layers, bidirectional, dropout } = {
    ...all,
    ...(Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<StackConfig>),
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

/** A cell whose output is dropped out while training. */
export function layerCell({ cell, dialect, hiddenSize, dropout }: Omit<StackConfig, "layers" | "bidirectional">): Cell {
  const plain = cellByName(cell, hiddenSize, dialect);
  return dropout > 0 ? dropoutWrapper(plain, { kind: "torch", dropout }) : plain;
}

export type StackRunOptions = {
  /** Valid steps of each row. Default: all T. */
  readonly lengths?: Lengths | undefined;
  /** Given while training: turns dropout on. */
  readonly random?: RandomStream | undefined;
  /** State that the layers begin with; only of a stack in one direction. Default: zero. */
  readonly initialState?: State | undefined;
};

export type StackResult = {
  /** Of the top layer, [T, B, n], zero on padding; n is `outputSize`: forward, then backward. */
  readonly outputs: Tensor;
  /** One direction: after each row's last step, by layer. Both: by layer, `{ forward, backward }`, the backward one after the row's first step. */
  readonly state: State;
};

/** Recurrent layers with their parameters. Letters: T time steps, B rows, I inputs. */
export class RecurrentStack {
  readonly config: StackConfig;
  /** Features of an output: `hiddenSize`, twice that in both directions. */
  readonly outputSize: number;
  readonly #one: Cell | undefined;
  readonly #both: readonly Directions<Cell>[];

  /** `initialize: false` leaves the parameters at zero, for loading. */
  constructor(
    config: StackConfig,
    inputSize: number,
    { random, initialize = true }: { readonly random: RandomStream; readonly initialize?: boolean },
  ) {
    this.config = config;
    const { layers, bidirectional, hiddenSize } = config;
    this.outputSize = bidirectional ? 2 * hiddenSize : hiddenSize;
    const each = <T>(f: (layer: number) => T): T[] => Array.from({ length: layers }, (_, i) => f(i));
    this.#one = bidirectional ? undefined : multiRnnCell(each(() => layerCell(config)));
    this.#one?.build(inputSize, { random, initialize });
    this.#both = bidirectional ? each(() => ({ forward: layerCell(config), backward: layerCell(config) })) : [];
    this.#both.forEach(({ forward, backward }, i) => {
      const size = i === 0 ? inputSize : this.outputSize;
      const own = random.named(String(i));
      forward.build(size, { random: own.named("forward"), initialize });
      backward.build(size, { random: own.named("backward"), initialize });
    });
  }

  /** By path: `0/kernel`, …, or in both directions `0/forward/kernel`, `0/backward/kernel`, …. */
  parameters(): Parameters {
    if (this.#one !== undefined) return this.#one.parameters();
    return Object.assign(
      {},
      ...this.#both.map(({ forward, backward }, i) => ({
        ...withPrefix(`${i}/forward`, forward.parameters()),
        ...withPrefix(`${i}/backward`, backward.parameters()),
      })),
    );
  }

  /** Runs inputs [T, B, I], or rows of a table. What inputs hold on padding has no effect. */
  run(inputs: SequenceInputs, { lengths, random, initialState }: StackRunOptions = {}): StackResult {
    if (this.#one === undefined)
      return stackBidirectionalDynamicRnn(this.#both, inputs, { lengths, random, timeMajor: true });
    return dynamicRnn(this.#one, inputs, { lengths, random, initialState, timeMajor: true });
  }
}
