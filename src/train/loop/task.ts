/** @file What the training loop needs to know of a model and its data. */
import type { JsonValue } from "../../formats/index.ts";
import type { RandomStream } from "../../base/index.ts";
import type { Shard } from "../../data/index.ts";
import type { Parameters } from "../../optim/index.ts";
import type { State } from "../../rnn/index.ts";
import type { Tensor } from "../../tensor/index.ts";
import type { Finding } from "./finding.ts";

/** The batches of one epoch. */
export type EpochBatches<B> = {
  /** Number of batches; undefined when it is not known before the end. */
  readonly count: number | undefined;
  /**
   * Batches from number `start` on, in order. Called once per epoch, or after a resume with where
   * it was. Undefined stands for a batch of which the shard has no row.
   */
  from(start: number): Iterator<B | undefined> | AsyncIterator<B | undefined>;
};

export type LossContext<S extends State = State> = {
  /** State that the last batch left, undefined where nothing is carried. */
  readonly state: S | undefined;
  /** Random stream of this step and batch, for dropout. */
  readonly random: RandomStream;
};

export type Loss = {
  /** Mean over the batch, a scalar: what is reported. */
  readonly value: Tensor;
  /**
   * Weight that `value` is a mean over: the number of tokens or examples, or the sum of their
   * weights, which `value` divides by. Batches of one step, and the steps of an epoch, are averaged
   * by it: Σ weight · value / Σ weight, which is the loss of the one large batch. Finite and at
   * least 0. Default 1, for batches that count alike.
   */
  readonly weight?: number | undefined;
  /**
   * Scalar that is added to `value` before differentiation. Averaged over the batches of a step
   * as `value` is, so that a penalty on the parameters counts once for each step.
   */
  readonly penalty?: Tensor | undefined;
  /** After the last time step, with a carried state. */
  readonly state?: State | undefined;
};

/** On held-out data: the mean loss, and what else was measured. */
export type Measured = {
  readonly loss: number;
  /** Measures by name, such as `{ accuracy: 0.97 }`. */
  readonly measures?: Readonly<Record<string, number>>;
  /** Findings that need attention, the worst first: `diagnose` in the options of `train`. */
  readonly findings?: readonly Finding[];
};

/** Parts of a run that take most memory, to be tried on an engine that only counts. */
export type Rehearsal<B> = {
  /** Batches of one step, such as the one with the longest example, or several after another. */
  readonly batches: readonly B[];
  /** Evaluates the largest batch of the held-out data. Absent: there is none. */
  readonly evaluate?: (() => void) | undefined;
  /**
   * The batches in words, with the longest example: "a batch of 2 texts of up to 40,000 words
   * (mails.csv line 7)".
   */
  readonly largest?: string | undefined;
  /** Options that make it smaller, such as "batchSize". */
  readonly cures?: readonly string[] | undefined;
};

/** A model with its data. `B` is a batch, `E` what an evaluation gives. */
export type Task<B, E extends Measured = Measured> = {
  /** Trained parameters by path. */
  readonly parameters: Parameters;
  /** Facts that a run must share with the one that it resumes, as plain JSON. */
  fingerprint(): Promise<Readonly<Record<string, JsonValue>>>;
  /**
   * Batches of epoch `index`, counted from 0. The same each time. Of each batch the rows of
   * `shard`, by default all of them: the shards' batches together are those of one rank. Throws
   * DataError when there are none.
   */
  epoch(index: number, shard?: Shard): EpochBatches<B>;
  /**
   * Carried from batch to batch, zero at the start of an epoch; overwritten in place. With several
   * ranks, this one's rows.
   */
  readonly carried?: State | undefined;
  /** Probability that a row of the carried state is set to zero before a batch. */
  readonly resetState?: number;
  loss(batch: B, context: LossContext): Loss;
  /** Numbers of the batch that are not finite, if it has any. */
  badInput?(batch: B): string | undefined;
  /** Tokens (or examples) of a batch, for the speed. */
  tokens(batch: B): number;
  /** Plan that is made before the first step. Absent: nothing is. */
  rehearsal?(): Rehearsal<B>;
  /**
   * On held-out data, letting the host run in between; absent where there is none. Undefined when
   * the signal has cut it short.
   */
  evaluate?(signal: AbortSignal | undefined): Promise<E | undefined>;
};
