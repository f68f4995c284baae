/** @file A run: what it is made of, which stays, and where it is, which changes. */
import { checkNumber, type RandomStream } from "../../base/index.ts";
import type { Optimizer, Schedule } from "../../optim/index.ts";
import { WeightAverage } from "./averaging.ts";
import { type Callback, checkCallbacks, type RunControl } from "./callbacks.ts";
import { type Rows, stateArrays } from "./carried-rows.ts";
import type { Communicator } from "./communicator.ts";
import { type Suspects, suspectsOf } from "./gradients.ts";
import { GroupedOptimizer, type ParameterGroup } from "./parameter-groups.ts";
import { MOST_RATE_FACTOR, type RunState, type Snapshot } from "./snapshot.ts";
import type { Measured, Task } from "./task.ts";

/** Options of `train`, checked and filled in. */
export type LoopSettings = {
  readonly optimizer: Optimizer;
  readonly groups: readonly ParameterGroup[];
  readonly schedule: Schedule | undefined;
  readonly clipNorm: number;
  /** Batches per step. */
  readonly accumulate: number;
  /** Decay of the average of the weights; undefined: none. */
  readonly averaging: number | undefined;
  readonly random: RandomStream;
  readonly steps: number | undefined;
  readonly epochs: number | undefined;
  readonly seconds: number | undefined;
  /** Steps between evaluations; undefined: at the end of each epoch. */
  readonly evaluateEvery: number | undefined;
  readonly callbacks: readonly Callback[];
  /** Whether a step that is skipped runs again to find out why. */
  readonly anomaly: boolean;
  readonly resume: Snapshot | undefined;
  readonly allowOtherNumerics: boolean;
  readonly signal: AbortSignal | undefined;
  /** Connection of the ranks of the run. */
  readonly communicator: Communicator;
};

export class Run<B, E extends Measured> {
  readonly task: Task<B, E>;
  readonly settings: LoopSettings;
  readonly optimizer: GroupedOptimizer;
  readonly average: WeightAverage | undefined;
  readonly control: RunControl;
  /** Parameters, slots and carried state, which must be finite: always the same tensors. */
  readonly kept: Suspects;
  /** All that decides what comes next. */
  readonly state: RunState = {
    step: 0,
    epoch: 0,
    batch: 0,
    skipped: 0,
    skippedTotal: 0,
    seconds: 0,
    loss: NaN,
    epochLoss: 0,
    epochWeight: 0,
    rateFactor: 1,
    updates: 0,
    evaluatedAt: 0,
    stopped: null,
  };
  /** Position of this rank's carried rows, once the run has begun. */
  rows: Rows = { from: 0, count: 0, total: 0 };

  constructor(task: Task<B, E>, settings: LoopSettings) {
    this.task = task;
    this.settings = settings;
    checkCallbacks(settings.callbacks);
    this.optimizer = new GroupedOptimizer(task.parameters, settings.optimizer, settings.groups);
    if (settings.averaging !== undefined) this.average = new WeightAverage(this.optimizer.trained, settings.averaging);
    this.kept = suspectsOf([
      ["parameter", task.parameters],
      ["slot", this.optimizer.slots],
      ["state", stateArrays(task.carried)],
    ]);
    const { state } = this;
    this.control = {
      parameters: task.parameters,
      get rateFactor() {
        return state.rateFactor;
      },
      set rateFactor(factor) {
        state.rateFactor = checkNumber("callback rateFactor", factor, 0, MOST_RATE_FACTOR);
      },
      stop: (reason) => {
        state.stopped ??= reason;
      },
    };
  }
}
