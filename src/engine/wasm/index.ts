/**
 * @file The WebAssembly engine: float32 kernels on a linear memory, on one or several threads. The
 * reference kernels, on the same memory, do the rest.
 */
import { advice, canShare, cores } from "#platform";
import { sizeOf, warnOnce } from "../../base/index.ts";
import { answersAtOnce } from "../answers.ts";
import type { BinaryOp, CountingEngine, Engine, EngineKernels, EngineReport, Operand, ReduceOp } from "../engine.ts";
import { isPoisoned, referenceKernels } from "../reference/index.ts";
import { crossEntropy, crossEntropyBackward, softmax, softmaxBackward } from "./classes.ts";
import { BYTES } from "./address.ts";
import { binary } from "./binary.ts";
import { gruBackward, gruForward } from "./gru.ts";
import { activationNumbers, unaryNumbers } from "./generated/jobs.ts";
import { idleKernels, instantiate, type Kernels } from "./kernels.ts";
import { layerNorm, layerNormBackward } from "./layer-norm.ts";
import { LinearMemory, pointerOf } from "./linear-memory.ts";
import { lstmBackward, lstmForward } from "./lstm.ts";
import { matmul } from "./matmul.ts";
import { copyStrided } from "./move.ts";
import { optimizerUpdate } from "./optimizer.ts";
import { Pool } from "./pool.ts";
import { rnnBackward, rnnForward } from "./rnn.ts";
import { type Tile, TileTuner } from "./tile-tuner.ts";
import { isLongSum, Workspace } from "./workspace.ts";

/** Whether the kernels can work on `x`. */
const isFloat32 = (x: Operand): boolean => x.dtype === "float32";

export type { Tile } from "./tile-tuner.ts";

/** Options of a WebAssembly engine. */
export type WasmSettings = {
  readonly module: WebAssembly.Module;
  /** Whether the module needs memory shared by threads. */
  readonly shared: boolean;
  /** Whether the kernels fuse multiplications and additions. */
  readonly fused: boolean;
  /** Tiles of matrix products; of several, the first large job finds the fastest. */
  readonly tiles: readonly Tile[];
  /** Number of threads for large kernels. Default: one per processor. */
  readonly threads?: number | undefined;
  /** Choices made so far, for the report. */
  readonly choices: EngineReport["choices"];
};

/** Warns that `asked` threads are not possible, unless it is one. */
export function warnOfOneThread(asked: number): void {
  if (asked > 1 && !canShare)
    warnOnce(
      `all runs on one thread, not on ${asked}, since memory can't be shared with workers here. ${advice.sharing}`,
    );
}

/** An engine on compiled kernels. Throws if the platform lacks what they need. */
export function wasmEngine({ module, shared, fused, tiles, threads, choices }: WasmSettings): Engine {
  const memory = new LinearMemory({ shared, poison: isPoisoned() });
  const kernels = instantiate(module, memory.memory);
  const scratch = (): number => memory.reserve(kernels.spareBytes());
  kernels.setUp(scratch());
  const pool = shared
    ? new Pool(kernels, threads ?? cores(), (thread) => ({
        module,
        memory: memory.memory,
        scratch: scratch(),
        thread,
      }))
    : undefined;
  const tuner = new TileTuner(kernels, memory, tiles);
  const work = new Workspace(kernels, memory, pool, tuner);
  const numerics = fused ? "fma" : "portable";
  const engine: Engine = {
    ...referenceKernels,
    ...kernelsOn(work),
    recorded: (recorder) => kernelsOn(work.recordedBy(recorder)),
    name: "wasm",
    numerics,
    allocate: (dtype, length) => memory.allocate(dtype, length),
    free: (block) => memory.free(block),
    stats: () => memory.stats(),
    report: () => ({
      name: "wasm",
      numerics,
      threads: pool?.threads ?? 1,
      running: pool?.running ?? 1,
      bytes: memory.memory.buffer.byteLength,
      choices: [...choices, ...memory.choices, tuner.choice, ...(pool === undefined ? [] : [pool.choice])],
    }),
    useThreads(count) {
      if (pool !== undefined) pool.threads = count;
      else warnOfOneThread(count);
    },
    optimizerUpdate: (update, items, preparation) => optimizerUpdate(work, update, items, preparation),
    sumOfSquares(x, total) {
      if (!isFloat32(x)) return referenceKernels.sumOfSquares(x, total);
      return kernels.sumOfSquares(pointerOf(x), sizeOf(x.shape), total);
    },
    isAllFinite(x) {
      if (!isFloat32(x)) return referenceKernels.isAllFinite(x);
      return kernels.allFinite(pointerOf(x), sizeOf(x.shape)) === 1;
    },
    ask: (questions) => answersAtOnce(engine, questions),
    counting: (isFresh) => countingEngine(engine, kernels, memory, isFresh),
  };
  return engine;
}

