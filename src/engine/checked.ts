/**
 * @file An engine that checks what each kernel reads and writes, to find where the first NaN or
 * infinity comes from.
 */
import { isFloat, type Shape, sizeOf } from "../base/index.ts";
import type { Block, Engine, EngineKernels, LayerInputGradients, Operand } from "./engine.ts";

/** The first kernel that computed NaN or infinity from finite numbers. */
export type Anomaly = {
  /**
   * The operation, such as `exp` or `mul`, or the name of a larger kernel, such as `lstmForward`.
   */
  readonly op: string;
  /**
   * Named arrays that the kernel read, such as `rnn/0/kernel`. If there are none: those that its
   * inputs were computed from, unless they are more than two.
   */
  readonly arrays: readonly string[];
  /** The first NaN, Infinity or -Infinity in the results. */
  readonly value: number;
  /** The first bad time step of a recurrent kernel, in the order of computation, counted from 0. */
  readonly time?: number;
};

type Operands = readonly (Operand | undefined)[];

/** The arrays that a call of a kernel reads and writes. */
type Access = {
  readonly reads: Operands;
  readonly writes: Operands;
  /** Name of the operation. Default: name of the kernel. */
  readonly op?: string;
  /** The weights that an anomaly names. Default: `reads`. */
  readonly weights?: Operands;
  /** Results with time as their first axis. */
  readonly sequences?: Operands;
  /** Leading rows of the sequences that are not steps. */
  readonly before?: number;
  /** Whether steps are computed from the last to the first. */
  readonly backward?: boolean;
  /** Finds the time step if no result has time as an axis. */
  readonly timeFrom?: ((engine: Engine) => number | undefined) | undefined;
};

/** Kernels that move numbers and compute nothing. */
type Move = "copyStrided" | "gather" | "reverseSequence" | "maskSequence" | "where";
/** Kernels that compute. */
type Kernel = Exclude<keyof EngineKernels, Move | "fill">;

type Accesses<K extends Kernel | Move> = { readonly [Name in K]: (...args: Parameters<Engine[Name]>) => Access };

const layer = ({ inputKernel, recurrent }: { inputKernel?: Operand | undefined; recurrent: Operand }) =>
  ({ weights: [inputKernel, recurrent] }) as const;

/** Gradients of a layer with an input vector at each step. */
type InputGradients = Required<Extract<LayerInputGradients, { readonly inputs: Operand }>>;

/**
 * The bad time step of a layer over rows of a table, whose gradients have no time axis. The layer
 * is run again over inputs of one feature, with weights so small that gradients are finite unless
 * they are already bad.
 */
const timeOfTable = (
  { ids, recurrent }: { readonly ids?: Operand | undefined; readonly recurrent: Operand },
  run: (engine: Engine, gradients: InputGradients) => void,
): Access["timeFrom"] =>
  ids &&
  ((engine) => {
    const filled = (shape: Shape, value: number): Operand => {
      const x = { block: engine.allocate(recurrent.dtype, sizeOf(shape)), offset: 0, shape, dtype: recurrent.dtype };
      engine.fill(x, value);
      return x;
    };
    const [ofInputs, ofWeights] = [
      [...ids.shape, 1],
      [1, recurrent.shape[1]],
    ];
    const gradients = {
      inputs: filled(ofInputs, 0),
      inputKernel: filled(ofWeights, 2 ** -40),
      dInputs: filled(ofInputs, 0),
      dInputKernel: filled(ofWeights, 0),
    };
    run(engine, { ...gradients, ids: undefined, dProjected: undefined });
    const time = firstTime(engine, { sequences: [gradients.dInputs], backward: true });
    for (const { block } of Object.values(gradients)) engine.free(block);
    return time;
  });

