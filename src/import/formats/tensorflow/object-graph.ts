/** @file The graph of objects in checkpoints of TensorFlow 2, which has names of variables. */
import type { MessageReader } from "../../messages.ts";

const SUFFIX = "/.ATTRIBUTES/VARIABLE_VALUE";

/** Key of the graph in the table. */
export const OBJECT_GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH";

/** Names of variables by their keys (trackable_object_graph.proto). */
export function namesInGraph(where: string, bytes: Uint8Array, read: MessageReader): Map<string, string> {
  const names = new Map<string, string>();
  const attribute = (message: Uint8Array): void => {
    let [name, key] = ["", ""];
    read(where, message, {
      2: (reader) => {
        name = reader.string();
      },
      3: (reader) => {
        key = reader.string();
      },
    });
    if (name !== "") names.set(key, name);
  };
  read(where, bytes, {
    1: (graph) =>
      read(where, graph.bytes(), {
        2: (node) => {
          attribute(node.bytes());
        },
      }),
  });
  return names;
}

/**
 * Readable names for keys: the variable's own, or the path of attributes that leads to it where
 * several variables have the same name. Keys of TensorFlow 1 are names already.
 */
export function readableNames(keys: readonly string[], names: ReadonlyMap<string, string>): Map<string, string> {
  const counts = new Map<string, number>();
  const plain = (key: string): string => (key.endsWith(SUFFIX) ? key.slice(0, -SUFFIX.length) : key);
  for (const key of keys) {
    for (const name of new Set([names.get(key) ?? plain(key), plain(key)]))
      counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return new Map(
    keys.map((key) => {
      const name = names.get(key);
      return [key, name !== undefined && counts.get(name) === 1 ? name : plain(key)];
    }),
  );
}