/** Kernels with the names of the reference's that do nothing. */
const idleReference = Object.fromEntries(
  Object.keys(referenceKernels)
    .filter((name) => name !== "view" && name !== "read")
    .map((name) => [name, () => undefined]),
) as unknown as EngineKernels;

/**
 * A version of `engine` that counts blocks and scratch memory instead of allocating them, and whose
 * kernels do nothing.
 */
function countingEngine(engine: Engine, kernels: Kernels, memory: LinearMemory, isFresh = false): CountingEngine {
  const counted = new LinearMemory({ counting: memory, isFresh });
  const tuner = {
    isDone: true,
    choose: () => undefined,
  };
  const work = new Workspace(idleKernels(kernels), counted, undefined, tuner);
  const copy: Engine = { ...engine };
  delete copy.recorded;
  delete copy.counting;
  return {
    engine: {
      ...copy,
      ...kernelsOn(work, idleReference),
      allocate: (dtype, length) => counted.allocate(dtype, length),
      free: (block) => counted.free(block),
      stats: () => counted.stats(),
      useThreads: () => undefined,
      optimizerUpdate: () => undefined,
      sumOfSquares: (_, total) => total,
      isAllFinite: () => true,
      ask: ({ scalars }) => ({ scalars: scalars.map(() => 0), sumOfSquares: 0, notFinite: -1 }),
    },
    bytes: () => counted.taken,
    limit: memory.maximumBytes,
  };
}

