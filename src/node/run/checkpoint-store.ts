/**
 * @file The checkpoints of a run in a directory: `step-00001234.safetensors`, or
 * `step-00001234_metric-1.386.safetensors` where there is a metric. The metric stands in the name,
 * so that a checkpoint and what it is worth appear in one rename, and retention reads no file.
 */
import { join, resolve } from "node:path";
import { checkOptions, checkInteger, DamagedError, kindError, sentence } from "../../base/index.ts";
import { type Checkpoint, type CheckpointContents, decodeCheckpoint, encodeCheckpoint } from "../../formats/index.ts";
import { makeDirectoryDurably, sweepTemporaries, writeFileDurably } from "../files/durable-file.ts";
import { codeOf, type FileSystem, nodeFiles } from "../files/file-system.ts";
import { fileError } from "../files/safe-file.ts";

export type CheckpointStoreOptions = {
  /** The newest checkpoints that are kept, at least 1. Default 3. */
  readonly keepLast?: number | undefined;
  /** The checkpoints with the lowest metrics that are kept besides. Default 1. */
  readonly keepBest?: number | undefined;
  /** Default: Node's file system. */
  readonly fs?: FileSystem | undefined;
};

/** A checkpoint that is there; it has not been read. */
export type StoredCheckpoint = {
  /** Steps done. */
  readonly step: number;
  /** Lower is better. NaN is the worst; undefined is none. */
  readonly metric: number | undefined;
  /** Absolute path. */
  readonly file: string;
};

/** A checkpoint that is on the disk. */
export type SavedCheckpoint = StoredCheckpoint & {
  /** Why older files could not be removed, if so; the next save tries again. */
  readonly problems: readonly unknown[];
};

export type LoadedCheckpoint = StoredCheckpoint & Checkpoint;

export type SaveCheckpointOptions = {
  /** Steps done, an integer >= 0. One directory holds one run, in which they grow. */
  readonly step: number;
  /**
   * Such as the loss on held-out text: lower is better, NaN is the worst. Default: none, so that it
   * is never the best.
   */
  readonly metric?: number | undefined;
} & (
  | {
      /** Result of `encodeCheckpoint`. */
      readonly bytes: Uint8Array;
    }
  | {
      /** Contents to encode; they must not change before the promise resolves. */
      readonly snapshot: CheckpointContents;
    }
);

export type LoadCheckpointOptions = {
  /**
   * Called for each checkpoint that is skipped because it is damaged; `file` and `array` say
   * which. Default: a warning of the process.
   */
  readonly onDamaged?: ((error: DamagedError) => void) | undefined;
};

export type CheckpointStore = {
  /** Absolute path. */
  readonly directory: string;
  /**
   * Resolves when the checkpoint is on the disk; only then are older ones removed that need not be
   * kept. Saves run one after the other. A checkpoint of the same step is replaced. Before the
   * first save, what a crash left half-written is removed: one process may save at a time
   * (`lockRun`), others may read. Rejects as `encodeCheckpoint` does, and with the file system's
   * own errors; what was there before is then still there.
   */
  save(options: SaveCheckpointOptions): Promise<SavedCheckpoint>;
  /** All that are there, by step, the newest last. Empty when there is no directory. */
  list(): Promise<readonly StoredCheckpoint[]>;
  /**
   * The newest that is whole; undefined when there are none at all. Rejects with DamagedError when
   * there are some and all are damaged, and with UnsupportedError for one of a newer version, which
   * is not passed over: what follows would replace it.
   */
  latest(options?: LoadCheckpointOptions): Promise<LoadedCheckpoint | undefined>;
  /**
   * The whole one with the lowest metric, the earliest of equals; otherwise as `latest`. Undefined
   * when none has a metric.
   */
  best(options?: LoadCheckpointOptions): Promise<LoadedCheckpoint | undefined>;
};

/**
 * The checkpoints in `directory`, which is made at the first save. Throws TypeError or RangeError
 * for options.
 */
