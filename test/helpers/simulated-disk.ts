/**
 * @file A file system in memory that knows what a disk may forget. Contents that were not synced may be missing, zeros, or half there; a name
 * that was made, changed or removed without a sync of its directory may or may not have reached the disk, each alone.
 */
import { dirname, sep } from "node:path";
import type { FileSystem, NewFile } from "../../src/node/files/file-system.ts";

/** Contents of a file: what programs see, and what is certainly on the disk. */
type File = { live: Uint8Array; durable: Uint8Array };
/** A change of names that may not be on the disk: names that go and names that come, at once. */
type Change = { readonly removed: readonly string[]; readonly added: readonly (readonly [string, Entry])[] };
type Directory = { live: Map<string, Entry>; durable: Map<string, Entry>; pending: Change[] };
type Entry = File | Directory;

const isDirectory = (entry: Entry | undefined): entry is Directory => entry !== undefined && "pending" in entry;
const newDirectory = (): Directory => ({ live: new Map(), durable: new Map(), pending: [] });
const systemError = (code: string, operation: string): Error =>
  Object.assign(new Error(`${code}: ${operation}`), { code });

/** What a crash does to contents that were not synced. */
export const losses = {
  dropped: (): Uint8Array => new Uint8Array(0),
  zeroed: (live: Uint8Array): Uint8Array => new Uint8Array(live.length),
  half: (live: Uint8Array): Uint8Array => live.slice(0, Math.floor(live.length / 2)),
  written: (live: Uint8Array): Uint8Array => live.slice(),
} as const;
export type Loss = keyof typeof losses;

/** What goes wrong at one operation. */
export type Fault = { readonly at: number; readonly kind: "ENOSPC" | "EIO" | "EMFILE" | "short" | "half" };

export class SimulatedDisk implements FileSystem {
  #root = newDirectory();
  /** The operations so far. Those after `stopAt` never happen: the power is off. */
  readonly operations: string[] = [];
  stopAt = Infinity;
  fault: Fault | undefined;

