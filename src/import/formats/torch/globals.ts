/**
 * @file The names that a torch file may use, and what they mean as data. No other name is let
 * through, so that nothing of a file is ever called.
 */
import { UnsupportedError, sentence } from "../../../base/index.ts";
import type { ByteCursor } from "../../byte-cursor.ts";
import type { ElementType } from "../../element-types.ts";
import { numpyArray, numpyScalar } from "./numpy-values.ts";
import { Dictionary, Global, NumpyArray, NumpyType, type Pickled, Sequence, Storage, Tensor } from "./values.ts";

/** A function of a name in the file: makes data of its arguments. */
type Make = (cursor: ByteCursor, inputs: readonly Pickled[]) => Pickled;

const ADVICE = "Save the weights alone: torch.save(model.state_dict(), path)";

/** Storages by the names of their classes; those without a type hold bytes. */
const storages = new Map<string, ElementType | undefined>([
  ["torch.FloatStorage", "float32"],
  ["torch.DoubleStorage", "float64"],
  ["torch.HalfStorage", "float16"],
  ["torch.BFloat16Storage", "bfloat16"],
  ["torch.LongStorage", "int64"],
  ["torch.IntStorage", "int32"],
  ["torch.ShortStorage", "int16"],
  ["torch.CharStorage", "int8"],
  ["torch.ByteStorage", "uint8"],
  ["torch.BoolStorage", "bool"],
  ["torch.UntypedStorage", undefined],
  ["torch.storage.UntypedStorage", undefined],
  ["torch.storage._UntypedStorage", undefined],
]);

const dtypes = new Map<string, ElementType>([
  ["torch.float32", "float32"],
  ["torch.float64", "float64"],
  ["torch.float16", "float16"],
  ["torch.bfloat16", "bfloat16"],
  ["torch.int64", "int64"],
  ["torch.int32", "int32"],
  ["torch.int16", "int16"],
  ["torch.int8", "int8"],
  ["torch.uint64", "uint64"],
  ["torch.uint32", "uint32"],
  ["torch.uint16", "uint16"],
  ["torch.uint8", "uint8"],
  ["torch.bool", "bool"],
]);

/** Names that are values, and are never called. */
const VALUES = new Set([
  ...["list", "dict", "set", "tuple", "int", "float", "str", "bool"].flatMap((name) => [
    `builtins.${name}`,
    `__builtin__.${name}`,
  ]),
  "numpy.ndarray",
]);

/** Names of what can't be read, with the reason. */
const unsupported = new Map<string, string>([
  ["torch._utils._rebuild_sparse_tensor", "a sparse tensor. Make it dense: tensor.to_dense()"],
  ["torch._utils._rebuild_sparse_csr_tensor", "a sparse tensor. Make it dense: tensor.to_dense()"],
  ["torch._utils._rebuild_qtensor", "a quantised tensor. Make it an ordinary one: tensor.dequantize()"],
  ["torch._utils._rebuild_nested_tensor", "a nested tensor. Pad it: tensor.to_padded_tensor(0)"],
  ["torch._utils._rebuild_meta_tensor_no_storage", "a tensor without data, on the device meta"],
  ["torch._utils._rebuild_wrapper_subclass", "a tensor of another class"],
  ["torch.ComplexFloatStorage", "complex numbers. Save their parts: torch.view_as_real(tensor)"],
  ["torch.ComplexDoubleStorage", "complex numbers. Save their parts: torch.view_as_real(tensor)"],
]);

const isSizes = (value: Pickled): value is Sequence =>
  value instanceof Sequence && value.items.every((n) => Number.isSafeInteger(n) && (n as number) >= 0);

function tensor(cursor: ByteCursor, [storage, offset, sizes, steps, , , dtype]: readonly Pickled[]): Tensor {
  const place = `a tensor of (storage, offset, size, stride) before offset ${cursor.at}`;
  if (!(storage instanceof Storage)) throw cursor.error(place, "none with a storage");
  if (!isSizes(sizes) || !isSizes(steps) || sizes.items.length !== steps.items.length)
    throw cursor.error(place, "one with other sizes or strides");
  if (!Number.isSafeInteger(offset) || (offset as number) < 0) throw cursor.error(place, "one with another offset");
  const type = storage.type ?? (dtype instanceof Global ? dtypes.get(dtype.name) : undefined);
  if (type === undefined) throw cursor.error(place, "one without an element type");
  const [shape, strides] = [sizes.items as number[], steps.items as number[]];
  return new Tensor(storage, type, offset as number, { shape, strides });
}

const sequence: Make = (cursor, [items]) => {
  if (items === undefined) return new Sequence([]);
  if (!(items instanceof Sequence)) throw cursor.error("a list", "something else");
  return items;
};

const pairs: Make = (cursor, inputs) => {
  const made = new Dictionary();
  const [items] = inputs;
  if (items instanceof Dictionary) return items;
  if (!(items instanceof Sequence)) return made;
  for (const item of items.items) {
    if (!(item instanceof Sequence) || item.items.length !== 2) throw cursor.error("pairs", "something else");
    setItem(cursor, made, item.items[0], item.items[1]);
  }
  return made;
};

const first: Make = (cursor, [data]) => {
  if (!(data instanceof Tensor)) throw cursor.error("a parameter of a tensor", "something else");
  return data;
};

