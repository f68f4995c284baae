/** @file Rows of the conformance table: the recurrent kernels, forward and backward, with all of their options. */
import { type RandomStream, randomStream, type TypedArray } from "../../src/base/index.ts";
import type {
  ActivationName,
  Engine,
  GruSpec,
  LayerInputGradients,
  LayerInputs,
  LstmSpec,
  Operand,
} from "../../src/engine/engine.ts";
import { Bench } from "./bench.ts";
import { integers, type KernelCase, kernelCase, normals, type Results } from "./cases.ts";
import { activations } from "./kernel-cases.ts";

/** Time steps, rows, inputs, hidden units. The projection is about half of the units. */
type Sizes = readonly [T: number, B: number, I: number, H: number];

type Kind =
  | { readonly cell: "rnn"; readonly activation: ActivationName }
  | { readonly cell: "lstm"; readonly spec: LstmSpec; readonly peepholes: boolean; readonly projected: boolean }
  | { readonly cell: "gru"; readonly spec: GruSpec; readonly recurrentBias: boolean };

type Layer = Kind & {
  readonly name: string;
  readonly sizes: Sizes;
  readonly ragged: boolean;
  /** Without the gradients that may be absent: of the inputs, and from the last state. */
  readonly isBare: boolean;
  /** Rows of the table that the inputs come from, multiplied beforehand; 0: the inputs are not from a table. */
  readonly table: number;
};

/** What a layer works on. Those of `steps` are [T, B, …], those of `rows` [B, …]. */
type Arrays = {
  readonly lengths: TypedArray | undefined;
  readonly steps: Readonly<Record<"inputs" | "ids" | "dOutputs", TypedArray>>;
  readonly rows: Readonly<Record<"h0" | "c0" | "dhLast" | "dcLast", TypedArray>>;
  readonly weights: Readonly<
    Record<
      "inputKernel" | "projected" | "recurrent" | "bias" | "recurrentBias" | "peepholes" | "projection",
      TypedArray
    >
  >;
};

const blocksOf = (layer: Kind): number =>
  layer.cell === "rnn" ? 1 : layer.cell === "gru" || layer.spec.coupled ? 3 : 4;

const outputsOf = (layer: Layer): number =>
  layer.cell === "lstm" && layer.projected ? Math.ceil(layer.sizes[3] / 2) : layer.sizes[3];

function drawArrays(random: RandomStream, layer: Layer): Arrays {
  const [T, B, I, H] = layer.sizes;
  const P = outputsOf(layer);
  const width = blocksOf(layer) * H;
  // one row of each kind: all of the steps, none, and others; a row alone some of them
  const lengths = integers(random, B, T + 1).map((n, row) =>
    row === 0 ? Math.max(0, T - Number(B === 1)) : row === 1 ? 0 : n,
  );
  return {
    lengths: layer.ragged ? lengths : undefined,
    steps: {
      inputs: normals(random, [T, B, I]),
      // not the last row: what nobody reads has a gradient too
      ids: integers(random, T * B, Math.max(1, layer.table - 1)),
      dOutputs: normals(random, [T, B, P]),
    },
    rows: {
      h0: normals(random, [B, P], 0.5),
      c0: normals(random, [B, H], 0.5),
      dhLast: normals(random, [B, P]),
      dcLast: normals(random, [B, H]),
    },
    weights: {
      inputKernel: normals(random, [I, width], 1 / Math.sqrt(I)),
      projected: normals(random, [layer.table, width]),
      // more would make it chaotic, and the last bits large
      recurrent: normals(random, [P, width], 0.8 / Math.sqrt(P)),
      bias: normals(random, [width], 0.5),
      recurrentBias: normals(random, [width], 0.5),
      peepholes: normals(random, [3, H], 0.5),
      projection: normals(random, [H, P], 1 / Math.sqrt(H)),
    },
  };
}