  /** Counts an operation; throws where the power is off or a fault is due. Returns what else goes wrong with it. */
  #begin(operation: string): "short" | "half" | undefined {
    if (this.operations.length >= this.stopAt) throw systemError("POWER", operation);
    this.operations.push(operation);
    if (this.fault?.at !== this.operations.length - 1) return undefined;
    const { kind } = this.fault;
    if (kind === "short" || kind === "half") return kind;
    throw systemError(kind, operation);
  }

  #find(path: string): Entry | undefined {
    let entry: Entry | undefined = this.#root;
    for (const name of path.split(sep).filter((part) => part !== "")) {
      entry = isDirectory(entry) ? entry.live.get(name) : undefined;
    }
    return entry;
  }

  #directory(path: string): Directory {
    const entry = this.#find(path);
    if (!isDirectory(entry)) throw systemError("ENOENT", path);
    return entry;
  }

  #split(path: string): { parent: Directory; name: string } {
    return { parent: this.#directory(dirname(path)), name: path.slice(path.lastIndexOf(sep) + 1) };
  }

  #file(path: string): File {
    const entry = this.#find(path);
    if (entry === undefined || isDirectory(entry)) throw systemError("ENOENT", path);
    return entry;
  }

  #change(directory: Directory, change: Change): void {
    apply(directory.live, change);
    directory.pending.push(change);
  }

  mkdir(path: string): void {
    this.#begin(`mkdir ${path}`);
    const { parent, name } = this.#split(path);
    if (parent.live.has(name)) throw systemError("EEXIST", path);
    this.#change(parent, { removed: [], added: [[name, newDirectory()]] });
  }

  create(path: string): NewFile {
    this.#begin(`create ${path}`);
    const { parent, name } = this.#split(path);
    if (parent.live.has(name)) throw systemError("EEXIST", path);
    const file: File = { live: new Uint8Array(0), durable: new Uint8Array(0) };
    this.#change(parent, { removed: [], added: [[name, file]] });
    let isOpen = true;
    const check = (): void => {
      if (!isOpen) throw systemError("EBADF", path);
    };
    return {
      write: (bytes) => {
        check();
        const wrong = this.#begin(`write ${path}`);
        const count = wrong === "short" ? 1 : wrong === "half" ? Math.ceil(bytes.length / 2) : bytes.length;
        file.live = Uint8Array.from([...file.live, ...bytes.subarray(0, count)]);
        return count;
      },
      sync: () => {
        check();
        this.#begin(`sync ${path}`);
        file.durable = file.live;
      },
      close: () => {
        check();
        isOpen = false;
        this.#begin(`close ${path}`);
      },
    };
  }

  rename(from: string, to: string): void {
    this.#begin(`rename ${from} ${to}`);
    const file = this.#file(from);
    const source = this.#split(from);
    const target = this.#split(to);
    if (source.parent !== target.parent) throw systemError("EXDEV", from);
    this.#change(source.parent, { removed: [source.name], added: [[target.name, file]] });
  }

  unlink(path: string): void {
    this.#begin(`unlink ${path}`);
    this.#file(path);
    const { parent, name } = this.#split(path);
    this.#change(parent, { removed: [name], added: [] });
  }

  syncDirectory(path: string): void {
    this.#begin(`syncDirectory ${path}`);
    const directory = this.#directory(path);
    directory.durable = new Map(directory.live);
    directory.pending = [];
  }

  readdir(path: string): string[] {
    this.#begin(`readdir ${path}`);
    return [...this.#directory(path).live.keys()];
  }

  readFile(path: string): Uint8Array {
    this.#begin(`readFile ${path}`);
    return this.#file(path).live.slice();
  }

  /** As opening a file to append to it, which is made where it isn't there. */
  open(path: string): void {
    if (this.#find(path) === undefined) this.create(path);
  }

  append(path: string, bytes: Uint8Array): void {
    this.#begin(`append ${path}`);
    const file = this.#file(path);
    file.live = Uint8Array.from([...file.live, ...bytes]);
  }

  truncate(path: string, size: number): void {
    this.#begin(`truncate ${path}`);
    const file = this.#file(path);
    file.live = file.live.slice(0, size);
  }

  /** A file's contents, or the names in a directory. */
  syncAny(path: string): void {
    if (isDirectory(this.#find(path))) return this.syncDirectory(path);
    this.#begin(`sync ${path}`);
    const file = this.#file(path);
    file.durable = file.live;
  }

  /** A second name for a file in the same directory. */
  link(from: string, to: string): void {
    this.#begin(`link ${from} ${to}`);
    const file = this.#file(from);
    const { parent, name } = this.#split(to);
    if (parent.live.has(name)) throw systemError("EEXIST", to);
    this.#change(parent, { removed: [], added: [[name, file]] });
  }

  /** The same disk, still running, on its own. */
  copy(): SimulatedDisk {
    const disk = new SimulatedDisk();
    disk.#root = copyOf(this.#root, new Map()) as Directory;
    return disk;
  }

  /** What may be on the disk after a loss of power now: every choice of the changes of names, and for contents that were not synced this loss. */
  *crashes(loss: Loss): Generator<SimulatedDisk> {
    const pending = pendingOf(this.#root);
    if (pending > 16) throw new Error(`${pending} changes are too many to try all choices`);
    for (let choice = 0; choice < 2 ** pending; choice++) {
      const disk = new SimulatedDisk();
      let bit = 0;
      const survivor = (entry: Entry): Entry => {
        if (!isDirectory(entry)) {
          const bytes = entry.durable === entry.live ? entry.live : survivingBytes(entry, loss);
          return { live: bytes, durable: bytes };
        }
        const names = new Map(entry.durable);
        for (const change of entry.pending) if ((choice >> bit++) & 1) apply(names, change);
        const live = new Map([...names].map(([name, child]) => [name, survivor(child)]));
        return { live, durable: new Map(live), pending: [] };
      };
      disk.#root = survivor(this.#root) as Directory;
      yield disk;
    }
  }

  /** The same disk with some operations replaced. */
  with(replaced: Partial<FileSystem>): FileSystem {
    return {
      mkdir: (path) => this.mkdir(path),
      create: (path) => this.create(path),
      rename: (from, to) => this.rename(from, to),
      unlink: (path) => this.unlink(path),
      syncDirectory: (path) => this.syncDirectory(path),
      readdir: (path) => this.readdir(path),
      readFile: (path) => this.readFile(path),
      ...replaced,
    };
  }

  /** Names in a directory, not counted as an operation; empty where there is none. */
  names(path: string): string[] {
    const entry = this.#find(path);
    return isDirectory(entry) ? [...entry.live.keys()] : [];
  }

  /** Puts a file there, durable. */
  put(path: string, bytes: Uint8Array): void {
    const { parent, name } = this.#split(path);
    const file: File = { live: bytes, durable: bytes };
    parent.live.set(name, file);
    parent.durable.set(name, file);
  }
}

/** Contents that were synced are there, whatever was appended since; a file that was shortened may be as long as it was. */
function survivingBytes({ live, durable }: File, loss: Loss): Uint8Array {
  if (live.length < durable.length) return loss === "dropped" ? durable : live;
  return Uint8Array.from([...durable, ...losses[loss](live.subarray(durable.length))]);
}

function apply(names: Map<string, Entry>, { removed, added }: Change): void {
  for (const name of removed) names.delete(name);
  for (const [name, entry] of added) names.set(name, entry);
}

function pendingOf(entry: Entry): number {
  if (!isDirectory(entry)) return 0;
  let count = entry.pending.length;
  for (const child of new Set([...entry.live.values(), ...entry.durable.values()])) count += pendingOf(child);
  return count;
}

/** Copies keep which names stand for the same file. */
function copyOf(entry: Entry, done: Map<Entry, Entry>): Entry {
  const known = done.get(entry);
  if (known !== undefined) return known;
  if (!isDirectory(entry)) {
    const live = entry.live.slice();
    const file = { live, durable: entry.durable === entry.live ? live : entry.durable.slice() };
    done.set(entry, file);
    return file;
  }
  const copy = newDirectory();
  done.set(entry, copy);
  const names = (map: Map<string, Entry>): Map<string, Entry> =>
    new Map([...map].map(([name, child]) => [name, copyOf(child, done)]));
  copy.live = names(entry.live);
  copy.durable = names(entry.durable);
  copy.pending = entry.pending.map(({ removed, added }) => ({
    removed,
    added: added.map(([name, child]) => [name, copyOf(child, done)] as const),
  }));
  return copy;
}