const textBytes: Make = (cursor, [text, encoding]) => {
  if (typeof text !== "string" || encoding !== "latin1") throw cursor.error("bytes in latin1", "something else");
  return Uint8Array.from(text, (letter) => {
    const code = letter.charCodeAt(0);
    if (code > 255) throw cursor.error("bytes in latin1", "other letters");
    return code;
  });
};

const numpyNames = ["numpy.core.multiarray", "numpy._core.multiarray"];

/** Names that make something of arguments. */
const makers = new Map<string, Make>([
  ["torch._utils._rebuild_tensor", tensor],
  ["torch._utils._rebuild_tensor_v2", tensor],
  ["torch._utils._rebuild_tensor_v3", tensor],
  ["torch._utils._rebuild_parameter", first],
  ["torch._utils._rebuild_parameter_with_state", first],
  ["torch.Size", sequence],
  ["torch.device", (_, [kind, index]) => (typeof index === "number" ? `${String(kind)}:${index}` : String(kind))],
  ["collections.OrderedDict", pairs],
  ["collections.defaultdict", () => new Dictionary()],
  ["collections.Counter", pairs],
  ["argparse.Namespace", () => new Dictionary()],
  ["types.SimpleNamespace", () => new Dictionary()],
  ["builtins.set", sequence],
  ["__builtin__.set", sequence],
  ["builtins.frozenset", sequence],
  ["__builtin__.frozenset", sequence],
  ["_codecs.encode", textBytes],
  ["numpy.dtype", (_, [code]) => new NumpyType(String(code))],
  ...numpyNames.flatMap((module): [string, Make][] => [
    [`${module}.scalar`, numpyScalar],
    [`${module}._reconstruct`, () => new NumpyArray()],
  ]),
]);

/** The name that an opcode asks for. Throws FormatError for one that may not be used. */
export function globalOf(cursor: ByteCursor, name: string): Global {
  const isKnown = storages.has(name) || dtypes.has(name) || VALUES.has(name) || makers.has(name);
  if (isKnown) return new Global(name);
  const reason = unsupported.get(name);
  if (reason !== undefined) throw new UnsupportedError(sentence(cursor.where, "dense tensors of real numbers", reason));
  throw cursor.error(
    `tensors and plain values, before offset ${cursor.at}`,
    `the name ${JSON.stringify(name.slice(0, 200))}, which may be code`,
    ADVICE,
  );
}

/** Makes of arguments the data that stand for `name(*inputs)`. */
export function madeBy(cursor: ByteCursor, callee: Pickled, inputs: Pickled): Pickled {
  const make = callee instanceof Global ? makers.get(callee.name) : undefined;
  if (make === undefined || !(inputs instanceof Sequence))
    throw cursor.error(
      `a known object before offset ${cursor.at}`,
      callee instanceof Global ? `a call of ${JSON.stringify(callee.name)}` : "a call of something else",
      ADVICE,
    );
  return make(cursor, inputs.items);
}

/** Gives an object its attributes. Those of dictionaries say nothing of tensors. */
export function build(cursor: ByteCursor, target: Pickled, state: Pickled): void {
  if (target instanceof Dictionary) {
    // a namespace has its contents there
    if (target.entries.size === 0 && state instanceof Dictionary)
      for (const [key, value] of state.entries) if (key !== "_metadata") target.entries.set(key, value);
    return;
  }
  if (target instanceof NumpyType && state instanceof Sequence) {
    target.isBigEndian = state.items[1] === ">";
    return;
  }
  if (target instanceof NumpyArray && state instanceof Sequence) {
    numpyArray(cursor, target, state);
    return;
  }
  throw cursor.error(`an object with attributes before offset ${cursor.at}`, "another", ADVICE);
}

/** The storage that a persistent id names: ("storage", class, key, device, count). */
export function storageOf(cursor: ByteCursor, id: Pickled): Storage {
  const [kind, type, key, , count] = id instanceof Sequence ? id.items : [];
  if (kind !== "storage" || !(type instanceof Global) || !storages.has(type.name) || typeof key !== "string")
    throw cursor.error(`a storage before offset ${cursor.at}`, "another object");
  if (!Number.isSafeInteger(count) || (count as number) < 0)
    throw cursor.error(`the size of storage ${JSON.stringify(key)}`, "none");
  return new Storage(storages.get(type.name), key, count as number);
}

/** Sets an entry of a dictionary. Throws FormatError for a key twice and for other keys. */
export function setItem(cursor: ByteCursor, { entries }: Dictionary, key: Pickled, value: Pickled): void {
  const text = keyText(key);
  if (text === undefined || text === "__proto__")
    throw cursor.error(`a key of text or numbers before offset ${cursor.at}`, text ?? "another");
  if (entries.has(text)) throw cursor.error("each key once", `${JSON.stringify(text.slice(0, 80))} twice`);
  entries.set(text, value);
}

function keyText(key: Pickled): string | undefined {
  if (typeof key === "string") return key;
  if (typeof key === "number" || typeof key === "boolean" || key === null) return String(key);
  if (!(key instanceof Sequence) || key.items.length > 16) return undefined;
  const parts = key.items.map((item) => (item instanceof Sequence ? undefined : keyText(item)));
  return parts.includes(undefined) ? undefined : parts.join(",");
}