export function checkpointStore(
  directory: string,
  { keepLast = 3, keepBest = 1, fs = nodeFiles }: CheckpointStoreOptions = {},
): CheckpointStore {
  checkOptions("checkpointStore", arguments[1], "keepLast keepBest fs");
  checkInteger("checkpointStore keepLast", keepLast, 1);
  checkInteger("checkpointStore keepBest", keepBest, 0);
  const root = resolve(directory);
  /** Files that were found damaged: they count for nothing in retention. */
  const damaged = new Set<string>();
  let isMade = false;
  let isSwept = false;
  let saving: Promise<unknown> = Promise.resolve();

  async function list(): Promise<StoredCheckpoint[]> {
    try {
      const names = await fs.readdir(root);
      return names
        .map((name) => parseName(root, name))
        .filter((found) => found !== undefined)
        .sort(byStep);
    } catch (error) {
      if (codeOf(error) === "ENOENT") return [];
      throw fileError("checkpointStore", root, error);
    }
  }

  async function saveNext({ step, metric, ...contents }: SaveCheckpointOptions): Promise<SavedCheckpoint> {
    checkInteger("checkpointStore step", step);
    if (metric !== undefined && typeof metric !== "number") {
      throw kindError("checkpointStore metric", "a number", metric);
    }
    const bytes = "bytes" in contents ? contents.bytes : await encodeCheckpoint(contents.snapshot);
    const saved = { step, metric, file: join(root, nameOf(step, metric)) };
    const problems: unknown[] = [];
    if (!isMade) await makeDirectoryDurably(root, fs);
    isMade = true;
    if (!isSwept) {
      try {
        await sweepTemporaries(root, fs);
        isSwept = true;
      } catch (error) {
        problems.push(error);
      }
    }
    await writeFileDurably(saved.file, bytes, fs);
    damaged.delete(saved.file);
    problems.push(...(await removeOld(saved)));
    return { ...saved, problems };
  }

  /**
   * Removes what need not be kept now that `saved` is on the disk. Returns what went wrong: the
   * save has succeeded all the same.
   */
  async function removeOld(saved: StoredCheckpoint): Promise<unknown[]> {
    const problems: unknown[] = [];
    try {
      const entries = await list();
      const whole = entries.filter(
        ({ step, file }) => !damaged.has(file) && (step !== saved.step || file === saved.file),
      );
      const kept = new Set(
        [saved, ...whole.slice(-keepLast), ...whole.filter(hasMetric).sort(byMetric).slice(0, keepBest)].map(
          ({ file }) => file,
        ),
      );
      for (const { step, file } of entries) {
        // a damaged one of a later step stays until the run has passed it
        if (kept.has(file) || (damaged.has(file) && step > saved.step)) continue;
        try {
          await fs.unlink(file);
        } catch (error) {
          if (codeOf(error) !== "ENOENT") problems.push(error);
        }
      }
    } catch (error) {
      problems.push(error);
    }
    return problems;
  }

  /** The first that is whole. */
  async function load(
    order: (entries: StoredCheckpoint[]) => StoredCheckpoint[],
    { onDamaged = (error) => process.emitWarning(error) }: LoadCheckpointOptions,
  ): Promise<LoadedCheckpoint | undefined> {
    const errors = new Map<string, DamagedError>();
    let entries = order(await list());
    for (let i = 0; i < entries.length; i++) {
      const { file } = entries[i];
      if (errors.has(file)) continue;
      try {
        const checkpoint = await decodeCheckpoint(await readWhole(file), { name: file });
        damaged.delete(file);
        return { ...entries[i], ...checkpoint };
      } catch (error) {
        if (codeOf(error) === "ENOENT") {
          // whoever is saving has removed it, and has saved newer ones before
          entries = order(await list());
          i = -1;
        } else if (error instanceof DamagedError) {
          errors.set(file, error);
          damaged.add(file);
          onDamaged(error);
        } else throw error;
      }
    }
    if (errors.size === 0) return undefined;
    const [first] = errors.values();
    const got = `${errors.size} that are damaged, the first: ${first.message}`;
    throw new DamagedError(sentence("checkpointStore", `a whole checkpoint in ${JSON.stringify(root)}`, got), {
      file: first.file,
      cause: first,
    });
  }

  async function readWhole(file: string): Promise<Uint8Array> {
    try {
      return await fs.readFile(file);
    } catch (error) {
      // a place of the disk that can't be read, or a folder, a pipe or a device of this name;
      // anything else is no property of this file
      if (!["EIO", "EISDIR"].includes(String(codeOf(error))))
        throw codeOf(error) === "ENOENT" ? error : fileError("checkpointStore", file, error);
      const message = sentence("checkpointStore", `${JSON.stringify(file)} to be readable`, (error as Error).message);
      throw new DamagedError(message, { file, cause: error });
    }
  }

  return {
    directory: root,
    list,
    save(options) {
      const saved = saving.then(() => saveNext(options));
      saving = saved.catch(() => {});
      return saved;
    },
    latest: (options = {}) => load((entries) => entries.toReversed(), options),
    best: (options = {}) => load((entries) => entries.filter(hasMetric).sort(byMetric), options),
  };
}

function nameOf(step: number, metric: number | undefined): string {
  return `step-${String(step).padStart(8, "0")}${metric === undefined ? "" : `_metric-${metric}`}.safetensors`;
}

const namePattern = /^step-(\d{8,16})(?:_metric-([-+.\dA-Za-z]{1,32}))?\.safetensors$/;

/**
 * The checkpoint that a file's name stands for, or undefined for a name that this file would not
 * give.
 */
function parseName(root: string, name: string): StoredCheckpoint | undefined {
  const found = namePattern.exec(name);
  if (found === null) return undefined;
  const step = Number(found[1]);
  const metric = found[2] === undefined ? undefined : Number(found[2]);
  return nameOf(step, metric) === name ? { step, metric, file: join(root, name) } : undefined;
}

/**
 * Order from old to new. Of two with one step, the one with a metric was evaluated and is newer.
 */
const byStep = (a: StoredCheckpoint, b: StoredCheckpoint): number =>
  a.step - b.step || Number(hasMetric(a)) - Number(hasMetric(b)) || (a.file < b.file ? -1 : 1);

const hasMetric = ({ metric }: StoredCheckpoint): boolean => metric !== undefined;

/** NaN last; of equals, the earliest first. */
function byMetric({ metric: a = NaN, step: stepOfA }: StoredCheckpoint, b: StoredCheckpoint): number {
  const { metric = NaN, step } = b;
  if (Number.isNaN(a) || Number.isNaN(metric))
    return Number(Number.isNaN(a)) - Number(Number.isNaN(metric)) || stepOfA - step;
  return (a < metric ? -1 : a > metric ? 1 : 0) || stepOfA - step;
}
