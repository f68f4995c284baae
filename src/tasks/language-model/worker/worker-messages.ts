/**
 * @file What `trainInWorker` and its worker say to each other: plain data, and one reply for each
 * request but `abort`, in order.
 */
import type { ErrorData } from "../../../base/index.ts";
import type { Vocabulary } from "../../../data/index.ts";
import type { LanguageModelOptions } from "../model.ts";
import type { OptimizerConfig, PlateauOptions } from "../../../optim/index.ts";
import type { EarlyStoppingOptions, ParameterGroup, Snapshot } from "../../../train/index.ts";
import type { TrainOptions } from "../train.ts";

/** A callback of this package by its name, with its options. */
export type WorkerCallback =
  | ({ readonly name: "earlyStopping" } & EarlyStoppingOptions)
  | ({ readonly name: "reduceOnPlateau" } & Omit<PlateauOptions, "initial">);

export type OptimizerData = { readonly name: string; readonly config: OptimizerConfig };

/** Options of `train` without functions. */
export type OptionsData = Omit<
  TrainOptions,
  "corpus" | "optimizer" | "schedule" | "groups" | "callbacks" | "signal" | "resume" | "communicator"
> & {
  readonly corpus?: string | Uint8Array | Int32Array | undefined;
  readonly optimizer?: OptimizerData;
  readonly groups?: readonly (Omit<ParameterGroup, "optimizer"> & { readonly optimizer?: OptimizerData })[];
  readonly callbacks?: readonly WorkerCallback[];
  readonly resume?: Snapshot | undefined;
};

/** A model's options, or a saved one. */
export type ModelData =
  | Uint8Array
  | (Omit<LanguageModelOptions, "vocabulary"> & { readonly vocabulary?: ReturnType<Vocabulary["toJSON"]> });

/** The rate of a step, counted from 0. */
export type RateOfStep = readonly [step: number, rate: number];

export type WorkerRequest =
  | {
      readonly kind: "start";
      readonly model: ModelData;
      readonly options: OptionsData;
      /** Rates that the schedule gives for the steps that stand for it; undefined without one. */
      readonly rates: readonly RateOfStep[] | undefined;
      readonly isAborted: boolean;
    }
  | { readonly kind: "next"; readonly rate: RateOfStep | undefined }
  | { readonly kind: "snapshot" }
  | { readonly kind: "model" }
  /** Leaves the loop, if it has not ended. */
  | { readonly kind: "end" }
  | { readonly kind: "abort" };

/** Results that a run leaves. */
export type WorkerResult = {
  readonly model: Uint8Array;
  /** Undefined for a run that has not begun. */
  readonly snapshot: Snapshot | undefined;
};

export type WorkerReply =
  | { readonly kind: "ready" }
  | { readonly kind: "result"; readonly value: unknown }
  | { readonly kind: "error"; readonly error: ErrorData };
