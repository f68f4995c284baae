/**
 * @file Files of torch.save (.pt, .pth, .ckpt): a zip file with a pickle of all but the numbers,
 * and a file for each storage of numbers.
 */
import { FormatError, sentence, sizeOf, UnsupportedError } from "../../../base/index.ts";
import { bytesOfElement, bytesPerElementRead } from "../../element-types.ts";
import { beginningOf, onlyFile, type SourceFiles } from "../../source.ts";
import { checkNames, checkSizes, storedTensor } from "../../stored-tensor.ts";
import { columnMajorStrides, isRowMajor, placesOf } from "../../strides.ts";
import type { StoredTensor, Weights } from "../../weights.ts";
import type { ZipEntry } from "../../zip/read-zip.ts";
import { contentsOf, type NamedTensor } from "./contents.ts";
import { readPickle } from "./pickle.ts";
import { NumpyArray, type Storage, type Tensor } from "./values.ts";

const WHERE = "readWeights";
const RESAVE = "Save the weights again with a current PyTorch: torch.save(model.state_dict(), path)";

/** Largest pickle. Those of large models have some hundred kB: numbers stand elsewhere. */
const MAX_PICKLE = 2 ** 26;

/**
 * Bytes that all tensors may have beyond four times their storages. Several tensors may share a
 * storage, and one may repeat its numbers.
 */
const ALWAYS = 32 * 2 ** 20;
const SHARED = 4;

/** The path of the pickle in a file of torch.save, or undefined in other zip files. */
const pickleIn = (entries: ReadonlyMap<string, ZipEntry>): string | undefined =>
  [...entries.keys()].find((name) => /^(?:[^/]+\/)?data\.pkl$/.test(name));

/** Whether a zip file was written by torch.save, or by torch.jit.save. */
export const isTorch = (entries: ReadonlyMap<string, ZipEntry>): boolean => pickleIn(entries) !== undefined;

/** Whether a file is a pickle without a zip file around it, as PyTorch wrote before 1.6. */
export function isPickle(files: SourceFiles): boolean {
  const file = onlyFile(files);
  if (file === undefined || file.length < 4) return false;
  const [first, protocol, next] = beginningOf(file, 3);
  // then a long integer, an empty dictionary, a name, a mark or a frame
  return first === 0x80 && protocol >= 2 && protocol <= 5 && [0x8a, 0x7d, 0x63, 0x28, 0x95, 0x5d].includes(next);
}

/** Refuses a pickle without a zip file. */
export function refusePickle(): never {
  throw new UnsupportedError(sentence(WHERE, "a zip file of PyTorch 1.6 or newer", "a pickle alone", RESAVE));
}

/**
 * Reads a file of torch.save. Names of nested dictionaries and lists are joined by "."; plain
 * values become metadata. Throws FormatError for a damaged file and for one that calls anything
 * but what makes tensors; UnsupportedError for TorchScript and for big-endian files.
 */
export function readTorch(entries: ReadonlyMap<string, ZipEntry>): Weights {
  const path = pickleIn(entries) as string;
  const folder = path.slice(0, -"data.pkl".length);
  const isScript = [...entries.keys()].some((name) => /^(?:code\/|constants\.pkl$)/.test(name.slice(folder.length)));
  if (isScript)
    throw new UnsupportedError(
      sentence(
        WHERE,
        "a file of torch.save",
        "TorchScript, which has code",
        "Save its weights: torch.save(torch.jit.load(path).state_dict(), path)",
      ),
    );
  checkByteOrder(entries.get(`${folder}byteorder`));
  const pickle = entries.get(path) as ZipEntry;
  if (pickle.size > MAX_PICKLE)
    throw new FormatError(sentence(`${WHERE} ${path}`, `at most ${MAX_PICKLE} bytes`, String(pickle.size)));
  const { tensors, metadata } = contentsOf(`${WHERE} ${path}`, readPickle(`${WHERE} ${path}`, pickle.read()));
  checkTotal(tensors, entries, folder);
  const stored = tensors.map((named) => storedIn(named, entries, folder));
  return { format: "torch", metadata, tensors: checkNames(WHERE, stored) };
}

function checkByteOrder(entry: ZipEntry | undefined): void {
  if (entry === undefined || entry.size > 16) return;
  const order = String.fromCharCode(...entry.read());
  if (order === "little") return;
  throw new UnsupportedError(sentence(WHERE, "little-endian numbers", `byte order ${JSON.stringify(order)}`, RESAVE));
}

/** Throws FormatError where tensors make far more of the storages than is in them. */
function checkTotal(tensors: readonly NamedTensor[], entries: ReadonlyMap<string, ZipEntry>, folder: string): void {
  let bytes = 0;
  for (const { name, tensor } of tensors) {
    checkSizes(`${WHERE} tensor ${JSON.stringify(name)}`, tensor.shape);
    if (tensor.type !== undefined) bytes += sizeOf(tensor.shape) * bytesPerElementRead(tensor.type);
  }
  const stored = [...entries.values()].reduce((sum, { name, size }) => sum + (name.startsWith(folder) ? size : 0), 0);
  const most = ALWAYS + SHARED * stored;
  if (bytes > most)
    throw new FormatError(
      sentence(WHERE, `tensors of at most ${most} bytes from storages of ${stored}`, String(bytes)),
    );
}

function storedIn({ name, tensor }: NamedTensor, entries: ReadonlyMap<string, ZipEntry>, folder: string): StoredTensor {
  const where = `${WHERE} tensor ${JSON.stringify(name)}`;
  const { type, shape } = tensor;
  if (type === undefined) throw new FormatError(sentence(where, "an array with its contents", "one without"));
  if (tensor instanceof NumpyArray) {
    const strides = columnMajorStrides(shape);
    const bytes = (): Uint8Array => tensor.bytes as Uint8Array;
    const place = tensor.isColumnMajor ? placesOf(shape, strides) : undefined;
    return storedTensor(WHERE, { name, type, shape, bytes, place });
  }
  const { storage, offset, strides } = tensor;
  const entry = entryOf(where, storage, entries, folder);
  const each = bytesOfElement(type);
  const count = entry.size / each;
  const span = spanOf(tensor);
  // a tensor without numbers has no place
  if (span > 0 && !(offset + span <= count))
    throw new FormatError(
      sentence(where, `elements within its storage of ${count}`, `${span} from ${offset} on`, "The file is damaged"),
    );
  return storedTensor(WHERE, {
    name,
    type,
    shape,
    bytes: () => (span === 0 ? new Uint8Array(0) : entry.readRange(offset * each, (offset + span) * each)),
    place: isRowMajor(shape, strides) ? undefined : placesOf(shape, strides),
  });
}

function entryOf(
  where: string,
  { key, type, count }: Storage,
  entries: ReadonlyMap<string, ZipEntry>,
  folder: string,
): ZipEntry {
  const entry = entries.get(`${folder}data/${key}`);
  if (entry === undefined)
    throw new FormatError(sentence(where, `the storage ${JSON.stringify(key)}`, "no file of that name"));
  const bytes = count * (type === undefined ? 1 : bytesOfElement(type));
  if (entry.size !== bytes)
    throw new FormatError(
      sentence(`${where} storage ${JSON.stringify(key)}`, `${bytes} bytes`, String(entry.size), "The file is damaged"),
    );
  return entry;
}

/** Elements from the first to the last of a tensor in its storage; 0 where it has none. */
const spanOf = ({ shape, strides }: Tensor): number =>
  sizeOf(shape) === 0 ? 0 : shape.reduce((last, n, axis) => last + (n - 1) * strides[axis], 1);
