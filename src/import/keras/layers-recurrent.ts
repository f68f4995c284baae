/** @file The recurrent layers of Keras, their cells, and the layers around them. */
import { FormatError, sentence, typedArray, UnsupportedError } from "../../base/index.ts";
import type { StoredArray } from "../../formats/index.ts";
import { RECURRENT_ACTIVATIONS } from "../../network/index.ts";
import { activationName } from "./activations.ts";
import type { Value } from "./builder.ts";
import { type Config, layerEntry } from "./config.ts";
import { floats, like, type LayerCall, type LayerImporter, type LayerImporters, plain } from "./layer.ts";
import type { LayerWeights } from "./weights.ts";

type Cell = "LSTM" | "GRU" | "SimpleRNN";
const GATES: Readonly<Record<Cell, number>> = { LSTM: 4, GRU: 3, SimpleRNN: 1 };

/** Cells and layers by their classes; those for cuDNN compute the same. */
const CELLS: Readonly<Record<string, Cell>> = {
  CuDNNGRU: "GRU",
  CuDNNLSTM: "LSTM",
  GRU: "GRU",
  GRUCell: "GRU",
  LSTM: "LSTM",
  LSTMCell: "LSTM",
  SimpleRNN: "SimpleRNN",
  SimpleRNNCell: "SimpleRNN",
};

/** Names of cells in the names of their weights. */
const CELL_NAMES: Readonly<Record<Cell, string>> = {
  LSTM: "lstm_cell",
  GRU: "gru_cell",
  SimpleRNN: "simple_rnn_cell",
};

/** Parts of a matrix [n, gates · H], changed one by one. */
function eachGate(
  { shape: [rows, columns], data }: StoredArray,
  gates: number,
  read: (row: number, column: number, units: number, block: (flat: number) => number) => number,
): StoredArray {
  const units = columns / gates;
  const changed = typedArray("float32", data.length);
  for (let gate = 0; gate < gates; gate++) {
    // a block is counted as if it were a matrix of its own
    const block = (flat: number): number => data[Math.floor(flat / units) * columns + gate * units + (flat % units)];
    for (let i = 0; i < rows; i++)
      for (let j = 0; j < units; j++) changed[i * columns + gate * units + j] = read(i, j, units, block);
  }
  return { dtype: "float32", shape: [rows, columns], data: changed };
}

/** The kernel of a layer for cuDNN: the numbers of each block [I, H] are those of [H, I]. */
const kernelOfCudnn = (array: StoredArray, gates: number): StoredArray =>
  eachGate(array, gates, (i, j, _, block) => block(i + j * array.shape[0]));

/** The recurrent kernel of a layer for cuDNN, whose blocks are transposed. */
const recurrentKernelOfCudnn = (array: StoredArray, gates: number): StoredArray =>
  eachGate(array, gates, (i, j, units, block) => block(j * units + i));

/** The bias of an LSTM for cuDNN: two halves, which are added. */
function lstmBiasOfCudnn({ data }: StoredArray): StoredArray {
  const half = data.length / 2;
  const sum = typedArray("float32", half);
  for (let i = 0; i < half; i++) sum[i] = data[i] + data[half + i];
  return { dtype: "float32", shape: [half], data: sum };
}

type CellWeights = { readonly kernel: string; readonly recurrentKernel: string; readonly bias: string };

/**
 * The weights of a cell. Layers for cuDNN have another layout, and older files do not say which
 * they are of: the bias has twice the numbers. It is read first, for the kernels to be changed.
 */
function cellWeights(
  weights: LayerWeights,
  cell: Cell,
  { units, useBias, isAfter, isCudnn }: { units: number; useBias: boolean; isAfter: boolean; isCudnn: boolean },
): CellWeights {
  const gates = GATES[cell];
  const width = gates * units;
  let cudnn = isCudnn;
  const biasShape = useBias ? weights.shapeInList("bias") : undefined;
  if (biasShape?.length === 1 && (cell === "LSTM" || isAfter)) cudnn = biasShape[0] === 2 * width;
  const kernel = weights.take("kernel", [null, width], {
    change: cudnn ? (array) => kernelOfCudnn(array, gates) : undefined,
  });
  const recurrentKernel = weights.take("recurrent_kernel", [units, width], {
    change: cudnn ? (array) => recurrentKernelOfCudnn(array, gates) : undefined,
  });
  if (!useBias) return { kernel, recurrentKernel, bias: "" };
  const change = !cudnn
    ? undefined
    : cell === "LSTM"
      ? lstmBiasOfCudnn
      : (array: StoredArray): StoredArray => ({ ...array, shape: [2, array.data.length / 2] });
  const bias = weights.take("bias", isAfter ? [2, width] : [width], { change });
  return { kernel, recurrentKernel, bias };
}

/** Settings of a recurrent layer besides its cell. */
type SequenceSettings = {
  readonly goBackwards: boolean;
  readonly returnSequences: boolean;
  readonly returnState: boolean;
  readonly zeroOutput: boolean;
};

