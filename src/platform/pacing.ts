/**
 * @file Long calls in pieces, between which timers, signals and input are handled. Each platform
 * passes its clock and its way to yield.
 */

/** Milliseconds of computing before a call yields. */
const SLICE = 8;

/**
 * A clock that tells a long asynchronous call when to yield, as in `if (pacer.isDue) await
 * pacer.rest()`.
 */
export type Pacer = {
  /** Whether `SLICE` milliseconds have passed since the last rest. */
  readonly isDue: boolean;
  /** Yields to the host. Rejects with the signal's reason if it has aborted. */
  rest(): Promise<void>;
};

/**
 * A long call as a generator. It yields where other code may run: nothing is half done there, and
 * no scope is open.
 */
export type Pieces<R> = Generator<void, R, undefined>;

/** Ways to run a long call, with the clock of one platform. */
export type Pacing = {
  /** Starts a clock. With a signal, `rest` rejects once it has aborted. */
  readonly pacer: (signal?: AbortSignal) => Pacer;
  /**
   * Runs the pieces, and yields to the host every few milliseconds. Rejects with the signal's
   * reason after the piece during which it aborts; the generator is then closed, so its `finally`
   * blocks run.
   */
  readonly inPieces: <R>(pieces: Pieces<R>, signal?: AbortSignal) => Promise<R>;
  /** `atOnce` or, with a signal, `inPieces`. */
  readonly carryOut: <R>(pieces: Pieces<R>, signal: AbortSignal | undefined) => R | Promise<R>;
};

/**
 * Options of a long call that can be aborted. It returns a promise, yields to the host every few
 * milliseconds, and rejects with the signal's reason when that aborts.
 */
export type WithSignal = { readonly signal: AbortSignal };

/** `WithSignal` or `WithoutSignal`, for implementations of both. */
export type MaybeSignal = { readonly signal?: AbortSignal | undefined };

/** Options of a long call that returns its result directly. */
export type WithoutSignal = { readonly signal?: undefined };

/** The ways to run a long call with this clock and this way to yield. */
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

/** Runs all pieces without yielding. */
export function atOnce<R>(pieces: Pieces<R>): R {
  for (;;) {
    const next = pieces.next();
    if (next.done === true) return next.value;
  }
}