/** Results by the place of their rows: [T, B, …], [B, …], or sums over all of them. */
export type LayerResults = Readonly<Record<"steps" | "rows" | "sums", Results>>;

function runLayer(bench: Bench, layer: Layer, batch: number, arrays: Arrays): LayerResults {
  const { engine } = bench;
  const [T, , I, H] = layer.sizes;
  const B = batch;
  const P = outputsOf(layer);
  const width = blocksOf(layer) * H;
  const { weights } = arrays;
  const { read, gradients, dInputs, sumsOfInputs } =
    layer.table > 0
      ? tableInputs(bench, [T, B, layer.table, width], arrays)
      : ownInputs(bench, [T, B, I, width], layer, arrays);
  const shared = {
    recurrent: bench.input([P, width], weights.recurrent),
    lengths: arrays.lengths && bench.input([B], arrays.lengths),
    states: bench.result([T + 1, B, P]),
  };
  const forward = {
    ...read,
    bias: bench.input([width], weights.bias),
    h0: bench.input([B, P], arrays.rows.h0),
    hLast: bench.result([B, P]),
  };
  const backward = {
    ...gradients,
    dOutputs: bench.input([T, B, P], arrays.steps.dOutputs),
    dhLast: layer.isBare ? undefined : bench.input([B, P], arrays.rows.dhLast),
    dRecurrent: bench.result([P, width]),
    dBias: bench.result([width]),
    dh0: bench.result([B, P]),
  };
  const steps: Record<string, Operand | undefined> = { dInputs };
  const rows: Record<string, Operand | undefined> = { hLast: forward.hLast, dh0: backward.dh0 };
  const { dRecurrent, dBias } = backward;
  const sums: Record<string, Operand | undefined> = { ...sumsOfInputs, dRecurrent, dBias };
  switch (layer.cell) {
    case "rnn":
      engine.rnnForward({ ...shared, ...forward, activation: layer.activation });
      engine.rnnBackward({ ...shared, ...backward, activation: layer.activation });
      break;
    case "lstm": {
      const { spec, peepholes, projected } = layer;
      const saved = {
        spec,
        peepholes: peepholes ? bench.input([3, H], weights.peepholes) : undefined,
        projection: projected ? bench.input([H, P], weights.projection) : undefined,
        c0: bench.input([B, H], arrays.rows.c0),
        gates: bench.result([T, B, 4, H]),
        cells: bench.result([T, B, H]),
        cellsUnclipped: spec.cellClip === Infinity ? undefined : bench.result([T, B, H]),
        hidden: projected ? bench.result([T, B, H]) : undefined,
      };
      const cLast = bench.result([B, H]);
      const dc0 = bench.result([B, H]);
      const dPeepholes = peepholes ? bench.result([3, H]) : undefined;
      const dProjection = projected ? bench.result([H, P]) : undefined;
      const dcLast = layer.isBare ? undefined : bench.input([B, H], arrays.rows.dcLast);
      engine.lstmForward({ ...shared, ...forward, ...saved, cLast });
      engine.lstmBackward({ ...shared, ...backward, ...saved, dcLast, dc0, dPeepholes, dProjection });
      const { gates, cells, cellsUnclipped, hidden } = saved;
      Object.assign(steps, { gates, cells, cellsUnclipped, hidden });
      Object.assign(rows, { cLast, dc0 });
      Object.assign(sums, { dPeepholes, dProjection });
      break;
    }
    case "gru": {
      const { spec } = layer;
      const recurrentBias = layer.recurrentBias ? bench.input([width], weights.recurrentBias) : undefined;
      const dRecurrentBias = layer.recurrentBias ? bench.result([width]) : undefined;
      const saved = { spec, gates: bench.result([T, B, 3, H]), resetTerm: bench.result([T, B, H]) };
      engine.gruForward({ ...shared, ...forward, ...saved, recurrentBias });
      engine.gruBackward({ ...shared, ...backward, ...saved, dRecurrentBias });
      Object.assign(steps, saved, { spec: undefined });
      Object.assign(sums, { dRecurrentBias });
      break;
    }
    default:
      throw new Error(`an unknown layer: ${String(layer satisfies never)}`);
  }
  const values = (operands: Record<string, Operand | undefined>): Results =>
    Object.fromEntries(Object.entries(operands).flatMap(([name, x]) => (x ? [[name, bench.values(x)]] : [])));
  const { states } = shared;
  return {
    steps: { ...values(steps), outputs: bench.values(states).subarray(B * P) },
    rows: { ...values(rows), initial: bench.values(states).subarray(0, B * P) },
    sums: values(sums),
  };
}

