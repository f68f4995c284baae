/** @file Runs a golden cell case (see test/golden/README.md) and measures how far each result is from the framework's. */
import { type DType, leavesOf, type Tree } from "../../src/base/index.ts";
import {
  bidirectionalDynamicRnn,
  type Cell,
  dynamicRnn,
  gruCell,
  highwayWrapper,
  inputProjectionWrapper,
  layerNormLstmCell,
  lstmCell,
  multiRnnCell,
  outputProjectionWrapper,
  residualWrapper,
  rnnCell,
  stackBidirectionalDynamicRnn,
  type State,
} from "../../src/rnn/index.ts";
import { add, assign, mul, sum, type Tensor, tensor, valueAndGrad } from "../../src/tensor/index.ts";

export type GoldenArray = { readonly shape: readonly number[]; readonly data: readonly number[] };
type ArrayTree = Tree<GoldenArray>;

export type CellConfig = {
  readonly type: string;
  readonly cells?: readonly CellConfig[];
  readonly cell?: CellConfig;
  readonly shared?: boolean;
  readonly size?: number;
} & Record<string, unknown>;

export type GoldenCase = {
  readonly name: string;
  readonly dtype: DType;
  readonly driver: "dynamicRnn" | "bidirectionalDynamicRnn" | "stackBidirectionalDynamicRnn";
  readonly paddedOutput: "zero" | "hold";
  readonly cell: unknown;
  readonly inputSize: number;
  readonly parameters: Readonly<Record<string, GoldenArray>>;
  readonly inputs: GoldenArray;
  readonly lengths: readonly number[] | null;
  readonly initialState: ArrayTree | null;
  readonly outputs: ArrayTree;
  readonly finalState: ArrayTree;
  readonly lossWeights: { readonly outputs: ArrayTree; readonly finalState: ArrayTree };
  readonly gradients: {
    readonly parameters: Readonly<Record<string, GoldenArray>>;
    readonly inputs: GoldenArray;
    readonly initialState: ArrayTree | null;
  };
};

/** The cell that a configuration describes. */
export function cellFromConfig(config: CellConfig): Cell {
  const { type, ...options } = config;
  const inner = (): Cell => cellFromConfig(config.cell as CellConfig);
  switch (type) {
    case "rnn":
      return rnnCell(options as never) as unknown as Cell;
    case "lstm":
      return lstmCell(options as never) as unknown as Cell;
    case "gru":
      return gruCell(options as never) as unknown as Cell;
    case "layerNormLstm":
      return layerNormLstmCell(options as never) as unknown as Cell;
    case "stack": {
      const configs = config.cells as readonly CellConfig[];
      if (!config.shared) return multiRnnCell(configs.map(cellFromConfig));
      const shared = cellFromConfig(configs[0]);
      return multiRnnCell(configs.map(() => shared));
    }
    case "residual":
      return residualWrapper(inner());
    case "highway":
      return highwayWrapper(inner());
    case "inputProjection":
      return inputProjectionWrapper(inner(), config.size as number);
    case "outputProjection":
      return outputProjectionWrapper(inner(), config.size as number);
    default:
      throw new Error(`golden: expected a known cell type, got "${type}"`);
  }
}

type Directional = { forward: CellConfig; backward: CellConfig };
type DirectionalStack = { forward: CellConfig[]; backward: CellConfig[] };

type Run = (inputs: Tensor, initialState: Tree<Tensor> | undefined) => { outputs: Tree<Tensor>; state: Tree<Tensor> };

/** The cells of a case with the paths that their parameters have in it, and how to run them. */
function prepare(golden: GoldenCase): { cells: [string, Cell][]; run: Run } {
  const { lengths, paddedOutput } = golden;
  const options = { paddedOutput, ...(lengths && { lengths }) };
  switch (golden.driver) {
    case "dynamicRnn": {
      const cell = cellFromConfig(golden.cell as CellConfig);
      return {
        cells: [["", cell]],
        run: (x, initial) => {
          const { outputs, state } = dynamicRnn(cell, x, {
            ...options,
            ...(initial && { initialState: initial as State }),
          });
          return { outputs, state: state as Tree<Tensor> };
        },
      };
    }
    case "bidirectionalDynamicRnn": {
      const config = golden.cell as Directional;
      const forward = cellFromConfig(config.forward);
      const backward = cellFromConfig(config.backward);
      return {
        cells: [
          ["forward", forward],
          ["backward", backward],
        ],
        run: (x, initial) => {
          const result = bidirectionalDynamicRnn(forward, backward, x, {
            ...options,
            ...(initial && { initialState: initial as never }),
          });
          return { outputs: result.outputs, state: result.state as unknown as Tree<Tensor> };
        },
      };
    }
    case "stackBidirectionalDynamicRnn": {
      const config = golden.cell as DirectionalStack;
      const layers = config.forward.map((f, i) => ({
        forward: cellFromConfig(f),
        backward: cellFromConfig(config.backward[i]),
      }));
      return {
        cells: layers.flatMap(({ forward, backward }, i): [string, Cell][] => [
          [`${i}/forward`, forward],
          [`${i}/backward`, backward],
        ]),
        run: (x, initial) => {
          const result = stackBidirectionalDynamicRnn(layers, x, {
            ...options,
            ...(initial && { initialState: initial as never }),
          });
          return { outputs: result.outputs, state: result.state as unknown as Tree<Tensor> };
        },
      };
    }
    default:
      return golden.driver satisfies never;
  }
}

