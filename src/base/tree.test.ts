import { expect, test } from "vitest";
import { join, leafValues, leavesOf, mapTree, type Tree, withPrefix, zipTrees } from "./index.ts";

class Leaf {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
}

const tree: Tree<number> = { b: 1, a: { c: 2, d: { e: 3 } } };

test("mapTree keeps the structure and gives each leaf its path", () => {
  const seen: string[] = [];
  const doubled = mapTree(tree, (x, path) => {
    seen.push(path);
    return 2 * x;
  });
  expect(doubled).toEqual({ b: 2, a: { c: 4, d: { e: 6 } } });
  expect(Object.keys(doubled as object)).toEqual(["b", "a"]);
  expect(seen).toEqual(["b", "a/c", "a/d/e"]);
  expect(mapTree(tree, (_, path) => path, "model")).toEqual({
    b: "model/b",
    a: { c: "model/a/c", d: { e: "model/a/d/e" } },
  });
});

test("the leaves alone, in the same order", () => {
  expect(leafValues(tree)).toEqual([1, 2, 3]);
  expect(leafValues({ f: 4 }, [3])).toEqual([3, 4]);
});

test("a lone leaf, an empty record, a record without prototype", () => {
  expect(mapTree(5 as Tree<number>, (x, path) => [x, path])).toEqual([5, ""]);
  expect(mapTree({} as Tree<number>, () => 1)).toEqual({});
  const bare = Object.assign(Object.create(null) as Record<string, number>, { x: 1 });
  expect(mapTree(bare as Tree<number>, (x) => x + 1)).toEqual({ x: 2 });
});

test("class instances, arrays and null are leaves", () => {
  const leaves: Tree<unknown> = { x: new Leaf(1), y: [1, 2], z: null, w: undefined };
  expect(leavesOf(leaves)).toEqual([
    ["x", new Leaf(1)],
    ["y", [1, 2]],
    ["z", null],
    ["w", undefined],
  ]);
});

test("leavesOf lists paths in insertion order", () => {
  expect(leavesOf(tree)).toEqual([
    ["b", 1],
    ["a/c", 2],
    ["a/d/e", 3],
  ]);
  expect(leavesOf(7 as Tree<number>)).toEqual([["", 7]]);
  expect(leavesOf(tree, "p").map(([path]) => path)).toEqual(["p/b", "p/a/c", "p/a/d/e"]);
});

test("zipTrees pairs leaves by name, not by order", () => {
  const other: Tree<string> = { a: { d: { e: "three" }, c: "two" }, b: "one" };
  expect(zipTrees(tree, other, (x, y, path) => `${path}=${x}=${y}`)).toEqual({
    b: "b=1=one",
    a: { c: "a/c=2=two", d: { e: "a/d/e=3=three" } },
  });
});

test("names", () => {
  expect(join("a", "b")).toBe("a/b");
  expect(join("", "b")).toBe("b");
  expect(join("a", "")).toBe("a");
  expect(join("", "")).toBe("");
  expect(withPrefix("layer0", { kernel: 1, bias: 2 })).toEqual({ "layer0/kernel": 1, "layer0/bias": 2 });
  expect(withPrefix("", { kernel: 1 })).toEqual({ kernel: 1 });
});
