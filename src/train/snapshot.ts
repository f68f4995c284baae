/** @file The state of a run, from which it continues bit for bit. Plain JSON and arrays, which `encodeCheckpoint` puts into one file. */
import { DataError, describe, leavesOf, sameShape, sentence, type Tree } from "../base/index.ts";
import type { CheckpointContents, JsonValue, StoredArray } from "../formats/index.ts";
import type { State } from "../rnn/index.ts";
import { assign, outsideScopes, type Tensor, tensor } from "../tensor/index.ts";
import type { Callback } from "./callbacks.ts";

/** Version of the state that is written, and the newest that can be continued. */
const VERSION = 1;

/** Where a run is. Numbers that JSON can't hold are written as their names. */
export type RunState = {
  /** Steps done. */
  step: number;
  /** Epochs done, and batches of the present one. */
  epoch: number;
  batch: number;
  /** Steps skipped in a row, and altogether. */
  skipped: number;
  skippedTotal: number;
  /** Seconds of training. */
  seconds: number;
  /** Of the last step. */
  loss: number;
  /** Of the steps of the present epoch: the sum of weight · loss, and that of the weights. */
  epochLoss: number;
  epochWeight: number;
  /** Factor on the learning rate that callbacks have set. */
  rateFactor: number;
  /** Updates done. */
  updates: number;
  /** Step of the last evaluation. */
  evaluatedAt: number;
  /** Why a callback ends the run, null when none does. */
  stopped: string | null;
};

/** What a checkpoint of a run holds; what `resume` takes. */
export type Snapshot = CheckpointContents;

/** Arrays by group; their paths in a snapshot are `group/path`. */
export type RunArrays = Readonly<Record<string, Readonly<Record<string, Tensor>>>>;

export const stateArrays = (state: State | undefined): Readonly<Record<string, Tensor>> =>
  state === undefined ? {} : Object.fromEntries(leavesOf(state as Tree<Tensor>));

const numberOrName = (x: number): JsonValue => (Number.isFinite(x) ? x : String(x));

/** Copies of everything, as it is now. */
export function takeSnapshot(
  run: RunState,
  fingerprint: Readonly<Record<string, JsonValue>>,
  groups: RunArrays,
  callbacks: readonly Callback[],
): Snapshot {
  const arrays: Record<string, StoredArray> = {};
  const put = (path: string, tensor: Tensor): void => {
    arrays[path] = { dtype: tensor.dtype, shape: tensor.shape, data: tensor.values() };
  };
  for (const [group, tensors] of Object.entries(groups))
    for (const [path, tensor] of Object.entries(tensors)) put(`${group}/${path}`, tensor);
  const states: Record<string, JsonValue> = {};
  for (const callback of callbacks) {
    const { name } = callback;
    states[name] = callback.state?.() ?? null;
    for (const [path, tensor] of Object.entries(callback.arrays?.() ?? {})) put(`callbacks/${name}/${path}`, tensor);
  }
  const counts = Object.fromEntries(
    Object.entries(run).map(([name, value]) => [name, typeof value === "number" ? numberOrName(value) : value]),
  );
  return { state: { version: VERSION, run: counts, fingerprint, callbacks: states }, arrays };
}

type Stored = {
  readonly version: number;
  readonly run: Readonly<Record<string, JsonValue>>;
  readonly fingerprint: Readonly<Record<string, JsonValue>>;
  readonly callbacks: Readonly<Record<string, JsonValue>>;
};

/**
 * Puts a run back where a snapshot was taken. Throws DataError for a snapshot that isn't one, that lacks arrays of this model, or that is of another run,
 * with the option's name. Nothing is changed then.
 */