const toTensors = (tree: ArrayTree, dtype: DType): Tree<Tensor> => {
  const leaf = (node: unknown): node is GoldenArray =>
    typeof node === "object" && node !== null && Array.isArray((node as GoldenArray).shape);
  if (leaf(tree)) return tensor(Float64Array.from(tree.data), { shape: tree.shape, dtype });
  return Object.fromEntries(Object.entries(tree).map(([name, node]) => [name, toTensors(node as ArrayTree, dtype)]));
};

const weighted = (values: Tree<Tensor>, weights: Tree<Tensor>): Tensor[] => {
  const byPath = new Map(leavesOf(weights));
  return leavesOf(values).map(([path, value]) => sum(mul(value, byPath.get(path) as Tensor)));
};

/** Largest absolute difference of each result, by its name. NaN counts as infinite. */
export function goldenErrors(golden: GoldenCase, dtype: "float64" | "float32"): Map<string, number> {
  const { cells, run } = prepare(golden);
  const inputs = toTensors(golden.inputs, dtype) as Tensor;
  const initial = golden.initialState === null ? undefined : toTensors(golden.initialState, dtype);
  run(inputs, initial); // creates the parameters
  const parameters: Record<string, Tensor> = {};
  for (const [prefix, cell] of cells) {
    for (const [name, value] of Object.entries(cell.parameters()))
      parameters[prefix === "" ? name : `${prefix}/${name}`] = value;
  }
  const named = Object.keys(parameters).sort().join(" ");
  const given = Object.keys(golden.parameters).sort().join(" ");
  if (named !== given) throw new Error(`${golden.name}: expected parameters ${given}, got ${named}`);
  for (const [name, { data, shape }] of Object.entries(golden.parameters)) {
    if (parameters[name].shape.join() !== shape.join()) {
      throw new Error(
        `${golden.name}: expected ${name} [${shape.join(", ")}], got [${parameters[name].shape.join(", ")}]`,
      );
    }
    assign(parameters[name], tensor(Float64Array.from(data), { shape, dtype }));
  }

  const weights = toTensors(golden.lossWeights as unknown as ArrayTree, dtype) as {
    outputs: Tree<Tensor>;
    finalState: Tree<Tensor>;
  };
  const variables = { parameters, inputs, ...(initial && { initialState: initial }) };
  const { gradients, result } = valueAndGrad(() => {
    const { outputs, state } = run(inputs, initial);
    const terms = [...weighted(outputs, weights.outputs), ...weighted(state, weights.finalState)];
    return { value: terms.reduce((a, b) => add(a, b)), outputs, state };
  }, variables);

  const errors = new Map<string, number>();
  const compare = (where: string, got: Tree<Tensor>, expected: ArrayTree): void => {
    const wanted = new Map(leavesOf(toTensors(expected, "float64")));
    const parts = leavesOf(got).length;
    if (parts !== wanted.size) throw new Error(`${golden.name} ${where}: expected ${wanted.size} parts, got ${parts}`);
    for (const [path, value] of leavesOf(got)) {
      const want = wanted.get(path);
      const name = path === "" ? where : `${where} ${path}`;
      if (want === undefined || want.shape.join() !== value.shape.join()) {
        throw new Error(
          `${golden.name} ${name}: expected shape [${want?.shape.join(", ")}], got [${value.shape.join(", ")}]`,
        );
      }
      const a = Array.from<number>(value.values());
      const b = want.values();
      const far = (x: number, i: number): number => (Number.isFinite(x) ? Math.abs(x - b[i]) : Infinity);
      errors.set(
        name,
        a.reduce((worst, x, i) => Math.max(worst, far(x, i)), 0),
      );
    }
  };
  compare("outputs", result.outputs, golden.outputs);
  compare("final state", result.state, golden.finalState);
  compare("gradient of", gradients.parameters as Tree<Tensor>, golden.gradients.parameters as ArrayTree);
  compare("gradient of inputs", gradients.inputs as Tensor, golden.gradients.inputs);
  if (golden.gradients.initialState !== null) {
    compare("gradient of initial state", gradients.initialState as Tree<Tensor>, golden.gradients.initialState);
  }
  return errors;
}