function sequenceSettings(config: Config): SequenceSettings {
  if (config.flag("time_major", false)) throw new UnsupportedError(sentence(config.where, "time_major false", "true"));
  return {
    goBackwards: config.flag("go_backwards", false),
    returnSequences: config.flag("return_sequences", false),
    returnState: config.flag("return_state", false),
    zeroOutput: config.flag("zero_output_for_mask", false),
  };
}

type CellRun = {
  readonly cell: Cell;
  readonly config: Config;
  readonly weights: CellWeights;
  readonly x: string;
  readonly mask: string | undefined;
  readonly states: readonly Value[];
};

/** Adds one recurrent op: the output, and the last states. */
function addCell(call: LayerCall, run: CellRun, settings: SequenceSettings): { output: string; states: string[] } {
  const { cell, config, weights, states } = run;
  const activation = (name: string, missing: string): string => {
    const found = activationName(config, name, missing);
    const exact = found === "swish" ? "silu" : found;
    if (!RECURRENT_ACTIVATIONS.includes(exact))
      throw new UnsupportedError(
        sentence(`${config.where} ${name}`, RECURRENT_ACTIVATIONS.join(", "), JSON.stringify(found)),
      );
    return exact === "hard_sigmoid" && call.keras < 3 ? "hard_sigmoid_02" : exact;
  };
  const dropout = config.number("dropout", 0);
  const x = dropout > 0 ? call.builder.add(call.at, "SharedDropout", [run.x], { ratio: dropout, axes: [1] }) : run.x;
  const count = cell === "LSTM" ? 2 : 1;
  if (states.length !== 0 && states.length !== count)
    throw new FormatError(sentence(config.where, `${count} initial states`, String(states.length)));
  const [output, ...last] = call.builder.addMany(
    call.at,
    "Recurrent",
    [
      x,
      run.mask ?? "",
      weights.kernel,
      weights.recurrentKernel,
      weights.bias,
      ...states.map((state) => floats(call, state)),
    ],
    1 + count,
    {
      cell,
      activation: activation("activation", "tanh"),
      recurrent_activation: activation("recurrent_activation", call.keras >= 3 ? "sigmoid" : "hard_sigmoid"),
      reset_after: isAfter(call, cell, config) ? 1 : 0,
      go_backwards: settings.goBackwards ? 1 : 0,
      return_sequences: settings.returnSequences ? 1 : 0,
      zero_output_for_mask: settings.zeroOutput ? 1 : 0,
    },
  );
  return { output, states: last };
}

/** Whether a GRU resets after the product. Keras 1 and 2.0 had no such setting: before. */
const isAfter = ({ className, keras }: LayerCall, cell: Cell, config: Config): boolean =>
  cell === "GRU" && (className === "CuDNNGRU" || config.flag("reset_after", keras >= 3));

function weightsOfCell(call: LayerCall, cell: Cell, config: Config, weights: LayerWeights): CellWeights {
  return cellWeights(weights, cell, {
    units: config.size("units"),
    useBias: config.flag("use_bias", true),
    isAfter: isAfter(call, cell, config),
    isCudnn: call.className.startsWith("CuDNN"),
  });
}

/** The outputs of a recurrent layer, with the mask that goes on. */
function results(call: LayerCall, settings: SequenceSettings, output: string, states: readonly string[]): Value[] {
  const [x] = call.inputs;
  const value = settings.returnSequences ? like(x, output, { dtype: "float32" }) : plain(output, 2);
  return [value, ...(settings.returnState ? states.map((state) => plain(state, 2)) : [])];
}

const recurrentLayer: LayerImporter = (call) => {
  const { config, className } = call;
  const cell = CELLS[className];
  const settings = sequenceSettings(config);
  const [x, ...more] = call.inputs;
  const { output, states } = addCell(
    call,
    {
      cell,
      config,
      weights: weightsOfCell(call, cell, config, call.weights.part("cell", CELL_NAMES[cell])),
      x: floats(call, x),
      mask: call.mask,
      // Keras 2 gives states as further inputs
      states: [...more, ...call.states],
    },
    settings,
  );
  return results(call, settings, output, states);
};