const computes: Accesses<Kernel> = {
  unary: (op, x, out) => ({ op, reads: [x], writes: [out] }),
  activationBackward: (op, y, dy, dx) => ({ op: `${op}Backward`, reads: [y, dy], writes: [dx] }),
  binary: (op, a, b, out) => ({ op, reads: [a, b], writes: [out] }),
  cast: (x, out) => ({ reads: [x], writes: [out] }),
  matmul: (a, b, out, { accumulate }) => ({ reads: accumulate ? [a, b, out] : [a, b], writes: [out] }),
  reduce: (op, x, out) => ({ op, reads: [x], writes: [out] }),
  cumulativeSum: (x, out) => ({ reads: [x], writes: [out] }),
  softmax: (x, out) => ({ reads: [x], writes: [out] }),
  softmaxBackward: (y, dy, dx) => ({ reads: [y, dy], writes: [dx] }),
  crossEntropy: (logits, _targets, loss, probabilities) => ({ reads: [logits], writes: [loss, probabilities] }),
  crossEntropyBackward: (probabilities, _targets, dLoss, dLogits) => ({
    reads: [probabilities, dLoss],
    writes: [dLogits],
  }),
  layerNorm: ({ x, gain, shift, y, normal, root }) => ({ reads: [x, gain, shift], writes: [y, normal, root] }),
  layerNormBackward: ({ gain, normal, root, dy, dx, dGain, dShift }) => ({
    reads: [gain, normal, root, dy],
    writes: [dx, dGain, dShift],
  }),
  scatterAdd: (x, _indices, out) => ({ reads: [x, out], writes: [out] }),
  rnnForward: (a) => ({
    ...layer(a),
    reads: [a.inputs, a.inputKernel, a.projected, a.recurrent, a.bias, a.h0],
    writes: [a.states, a.hLast],
    sequences: [a.states],
    before: 1,
  }),
  lstmForward: (a) => ({
    ...layer(a),
    reads: [a.inputs, a.inputKernel, a.projected, a.recurrent, a.bias, a.h0, a.c0, a.peepholes, a.projection],
    writes: [a.states, a.hLast, a.cLast, a.gates, a.cells, a.cellsUnclipped, a.hidden],
    sequences: [a.gates, a.cells, a.cellsUnclipped, a.hidden],
  }),
  gruForward: (a) => ({
    ...layer(a),
    reads: [a.inputs, a.inputKernel, a.projected, a.recurrent, a.bias, a.recurrentBias, a.h0],
    writes: [a.states, a.hLast, a.gates, a.resetTerm],
    sequences: [a.gates, a.resetTerm],
  }),
  rnnBackward: (a) => ({
    ...layer(a),
    reads: [a.inputs, a.inputKernel, a.recurrent, a.states, a.dOutputs, a.dhLast],
    writes: [a.dInputs, a.dInputKernel, a.dProjected, a.dRecurrent, a.dBias, a.dh0],
    sequences: [a.dInputs],
    backward: true,
    timeFrom: timeOfTable(a, (engine, gradients) => engine.rnnBackward({ ...a, ...gradients })),
  }),
  lstmBackward: (a) => ({
    ...layer(a),
    reads: [
      a.inputs,
      a.inputKernel,
      a.recurrent,
      a.peepholes,
      a.projection,
      a.c0,
      a.states,
      a.gates,
      a.cells,
      a.cellsUnclipped,
      a.hidden,
      a.dOutputs,
      a.dhLast,
      a.dcLast,
    ],
    writes: [a.dInputs, a.dInputKernel, a.dProjected, a.dRecurrent, a.dBias, a.dh0, a.dc0, a.dPeepholes, a.dProjection],
    sequences: [a.dInputs],
    backward: true,
    timeFrom: timeOfTable(a, (engine, gradients) => engine.lstmBackward({ ...a, ...gradients })),
  }),
  gruBackward: (a) => ({
    ...layer(a),
    reads: [a.inputs, a.inputKernel, a.recurrent, a.states, a.gates, a.resetTerm, a.dOutputs, a.dhLast],
    writes: [a.dInputs, a.dInputKernel, a.dProjected, a.dRecurrent, a.dBias, a.dRecurrentBias, a.dh0],
    sequences: [a.dInputs],
    backward: true,
    timeFrom: timeOfTable(a, (engine, gradients) => engine.gruBackward({ ...a, ...gradients })),
  }),
};

const moves: Accesses<Move> = {
  copyStrided: (x, _from, out) => ({ reads: [x], writes: [out] }),
  gather: (x, _indices, out) => ({ reads: [x], writes: [out] }),
  reverseSequence: (x, _lengths, out) => ({ reads: [x], writes: [out] }),
  maskSequence: (x, _lengths, out) => ({ reads: [x], writes: [out] }),
  where: (_condition, a, b, out) => ({ reads: [a, b], writes: [out] }),
};

/** Most arrays that an anomaly names: more would not help. */
const MOST_ORIGINS = 2;