/** Arrays of the inputs for the kernels, and which of them are results. */
type InputArrays = {
  readonly read: LayerInputs;
  readonly gradients: LayerInputGradients;
  readonly dInputs: Operand | undefined;
  readonly sumsOfInputs: Readonly<Record<string, Operand>>;
};

function ownInputs(
  bench: Bench,
  [T, B, I, width]: readonly number[],
  layer: Layer,
  { steps, weights }: Arrays,
): InputArrays {
  const read = {
    inputs: bench.input([T, B, I], steps.inputs),
    inputKernel: bench.input([I, width], weights.inputKernel),
  };
  const dInputs = layer.isBare ? undefined : bench.result([T, B, I]);
  const dInputKernel = bench.result([I, width]);
  return { read, gradients: { ...read, dInputs, dInputKernel }, dInputs, sumsOfInputs: { dInputKernel } };
}

function tableInputs(bench: Bench, [T, B, rows, width]: readonly number[], { steps, weights }: Arrays): InputArrays {
  const projected = bench.input([rows, width], weights.projected);
  const ids = bench.input([T, B], steps.ids);
  const dProjected = bench.result([rows, width]);
  return { read: { projected, ids }, gradients: { ids, dProjected }, dInputs: undefined, sumsOfInputs: { dProjected } };
}

const flat = ({ steps, rows, sums }: LayerResults): Results => ({ ...steps, ...rows, ...sums });

const toCase = (layer: Layer, large: boolean): KernelCase =>
  kernelCase(
    layer.name,
    (random) => drawArrays(random, layer),
    (bench, arrays) => flat(runLayer(bench, layer, layer.sizes[1], arrays)),
    { large, finite: true },
  );

/** Rows `rows` of an array whose elements are [outer, B, …]. */
function pick(x: TypedArray, outer: number, batch: number, rows: readonly number[]): TypedArray {
  const inner = x.length / (outer * batch);
  const picked = x.slice(0, outer * rows.length * inner);
  for (let o = 0, at = 0; o < outer; o++) {
    for (const row of rows) {
      picked.set(x.subarray((o * batch + row) * inner, (o * batch + row + 1) * inner), at);
      at += inner;
    }
  }
  return picked;
}

const mapped = <T extends Readonly<Record<string, unknown>>>(record: T, f: (x: TypedArray) => TypedArray): T =>
  Object.fromEntries(Object.entries(record).map(([name, x]) => [name, f(x as TypedArray)])) as T;

/** A layer, with what must hold between the rows of a batch and the same rows in other company. */
export type RowCase = {
  readonly name: string;
  readonly batch: number;
  /** Results of these rows, computed as a batch of their own. */
  readonly alone: (engine: Engine, rows: readonly number[]) => Results;
  /** Computes the whole batch. The function that it returns picks the results of some rows. */
  readonly together: (engine: Engine) => (rows: readonly number[]) => Results;
};

