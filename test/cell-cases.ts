/**
 * @file One row per kind of cell and wrapper. The tests in `cells/` read this table: a new row alone gets the gradient
 * check, ragged lengths, the comparison of its two paths, a batch of one and saving.
 */
import { randomStream, withPrefix } from "../src/base/index.ts";
import {
  type Cell,
  type DropoutOptions,
  dropoutWrapper,
  gruCell,
  type GruCellOptions,
  highwayWrapper,
  inputProjectionWrapper,
  layerNormLstmCell,
  lstmCell,
  type LstmCellOptions,
  minGruCell,
  multiRnnCell,
  outputProjectionWrapper,
  type Parameters,
  residualWrapper,
  rnnCell,
  uniform,
} from "../src/rnn/index.ts";
import { activate, add, concat, matmul, mul, sigmoid, slice, sub, tanh, type Tensor } from "../src/tensor/index.ts";

/** Each by its name, with its numbers in the order of memory. */
export type PlainParameters = Readonly<Record<string, readonly number[]>>;

export type CellCase = {
  readonly name: string;
  /** A new cell, not built yet. The same seed gives the same initial parameters. Fused cells come in every size. */
  readonly make: (seed: number, units?: number) => Cell;
  readonly inputSize: number;
  /** Runs whole sequences by one kernel of the engine. */
  readonly fused?: boolean;
  /** Draws masks: the driver must be given a random stream. */
  readonly random?: boolean;
  /** Outputs [T][n] of one row [T][I] from a zero state, in plain numbers: for cells that no framework has. */
  readonly formula?: (parameters: PlainParameters, row: readonly (readonly number[])[]) => number[][];
  /** Has points without a derivative, or with one that changes fast. */
  readonly kinks?: boolean;
};

const dialects = ["tf1", "keras", "torch"] as const;
const activations = ["sigmoid", "tanh", "relu", "linear", "softsign", "hardSigmoid", "hardSigmoid02"] as const;
const hasKink = (name: string): boolean => name === "relu" || name.startsWith("hard");

const rnnCases = dialects.flatMap((dialect) =>
  activations.map((activation): CellCase => ({
    name: `rnn ${dialect} ${activation}`,
    make: (seed, units = 2) => rnnCell({ units, dialect, activation, seed }),
    inputSize: 2,
    fused: true,
    kinks: hasKink(activation),
  })),
);

type LstmVariant = Omit<LstmCellOptions, "dialect" | "seed" | "units" | "projection"> & {
  readonly projected?: boolean;
  readonly kinks?: boolean;
};

const lstmVariants: Readonly<Record<string, LstmVariant>> = {
  plain: {},
  peepholes: { peepholes: true },
  projection: { projected: true },
  "cell clip": { cellClip: 0.25, kinks: true },
  "projection clip": { projected: true, projectionClip: 0.1, kinks: true },
  coupled: { coupled: true },
  "forget bias 0": { forgetBias: 0 },
  hardSigmoid: { recurrentActivation: "hardSigmoid", kinks: true },
  hardSigmoid02: { recurrentActivation: "hardSigmoid02", kinks: true },
  everything: {
    projected: true,
    peepholes: true,
    cellClip: 0.3,
    projectionClip: 0.2,
    coupled: true,
    forgetBias: 0.5,
    activation: "softsign",
    outputActivation: "tanh",
    recurrentActivation: "hardSigmoid",
    kinks: true,
  },
};

const lstmCases = dialects.flatMap((dialect) =>
  Object.entries(lstmVariants).map(([variant, { kinks = false, projected = false, ...options }]): CellCase => ({
    name: `lstm ${dialect} ${variant}`,
    make: (seed, units = projected ? 3 : 2) =>
      lstmCell({ ...options, units, dialect, seed, ...(projected && { projection: Math.max(1, units - 1) }) }),
    inputSize: 2,
    fused: true,
    kinks,
  })),
);

const gruKinds: Readonly<Record<string, Omit<GruCellOptions, "units">>> = {
  tf1: { dialect: "tf1" },
  "keras reset after": { dialect: "keras", resetAfter: true },
  "keras reset before": { dialect: "keras", resetAfter: false },
  torch: { dialect: "torch" },
};

