/**
 * @file Trees of named values: nested plain records whose leaves are anything that is not a plain
 * record. Cell states, parameters and optimizer slots all have this form.
 */

/** A leaf, or a record of trees. */
export type Tree<T> = T | { readonly [name: string]: Tree<T> };

type Branch<T> = { readonly [name: string]: Tree<T> };

/** Whether a node is a record of trees, not a leaf. */
export const isBranch = <T>(node: Tree<T>): node is Branch<T> =>
  typeof node === "object" &&
  node !== null &&
  (Object.getPrototypeOf(node) === Object.prototype || Object.getPrototypeOf(node) === null);

/**
 * Applies `f` to every leaf and keeps the structure. The path of a leaf is the names above it,
 * joined with "/".
 */
export function mapTree<T, U>(tree: Tree<T>, f: (leaf: T, path: string) => U, path = ""): Tree<U> {
  if (!isBranch(tree)) return f(tree as T, path);
  const out: Record<string, Tree<U>> = {};
  for (const name of Object.keys(tree)) out[name] = mapTree(tree[name], f, join(path, name));
  return out;
}

/** Applies `f` to corresponding leaves of two trees of the same structure. */
export function zipTrees<A, B, U>(a: Tree<A>, b: Tree<B>, f: (a: A, b: B, path: string) => U, path = ""): Tree<U> {
  if (!isBranch(a)) return f(a as A, b as B, path);
  const out: Record<string, Tree<U>> = {};
  for (const name of Object.keys(a)) out[name] = zipTrees(a[name], (b as Branch<B>)[name], f, join(path, name));
  return out;
}

/** Every leaf with its path, in insertion order. */
export function leavesOf<T>(tree: Tree<T>, path = ""): [path: string, leaf: T][] {
  const leaves: [path: string, leaf: T][] = [];
  collect(tree, path, leaves);
  return leaves;
}

/** Every leaf without its path, in insertion order. */
export function leafValues<T>(tree: Tree<T>, into: T[] = []): T[] {
  if (!isBranch(tree)) into.push(tree as T);
  else for (const name of Object.keys(tree)) leafValues(tree[name], into);
  return into;
}

function collect<T>(tree: Tree<T>, path: string, into: [path: string, leaf: T][]): void {
  if (!isBranch(tree)) into.push([path, tree as T]);
  else for (const name of Object.keys(tree)) collect(tree[name], join(path, name), into);
}

/** Joins two paths with "/", ignoring empty ones. */
export function join(a: string, b: string): string {
  return a === "" ? b : b === "" ? a : `${a}/${b}`;
}

/** The entries of a flat record with `prefix/` put before each name. */
export function withPrefix<T>(prefix: string, record: Readonly<Record<string, T>>): Record<string, T> {
  if (prefix === "") return { ...record };
  const out: Record<string, T> = {};
  for (const name of Object.keys(record)) out[join(prefix, name)] = record[name];
  return out;
}
