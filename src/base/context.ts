/**
 * @file The library's ambient state, all of it: what a call finds that is not among its arguments.
 * Each part is read and set in one file of the folder that owns it, which gives it its type. Values
 * that hold while a function runs are never left set across an `await`.
 */

/** One part of the ambient state. */
export class Ambient<T> {
  value: T;

  constructor(value: T) {
    this.value = value;
  }

  /** Runs `f` with another value in place of the present one. `f` must be synchronous. */
  with<R>(value: T, f: () => R): R {
    const saved = this.value;
    this.value = value;
    try {
      return f();
    } finally {
      this.value = saved;
    }
  }
}

type Context = {
  /** Why no random number may be drawn now: base/random.ts. */
  readonly refusal: Ambient<unknown>;
  /** The engine that tensors live on, once it has started: engine/select.ts. */
  readonly engine: Ambient<unknown>;
  /** An engine in its place, while a function runs: engine/select.ts. */
  readonly substitute: Ambient<unknown>;
  /** The recording that is being made: engine/recording.ts. */
  readonly recording: Ambient<unknown>;
  /** The innermost scope, which owns what is allocated: tensor/tensor.ts. */
  readonly scope: Ambient<unknown>;
  /** The tapes that listen, the outermost first: tensor/tape.ts. */
  readonly tapes: Ambient<unknown>;
  /** The gradients of the tape that is walked backwards: tensor/tape.ts. */
  readonly sums: Ambient<unknown>;
  /** Numbers that parameters may still take: rnn/parameter-set.ts. */
  readonly budget: Ambient<unknown>;
};

export const context: Context = {
  refusal: new Ambient<unknown>(undefined),
  engine: new Ambient<unknown>(undefined),
  substitute: new Ambient<unknown>(undefined),
  recording: new Ambient<unknown>(undefined),
  scope: new Ambient<unknown>(undefined),
  tapes: new Ambient<unknown>([]),
  sums: new Ambient<unknown>(undefined),
  budget: new Ambient<unknown>(Infinity),
};
