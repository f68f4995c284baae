/** @file The worker's side of `trainInWorker`: `train` here, one event for each request. */
import { errorToData, internalError } from "../../../base/index.ts";
import { vocabularyFromJSON } from "../../../data/index.ts";
import type { Evaluation } from "../evaluation.ts";
import { type LanguageModel, languageModel, loadLanguageModel } from "../model.ts";
import { encodeModel } from "../../../model/index.ts";
import { optimizerFromConfig } from "../../../optim/index.ts";
import type { ParentLink } from "#platform";
import { type Callback, earlyStopping, reduceOnPlateau, type Snapshot, type Training } from "../../../train/index.ts";
import { train } from "../train.ts";
import type {
  ModelData,
  OptimizerData,
  OptionsData,
  RateOfStep,
  WorkerCallback,
  WorkerReply,
  WorkerRequest,
  WorkerResult,
} from "./worker-messages.ts";

type Run = { readonly model: LanguageModel; readonly training: Training<Evaluation>; rate: RateOfStep | undefined };

/** A reply, and the memory that goes with it. */
type Answer = { readonly value: unknown; readonly transfer?: readonly ArrayBuffer[] };

export function serveTraining(link: ParentLink): void {
  const abort = new AbortController();
  let run: Run | undefined;
  let turn: Promise<void> = Promise.resolve();

  async function answer(request: WorkerRequest): Promise<Answer> {
    if (request.kind === "start") {
      if (request.isAborted) abort.abort();
      run = startRun(request, abort.signal);
      return { value: undefined };
    }
    if (run === undefined) throw internalError(`${request.kind} before start`);
    const { model, training } = run;
    switch (request.kind) {
      case "next":
        run.rate = request.rate;
        return { value: await training.next() };
      case "snapshot":
        return snapshotAnswer(await training.snapshot());
      case "model":
        return modelAnswer(model);
      case "end": {
        await training.return();
        const snapshot = await training.snapshot().catch(() => undefined);
        const { value, transfer } = modelAnswer(model);
        if (snapshot === undefined) return { value: { model: value, snapshot } satisfies WorkerResult, transfer };
        const copy = snapshotAnswer(snapshot);
        const result: WorkerResult = { model: value, snapshot: copy.value };
        return { value: result, transfer: [...transfer, ...copy.transfer] };
      }
      default:
        throw internalError(`request ${request.kind}`);
    }
  }

  link.listen((message) => {
    const request = message as WorkerRequest;
    if (request.kind === "abort") {
      abort.abort();
      return;
    }
    turn = turn.then(async () => {
      try {
        const { value, transfer } = await answer(request);
        link.post({ kind: "result", value } satisfies WorkerReply, transfer);
      } catch (error) {
        link.post({ kind: "error", error: errorToData(error) } satisfies WorkerReply);
      }
    });
  });
  // messages that came before would be lost on the web
  link.post({ kind: "ready" } satisfies WorkerReply);
}

function startRun(
  { model: data, options, rates: known }: WorkerRequest & { readonly kind: "start" },
  signal: AbortSignal,
): Run {
  const model = modelOf(data);
  const rates = new Map(known);
  const rateOf = (step: number): number | undefined => (run.rate?.[0] === step ? run.rate[1] : rates.get(step));
  const { optimizer, groups, callbacks, ...rest }: OptionsData = options;
  const training = train(model, {
    ...rest,
    signal,
    ...(optimizer && { optimizer: optimizerFrom(optimizer) }),
    ...(groups && {
      groups: groups.map(({ optimizer: own, ...group }) => ({
        ...group,
        ...(own && { optimizer: optimizerFrom(own) }),
      })),
    }),
    ...(callbacks && { callbacks: callbacks.map(callbackOf) }),
    // each rate comes with the request for its step
    ...(known && { schedule: (step: number) => rateOf(step) ?? NaN }),
  });
  const run: Run = { model, training, rate: undefined };
  return run;
}

function modelOf(data: ModelData): LanguageModel {
  if (data instanceof Uint8Array) return loadLanguageModel(data);
  const { vocabulary, ...options } = data;
  return languageModel({ ...options, ...(vocabulary && { vocabulary: vocabularyFromJSON(vocabulary) }) });
}

const optimizerFrom = ({ name, config }: OptimizerData): ReturnType<typeof optimizerFromConfig> =>
  optimizerFromConfig(name, config);

function callbackOf(data: WorkerCallback): Callback {
  if (data.name === "earlyStopping") {
    const { name: _name, ...options } = data;
    return earlyStopping(options);
  }
  const { name: _name, ...options } = data;
  return reduceOnPlateau(options);
}

/** Copies a snapshot, since the loop keeps it after the end. */
function snapshotAnswer({ state, arrays }: Snapshot): { value: Snapshot; transfer: ArrayBuffer[] } {
  const copies = Object.entries(arrays).map(([path, array]) => [path, { ...array, data: array.data.slice() }] as const);
  return {
    value: { state, arrays: Object.fromEntries(copies) },
    transfer: copies.map(([, { data }]) => data.buffer as ArrayBuffer),
  };
}

function modelAnswer(model: LanguageModel): { value: Uint8Array; transfer: ArrayBuffer[] } {
  const value = encodeModel(model);
  return { value, transfer: [value.buffer as ArrayBuffer] };
}