/**
 * Wraps `engine` to check the inputs and outputs of each kernel, which is slow. `names`: arrays
 * that an anomaly may name. `found` returns the first anomaly, or undefined. Memory is shared with
 * `engine`, so tensors can be used on either.
 */
export function checkedEngine(
  engine: Engine,
  names: Readonly<Record<string, Operand>>,
): { readonly engine: Engine; found(): Anomaly | undefined } {
  const nameOf = new Map(Object.entries(names).map(([name, { block }]) => [block, name]));
  /** Names of the arrays that a block was computed from. */
  const origins = new Map<Block, ReadonlySet<string>>();
  let found: Anomaly | undefined;

  const originsOf = (operands: Operands): Set<string> => {
    const all = new Set<string>();
    for (const operand of operands) {
      if (operand === undefined) continue;
      const name = nameOf.get(operand.block);
      if (name !== undefined) all.add(name);
      else for (const origin of origins.get(operand.block) ?? []) all.add(origin);
    }
    return all;
  };
  const isFinite = (operand: Operand | undefined): boolean =>
    operand === undefined || !isFloat(operand.dtype) || engine.isAllFinite(operand);
  const anomaly = (
    kernel: string,
    { reads, writes, op = kernel, weights = reads, timeFrom, ...rest }: Access,
  ): Anomaly => {
    const bad = writes.find((operand) => !isFinite(operand)) as Operand;
    const direct = weights.flatMap((operand) => (operand && nameOf.get(operand.block)) ?? []);
    const origin = [...originsOf(weights)];
    const arrays = direct.length > 0 ? [...new Set(direct)] : origin.length > MOST_ORIGINS ? [] : origin;
    const time = timeFrom ? timeFrom(engine) : firstTime(engine, rest);
    const value = Array.from<number>(engine.view(bad)).find((x) => !Number.isFinite(x)) as number;
    return { op, arrays, value, ...(time !== undefined && { time }) };
  };
  const watched = <A extends unknown[]>(
    kernel: string,
    run: (...args: A) => void,
    access: (...args: A) => Access,
    isMove: boolean,
  ): ((...args: A) => void) => {
    return (...args) => {
      const touched = access(...args);
      const origin = originsOf(touched.reads);
      const looks = !isMove && found === undefined && touched.reads.every(isFinite);
      run(...args);
      if (looks && !touched.writes.every(isFinite)) found = anomaly(kernel, touched);
      for (const out of touched.writes)
        if (out !== undefined) origins.set(out.block, new Set([...origin, ...(origins.get(out.block) ?? [])]));
    };
  };
  const wrapped = ([kernels, isMove]: readonly [Accesses<Kernel> | Accesses<Move>, boolean]): Partial<Engine> =>
    Object.fromEntries(
      Object.entries(kernels).map(([kernel, access]) => [
        kernel,
        watched<unknown[]>(
          kernel,
          engine[kernel as Kernel] as (...args: unknown[]) => void,
          access as (...args: unknown[]) => Access,
          isMove,
        ),
      ]),
    );
  return {
    engine: {
      ...withoutRecorder(engine),
      ...wrapped([computes, false]),
      ...wrapped([moves, true]),
      allocate(dtype, length) {
        const block = engine.allocate(dtype, length);
        // another array may have used this memory
        origins.delete(block);
        return block;
      },
    },
    found: () => found,
  };
}

/** `engine` without `recorded`, with which a recording would bypass the checks. */
function withoutRecorder(engine: Engine): Engine {
  const copy = { ...engine };
  delete copy.recorded;
  return copy;
}

/** The first step, in the order of computation, in which a sequence holds NaN or infinity. */
function firstTime(
  engine: Engine,
  { sequences = [], before = 0, backward = false }: Pick<Access, "sequences" | "before" | "backward">,
): number | undefined {
  const times = sequences.flatMap((operand) => {
    if (operand === undefined) return [];
    const width = operand.shape.slice(1).reduce((a, b) => a * b, 1);
    const values: ArrayLike<number> = engine.view(operand);
    let at = backward ? values.length - 1 : 0;
    while (Number.isFinite(values[at])) at += backward ? -1 : 1;
    return at === -1 || at === values.length ? [] : [Math.floor(at / width) - before];
  });
  if (times.length === 0) return undefined;
  return backward ? Math.max(...times) : Math.min(...times);
}
