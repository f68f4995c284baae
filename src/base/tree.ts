/**
 * @file Trees of named values: nested plain records whose leaves are anything that is not a plain record.
 * Cell states, parameters and optimizer slots all have this form.
 */

/** A leaf, or a record of trees. */
export type Tree<T> = T | { readonly [name: string]: Tree<T> };

type Branch<T> = { readonly [name: string]: Tree<T> };

const isBranch = <T>(node: Tree<T>): node is Branch<T> =>
  typeof node === "object" &&
  node !== null &&
  (Object.getPrototypeOf(node) === Object.prototype || Object.getPrototypeOf(node) === null);

/** Applies `f` to every leaf and keeps the structure. `path` joins the names with "/". */
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
  if (!isBranch(tree)) return [[path, tree as T]];
  return Object.keys(tree).flatMap((name) => leavesOf(tree[name], join(path, name)));
}

/** Joins path parts with "/", leaving out empty ones. */
export function join(...parts: string[]): string {
  return parts.filter((part) => part !== "").join("/");
}

/** The entries of a flat record with `prefix/` put before each name. */
export function withPrefix<T>(prefix: string, record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [join(prefix, name), value]));
}
