import {
  checkNumber,
  checkOptions,
  type FloatDType,
  mapTree,
  type RandomStream,
  type Shape,
  sizeOf,
  type Tree,
  UnsupportedError,
} from "../../base/index.ts";
import { expandDims, mul, Tensor, tensor } from "../../tensor/index.ts";
import { asTree, type Cell, outlineOf, type State, type Trace } from "../cell.ts";
import { runSequence } from "../dynamic-rnn.ts";

/**
 * Four meanings of dropout, by the framework or paper that has it. All scale what they keep by
 * 1/keep, and all are off unless a random stream is given to the driver.
 *
 * - `tf1`: TensorFlow 1's `DropoutWrapper`. Probabilities to *keep*; fresh masks at every step;
 *   `stateKeep` applies to the outgoing state except memory (an LSTM's c), not to the returned
 *   output. With `variational`, one mask [1, n] for all rows and steps.
 * - `keras`: `dropout` on inputs and `recurrentDropout` on h where it enters the recurrent product,
 *   each one mask per row, the same at all steps (and here the same for all gates).
 * - `torch`: `dropout` on the output, fresh for every element and step; PyTorch applies it between
 *   layers, so wrap all layers but the last.
 * - `variational` (Gal and Ghahramani 2016): one mask per row, the same at all steps, on input,
 *   output and recurrent state.
 */
export type DropoutOptions =
  | {
      readonly kind: "tf1";
      readonly inputKeep?: number | undefined;
      readonly outputKeep?: number | undefined;
      readonly stateKeep?: number | undefined;
      readonly variational?: boolean | undefined;
    }
  | { readonly kind: "keras"; readonly dropout?: number | undefined; readonly recurrentDropout?: number }
  | { readonly kind: "torch"; readonly dropout: number }
  | {
      readonly kind: "variational";
      readonly inputDropout?: number | undefined;
      readonly outputDropout?: number | undefined;
      readonly recurrentDropout?: number | undefined;
    };

/** The four variants in one form: what is kept where, and how far one mask reaches. */
type Plan = {
  readonly input: number;
  readonly output: number;
  /** On the state that leaves a step, memory excepted. */
  readonly stateOut: number;
  /** On h inside the recurrent product. */
  readonly recurrent: number;
  /** One mask for all steps. */
  readonly sameSteps: boolean;
  /** One mask for all rows. */
  readonly sameRows: boolean;
};

function planOf(options: DropoutOptions): Plan {
  const keep = (name: string, p: number): number => checkNumber(`dropoutWrapper ${name}`, p, Number.MIN_VALUE, 1);
  const drop = (name: string, p: number): number => 1 - checkNumber(`dropoutWrapper ${name}`, p, 0, 1 - 2 ** -24);
  const none = { input: 1, output: 1, stateOut: 1, recurrent: 1, sameSteps: false, sameRows: false };
  switch (options.kind) {
    case "tf1":
      return {
        ...none,
        input: keep("inputKeep", options.inputKeep ?? 1),
        output: keep("outputKeep", options.outputKeep ?? 1),
        stateOut: keep("stateKeep", options.stateKeep ?? 1),
        sameSteps: options.variational ?? false,
        sameRows: options.variational ?? false,
      };
    case "keras":
      return {
        ...none,
        input: drop("dropout", options.dropout ?? 0),
        recurrent: drop("recurrentDropout", options.recurrentDropout ?? 0),
        sameSteps: true,
      };
    case "torch":
      return { ...none, output: drop("dropout", options.dropout) };
    case "variational":
      return {
        ...none,
        input: drop("inputDropout", options.inputDropout ?? 0),
        output: drop("outputDropout", options.outputDropout ?? 0),
        recurrent: drop("recurrentDropout", options.recurrentDropout ?? 0),
        sameSteps: true,
      };
    default:
      return options satisfies never;
  }
}

/**
 * `cell` with dropout while training, that is when the driver is given a random stream. See
 * `DropoutOptions`. Throws RangeError for probabilities outside their range, UnsupportedError for
 * recurrent dropout on a cell that can't mask its recurrent product.
 */