/** A layer of cells: stacked ones are layers one after the other. */
const RNN: LayerImporter = (call) => {
  const settings = sequenceSettings(call.config);
  const outer = layerEntry(call.config.where, call.config.get("cell"));
  const isStack = outer.className === "StackedRNNCells";
  const cells = isStack ? outer.config.list("cells").map((cell) => layerEntry(call.config.where, cell)) : [outer];
  if (cells.length === 0) throw new FormatError(sentence(call.config.where, "at least one cell", "none"));
  const [x, ...more] = call.inputs;
  const initial = [...more, ...call.states];
  const counts = cells.map(({ className }) => (className === "LSTMCell" ? 2 : 1));
  const total = counts.reduce((sum, n) => sum + n, 0);
  if (initial.length !== 0 && initial.length !== total)
    throw new FormatError(sentence(call.config.where, `${total} initial states`, String(initial.length)));
  const stack = isStack ? call.weights.part("cell", "stacked_rnn_cells") : call.weights;
  const used = new Map<string, number>();
  const last: string[] = [];
  // in a stack, only what comes in is turned
  const turns = isStack && settings.goBackwards;
  let value = turns ? flipTime(call, floats(call, x)) : floats(call, x);
  const mask = turns && call.mask !== undefined ? flipTime(call, call.mask) : call.mask;
  cells.forEach((entry, i) => {
    const cell = CELLS[entry.className];
    const name = CELL_NAMES[cell];
    const count = used.get(name) ?? 0;
    used.set(name, count + 1);
    const unique = count === 0 ? name : `${name}_${count}`;
    const weights = stack.part(isStack ? `cells/${unique}` : "cell", unique);
    const { output, states } = addCell(
      { ...call, className: entry.className },
      {
        cell,
        config: entry.config,
        weights: weightsOfCell({ ...call, className: entry.className }, cell, entry.config, weights),
        x: value,
        mask,
        states: initial.splice(0, initial.length === 0 ? 0 : counts[i]),
      },
      {
        ...settings,
        goBackwards: settings.goBackwards && !turns,
        ...(i === cells.length - 1 ? {} : { returnSequences: true }),
      },
    );
    value = output;
    last.push(...states);
  });
  return results(call, settings, value, last);
};

const MERGES: Readonly<Record<string, (call: LayerCall, a: string, b: string) => string>> = {
  ave: ({ builder, at }, a, b) => builder.add(at, "Mul", [builder.add(at, "Add", [a, b]), builder.scalar(0.5)]),
  concat: ({ builder, at }, a, b) => builder.add(at, "Concat", [a, b], { axis: -1 }),
  mul: ({ builder, at }, a, b) => builder.add(at, "Mul", [a, b]),
  sum: ({ builder, at }, a, b) => builder.add(at, "Add", [a, b]),
};

const Bidirectional: LayerImporter = (call) => {
  const { config } = call;
  const forward = layerEntry(config.where, config.get("layer"));
  const returnsSequences = forward.config.flag("return_sequences", false);
  const returnsState = forward.config.flag("return_state", false);
  const mode = config.values["merge_mode"] === null ? null : config.text("merge_mode", "concat");
  if (mode !== null && !Object.hasOwn(MERGES, mode))
    throw new UnsupportedError(sentence(`${config.where} merge_mode`, "concat, sum, mul, ave or null", mode));
  const [x, ...more] = call.inputs;
  const initial = [...more, ...call.states];
  const half = initial.length / 2;
  // sequences are zero where they are masked, since TensorFlow 2.0 and in all of Keras 3
  const settings = { return_sequences: returnsSequences, ...(returnsSequences ? { zero_output_for_mask: true } : {}) };
  const ahead = call.callPart({
    layer: config.get("layer"),
    path: "forward_layer",
    inputs: [x],
    states: initial.slice(0, half),
    mask: call.mask,
    settings: { ...settings, name: `forward_${forward.name.replace(/^forward_/, "")}` },
  });
  const given = config.get("backward_layer");
  const isBackwards = !forward.config.flag("go_backwards", false);
  const back = call.callPart({
    layer: given ?? config.get("layer"),
    path: "backward_layer",
    inputs: [x],
    states: initial.slice(half),
    mask: call.mask,
    settings: {
      ...settings,
      ...(given === undefined ? { go_backwards: isBackwards } : {}),
      name: `backward_${forward.name.replace(/^forward_/, "")}`,
    },
  });
  const rank = returnsSequences ? 3 : 2;
  const mask = returnsSequences ? x.mask : undefined;
  const turned = returnsSequences ? flipTime(call, back[0].name) : back[0].name;
  const states = returnsState ? [...ahead.slice(1), ...back.slice(1)] : [];
  const outputs = mode === null ? [ahead[0].name, turned] : [MERGES[mode](call, ahead[0].name, turned)];
  return [...outputs.map((name) => ({ ...plain(name, rank), mask })), ...states];
};

/** A sequence [B, T, N] from its end to its beginning. */
function flipTime({ builder, at }: LayerCall, x: string): string {
  const one = (n: number): string => builder.integers([n]);
  return builder.add(at, "Slice", [x, one(-1), one(-(2 ** 31 - 1)), one(1), one(-1)]);
}

export const recurrentLayers: LayerImporters = {
  ...Object.fromEntries(
    Object.keys(CELLS)
      .filter((name) => !name.endsWith("Cell"))
      .map((name) => [name, recurrentLayer]),
  ),
  Bidirectional,
  RNN,
};

/** Cells that RNN and StackedRNNCells can have. */
export const isKnownCell = (className: string): boolean =>
  className.endsWith("Cell") && Object.hasOwn(CELLS, className);
