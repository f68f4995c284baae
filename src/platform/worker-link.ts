/** A training worker, seen from the thread that started it. */
export type WorkerLink = {
  /**
   * Sends a message. The buffers in `transfer` move to the worker and are empty here afterwards.
   */
  post(message: unknown, transfer?: readonly ArrayBuffer[]): void;
  /** Whether the worker keeps the process alive. At first it does. Does nothing in a page. */
  hold(isHeld: boolean): void;
  /** Ends the worker and its threads, even while it computes. */
  stop(): Promise<void>;
};

/** Callbacks for what a worker does. */
export type WorkerEvents = {
  readonly message: (message: unknown) => void;
  /** Called once if the worker ends by itself or can't be started. */
  readonly failed: (reason: string) => void;
};

/** The link to the thread that started the worker, seen from the worker. */
export type ParentLink = {
  post(message: unknown, transfer?: readonly ArrayBuffer[]): void;
  listen(onMessage: (message: unknown) => void): void;
};