const gruActivations = [
  ["tanh", "sigmoid"],
  ["relu", "hardSigmoid"],
  ["softsign", "hardSigmoid02"],
] as const;

const gruCases = Object.entries(gruKinds).flatMap(([kind, options]) =>
  (["keep", "write"] as const).flatMap((updateGate) =>
    gruActivations.map(([activation, recurrentActivation]): CellCase => ({
      name: `gru ${kind} ${updateGate} ${activation} ${recurrentActivation}`,
      make: (seed, units = 2) => gruCell({ ...options, units, updateGate, activation, recurrentActivation, seed }),
      inputSize: 2,
      fused: true,
      kinks: hasKink(activation) || hasKink(recurrentActivation),
    })),
  ),
);

const layerNormCases = (["contrib", "tfa", "haste"] as const).map((variant): CellCase => ({
  name: `layer-norm lstm ${variant}`,
  make: (seed) => layerNormLstmCell({ units: 3, variant, seed }),
  inputSize: 2,
  kinks: true,
}));

const minGruCase: CellCase = {
  name: "mingru",
  make: (seed) => minGruCell({ units: 3, seed }),
  inputSize: 2,
  formula({ kernel, bias }, row) {
    const h = [0, 0, 0];
    return row.map((x) => {
      const both = bias.map((b, k) => b + x[0] * kernel[k] + x[1] * kernel[6 + k]);
      h.forEach((before, j) => {
        const z = 1 / (1 + Math.exp(-both[3 + j]));
        h[j] = (1 - z) * before + z * both[j];
      });
      return [...h];
    });
  },
};

const lstm = (seed: number, units = 2): Cell => lstmCell({ units, seed });
const gru = (seed: number, units = 2): Cell => gruCell({ units, dialect: "torch", seed });

const wrapperCases: readonly CellCase[] = [
  {
    name: "stack of different sizes",
    make: (seed) => multiRnnCell([lstm(seed, 3), lstm(seed + 1, 2)]),
    inputSize: 2,
  },
  {
    name: "stack of mixed cells",
    make: (seed) => multiRnnCell([rnnCell({ units: 2, seed }), lstm(seed + 1), gru(seed + 2, 3)]),
    inputSize: 2,
  },
  {
    name: "stack with a shared cell",
    make(seed) {
      const shared = lstm(seed);
      return multiRnnCell([shared, gru(seed + 1), shared]);
    },
    inputSize: 2,
  },
  { name: "residual", make: (seed) => residualWrapper(lstm(seed)), inputSize: 2 },
  { name: "highway", make: (seed) => highwayWrapper(gru(seed), { seed: seed + 1 }), inputSize: 2 },
  { name: "input projection", make: (seed) => inputProjectionWrapper(lstm(seed), 3, { seed: seed + 1 }), inputSize: 2 },
  {
    name: "output projection",
    make: (seed) => outputProjectionWrapper(lstm(seed), 3, { seed: seed + 1 }),
    inputSize: 2,
  },
  {
    name: "residual stack of highways",
    make: (seed) =>
      residualWrapper(
        multiRnnCell([
          highwayWrapper(lstm(seed), { seed: seed + 1 }),
          highwayWrapper(gru(seed + 2), { seed: seed + 3 }),
        ]),
      ),
    inputSize: 2,
  },
  {
    name: "projections around a residual layer norm",
    make: (seed) =>
      outputProjectionWrapper(
        inputProjectionWrapper(residualWrapper(layerNormLstmCell({ units: 3, variant: "tfa", seed })), 3, {
          seed: seed + 1,
        }),
        2,
        {
          seed: seed + 2,
        },
      ),
    inputSize: 2,
    kinks: true,
  },
];

