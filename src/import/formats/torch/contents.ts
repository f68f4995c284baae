/** @file Names of tensors in nested dictionaries and lists, and the plain values beside them. */
import { FormatError, sentence } from "../../../base/index.ts";
import type { JsonValue } from "../../../formats/index.ts";
import { Dictionary, Global, NumpyArray, NumpyType, type Pickled, Sequence, Storage, Tensor } from "./values.ts";

/** Deepest nesting, values looked at (a value may stand in many places), and characters. */
const MAX_DEPTH = 64;
const MAX_VISITS = 500_000;
const MAX_CHARACTERS = 2 ** 24;

/** A tensor or an array by its name: the keys that lead to it, joined by ".". */
export type NamedTensor = { readonly name: string; readonly tensor: Tensor | NumpyArray };

export type Contents = {
  readonly tensors: readonly NamedTensor[];
  readonly metadata: Record<string, JsonValue>;
};

/**
 * Tensors and metadata of an unpickled value. A tensor alone is named "tensor". Throws FormatError
 * for values that hold themselves or grow by being named again and again.
 */
export function contentsOf(where: string, root: Pickled): Contents {
  const tensors: NamedTensor[] = [];
  let visits = 0;
  let characters = 0;
  const fail = (expected: string, got: string): FormatError => new FormatError(sentence(where, expected, got));

  /** The plain part of a value; undefined where it is a tensor, or has only tensors. */
  const visit = (value: Pickled, name: string, depth: number): JsonValue | undefined => {
    if (++visits > MAX_VISITS) throw fail(`at most ${MAX_VISITS} values`, "more");
    if (depth > MAX_DEPTH) throw fail(`at most ${MAX_DEPTH} levels of lists and dictionaries`, "more");
    if (typeof value === "string") {
      characters += value.length;
      if (characters > MAX_CHARACTERS) throw fail(`at most ${MAX_CHARACTERS} characters`, "more");
      return value;
    }
    if (value === null || typeof value === "boolean") return value;
    // JSON has no NaN and no infinities
    if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
    if (value instanceof Tensor || value instanceof NumpyArray) {
      tensors.push({ name: name === "" ? "tensor" : name, tensor: value });
      return undefined;
    }
    if (value instanceof Dictionary) {
      const entries = [...value.entries].map(
        ([key, item]) => [key, visit(item, joined(name, key), depth + 1)] as const,
      );
      return objectOf(entries);
    }
    if (value instanceof Sequence) {
      const items = value.items.map((item, i) => visit(item, joined(name, String(i)), depth + 1));
      if (items.length > 0 && items.every((item) => item === undefined)) return undefined;
      return items.map((item) => item ?? null);
    }
    if (value instanceof Uint8Array) return `${value.length} bytes`;
    if (value instanceof Global) return value.name;
    if (value instanceof NumpyType) return `numpy.${value.code}`;
    if (value instanceof Storage) throw fail("storages in tensors only", `one at ${JSON.stringify(name)}`);
    return value satisfies never;
  };

  /** Names are built as long as they are, so their lengths count too. */
  const joined = (name: string, key: string): string => {
    const path = name === "" ? key : `${name}.${key}`;
    if (path.length > 4096) throw fail("names of at most 4096 characters", String(path.length));
    return path;
  };

  const plain = visit(root, "", 0);
  const isObject = typeof plain === "object" && plain !== null && !Array.isArray(plain);
  const metadata = isObject ? plain : plain === undefined ? Object.create(null) : objectOf([["value", plain]]);
  return { tensors, metadata: (metadata ?? Object.create(null)) as Record<string, JsonValue> };
}

/** An object with a null prototype; undefined where nothing but tensors was there. */
function objectOf(entries: readonly (readonly [string, JsonValue | undefined])[]): JsonValue | undefined {
  const plain = entries.filter(([, item]) => item !== undefined);
  if (plain.length === 0 && entries.length > 0) return undefined;
  const made = Object.create(null) as Record<string, JsonValue>;
  for (const [key, item] of plain) made[key] = item as JsonValue;
  return made;
}
