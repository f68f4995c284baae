/**
 * @file Long calls in pieces, between which timers, signals and input have their turn. Both
 * platforms give it their clock and their way to wait.
 */

/** Milliseconds that are computed before others have their turn. */
const SLICE = 8;

/** Tells a long asynchronous call when to rest, as in `if (pacer.isDue) await pacer.rest()`. */
export type Pacer = {
  /** Whether `SLICE` milliseconds have passed since the last rest. */
  readonly isDue: boolean;
  /** Lets others run; throws the signal's reason when it has aborted. */
  rest(): Promise<void>;
};

/**
 * A long call as a generator, which yields wherever others may run and nothing is half done. No
 * scope may be open there.
 */
export type Pieces<R> = Generator<void, R, undefined>;

export type Pacing = {
  /** Starts the clock. */
  readonly pacer: (signal?: AbortSignal) => Pacer;
  /**
   * Runs the pieces, and lets others run every few milliseconds. Rejects with the signal's reason
   * when it aborts, after the piece that is running; the generator is then closed, so that its
   * `finally` blocks run.
   */
  readonly inPieces: <R>(pieces: Pieces<R>, signal?: AbortSignal) => Promise<R>;
  /** `atOnce`; with a signal `inPieces`. */
  readonly carryOut: <R>(pieces: Pieces<R>, signal: AbortSignal | undefined) => R | Promise<R>;
};

/**
 * Options of a long call. With a signal its answer is a promise: others have their turn every few
 * milliseconds, and it rejects with the signal's reason when that aborts.
 */
export type WithSignal = { readonly signal: AbortSignal };

/** Both, for the implementation. */
export type MaybeSignal = { readonly signal?: AbortSignal | undefined };

/** Options of a long call whose answer is there at once. */
export type WithoutSignal = { readonly signal?: undefined };

export function pacingWith(now: () => number, yieldToHost: () => Promise<void>): Pacing {
  function pacer(signal?: AbortSignal): Pacer {
    let start = now();
    return {
      get isDue() {
        return now() - start >= SLICE;
      },
      async rest() {
        await yieldToHost();
        start = now();
        signal?.throwIfAborted();
      },
    };
  }
  async function inPieces<R>(pieces: Pieces<R>, signal?: AbortSignal): Promise<R> {
    signal?.throwIfAborted();
    const pace = pacer(signal);
    try {
      for (;;) {
        const next = pieces.next();
        if (next.done === true) return next.value;
        if (pace.isDue) await pace.rest();
      }
    } catch (error) {
      pieces.return(undefined as never);
      throw error;
    }
  }
  return {
    pacer,
    inPieces,
    carryOut: (pieces, signal) => (signal === undefined ? atOnce(pieces) : inPieces(pieces, signal)),
  };
}

/** Runs the pieces at once. */
export function atOnce<R>(pieces: Pieces<R>): R {
  for (;;) {
    const next = pieces.next();
    if (next.done === true) return next.value;
  }
}