function toRowCase(layer: Layer): RowCase {
  const [T, B] = layer.sizes;
  let drawn: Arrays | undefined;
  const within = <R>(engine: Engine, f: (bench: Bench, arrays: Arrays) => R): R => {
    const bench = new Bench(engine);
    const results = f(bench, (drawn ??= drawArrays(randomStream(12).named(layer.name), layer)));
    bench.end();
    return results;
  };
  return {
    name: layer.name,
    batch: B,
    alone: (engine, rows) =>
      within(engine, (bench, arrays) => {
        const some = {
          ...arrays,
          lengths: arrays.lengths && pick(arrays.lengths, 1, B, rows),
          steps: mapped(arrays.steps, (x) => pick(x, T, B, rows)),
          rows: mapped(arrays.rows, (x) => pick(x, 1, B, rows)),
        };
        const results = runLayer(bench, layer, rows.length, some);
        return { ...results.steps, ...results.rows };
      }),
    together: (engine) => {
      const { steps, rows: perRow } = within(engine, (bench, arrays) => runLayer(bench, layer, B, arrays));
      return (rows) => ({
        ...mapped(steps, (x) => pick(x, T, B, rows)),
        ...mapped(perRow, (x) => pick(x, 1, B, rows)),
      });
    },
  };
}

const lstmGates = [
  { input: 0, candidate: 1, forget: 2, output: 3 },
  { input: 0, forget: 1, candidate: 2, output: 3 },
];
const coupledGates = { input: -1, candidate: 0, forget: 1, output: 2 };

const plain: LstmSpec = {
  gates: lstmGates[0],
  forgetBias: 1,
  coupled: false,
  gateActivation: "sigmoid",
  candidateActivation: "tanh",
  outputActivation: "tanh",
  cellClip: Infinity,
  projectionClip: Infinity,
};

type LstmVariant = Partial<LstmSpec> & { readonly peepholes?: boolean; readonly projected?: boolean };

const lstmVariants: Readonly<Record<string, LstmVariant>> = {
  plain: {},
  "Keras' order": { gates: lstmGates[1], forgetBias: 0 },
  peepholes: { peepholes: true },
  projection: { projected: true },
  "cell clip": { cellClip: 0.4 },
  "projection clip": { projected: true, projectionClip: 0.3 },
  coupled: { coupled: true, gates: coupledGates },
  "coupled peepholes": { coupled: true, gates: coupledGates, peepholes: true },
  "peepholes, projection, cell clip": { peepholes: true, projected: true, cellClip: 0.5 },
  everything: {
    peepholes: true,
    projected: true,
    cellClip: 0.5,
    projectionClip: 0.4,
    coupled: true,
    gates: coupledGates,
    forgetBias: 0.5,
    gateActivation: "hardSigmoid",
    candidateActivation: "softsign",
  },
  ...Object.fromEntries(
    activations.flatMap((activation) => [
      [`gates ${activation}`, { gateActivation: activation, gates: lstmGates[1] }],
      [`candidate ${activation}`, { candidateActivation: activation }],
      [`output ${activation}`, { outputActivation: activation }],
    ]),
  ),
};

/** Options that make the kernels go other ways; the rest are activations. */
const lstmForms = ["plain", "peepholes", "projection", "cell clip", "projection clip", "coupled", "everything"];

const lstmKind = ({ peepholes = false, projected = false, ...spec }: LstmVariant): Kind => ({
  cell: "lstm",
  spec: { ...plain, ...spec },
  peepholes,
  projected,
});

const gruOrders = [
  { reset: 0, update: 1, candidate: 2 },
  { reset: 1, update: 0, candidate: 2 },
  { reset: 2, candidate: 0, update: 1 },
];

const gruVariants: Readonly<Record<string, Kind>> = Object.fromEntries(
  gruOrders.flatMap((gates, order) =>
    (["before", "after"] as const).flatMap((reset) =>
      (["keep", "write"] as const).flatMap((updateGate) =>
        (order === 0 ? activations : (["tanh"] as const)).flatMap((candidateActivation, index) =>
          (reset === "after" ? [true, false] : [false]).map((recurrentBias): [string, Kind] => {
            const gateActivation = candidateActivation === "tanh" ? "sigmoid" : activations[(index + 5) % 7];
            const spec = { gates, reset, updateGate, gateActivation, candidateActivation };
            const name = `${Object.values(gates).join("")} reset ${reset} ${updateGate} ${candidateActivation}`;
            return [`${name}${recurrentBias ? ", recurrent bias" : ""}`, { cell: "gru", spec, recurrentBias }];
          }),
        ),
      ),
    ),
  ),
);