/** The kernels that work on a workspace. */
function kernelsOn(work: Workspace, reference: EngineKernels = referenceKernels): EngineKernels {
  const { kernels } = work;
  return {
    ...reference,

    fill(out, value) {
      if (isFloat32(out)) kernels.fill(pointerOf(out), sizeOf(out.shape), value);
      else reference.fill(out, value);
    },
    unary(op, x, out) {
      const number = isFloat32(x) ? unaryNumbers[op] : undefined;
      if (number === undefined || !isFloat32(out)) reference.unary(op, x, out);
      else kernels.unary(number, pointerOf(x), pointerOf(out), sizeOf(out.shape));
    },
    activationBackward(op, y, dy, dx) {
      if (!isFloat32(y)) reference.activationBackward(op, y, dy, dx);
      else
        kernels.activationBackward(activationNumbers[op], pointerOf(y), pointerOf(dy), pointerOf(dx), sizeOf(y.shape));
    },
    binary(op: BinaryOp, a, b, out) {
      if (!isFloat32(a) || !isFloat32(out) || !binary(kernels, op, a, b, out)) reference.binary(op, a, b, out);
    },
    copyStrided(x, from, out, to, shape) {
      if (!copyStrided(kernels, x, from, out, to, shape)) reference.copyStrided(x, from, out, to, shape);
    },
    matmul: (a, b, out, how) => (isFloat32(out) ? matmul(work, a, b, out, how) : reference.matmul(a, b, out, how)),
    reduce(op: ReduceOp, x, out, outer, n, inner) {
      if (op === "argmax" || op === "argmin" || !isFloat32(x) || n === 0) reference.reduce(op, x, out, outer, n, inner);
      else if (op !== "sum") kernels.extremes(pointerOf(x), pointerOf(out), outer, n, inner, Number(op === "max"));
      else if (inner === 1) kernels.rowSums(pointerOf(x), pointerOf(out), outer, n);
      else {
        const [from, to] = [pointerOf(x), pointerOf(out)];
        for (let o = 0; o < outer; o++)
          kernels.columnSums(from + o * n * inner * BYTES, to + o * inner * BYTES, n, inner);
      }
    },
    softmax: (x, out, log) => (isFloat32(x) ? softmax(kernels, x, out, log) : reference.softmax(x, out, log)),
    softmaxBackward(y, dy, dx, log) {
      if (isFloat32(y)) softmaxBackward(kernels, y, dy, dx, log);
      else reference.softmaxBackward(y, dy, dx, log);
    },
    crossEntropy(logits, targets, loss, p) {
      if (isFloat32(logits)) crossEntropy(work, logits, targets, loss, p);
      else reference.crossEntropy(logits, targets, loss, p);
    },
    crossEntropyBackward(p, targets, dLoss, dLogits) {
      if (isFloat32(p)) crossEntropyBackward(work, p, targets, dLoss, dLogits);
      else reference.crossEntropyBackward(p, targets, dLoss, dLogits);
    },
    layerNorm: (a) => (isFloat32(a.x) ? layerNorm(work, a) : reference.layerNorm(a)),
    layerNormBackward: (a) => (isFloat32(a.dy) ? layerNormBackward(work, a) : reference.layerNormBackward(a)),
    gather(x, indices, out, outer, inner) {
      if (outer !== 1 || !isFloat32(x)) reference.gather(x, indices, out, outer, inner);
      else kernels.gather(pointerOf(x), pointerOf(indices), pointerOf(out), sizeOf(indices.shape), inner);
    },
    scatterAdd(x, indices, out, outer, inner) {
      if (outer !== 1 || !isFloat32(x)) reference.scatterAdd(x, indices, out, outer, inner);
      else scatterAdd(work, x, indices, out, inner);
    },
    reverseSequence(x, lengths, out) {
      if (isFloat32(x)) kernels.reverseSequence(pointerOf(x), pointerOf(lengths), pointerOf(out), ...stepsOf(x));
      else reference.reverseSequence(x, lengths, out);
    },
    maskSequence(x, lengths, out) {
      if (isFloat32(x)) kernels.maskSequence(pointerOf(x), pointerOf(lengths), pointerOf(out), ...stepsOf(x));
      else reference.maskSequence(x, lengths, out);
    },
    rnnForward: (a) => (isFloat32(a.states) ? rnnForward(work, a) : reference.rnnForward(a)),
    rnnBackward: (a) => (isFloat32(a.states) ? rnnBackward(work, a) : reference.rnnBackward(a)),
    lstmForward: (a) => (isFloat32(a.states) ? lstmForward(work, a) : reference.lstmForward(a)),
    lstmBackward: (a) => (isFloat32(a.states) ? lstmBackward(work, a) : reference.lstmBackward(a)),
    gruForward: (a) => (isFloat32(a.states) ? gruForward(work, a) : reference.gruForward(a)),
    gruBackward: (a) => (isFloat32(a.states) ? gruBackward(work, a) : reference.gruBackward(a)),
  };
}

/** Adds the rows of x to the rows of out at their indices. */
function scatterAdd(work: Workspace, x: Operand, indices: Operand, out: Operand, inner: number): void {
  const count = sizeOf(indices.shape);
  const operands = [pointerOf(x), pointerOf(indices), pointerOf(out), count, inner] as const;
  if (!isLongSum(count) || inner === 0) return work.kernels.scatterAdd(...operands);
  const rows = sizeOf(out.shape) / inner;
  work.within(0, () => {
    const order = work.scratch(count);
    work.kernels.longScatterAdd(...operands, rows, order, work.scratch(rows + 1));
  });
}

/** T, B and the number of elements of one step of one row. */
const stepsOf = ({ shape }: Operand): [steps: number, batch: number, inner: number] => [
  shape[0],
  shape[1],
  sizeOf(shape.slice(2)),
];
