/**
 * @file The state of a run, from which it continues bit for bit. Plain JSON and arrays, which
 * `encodeCheckpoint` puts into one file.
 */
import { DataError, describe, FormatError, sentence } from "../../base/index.ts";
import type { CheckpointContents, JsonValue, StoredArray } from "../../formats/index.ts";
import { misfitsOf, misfitText } from "../../layers/index.ts";
import { assign, outsideScopes, type Tensor, tensor } from "../../tensor/index.ts";
import type { Callback, RunControl } from "./callbacks.ts";
import { checkNumerics, type RunNumerics } from "./numerics.ts";

/** Version of the state that is written, and the newest that can be continued. */
const VERSION = 1;

/** Progress of a run. Numbers that JSON can't hold are written as their names. */
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
  /** Loss of the last step. */
  loss: number;
  /**
   * Sums over the steps of the present epoch: the sum of weight · loss, and that of the weights.
   */
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

/** State of a run, for a checkpoint and for `resume`. */
export type Snapshot = CheckpointContents;

/** Arrays by group; their paths in a snapshot are `group/path`. */
export type RunArrays = Readonly<Record<string, Readonly<Record<string, Tensor>>>>;

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

/** Largest factor on the learning rate that a callback may set. */
export const MOST_RATE_FACTOR = 1e6;

/** A snapshot in which everything is as it must be. */
export type CheckedSnapshot = {
  readonly run: RunState;
  /**
   * Puts arrays and callbacks back. Throws FormatError for a callback's state, and has changed
   * nothing then.
   */
  readonly restore: () => void;
};

export type SnapshotChecks = {
  /** State of the present run. */
  readonly fingerprint: Readonly<Record<string, JsonValue>>;
  readonly groups: RunArrays;
  readonly callbacks: readonly Callback[];
  readonly control: RunControl;
  /** Batches per step. */
  readonly accumulate: number;
  readonly allowOtherNumerics: boolean;
};

const where = "train resume";

/**
 * Checks a snapshot before anything is changed. Throws FormatError for one that isn't a run's: a
 * part that is missing, of another kind or out of its range. Throws DataError for one of another
 * run, with the option's name, of other numerics, or without arrays of this model.
 */