const gruForms = Object.keys(gruVariants).filter((name) => name.includes(" tanh"));

const rnnVariants: Readonly<Record<string, Kind>> = Object.fromEntries(
  activations.map((activation) => [activation, { cell: "rnn", activation }]),
);

const variants: readonly { readonly name: string; readonly kind: Kind; readonly isForm: boolean }[] = [
  ...Object.entries(rnnVariants).map(([name, kind]) => ({ name: `rnn ${name}`, kind, isForm: name === "tanh" })),
  ...Object.entries(lstmVariants).map(([name, variant]) => ({
    name: `lstm ${name}`,
    kind: lstmKind(variant),
    isForm: lstmForms.includes(name),
  })),
  ...Object.entries(gruVariants).map(([name, kind]) => ({
    name: `gru ${name}`,
    kind,
    isForm: gruForms.includes(name),
  })),
];

const layer = (
  { name, kind }: { readonly name: string; readonly kind: Kind },
  sizes: Sizes,
  ragged: boolean,
  { isBare = false, table = 0 }: Partial<Pick<Layer, "isBare" | "table">> = {},
): Layer => ({
  ...kind,
  name: `${name} [${sizes.join(", ")}]${ragged ? " ragged" : ""}${isBare ? ", bare" : ""}${table > 0 ? `, from ${table} rows` : ""}`,
  sizes,
  ragged,
  isBare,
  table,
});

const fromTable = { table: 5 };
/** More than the kernel sums at a time. */
const fromLargeTable = { table: 3_100 };

/** For every option. */
const few: readonly Sizes[] = [
  [3, 3, 2, 5],
  [3, 1, 3, 9],
];
/** For every way that the kernels can go. */
const many: readonly Sizes[] = [
  [1, 1, 1, 1],
  [4, 2, 1, 3],
  [2, 7, 5, 8],
  [3, 5, 9, 16],
  [2, 4, 7, 33],
  [5, 1, 6, 40],
  [0, 2, 3, 4],
  [2, 0, 3, 4],
];
/** More rows than one block of the sums, and more inputs than one block of rows. */
const blocks: Sizes = [30, 9, 195, 10];
/** Sums of gradients over all steps and rows that are long ones. */
const manySteps: Sizes = [600, 7, 2, 5];
const manyRows: Sizes = [13, 320, 5, 12];
const large: readonly Sizes[] = [
  [6, 8, 12, 48],
  [16, 3, 20, 40],
  [40, 1, 24, 64],
  [9, 30, 70, 24],
];

const forms = variants.filter(({ isForm }) => isForm);
/** One of each cell, and what has kernels of its own. */
const main = [
  "rnn tanh",
  "lstm plain",
  "lstm peepholes",
  "lstm projection",
  "lstm coupled",
  "gru 012 reset before keep tanh",
  "gru 012 reset after keep tanh, recurrent bias",
  "gru 102 reset after write tanh",
];
const mainForms = forms.filter(({ name }) => main.includes(name));
/** One of each way in which gradients of weights are summed. */
const longForms = mainForms.filter(({ name }) => /rnn|peepholes|projection|before keep|after keep/.test(name));

