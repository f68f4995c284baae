/**
 * @file All ambient state of the library: what a call reads that is not among its arguments. One
 * file of the folder that owns a part reads, sets and types it. A value that is set while a
 * function runs is never left set across an `await`.
 */

/** One part of the ambient state. */
export class Ambient<T> {
  value: T;

  constructor(value: T) {
    this.value = value;
  }

  /**
   * Runs `f` with `value` in place of the current one, which is restored when `f` returns or
   * throws. `f` must be synchronous.
   */
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
  /** The reason why no random number may be drawn now: base/random.ts. */
  readonly refusal: Ambient<unknown>;
  /** The engine that tensors live on, or undefined before the first tensor: engine/select.ts. */
  readonly engine: Ambient<unknown>;
  /** An engine that replaces it while a function runs: engine/select.ts. */
  readonly substitute: Ambient<unknown>;
  /** The recording in progress: engine/recording.ts. */
  readonly recording: Ambient<unknown>;
  /** The innermost scope, which owns what is allocated: tensor/tensor.ts. */
  readonly scope: Ambient<unknown>;
  /** The tapes that record, outermost first: tensor/tape.ts. */
  readonly tapes: Ambient<unknown>;
  /** The gradients accumulated so far by the backward pass in progress: tensor/tape.ts. */
  readonly sums: Ambient<unknown>;
  /** Numbers that parameters may still take: rnn/parameter-set.ts. */
  readonly budget: Ambient<unknown>;
};

/** The one instance of the ambient state in this thread. */
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
