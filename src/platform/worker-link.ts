/** A worker that trains, as the thread that has started it sees it. */
export type WorkerLink = {
  /** The buffers in `transfer` are handed over, and empty here afterwards. */
  post(message: unknown, transfer?: readonly ArrayBuffer[]): void;
  /** Whether the process must stay alive for it. At first it must. A page has no such thing. */
  hold(isHeld: boolean): void;
  /** Ends the worker, whatever it is doing, and its threads. */
  stop(): Promise<void>;
};

export type WorkerEvents = {
  readonly message: (message: unknown) => void;
  /** Once, when it ends by itself or can't be started. */
  readonly failed: (reason: string) => void;
};

/** The same from the worker's side. */
export type ParentLink = {
  post(message: unknown, transfer?: readonly ArrayBuffer[]): void;
  listen(heard: (message: unknown) => void): void;
};