export function restoreSnapshot(
  { state, arrays }: Snapshot,
  fingerprint: Readonly<Record<string, JsonValue>>,
  groups: RunArrays,
  callbacks: readonly Callback[],
): RunState {
  const where = "train resume";
  const stored = state as Stored;
  if (!isRecord(stored) || ![stored.run, stored.fingerprint, stored.callbacks].every(isRecord))
    throw new DataError(sentence(where, "the snapshot of a run", "something else"));
  if (stored.version !== VERSION)
    throw new DataError(sentence(where, `a snapshot of version ${VERSION}`, `version ${describe(stored.version)}`));
  const run = runOf(where, stored.run);
  for (const name of new Set([...Object.keys(fingerprint), ...Object.keys(stored.fingerprint)])) {
    const [before, now] = [stored.fingerprint, fingerprint].map((one) => JSON.stringify(one[name]) ?? "nothing");
    if (before !== now) throw new DataError(sentence(`${where} ${name}`, `${before}, as in the checkpoint`, now));
  }
  const targets = Object.entries(groups).flatMap(([group, tensors]) =>
    Object.entries(tensors).map(([path, tensor]) => [`${group}/${path}`, tensor] as const),
  );
  for (const [path, tensor] of targets) {
    const found = Object.hasOwn(arrays, path) ? arrays[path] : undefined;
    if (found === undefined || found.dtype !== tensor.dtype || !sameShape(found.shape, tensor.shape)) {
      const expected = `array ${path}, ${tensor.dtype} [${tensor.shape.join(", ")}]`;
      throw new DataError(sentence(where, expected, found ? `${found.dtype} [${found.shape.join(", ")}]` : "none"));
    }
  }
  for (const callback of callbacks) {
    if (!Object.hasOwn(stored.callbacks, callback.name)) continue;
    const prefix = `callbacks/${callback.name}/`;
    const own = Object.entries(arrays).filter(([path]) => path.startsWith(prefix));
    const tensors = Object.fromEntries(own.map(([path, array]) => [path.slice(prefix.length), tensorOf(array)]));
    try {
      callback.restore?.(stored.callbacks[callback.name], tensors);
    } catch (error) {
      const message = sentence(
        `${where} callbacks.${callback.name}`,
        "a state of this callback",
        (error as Error).message,
      );
      throw new DataError(message, { cause: error });
    }
  }
  for (const [path, tensor] of targets) assign(tensor, arrays[path].data);
  return run;
}

const isRecord = (value: unknown): value is Readonly<Record<string, JsonValue>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Those that count something, and those that measure. */
const COUNTS = ["step", "epoch", "batch", "skipped", "skippedTotal", "updates", "evaluatedAt"] as const;
const MEASURES = ["seconds", "loss", "epochLoss", "epochWeight", "rateFactor"] as const;

/** The numbers of a run, checked. Throws DataError that names the first wrong one. */
function runOf(where: string, stored: Readonly<Record<string, JsonValue>>): RunState {
  const { stopped, epochSteps, ...counts } = stored;
  // an older file has its epoch's loss by steps: the mean begins anew
  if (epochSteps !== undefined) Object.assign(counts, { epochLoss: 0, epochWeight: 0 });
  const wrong = (name: string, expected: string): DataError =>
    new DataError(sentence(`${where} run.${name}`, expected, describe(counts[name])));
  for (const name of COUNTS)
    if (!Number.isSafeInteger(counts[name]) || (counts[name] as number) < -1) throw wrong(name, "a number of steps");
  const numbers = Object.fromEntries(
    MEASURES.map((name) => {
      const value = counts[name];
      if (typeof value !== "number" && !["NaN", "Infinity", "-Infinity"].includes(value as string))
        throw wrong(name, "a number");
      return [name, Number(value)];
    }),
  );
  if (!(numbers["rateFactor"] > 0 && numbers["rateFactor"] <= MOST_RATE))
    throw wrong("rateFactor", "a factor on the learning rate");
  if (stopped !== null && typeof stopped !== "string")
    throw new DataError(sentence(`${where} run.stopped`, "a reason, or null", describe(stopped)));
  return { ...(counts as unknown as RunState), ...numbers, stopped };
}

/** Callbacks lower the rate; nothing raises it a thousand times. */
const MOST_RATE = 1000;

const tensorOf = ({ data, dtype, shape }: StoredArray): Tensor =>
  outsideScopes(() => tensor(data, { dtype, shape: [...shape] }));
