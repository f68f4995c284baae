/**
 * @file The steps of a run: the rate of each, what it changes in the run's state, and what is
 * reported of it.
 */
import { kindError, NotFiniteError, type RandomStream, sentence, type TypedArray } from "../../base/index.ts";
import { carryInto } from "../../rnn/index.ts";
import { now } from "#platform";
import { copyOfState, findOrigin } from "./anomaly.ts";
import { resetRows } from "./carried-rows.ts";
import { describeTrouble, type StepEvent, type Trouble, type WarningEvent } from "./events.ts";
import { isEmpty } from "./gradients.ts";
import type { Plan } from "./plan.ts";
import type { Run } from "./run.ts";
import type { Measured } from "./task.ts";
import { type StepResult, type StepSettings, trainStep } from "./train-step.ts";

/** After so many steps in a row that had to be skipped, training stops. */
const MAX_SKIPPED = 10;

export class Stepper<B, E extends Measured> {
  readonly #run: Run<B, E>;
  readonly #plan: Plan;
  readonly #dropout: RandomStream;
  readonly #resets: RandomStream;
  /** Names of the trained parameters, in the order in which their squares are summed. */
  readonly #names: readonly string[];
  /** Why the last step was skipped, if it was. */
  #trouble: Trouble | undefined;

  constructor(run: Run<B, E>, plan: Plan) {
    this.#run = run;
    this.#plan = plan;
    this.#dropout = run.settings.random.named("dropout");
    this.#resets = run.settings.random.named("reset");
    this.#names = Object.keys(run.optimizer.trained).toSorted();
  }

  /** One step on these batches, of which those that are undefined have no row for this rank. */
  async step(group: readonly (B | undefined)[]): Promise<StepEvent> {
    const { task, state, settings, optimizer, average } = this.#run;
    const { step } = state;
    const begin = now();
    if (task.carried !== undefined && task.resetState)
      resetRows(task.carried, task.resetState, this.#run.rows, this.#resets.at(step));
    const rate = this.#rate();
    const start = settings.anomaly ? copyOfState(task.carried) : undefined;
    const settingsOfStep = this.#settingsOf(step);
    const result = await trainStep(task, group, settingsOfStep, this.#wrongInput(group, rate), (gradients, scale) =>
      optimizer.update(gradients, rate, scale),
    );
    const { loss, weight, tokens, gradientNorm } = result;
    const trouble = start === undefined ? result.trouble : this.#explained(result, group, settingsOfStep, start);
    this.#trouble = trouble;
    if (trouble !== undefined && task.carried !== undefined) carryInto(task.carried, undefined);
    state.step++;
    state.batch += group.length;
    state.loss = loss;
    state.skipped = trouble === undefined ? 0 : state.skipped + 1;
    if (trouble === undefined) {
      state.epochLoss += weight * loss;
      state.epochWeight += weight;
      average?.update();
    } else state.skippedTotal++;
    const { epoch, seconds, steps } = this.#plan.progress();
    return {
      kind: "step",
      step: state.step,
      steps,
      epoch,
      seconds,
      loss,
      gradientNorm,
      learningRate: rate ?? optimizer.learningRate,
      tokensPerSecond: (tokens * 1000) / (now() - begin),
      skipped: trouble !== undefined,
      ...(trouble && { trouble }),
    };
  }

  /** The rate of the next step before the groups' own factors; undefined: each optimizer's own. */
  #rate(): number | undefined {
    const { state, settings, optimizer } = this.#run;
    const scheduled: unknown = settings.schedule?.(state.step);
    if (scheduled !== undefined && typeof scheduled !== "number")
      throw kindError("train schedule", `a learning rate for step ${state.step}`, scheduled);
    const base = scheduled ?? (state.rateFactor === 1 ? undefined : optimizer.learningRate);
    return base === undefined ? undefined : base * state.rateFactor;
  }

  #settingsOf(step: number): StepSettings {
    const { settings, optimizer, kept } = this.#run;
    const { clipNorm, communicator } = settings;
    return {
      trained: optimizer.trained,
      names: this.#names,
      kept,
      clipNorm,
      random: this.#dropout.at(step),
      communicator,
    };
  }

  /**
   * Trouble of a step with, where it arose in the step, the kernel that it came from.
   */
  #explained(
    { trouble, arose }: StepResult,
    group: readonly (B | undefined)[],
    settings: StepSettings,
    start: Readonly<Record<string, TypedArray>>,
  ): Trouble | undefined {
    if (trouble === undefined || !arose) return trouble;
    const origin = findOrigin(this.#run.task, group, settings, start);
    return origin === undefined ? trouble : { ...trouble, origin };
  }

  #wrongInput(group: readonly (B | undefined)[], rate: number | undefined): Trouble | undefined {
    if (rate !== undefined && !(Number.isFinite(rate) && rate >= 0)) return { what: "rate", name: String(rate) };
    const { task, settings } = this.#run;
    if (task.badInput === undefined) return undefined;
    for (const batch of group) {
      const name = isEmpty(batch, settings.communicator) ? undefined : task.badInput(batch);
      if (name !== undefined) return { what: "input", name };
    }
    return undefined;
  }

  /**
   * Undefined after a step that was made. Throws NotFiniteError when too many in a row were not.
   */
  warning(): WarningEvent | undefined {
    const { step, loss, skipped, skippedTotal } = this.#run.state;
    if (skipped === 0) return undefined;
    const trouble = this.#trouble;
    const why = trouble === undefined ? "" : `: ${describeTrouble(trouble)}`;
    const message = `step ${step} was skipped, ${skipped} in a row and ${skippedTotal} altogether${why}`;
    return { kind: "warning", ...this.#plan.progress(), loss, message, ...(trouble && { trouble }) };
  }

  /**
   * Throws NotFiniteError after too many skipped steps in a row, which all ranks have skipped
   * alike.
   */
  checkSkipped(): void {
    const { step, skipped } = this.#run.state;
    if (skipped < MAX_SKIPPED) return;
    const why = this.#trouble === undefined ? "" : `, in which ${describeTrouble(this.#trouble)}`;
    const got = `${skipped} in a row that were not, up to step ${step}${why}`;
    throw new NotFiniteError(
      sentence("train", "steps with a finite loss and gradient", got, "Lower the learning rate or clipNorm"),
    );
  }
}
