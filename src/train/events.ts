/** @file What training tells. */
import type { Evaluation } from "../model/index.ts";

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

/** What was not a finite number, and where. */
export type Trouble = {
  readonly what: "parameter" | "state" | "slot" | "rate" | "loss" | "gradient" | "input";
  /** Path of the array, such as `rnn/0/kernel`; the name of the number otherwise. */
  readonly name: string;
};

export type StepEvent = Progress & {
  readonly kind: "step";
  /** Mean loss per token (or per example), without penalties. For cross entropy in nats. */
  readonly loss: number;
  /** Global norm of the gradients before clipping; NaN when there are none. */
  readonly gradientNorm: number;
  /** The rate of this step, before the groups' own factors. */
  readonly learningRate: number | undefined;
  readonly tokensPerSecond: number;
  /** Something was not finite, and parameters, slots and averages were left as they were. */
  readonly skipped: boolean;
  /** What it was, in a step that was skipped. */
  readonly trouble?: Trouble;
};

export type EvaluationEvent = Progress & Evaluation & { readonly kind: "evaluation" };

/** After the last step of each pass over the data. */
export type EpochEvent = Progress & {
  readonly kind: "epoch";
  /** Mean of the losses of its steps that were not skipped; NaN without any. */
  readonly loss: number;
};

/** Something that people should know, such as a step that was skipped. */
export type WarningEvent = Progress & {
  readonly kind: "warning";
  /** Of the last step. */
  readonly loss: number;
  readonly message: string;
};

/** Why training ended: all steps done, time over, aborted by the signal, or what a callback said. */
export type EndReason = "done" | "time" | "aborted" | (string & {});

export type EndEvent = Progress & { readonly kind: "end"; readonly loss: number; readonly reason: EndReason };

export type TrainEvent = StepEvent | EvaluationEvent | EpochEvent | WarningEvent | EndEvent;