const dropouts: Readonly<Record<string, DropoutOptions>> = {
  tf1: { kind: "tf1", inputKeep: 0.7, outputKeep: 0.6, stateKeep: 0.5 },
  "tf1 variational": { kind: "tf1", inputKeep: 0.7, outputKeep: 0.6, stateKeep: 0.5, variational: true },
  "tf1 without state": { kind: "tf1", inputKeep: 0.7, outputKeep: 0.6 },
  keras: { kind: "keras", dropout: 0.3, recurrentDropout: 0.5 },
  "keras inputs only": { kind: "keras", dropout: 0.3 },
  torch: { kind: "torch", dropout: 0.4 },
  variational: { kind: "variational", inputDropout: 0.3, outputDropout: 0.4, recurrentDropout: 0.5 },
};

const dropoutCases: readonly CellCase[] = [
  ...Object.entries(dropouts).map(([name, options]): CellCase => ({
    name: `dropout ${name}`,
    make: (seed) => dropoutWrapper(lstm(seed), options),
    inputSize: 2,
    random: true,
  })),
  {
    name: "recurrent dropout of a gru",
    make: (seed) =>
      dropoutWrapper(gruCell({ units: 2, dialect: "keras", seed }), { kind: "keras", recurrentDropout: 0.5 }),
    inputSize: 2,
    random: true,
  },
  {
    name: "stack with dropout between layers",
    make: (seed) =>
      multiRnnCell([
        dropoutWrapper(lstm(seed), { kind: "torch", dropout: 0.4 }),
        residualWrapper(dropoutWrapper(gru(seed + 1), dropouts["variational"])),
        rnnCell({ units: 2, seed: seed + 2 }),
      ]),
    inputSize: 2,
    random: true,
  },
  {
    name: "dropout around a stack",
    make: (seed) => dropoutWrapper(multiRnnCell([lstm(seed, 3), gru(seed + 1)]), dropouts["tf1"]),
    inputSize: 2,
    random: true,
  },
];

/**
 * A cell by the plain contract and tensor ops alone, with a state of two parts, one nested (minimal gated unit, Zhou et al. 2016,
 * with a decaying sum of what it has read):
 *
 *   f = σ([x, h]·Wf + bf)     h' = (1-f) h + f tanh([x, f h]·Wn + bn)     s' = s/2 + x
 *   output = h' + s'
 */
export function decayingUnitCell(units: number, seed: number): Cell<{ h: Tensor; memory: { sum: Tensor } }> {
  let values: Parameters | undefined;
  const built = (): Parameters => {
    if (values === undefined) throw new Error("decayingUnitCell: expected a built cell");
    return values;
  };
  return {
    name: "decayingUnitCell",
    outputSize: units,
    stateSize: { h: units, memory: { sum: units } },
    memory: ["sum"],
    gates: { f: "sigmoid" },
    build(inputSize, { dtype = "float32" } = {}) {
      const random = randomStream(seed);
      values ??= {
        kernel: uniform(0.7)([inputSize + units, 2 * units], random.named("kernel"), dtype),
        bias: uniform(0.7)([2 * units], random.named("bias"), dtype),
      };
    },
    parameters: () => withPrefix("unit", built()),
    step(input, { h, memory }) {
      const { kernel, bias } = built();
      const linear = (state: Tensor, block: number): Tensor =>
        add(
          matmul(concat([input, state], 1), slice(kernel, [0, block * units], [-1, units])),
          slice(bias, [block * units], [units]),
        );
      const f = sigmoid(linear(h, 0));
      const next = add(mul(sub(1, f), h), mul(f, tanh(linear(mul(f, h), 1))));
      const sum = add(mul(memory.sum, 0.5), activate("softsign", slice(input, [0, 0], [-1, units])));
      return { output: add(next, sum), state: { h: next, memory: { sum } }, trace: { f } };
    },
  };
}

const customCases: readonly CellCase[] = [
  { name: "custom cell", make: (seed) => decayingUnitCell(2, seed), inputSize: 2 },
  {
    name: "custom cell in a stack",
    make: (seed) => multiRnnCell([lstm(seed), residualWrapper(decayingUnitCell(2, seed + 1))]),
    inputSize: 2,
  },
];

export const cellCases: readonly CellCase[] = [
  ...rnnCases,
  ...lstmCases,
  ...gruCases,
  ...layerNormCases,
  minGruCase,
  ...wrapperCases,
  ...dropoutCases,
  ...customCases,
];
