/**
 * @file What may look at a run and change its course: early stopping, a smaller rate on a plateau,
 * or what people write themselves.
 */
import { checkInteger, checkNumber, checkOptions, kindError, sameShape, valueError } from "../../base/index.ts";
import type { JsonValue } from "../../formats/index.ts";
import { plateau, type Parameters, type PlateauOptions, type PlateauState } from "../../optim/index.ts";
import { assign, type Tensor } from "../../tensor/index.ts";
import { copyOf } from "./averaging.ts";
import type { TrainEvent } from "./events.ts";

/** Controls that a callback is given. */
export type RunControl = {
  /** Parameters of the model; callbacks may overwrite them with `assign`. */
  readonly parameters: Parameters;
  /**
   * Factor on every learning rate from the next step on; 1 at first. RangeError for one that is not
   * from 0 to a million.
   */
  rateFactor: number;
  /** Ends training after this event. `reason` appears in the end event. */
  stop(reason: string): void;
};

export type Callback = {
  /** Different from those of the other callbacks of a run; its state is saved under it. */
  readonly name: string;
  /** Sees every event before the caller of `train`. The end event is the last one. */
  onEvent(event: TrainEvent, control: RunControl): void;
  /** State that a checkpoint must hold to continue exactly. */
  state?(): JsonValue;
  /** Arrays that go with it. */
  arrays?(): Readonly<Record<string, Tensor>>;
  /**
   * Continues from a checkpoint. `arrays` has what `arrays()` gave. A state that can't be one is to
   * be refused with TypeError or RangeError before anything is changed: the run is then not
   * resumed, and all is as it was.
   */
  restore?(state: JsonValue, arrays: Readonly<Record<string, Tensor>>, control: RunControl): void;
};

export type EarlyStoppingOptions = {
  /** Evaluations without improvement that are tolerated. Default 5. */
  readonly patience?: number | undefined;
  /** An improvement must be larger than this, in nats. Default 0. */
  readonly minDelta?: number | undefined;
  /** At the end the model gets back the weights of its best evaluation. Default true. */
  readonly restoreBestWeights?: boolean | undefined;
};

/**
 * Ends training when the loss on held-out data has not become smaller for more than `patience`
 * evaluations: Keras' EarlyStopping, which stops at `patience`. NaN is never an improvement.
 */
export function earlyStopping({
  patience = 5,
  minDelta = 0,
  restoreBestWeights = true,
}: EarlyStoppingOptions = {}): Callback {
  checkOptions("earlyStopping", arguments[0], "patience minDelta restoreBestWeights");
  checkInteger("earlyStopping patience", patience);
  checkNumber("earlyStopping minDelta", minDelta, 0);
  let best: number | null = null;
  let bestStep = 0;
  let bad = 0;
  let weights: Record<string, Tensor> = {};

  const keep = (parameters: Parameters): void => {
    for (const [path, x] of Object.entries(parameters)) {
      if (Object.hasOwn(weights, path)) assign(weights[path], x);
      else weights[path] = copyOf(x);
    }
  };
  return {
    name: "earlyStopping",
    onEvent(event, control) {
      if (event.kind === "evaluation") {
        if (Number.isFinite(event.loss) && (best === null || event.loss < best - minDelta)) {
          best = event.loss;
          bestStep = event.step;
          bad = 0;
          if (restoreBestWeights) keep(control.parameters);
        } else bad++;
        if (bad > patience) control.stop(`no better evaluation since step ${bestStep}`);
      } else if (event.kind === "end" && best !== null) {
        for (const [path, x] of Object.entries(weights)) assign(control.parameters[path], x);
      }
    },
    state: () => ({ best, bestStep, bad }),
    arrays: () => weights,
    restore(state, arrays, { parameters }) {
      const { best: loss, bestStep: step, bad: count } = membersOf("earlyStopping state", state);
      if (loss !== null) checkNumber("earlyStopping state best", loss);
      checkInteger("earlyStopping state bestStep", step);
      checkInteger("earlyStopping state bad", count);
      for (const [path, { dtype, shape }] of Object.entries(arrays)) {
        const own = Object.hasOwn(parameters, path) ? parameters[path] : undefined;
        if (own?.dtype !== dtype || !sameShape(own.shape, shape))
          throw valueError("earlyStopping weights", "those of the model's parameters", `${path} [${shape.join(", ")}]`);
      }
      ({ best, bestStep, bad } = state as { best: number | null; bestStep: number; bad: number });
      weights = { ...arrays };
    },
  };
}

/**
 * Multiplies the learning rate when the loss on held-out data has not improved: see `plateau`,
 * whose `initial` is the factor 1.
 */
export function reduceOnPlateau(options: Omit<PlateauOptions, "initial"> = {}): Callback {
  checkOptions(
    "reduceOnPlateau",
    options,
    "factor patience threshold thresholdMode cooldown minimum smallestChange mode",
  );
  const rate = plateau({ ...options, initial: 1 });
  return {
    name: "reduceOnPlateau",
    onEvent(event, control) {
      if (event.kind !== "evaluation") return;
      rate.observe(event.loss);
      control.rateFactor = rate.learningRate;
    },
    state: () => ({ ...rate.state() }),
    restore: (state) => rate.restore(membersOf("reduceOnPlateau state", state) as PlateauState),
  };
}

function membersOf(where: string, state: JsonValue): Readonly<Record<string, unknown>> {
  if (typeof state === "object" && state !== null && !Array.isArray(state)) return state;
  throw kindError(where, "an object", state);
}

/** Throws unless all are callbacks with names of their own. */
export function checkCallbacks(callbacks: readonly Callback[]): void {
  const names = new Set<string>();
  callbacks.forEach((callback, at) => {
    if (typeof callback?.onEvent !== "function") throw kindError(`train callbacks[${at}]`, "a callback", callback);
    if (names.has(callback.name)) throw kindError(`train callbacks[${at}]`, "a name of its own", callback.name);
    names.add(callback.name);
  });
}
