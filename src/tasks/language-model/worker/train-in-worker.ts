/** @file `train` on a thread of its own. */
import { checkOptions, kindError, sentence, UnsupportedError } from "../../../base/index.ts";
import type { Evaluation } from "../evaluation.ts";
import { LanguageModel, type LanguageModelOptions, loadLanguageModel } from "../model.ts";
import { type Optimizer, optimizerFromConfig } from "../../../optim/index.ts";
import { SCHEDULE_STEPS, type Snapshot, type TrainEvent, type Training } from "../../../train/index.ts";
import { TRAIN_OPTIONS, type TrainOptions } from "../train.ts";
import { WorkerHost } from "./worker-host.ts";
import type { ModelData, OptimizerData, OptionsData, WorkerCallback, WorkerResult } from "./worker-messages.ts";

export type WorkerTrainOptions = Omit<TrainOptions, "corpus" | "callbacks" | "communicator"> & {
  /** Text to learn, or its token ids. Default: the corpus in the model's options. */
  readonly corpus?: string | Uint8Array | Int32Array | undefined;
  /**
   * Callbacks by their names, with their options. Default: none. Callbacks of your own can't
   * follow: the loop sees every event.
   */
  readonly callbacks?: readonly WorkerCallback[] | undefined;
};

/**
 * A run in a worker: that of `train`, and the model as it is between two events or has been left.
 */
export type WorkerTraining = Training<Evaluation> & {
  /**
   * Bytes of the model, as `encodeModel` writes them. Rejects with UnsupportedError before the
   * first event.
   */
  modelBytes(): Promise<Uint8Array>;
  /** The model itself, here; reading it takes this thread some time. */
  model(): Promise<LanguageModel>;
};

/**
 * `train` in a worker, so that a thread that draws a page or answers requests goes on meanwhile,
 * however long a step takes. The same events, errors and bits; each event is computed when it is
 * asked for. `model` is what `languageModel` takes, or the bytes of a saved model, and stays as it
 * is: the trained one comes from `model()` or `modelBytes()`.
 *
 * The worker is started when the run is first advanced and ended when the run ends or the loop is
 * left; the model and the snapshot of the end remain. A schedule is called here. The optimizers
 * must be those of this package.
 *
 * Throws (when first advanced) as `train` and `languageModel` do, and UnsupportedError where no
 * worker can be had or when it dies.
 */
export function trainInWorker(
  model: LanguageModelOptions | Uint8Array,
  options: WorkerTrainOptions = {},
): WorkerTraining {
  checkOptions("trainInWorker", options, TRAIN_OPTIONS);
  let host: WorkerHost | undefined;
  let left: Promise<WorkerResult> | undefined;

  async function* events(): AsyncGenerator<TrainEvent<Evaluation>, void, undefined> {
    const { signal, schedule } = options;
    const data = { model: modelData(model), options: optionsData(options) };
    const rates = schedule && SCHEDULE_STEPS.map((step) => [step, schedule(step)] as const);
    const own = await WorkerHost.start();
    const abort = (): void => own.abort();
    signal?.addEventListener("abort", abort);
    try {
      await own.ask({ kind: "start", ...data, rates, isAborted: signal?.aborted === true });
      host = own;
      for (let step = stepsOf(options.resume); ;) {
        const rate = schedule && ([step, schedule(step)] as const);
        const next = await own.ask<IteratorResult<TrainEvent<Evaluation>, void>>({ kind: "next", rate });
        if (next.done === true) return;
        ({ step } = next.value);
        yield next.value;
      }
    } finally {
      signal?.removeEventListener("abort", abort);
      if (host !== undefined) {
        left = own.ask<WorkerResult>({ kind: "end" });
        // who asks for the model is told
        await left.catch(() => {});
      }
      await own.stop();
    }
  }

  async function ask<T>(kind: "snapshot" | "model"): Promise<T> {
    const found = left === undefined ? await host?.ask<T>({ kind }) : ((await left)[kind] as T | undefined);
    if (found === undefined)
      throw new UnsupportedError(sentence(kind, "a run that has begun", "one before its first event"));
    return found;
  }

  return Object.assign(events(), {
    snapshot: () => ask<Snapshot>("snapshot"),
    modelBytes: () => ask<Uint8Array>("model"),
    model: async () => loadLanguageModel(await ask<Uint8Array>("model")),
  });
}

/** Steps done in the run that goes on. The worker checks the rest. */
const stepsOf = (resume: Snapshot | undefined): number =>
  Number((resume?.state as { run?: { step?: number } } | undefined)?.run?.step ?? 0);

function modelData(model: LanguageModelOptions | Uint8Array): ModelData {
  if (model instanceof Uint8Array) return model;
  if (model instanceof LanguageModel) {
    const hint = "encodeModel(model) gives the bytes";
    throw kindError("trainInWorker model", "the options of a model, or the bytes of a saved one", model, hint);
  }
  const { vocabulary, ...options } = model;
  return { ...options, ...(vocabulary && { vocabulary: vocabulary.toJSON() }) };
}

function optionsData({
  optimizer,
  groups,
  callbacks = [],
  schedule: _schedule,
  signal: _signal,
  ...options
}: WorkerTrainOptions): OptionsData {
  callbacks.forEach((callback, at) => {
    if (typeof callback === "object" && callback !== null && !("onEvent" in callback) && NAMES.includes(callback.name))
      return;
    const expected = `${NAMES.map((name) => `{ name: "${name}" }`).join(" or ")} with options`;
    throw kindError(`trainInWorker callbacks[${at}]`, expected, callback);
  });
  return {
    ...options,
    callbacks,
    ...(optimizer && { optimizer: optimizerData(optimizer) }),
    ...(groups && {
      groups: groups.map(({ optimizer: own, ...group }) => ({
        ...group,
        ...(own && { optimizer: optimizerData(own) }),
      })),
    }),
  };
}

const NAMES: readonly WorkerCallback["name"][] = ["earlyStopping", "reduceOnPlateau"];

/** Throws RangeError for an optimizer that is none of this package. */
function optimizerData({ name, config }: Optimizer): OptimizerData {
  optimizerFromConfig(name, config);
  return { name, config };
}
