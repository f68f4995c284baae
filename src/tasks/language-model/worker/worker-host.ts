/** @file A worker that trains, as its caller has it: requests and their replies in order. */
import { errorFromData, sentence, UnsupportedError } from "../../../base/index.ts";
import { advice, startTrainingWorker, type WorkerLink } from "#platform";
import type { WorkerReply, WorkerRequest } from "./worker-messages.ts";

type Waiting = { readonly resolve: (value: unknown) => void; readonly reject: (error: Error) => void };

export class WorkerHost {
  readonly #link: WorkerLink;
  readonly #waiting: Waiting[] = [];
  #failure: Error | undefined;

  private constructor(started: Waiting) {
    this.#waiting.push(started);
    this.#link = startTrainingWorker({
      message: (message) => this.#heard(message as WorkerReply),
      failed: (reason) => this.#fail(reason),
    });
  }

  /** Resolves when the worker listens. Rejects with UnsupportedError where there can be none. */
  static start(): Promise<WorkerHost> {
    return new Promise((resolve, reject) => {
      let host: WorkerHost | undefined;
      const started: Waiting = { resolve: () => resolve(host as WorkerHost), reject };
      try {
        host = new WorkerHost(started);
      } catch (error) {
        reject(failure(`none: ${(error as Error).message}`, advice.training));
      }
    });
  }

  #heard(reply: WorkerReply): void {
    const waiting = this.#waiting.shift();
    // a process need not stay for a worker that only waits
    if (this.#waiting.length === 0) this.#link.hold(false);
    if (reply.kind === "error") waiting?.reject(errorFromData(reply.error));
    else waiting?.resolve(reply.kind === "ready" ? undefined : reply.value);
  }

  #fail(reason: string): void {
    this.#failure = failure(reason);
    for (const { reject } of this.#waiting.splice(0)) reject(this.#failure);
  }

  /**
   * The reply to a request. `T` is what it has. Rejects with the worker's error, or with
   * UnsupportedError when the worker is gone.
   */
  ask<T>(request: WorkerRequest): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#failure !== undefined) throw this.#failure;
      this.#link.post(request);
      this.#link.hold(true);
      this.#waiting.push({ resolve: resolve as Waiting["resolve"], reject });
    });
  }

  /** Has no reply. */
  abort(): void {
    this.#link.post({ kind: "abort" } satisfies WorkerRequest);
  }

  stop(): Promise<void> {
    this.#fail("one that was ended");
    return this.#link.stop();
  }
}

const failure = (reason: string, hint?: string): UnsupportedError =>
  new UnsupportedError(sentence("trainInWorker", "a worker that runs", reason, hint));
