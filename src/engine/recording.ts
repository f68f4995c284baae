/**
 * @file Recordings: the kernels that a function runs, recorded once and replayed on the same
 * memory. While recording, the current engine is replaced by one that records each kernel and
 * passes it on.
 */
import {
  type Ambient,
  context,
  type DType,
  refusingDraws,
  sentence,
  type TypedArray,
  UnsupportedError,
} from "../base/index.ts";
import type { Block, Engine, EngineKernels, Operand, Recorder } from "./engine.ts";
import { currentEngine, withEngine } from "./select.ts";

const active = context.recording as Ambient<Recording | undefined>;

/** Whether a recording is in progress. */
export const isRecorded = (): boolean => active.value !== undefined;

/** Runs `f` without recording, on memory that belongs to no recording. */
export const withoutRecording = <R>(f: () => R): R => enter(undefined, f);

/**
 * Runs `f` on the elements of the operands, now and, while recording, at the same place in each
 * replay. It is for what JavaScript reads and writes. `f` must not allocate.
 */
export function onEachReplay(operands: readonly Operand[], f: (...views: TypedArray[]) => void): void {
  if (active.value !== undefined) {
    active.value.onEachReplay(operands, f);
    return;
  }
  const engine = currentEngine();
  f(...operands.map((operand) => engine.view(operand)));
}

function enter<R>(recording: Recording | undefined, f: () => R): R {
  const reason = recording && (() => refusal("a random number", "Draw outside and pass a tensor"));
  return active.with(recording, () => refusingDraws(reason, () => withEngine(recording?.engine, f)));
}

const refusal = (got: string, hint: string): UnsupportedError =>
  new UnsupportedError(
    sentence("capture", "a function that does the same at each call", `one that asks for ${got}`, hint),
  );

type Call = (...operands: readonly unknown[]) => void;

/** A recording of the kernels that one function runs, with the memory that they use. */
export class Recording {
  /** All memory of the recording, for its owner to free. */
  readonly blocks: Block[] = [];
  /** The engine that records. */
  readonly engine: Engine;
  readonly #base: Engine;
  readonly #allocated = new Set<Block>();
  /** Freed blocks by dtype and length. */
  readonly #free = new Map<string, Block[]>();
  /** Operands from outside of the recording, which must not be released. */
  readonly #outside = new Set<Operand>();
  readonly #notes: (() => void)[] = [];

  constructor() {
    this.#base = currentEngine();
    this.engine = this.#noting(this.#base);
  }

  /** Runs `f`, which must be synchronous, and records all of its kernels. */
  run<R>(f: () => R): R {
    return enter(this, f);
  }

  /**
   * Replays the recorded work. Throws RangeError (ERR_RELEASED) if a tensor from outside of the
   * recording has been released.
   */
  replay(): void {
    for (const operand of this.#outside) void operand.block;
    for (const again of this.#notes) again();
  }

  onEachReplay(operands: readonly Operand[], f: (...views: TypedArray[]) => void): void {
    const fixed = operands.map((operand) => this.#fixed(operand));
    const engine = this.#base;
    const again = (): void => f(...fixed.map((operand) => engine.view(operand)));
    again();
    this.#notes.push(again);
  }

  /**
   * A copy of the operand's description, since the tensor may be released by the end of the
   * recording.
   */
  #fixed(operand: Operand): Operand {
    const { block, offset, shape, dtype } = operand;
    if (!this.#allocated.has(block)) this.#outside.add(operand);
    return { block, offset, shape, dtype };
  }

  /** `#fixed` for an argument of a kernel, which may be a record with operands. */
  #fixedArgument(argument: unknown): unknown {
    if (typeof argument !== "object" || argument === null || Array.isArray(argument)) return argument;
    if ("block" in argument) return this.#fixed(argument as Operand);
    return Object.fromEntries(Object.entries(argument).map(([name, value]) => [name, this.#fixedArgument(value)]));
  }

  /** A kernel that is recorded, piece by piece or as a whole call. */
  #noted(kernel: Call, whole: Call): Call {
    return (...operands) => {
      const list = operands.map((argument) => this.#fixedArgument(argument));
      const before = this.#notes.length;
      kernel(...list);
      if (this.#notes.length === before) this.#notes.push(() => whole(...list));
    };
  }

  #noting(base: Engine): Engine {
    const recorder: Recorder = {
      note: (again) => void this.#notes.push(again),
      allocate: (dtype, length) => this.#allocate(dtype, length),
      free: (block) => this.#release(block),
    };
    const kernels: Partial<Record<keyof Engine, unknown>> = base.recorded?.(recorder) ?? base;
    const noted = Object.entries(kernels)
      .filter(([, kernel]) => typeof kernel === "function")
      .map(([name, kernel]) => [name, this.#noted(kernel as Call, base[name as keyof EngineKernels] as Call)]);
    const refuse = (got: string, hint: string) => (): never => {
      throw refusal(got, hint);
    };
    const refuseValues = refuse("values of a tensor", "Return the tensor and read it outside");
    return {
      ...(Object.fromEntries(noted) as EngineKernels),
      name: base.name,
      numerics: base.numerics,
      allocate: (dtype, length) => this.#allocate(dtype, length),
      free: (block) => this.#release(block),
      view: refuseValues,
      read: refuseValues,
      stats: () => base.stats(),
      report: () => base.report(),
      useThreads: (threads) => base.useThreads(threads),
      optimizerUpdate: refuse("an optimizer's step", "Return the gradients and update outside"),
      sumOfSquares: refuseValues,
      isAllFinite: refuseValues,
      ask: refuseValues,
    };
  }

  #allocate(dtype: DType, length: number): Block {
    const waiting = this.#free.get(`${dtype}${length}`)?.pop();
    if (waiting !== undefined) return waiting;
    const block = this.#base.allocate(dtype, length);
    this.blocks.push(block);
    this.#allocated.add(block);
    return block;
  }

  #release(block: Block): void {
    const key = `${block.dtype}${block.length}`;
    const waiting = this.#free.get(key);
    if (waiting === undefined) this.#free.set(key, [block]);
    else waiting.push(block);
  }
}