export const recurrentCases: readonly KernelCase[] = [
  ...variants.flatMap((variant) =>
    few.flatMap((sizes) => [false, true].map((ragged) => toCase(layer(variant, sizes, ragged), false))),
  ),
  ...forms.flatMap((variant) =>
    many.flatMap((sizes) => [
      ...[false, true].map((ragged) => toCase(layer(variant, sizes, ragged), false)),
      toCase(layer(variant, sizes, true, { isBare: true }), false),
      toCase(layer(variant, sizes, sizes[0] === 4, fromTable), false),
    ]),
  ),
  ...mainForms.map((variant) => toCase(layer(variant, blocks, true), false)),
  ...mainForms.map((variant) => toCase(layer(variant, blocks, false, fromTable), false)),
  toCase(layer({ name: "lstm", kind: lstmKind({}) }, [9, 7, 1, 3], false, fromLargeTable), false),
  ...longForms.flatMap((variant) => [
    toCase(layer(variant, manySteps, true), false),
    toCase(layer(variant, manySteps, false, fromTable), false),
  ]),
  toCase(layer({ name: "lstm", kind: lstmKind({}) }, manySteps, false, { table: 1_600 }), false),
  ...[0, 5].map((table) => toCase(layer({ name: "lstm", kind: lstmKind({}) }, manyRows, false, { table }), true)),
  ...mainForms.flatMap((variant) =>
    large.flatMap((sizes) => [
      ...[false, true].map((ragged) => toCase(layer(variant, sizes, ragged), true)),
      toCase(layer(variant, sizes, false, fromTable), true),
    ]),
  ),
];

/** Which layers share the units of a single row among threads depends on their options, so others than the forms are asked. */
const wideVariants = [
  "lstm peepholes",
  "lstm projection",
  "lstm cell clip",
  "lstm coupled",
  "lstm gates hardSigmoid",
  "lstm candidate softsign",
  "lstm output linear",
  "gru 012 reset before keep softsign",
  "gru 012 reset after write hardSigmoid, recurrent bias",
];

/** One row that is wide enough for that. */
export const wideCases: readonly KernelCase[] = variants.flatMap((variant) => {
  const at = (sizes: Sizes, ragged = false): KernelCase => toCase(layer(variant, sizes, ragged), true);
  const read = (sizes: Sizes): KernelCase => toCase(layer(variant, sizes, false, fromTable), true);
  if (variant.name === "lstm Keras' order") return [at([3, 1, 60, 243])];
  if (variant.name === "lstm plain")
    return [at([3, 1, 60, 243], true), at([3, 1, 60, 243]), at([3, 1, 40, 256]), read([3, 1, 1, 303])];
  const main = mainForms.includes(variant);
  if (variant.kind.cell === "rnn")
    return [at([3, 1, 260, 403]), ...(main ? [at([3, 1, 260, 403], true), read([3, 1, 1, 523])] : [])];
  // the second part of a step with reset "before" is large enough for threads where there are more than 500 units
  if (variant.kind.cell === "gru" && variant.isForm)
    return [
      at([2, 1, 200, 243]),
      ...(main ? [at([2, 1, 200, 243], true), at([2, 1, 20, 523]), read([2, 1, 1, 523])] : []),
    ];
  return wideVariants.includes(variant.name) ? [at([2, 1, 200, 243])] : [];
});

/**
 * A layer that takes scratch memory of one size more than once, and how many floats that is: the gradient of a gate, whose panels have an odd number of
 * rows. Where it lies must not matter.
 */
export const scratchCase: { readonly kernel: KernelCase; readonly floats: number } = {
  kernel: toCase(
    layer({ name: "gru", kind: gruVariants["012 reset after keep tanh, recurrent bias"] }, [32, 32, 3, 64], false),
    false,
  ),
  floats: (32 * 32 + 1) * 64,
};

export const rowCases: readonly RowCase[] = forms.flatMap((variant) =>
  (
    [
      [4, 3, 5, 9],
      [3, 7, 4, 16],
      [2, 13, 3, 6],
    ] as const
  ).flatMap((sizes) => [
    ...[false, true].map((ragged) => toRowCase(layer(variant, sizes, ragged))),
    toRowCase(layer(variant, sizes, true, fromTable)),
  ]),
);