export function dropoutWrapper<S extends State, T extends Trace = Trace>(
  cell: Cell<S, T>,
  options: DropoutOptions,
): Cell<S, T> {
  checkOptions(
    "dropoutWrapper",
    options,
    "kind inputKeep outputKeep stateKeep variational dropout recurrentDropout inputDropout outputDropout",
  );
  const plan = planOf(options);
  if (plan.recurrent < 1 && !cell.masksRecurrence) {
    throw new UnsupportedError(`dropoutWrapper: expected a cell that honours recurrentMask, got ${cell.name}`);
  }
  const stepwise = plan.stateOut < 1 || plan.recurrent < 1;

  /** Mask for one step of [B, n], or undefined where nothing is dropped. */
  const mask = (name: string, keep: number, x: Tensor, random: RandomStream, time: number): Tensor | undefined =>
    keep === 1
      ? undefined
      : bernoulli([plan.sameRows ? 1 : x.shape[0], x.shape[1]], keep, atStep(random.named(name), time), x.dtype);
  const atStep = (random: RandomStream, time: number): RandomStream => (plan.sameSteps ? random : random.at(time));
  const apply = (x: Tensor, m: Tensor | undefined): Tensor => (m === undefined ? x : mul(x, m));

  /** Masks of all steps at once, the same numbers as step by step. */
  const applySequence = (name: string, keep: number, x: Tensor, random: RandomStream, start = 0): Tensor => {
    if (keep === 1 || x.shape[0] === 0) return x;
    const row: Shape = [plan.sameRows ? 1 : x.shape[1], x.shape[2]];
    if (plan.sameSteps) return mul(x, expandDims(bernoulli(row, keep, random.named(name), x.dtype), 0));
    return mul(x, bernoulliSteps([x.shape[0], ...row], keep, random.named(name), start, x.dtype));
  };

  return {
    name: `dropoutWrapper(${cell.name})`,
    ...outlineOf(cell),
    build: (inputSize, buildOptions) => cell.build(inputSize, buildOptions),
    parameters: () => cell.parameters(),
    step(input, state, context) {
      const random = context?.random;
      if (random === undefined) return cell.step(input, state, context);
      const time = context?.time ?? 0;
      const h = asTree(state) as Tree<Tensor> & { h?: Tensor };
      const recurrentMask =
        plan.recurrent < 1 && h.h ? mask("recurrent", plan.recurrent, h.h, random, time) : undefined;
      const inner = cell.step(apply(input, mask("input", plan.input, input, random, time)), state, {
        time,
        random: random.named("cell"),
        recurrentMask,
      });
      return {
        ...inner,
        output: apply(inner.output, mask("output", plan.output, inner.output, random, time)),
        state: mapTree(asTree(inner.state), (part, path) =>
          cell.memory.includes(path.slice(path.lastIndexOf("/") + 1))
            ? part
            : apply(part, mask(`state ${path}`, plan.stateOut, part, random, time)),
        ) as unknown as S,
      };
    },
    ...(!stepwise && {
      // an input that is dropped out is not a row of the table any more
      readsTables: plan.input === 1,
      sequence(inputs, state, context) {
        const { random, start } = context;
        if (random === undefined) return runSequence(cell, inputs, state, context);
        const x = inputs instanceof Tensor ? applySequence("input", plan.input, inputs, random, start) : inputs;
        const inner = runSequence(cell, x, state, { ...context, random: random.named("cell") });
        return { ...inner, outputs: applySequence("output", plan.output, inner.outputs, random, start) };
      },
    }),
  };
}

/** Elements 1/keep with probability keep, else 0. */
function bernoulli(shape: Shape, keep: number, random: RandomStream, dtype: Tensor["dtype"]): Tensor {
  return tensor(drawMask(new Float64Array(sizeOf(shape)), keep, random), { shape, dtype: dtype as FloatDType });
}

/** [T, ...] with each step drawn from its own stream. */
function bernoulliSteps(
  shape: Shape,
  keep: number,
  random: RandomStream,
  start: number,
  dtype: Tensor["dtype"],
): Tensor {
  const data = new Float64Array(sizeOf(shape));
  const step = data.length / shape[0];
  for (let t = 0; t < shape[0]; t++) drawMask(data.subarray(t * step, (t + 1) * step), keep, random.at(start + t));
  return tensor(data, { shape, dtype: dtype as FloatDType });
}

function drawMask(data: Float64Array, keep: number, random: RandomStream): Float64Array {
  for (let i = 0; i < data.length; i++) data[i] = random.uniform() < keep ? 1 / keep : 0;
  return data;
}
