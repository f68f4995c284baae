import { beforeAll, describe, expect, test } from "vitest";
import { GOLDEN_HASH, nodeHash } from "./helpers/node-hash.ts";
import { availableNodes } from "./helpers/nodes.ts";

const nodes = availableNodes();
/** With UNROLLED_VERIFY=full every choice alone and all of their combinations, else pairs. */
const FULL = process.env["UNROLLED_VERIFY"] === "full";

test.each([
  ["wasm", nodes],
  // on this Node, conformance.test.ts compares it with the other engine
  ["reference", FULL ? nodes : nodes.slice(-1)],
])("portable numerics give the golden weights, bit for bit, on the %s engine", (engine, among) => {
  for (const { path, version } of among) {
    const found = nodeHash(path, { UNROLLED_ENGINE: engine, UNROLLED_NUMERICS: "portable" });
    console.log(`determinism: portable, ${engine}, ${version} ${found}`);
    expect(found, version).toBe(GOLDEN_HASH);
  }
});

test("fused numerics give the same weights twice and on every Node", () => {
  const first = nodeHash(nodes[0].path, {});
  for (const { path, version } of nodes) {
    console.log(`determinism: default, ${version} ${first}`);
    expect(nodeHash(path, {}), version).toBe(first);
  }
});

/** What may change the speed, and nothing else. */
const ways: readonly Readonly<Record<string, string>>[] = FULL
  ? [
      { UNROLLED_THREADS: "1" },
      { UNROLLED_THREADS: "2" },
      { UNROLLED_THREADS: "4" },
      { UNROLLED_TILE: "6x8" },
      { UNROLLED_TILE: "6x16" },
      { UNROLLED_TILE: "4x8" },
      { UNROLLED_REVECTORIZE: "off" },
      { UNROLLED_REVECTORIZE: "off", UNROLLED_TILE: "3x16", UNROLLED_THREADS: "3" },
    ]
  : [
      { UNROLLED_TILE: "6x8", UNROLLED_THREADS: "1" },
      { UNROLLED_TILE: "6x16", UNROLLED_THREADS: "2" },
      { UNROLLED_TILE: "4x8", UNROLLED_THREADS: "4" },
      { UNROLLED_REVECTORIZE: "off", UNROLLED_TILE: "3x16", UNROLLED_THREADS: "3" },
    ];
const nameOf = (way: Readonly<Record<string, string>>): string =>
  Object.entries(way)
    .map((pair) => pair.join("="))
    .join(" ");

describe("threads, tiles and 256-bit operations change no bit", () => {
  const [{ path }] = nodes;
  // small kernels stay on one thread, so a model with large ones too
  const large = (variables: Readonly<Record<string, string>>, node = path): string[] =>
    nodeHash(node, variables, "threads-hash.mjs").split(" ");
  let usual = "";
  let usualLarge = "";
  beforeAll(() => {
    usual = nodeHash(path, {});
    [, usualLarge] = large({});
  });

  test.each(ways.map((way) => [nameOf(way), way] as const))("%s", (_, way) => {
    expect(nodeHash(path, way)).toBe(usual);
    const [threads, found] = large(way);
    expect(found).toBe(usualLarge);
    if (way["UNROLLED_THREADS"] !== undefined) expect(threads).toBe(way["UNROLLED_THREADS"]);
  });

  test("4 threads on every Node", () => {
    for (const node of nodes)
      expect(large({ UNROLLED_THREADS: "4" }, node.path), node.version).toEqual(["4", usualLarge]);
  });

  test("portable numerics: 4 threads give the golden weights, and those of the reference", () => {
    const portable = { UNROLLED_NUMERICS: "portable", UNROLLED_THREADS: "4" };
    expect(nodeHash(path, portable)).toBe(GOLDEN_HASH);
    const [, byReference] = large({ UNROLLED_ENGINE: "reference" });
    expect(large(portable)).toEqual(["4", byReference]);
  });
});

describe("matrix products of many shapes", () => {
  const [{ path }] = nodes;
  const hash = (variables: Readonly<Record<string, string>>): string[] =>
    nodeHash(path, variables, "products-hash.mjs").split(" ");

  test("portable numerics give the reference's bits, with several threads too", () => {
    const [, byReference] = hash({ UNROLLED_ENGINE: "reference" });
    for (const threads of FULL ? ["1", "3"] : ["3"]) {
      expect(hash({ UNROLLED_NUMERICS: "portable", UNROLLED_THREADS: threads })).toEqual([threads, byReference]);
    }
  });

  test("fused numerics give the same bits whatever the threads and tiles", () => {
    const [, usual] = hash({ UNROLLED_THREADS: "1" });
    for (const tile of FULL ? ["6x16", "6x8", "4x8", "5x16"] : ["6x16", "4x8"]) {
      expect(hash({ UNROLLED_TILE: tile, UNROLLED_THREADS: "3" }), tile).toEqual(["3", usual]);
    }
  });
});
