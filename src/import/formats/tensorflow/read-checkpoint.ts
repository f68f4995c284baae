/**
 * @file Checkpoints of TensorFlow 1 and 2: a table of tensors (.index) and files with their numbers
 * (.data-00000-of-00001).
 */
import { FormatError, sentence, sizeOf } from "../../../base/index.ts";
import type { JsonValue } from "../../../formats/index.ts";
import { ByteCursor } from "../../byte-cursor.ts";
import type { ElementType } from "../../element-types.ts";
import { messageReader, type MessageReader } from "../../messages.ts";
import type { FileBytes, SourceFiles } from "../../source.ts";
import { bytesOfTensor, checkNames, checkSizes, storedTensor } from "../../stored-tensor.ts";
import type { StoredTensor, Weights } from "../../weights.ts";
import { type BundleEntry, readEntry, readHeader } from "./bundle.ts";
import { dataFiles, type DataFiles } from "./data-files.ts";
import { namesInGraph, OBJECT_GRAPH, readableNames } from "./object-graph.ts";
import { joined, partsOf } from "./slices.ts";
import { isTable, readTable, type Table } from "./table.ts";

const WHERE = "readWeights";
/** Bytes of texts that become metadata. */
const MAX_TEXT = 2 ** 24;

const indexFiles = (files: SourceFiles): [name: string, file: FileBytes][] =>
  [...files].filter(([name, file]) => (name === "" || name.endsWith(".index")) && isTable(file));

/** Whether one of the files is the table of a checkpoint. */
export const isTfCheckpoint = (files: SourceFiles): boolean => indexFiles(files).length > 0;

/** A checkpoint while its entries are read. */
type Bundle = DataFiles & {
  /** Beginning of errors, with the name of the table's file. */
  readonly where: string;
  readonly table: Table;
  readonly read: MessageReader;
};

/**
 * Reads a checkpoint. Partitioned variables are put together. Names of TensorFlow 2 are those of
 * the variables, or paths of attributes where they are not unique. Texts become metadata. Throws
 * FormatError for damaged files; UnsupportedError for checkpoints of version 1, compressed tables
 * and complex numbers.
 */
export async function readTfCheckpoint(files: SourceFiles): Promise<Weights> {
  const found = indexFiles(files);
  const [[name, file]] = found;
  if (found.length > 1)
    throw new FormatError(
      sentence(WHERE, "one checkpoint", found.map(([one]) => one).join(", "), "Give the path of one .index file"),
    );
  const where = name === "" ? WHERE : `${WHERE} ${name}`;
  const [table, read] = [readTable(where, file), await messageReader()];
  const header = table.get("");
  if (header === undefined) throw new FormatError(sentence(where, "the header of a checkpoint", "none"));
  const shards = readHeader(`${where} header`, header, read);
  const bundle: Bundle = { where, table, read, ...dataFiles(files, name, shards) };
  const { tensors, texts } = entriesOf(bundle);
  return { format: "tf-checkpoint", tensors: checkNames(WHERE, tensors), metadata: texts };
}

type Named = { readonly key: string; readonly where: string; readonly entry: BundleEntry };

function entriesOf(bundle: Bundle): { tensors: StoredTensor[]; texts: Record<string, JsonValue> } {
  const { where, table, read } = bundle;
  const named: Named[] = [];
  const parts: Named[] = [];
  for (const [bytes, value] of table) {
    if (bytes === "") continue;
    const isSlice = bytes.startsWith("\0");
    const key = isSlice ? bytes : utf8Of(where, bytes);
    const place = `${where} tensor ${JSON.stringify(key)}`;
    (isSlice ? parts : named).push({ key, where: place, entry: readEntry(place, value, read) });
  }
  checkPlaces(bundle, [...named, ...parts]);
  const graph = named.find(({ key }) => key === OBJECT_GRAPH);
  const names = graph === undefined || !bundle.has(graph.entry) ? new Map<string, string>() : graphNames(bundle, graph);
  const shown = named.filter((one) => one !== graph);
  const readable = readableNames(
    shown.map(({ key }) => key),
    names,
  );
  const slices = new Map(parts.map(({ key, entry }) => [key, entry]));
  const tensors: StoredTensor[] = [];
  const texts = Object.create(null) as Record<string, JsonValue>;
  for (const one of shown) {
    const name = readable.get(one.key) as string;
    const { type } = one.entry;
    if (type !== "string") tensors.push(tensorOf(bundle, { ...one, name, type }, slices));
    else if (bundle.has(one.entry)) texts[name] = textOf(bundle, one);
  }
  return { tensors, texts };
}

function graphNames(bundle: Bundle, { where, entry }: Named): Map<string, string> {
  if (entry.type !== "string" || entry.shape.length > 0 || entry.size > MAX_TEXT)
    throw new FormatError(sentence(where, "a graph of objects", "something else"));
  return namesInGraph(where, bundle.textsOf(where, entry, 1)[0], bundle.read);
}

function utf8Of(where: string, key: string): string {
  const bytes = Uint8Array.from(key, (letter) => letter.charCodeAt(0));
  return new ByteCursor(where, bytes).text(bytes.length, "a name");
}

/** Throws FormatError for places outside of the data files, or where another tensor is. */
function checkPlaces(bundle: Bundle, all: readonly Named[]): void {
  const stored = all.filter(({ entry }) => entry.slices.length === 0);
  for (const { where, entry } of stored) bundle.check(where, entry);
  const inOrder = stored.toSorted(
    ({ entry: a }, { entry: b }) => a.shard - b.shard || a.offset - b.offset || a.size - b.size,
  );
  let last: BundleEntry | undefined;
  for (const { where, entry } of inOrder) {
    if (last !== undefined && last.shard === entry.shard && entry.offset < last.offset + last.size)
      throw new FormatError(
        sentence(where, "bytes of its own", `${entry.size} at ${entry.offset}, where another tensor is`),
      );
    last = entry;
  }
}

function tensorOf(
  bundle: Bundle,
  { key, name, where, entry, type }: Named & { readonly name: string; readonly type: ElementType },
  slices: ReadonlyMap<string, BundleEntry>,
): StoredTensor {
  const { shape } = entry;
  checkSizes(where, shape);
  if (entry.slices.length === 0) {
    checkSize(where, entry.size, bytesOfTensor(type, shape));
    return storedTensor(bundle.where, { name, type, shape, bytes: () => bundle.bytesOf(where, entry) });
  }
  const parts = partsOf(where, key, { ...entry, type }, slices);
  const bytes = (): Uint8Array => joined(bundle, where, { type, shape }, parts);
  return storedTensor(bundle.where, { name, type, shape, bytes });
}

function checkSize(where: string, size: number, expected: number): void {
  if (size !== expected) throw new FormatError(sentence(where, `${expected} bytes of numbers`, String(size)));
}

/** Texts of a tensor, for the metadata. */
function textOf(bundle: Bundle, { where, entry }: Named): JsonValue {
  const count = sizeOf(entry.shape);
  if (!(entry.size <= MAX_TEXT) || !(count <= entry.size))
    throw new FormatError(sentence(where, `texts of at most ${MAX_TEXT} bytes`, `${count} in ${entry.size}`));
  const texts = bundle.textsOf(where, entry, count).map((bytes) => {
    try {
      return new ByteCursor(where, bytes).text(bytes.length);
    } catch {
      return `${bytes.length} bytes`;
    }
  });
  return entry.shape.length === 0 ? texts[0] : texts;
}
