/** @file What training tells. */
import type { Anomaly } from "../../engine/index.ts";
import type { Measured } from "./task.ts";

export type Progress = {
  /** Steps done, from 1. */
  readonly step: number;
  /** Steps planned, undefined when only time limits the run. */
  readonly steps: number | undefined;
  /** Passes over the training data so far, a fraction. */
  readonly epoch: number;
  /** Seconds of training, those before a resume included. */
  readonly seconds: number;
};

/** A value that was not a finite number, and its place. */
export type Trouble = {
  readonly what: "parameter" | "state" | "slot" | "rate" | "loss" | "gradient" | "input" | "rank";
  /**
   * Path of the array, such as `rnn/0/kernel`; the name of the number otherwise. With "rank":
   * another rank, whose events say what.
   */
  readonly name: string;
  /** Origin of the number, with `anomaly`. Absent when it was there before the step. */
  readonly origin?: Anomaly;
};

export type StepEvent = Progress & {
  readonly kind: "step";
  /** Mean loss per token (or per example), without penalties. For cross entropy in nats. */
  readonly loss: number;
  /** Global norm of the gradients before clipping; NaN when there are none. */
  readonly gradientNorm: number;
  /**
   * The rate of this step, before the groups' own factors; undefined for an optimizer that has
   * none.
   */
  readonly learningRate: number | undefined;
  readonly tokensPerSecond: number;
  /** Something was not finite, and parameters, slots and averages were left as they were. */
  readonly skipped: boolean;
  /** The value that was not finite, in a step that was skipped. */
  readonly trouble?: Trouble;
};

/** `E` is what the evaluation measures. */
export type EvaluationEvent<E extends Measured = Measured> = Progress &
  E &
  Pick<Measured, "findings"> & { readonly kind: "evaluation" };

/** After the last step of each pass over the data. */
export type EpochEvent = Progress & {
  readonly kind: "epoch";
  /** Mean of the losses of its steps that were not skipped; NaN without any. */
  readonly loss: number;
};

/** Something that people should know, such as a step that was skipped. */
export type WarningEvent = Progress & {
  readonly kind: "warning";
  /** Loss of the last step. */
  readonly loss: number;
  readonly message: string;
  /** The value that was not finite, in a warning of a step that was skipped. */
  readonly trouble?: Trouble;
};

/**
 * Why training ended: all steps done, time over, aborted by the signal, or what a callback said.
 */
export type EndReason = "done" | "time" | "aborted" | (string & {});

export type EndEvent = Progress & { readonly kind: "end"; readonly loss: number; readonly reason: EndReason };

export type TrainEvent<E extends Measured = Measured> =
  | StepEvent
  | EvaluationEvent<E>
  | EpochEvent
  | WarningEvent
  | EndEvent;

const SUBJECTS: Readonly<Record<Trouble["what"], (name: string) => string>> = {
  parameter: (name) => `the parameter ${name}`,
  state: (name) => `the state ${name}`,
  slot: (name) => `the optimizer's ${name}`,
  rate: (name) => `the learning rate ${name}`,
  loss: () => "the loss",
  gradient: (name) => `the gradient of ${name}`,
  input: (name) => `the input ${name}`,
  rank: (name) => `what rank ${name} computed`,
};

/** Words for messages: "the gradient of rnn/0/kernel is not finite". */
export function describeTrouble({ what, name, origin }: Trouble): string {
  const fact = `${SUBJECTS[what](name)} is not ${what === "rate" ? "a finite number >= 0" : "finite"}`;
  if (origin === undefined) return fact;
  const { op, arrays, value, time } = origin;
  const on = arrays.length === 0 ? "" : ` with ${arrays.join(" and ")}`;
  const when = time === undefined ? "" : ` at time step ${time}, counted from 0`;
  return `${fact}; ${op}${on} was the first to make ${value} out of finite numbers${when}`;
}