export function checkSnapshot(
  { state, arrays }: Snapshot,
  { fingerprint, groups, callbacks, control, accumulate, allowOtherNumerics }: SnapshotChecks,
): CheckedSnapshot {
  if (!isRecord(state) || !isRecord(state["run"]) || !isRecord(arrays))
    throw new FormatError(sentence(where, "the snapshot of a run", "something else"));
  const { version, run: counts, fingerprint: before, callbacks: states } = state;
  if (version !== VERSION)
    throw new FormatError(sentence(where, `a snapshot of version ${VERSION}`, `version ${describe(version)}`));
  const run = runOf(counts, accumulate);
  if (!isRecord(before)) throw wrong("fingerprint", "an object", before);
  if (!isRecord(states)) throw wrong("callbacks", "an object", states);
  checkFingerprint(before, fingerprint);
  checkNumerics(numericsOf(before["numerics"]), allowOtherNumerics);
  const targets = Object.entries(groups).flatMap(([group, tensors]) =>
    Object.entries(tensors).map(([path, tensor]) => [`${group}/${path}`, tensor] as const),
  );
  // a run that has diverged is resumed as it was
  const misfits = misfitsOf(Object.fromEntries(targets), arrays, false);
  if (misfits.length > 0) throw new DataError(misfitText(where, misfits));
  return {
    run,
    restore() {
      restoreCallbacks(callbacks, states as Readonly<Record<string, JsonValue>>, arrays, control);
      for (const [path, tensor] of targets) assign(tensor, arrays[path].data);
    },
  };
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const wrong = (name: string, expected: string, got: unknown): FormatError =>
  new FormatError(sentence(`${where}: ${name}`, expected, got === undefined ? "nothing" : describe(got)));

/**
 * The counters, each in its range: no run has come to more epochs, updates or batches than steps.
 */
function runOf(counts: Readonly<Record<string, unknown>>, accumulate: number): RunState {
  const integer = (name: keyof RunState, most: number): number => {
    const value = counts[name];
    if (Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= most) return value as number;
    throw wrong(`run.${name}`, `an integer from 0 to ${most}`, value);
  };
  const number = (name: keyof RunState, { most = Infinity }: { readonly most?: number | undefined } = {}): number => {
    const value = counts[name];
    if (Number.isFinite(value) && (value as number) >= 0 && (value as number) <= most) return value as number;
    throw wrong(`run.${name}`, `a number ${most === Infinity ? ">= 0" : `from 0 to ${most}`}`, value);
  };
  /** A loss may be anything. */
  const loss = (name: keyof RunState): number => {
    const value = counts[name];
    if (Number.isFinite(value)) return value as number;
    if (value === "NaN" || value === "Infinity" || value === "-Infinity") return Number(value);
    throw wrong(`run.${name}`, 'a number, or "NaN", "Infinity" or "-Infinity"', value);
  };
  const { stopped, epochSteps } = counts;
  if (stopped !== null && typeof stopped !== "string") throw wrong("run.stopped", "text or null", stopped);
  const step = integer("step", MOST_STEPS);
  const skippedTotal = integer("skippedTotal", step);
  const isOlder = epochSteps !== undefined;
  if (isOlder && !Number.isSafeInteger(epochSteps)) throw wrong("run.epochSteps", "an integer", epochSteps);
  const run: RunState = {
    step,
    epoch: integer("epoch", step),
    batch: integer("batch", step * accumulate),
    skipped: integer("skipped", skippedTotal),
    skippedTotal,
    seconds: number("seconds"),
    loss: loss("loss"),
    // an older file has its epoch's loss by steps: the mean starts again
    ...(isOlder
      ? { epochLoss: 0, epochWeight: 0 }
      : { epochLoss: loss("epochLoss"), epochWeight: number("epochWeight") }),
    rateFactor: number("rateFactor", { most: MOST_RATE_FACTOR }),
    updates: integer("updates", step),
    evaluatedAt: integer("evaluatedAt", step),
    stopped,
  };
  const other = Object.keys(counts).find((name) => !Object.hasOwn(run, name) && !(isOlder && name === "epochSteps"));
  if (other !== undefined) throw wrong("run", `only ${Object.keys(run).join(", ")}`, other);
  return run;
}

/** Beyond, a number of a step would not be exact after all that is counted from it. */
const MOST_STEPS = 2 ** 48;

/** Throws DataError for the first part that differs; the numerics have a rule of their own. */
function checkFingerprint(before: Readonly<Record<string, unknown>>, now: Readonly<Record<string, JsonValue>>): void {
  for (const name of new Set([...Object.keys(now), ...Object.keys(before)])) {
    if (name === "numerics") continue;
    const [was, is] = [before, now].map((one) => JSON.stringify(one[name]) ?? "nothing");
    if (was !== is) throw new DataError(sentence(`${where} ${name}`, `${was}, as in the checkpoint`, is));
  }
}

/** The numerics in a checkpoint; undefined in one of an older version. */
function numericsOf(stored: unknown): RunNumerics | undefined {
  if (stored === undefined) return undefined;
  if (!isRecord(stored)) throw wrong("fingerprint.numerics", "an object", stored);
  const { engine, numerics, version } = stored;
  if (typeof engine !== "string") throw wrong("fingerprint.numerics.engine", "text", engine);
  if (typeof numerics !== "string") throw wrong("fingerprint.numerics.numerics", "text", numerics);
  if (!Number.isSafeInteger(version)) throw wrong("fingerprint.numerics.version", "an integer", version);
  return { engine, numerics, version: version as number };
}

/** All of them, or none: those before one that refuses get back what they had. */
function restoreCallbacks(
  callbacks: readonly Callback[],
  states: Readonly<Record<string, JsonValue>>,
  arrays: Snapshot["arrays"],
  control: RunControl,
): void {
  const undo: (() => void)[] = [];
  for (const callback of callbacks) {
    const { name } = callback;
    if (callback.restore === undefined || !Object.hasOwn(states, name)) continue;
    const prefix = `callbacks/${name}/`;
    const own = Object.entries(arrays).filter(([path]) => path.startsWith(prefix));
    const state = callback.state?.() ?? null;
    const before = { ...callback.arrays?.() };
    undo.push(() => callback.restore?.(state, before, control));
    try {
      callback.restore(
        states[name],
        Object.fromEntries(own.map(([path, array]) => [path.slice(prefix.length), tensorOf(array)])),
        control,
      );
    } catch (error) {
      undo.pop();
      for (const back of undo.toReversed()) back();
      if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
      throw new FormatError(`${where}: callbacks.${name}: ${error.message}`, { cause: error });
    }
  }
}

const tensorOf = ({ data, dtype, shape }: StoredArray): Tensor =>
  outsideScopes(() => tensor(data, { dtype, shape: [...shape] }));
