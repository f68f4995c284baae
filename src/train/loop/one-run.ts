/**
 * @file Parameters are trained by one run at a time: two would each take steps from what the other
 * has made of them.
 */
import { LockedError, sentence } from "../../base/index.ts";
import type { Parameters } from "../../optim/index.ts";
import type { Tensor } from "../../tensor/index.ts";

const HINT = "End the other first: leave its loop, call its return(), or abort its signal";

/** Who trains which parameters. */
export class Claim {
  /** A run that nobody can advance any more trains nothing. */
  readonly #run: WeakRef<object>;
  readonly #signal: AbortSignal | undefined;
  readonly #tensors: readonly Tensor[];
  #isTaken = false;
  /** Whether the run is between two events, where nothing is computed. */
  isResting = false;

  /**
   * Takes the parameters for `run`, which `signal` ends. Throws LockedError while another run has
   * one of them. A run that resumes a snapshot takes them from one that rests, which can't continue
   * then.
   */
  constructor(
    parameters: Parameters,
    run: object,
    { signal, resumes }: { readonly signal: AbortSignal | undefined; readonly resumes: boolean },
  ) {
    this.#run = new WeakRef(run);
    this.#signal = signal;
    this.#tensors = Object.values(parameters);
    const others = new Set(this.#tensors.map((tensor) => holders.get(tensor)));
    for (const other of others) {
      if (other === undefined || other.#isOver || (resumes && other.isResting)) continue;
      throw new LockedError(sentence("train", "a model that no other run is training", "one that is", HINT));
    }
    for (const other of others) if (other !== undefined) other.#isTaken = true;
    for (const tensor of this.#tensors) holders.set(tensor, this);
  }

  get #isOver(): boolean {
    return this.#signal?.aborted === true || this.#run.deref() === undefined;
  }

  /** Throws LockedError after another run has taken a parameter. */
  check(): void {
    if (!this.#isTaken || this.#signal?.aborted === true) return;
    throw new LockedError(sentence("train", "a model that no other run has trained meanwhile", "one that was resumed"));
  }

  giveBack(): void {
    for (const tensor of this.#tensors) if (holders.get(tensor) === this) holders.delete(tensor);
  }
}

const holders = new WeakMap<Tensor, Claim>();
