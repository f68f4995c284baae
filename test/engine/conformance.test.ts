/**
 * The WebAssembly engine against the reference, kernel by kernel, on the rows of `kernel-cases.ts` and `recurrent-cases.ts`. With portable numerics
 * every bit is the same. With fused ones results are near, and the same for every tile, width of the operations and number of threads. Every row runs
 * with every tile; of tiles and numbers of threads, pairs. With UNROLLED_VERIFY=full all of their combinations, and every row twice with each tile.
 */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import type { Engine, NumericsClass, Operand } from "../../src/engine/engine.ts";
import { referenceEngine } from "../../src/engine/reference/index.ts";
import type { KernelCase, Results } from "./cases.ts";
import { type Comparison, digest, faultsOf, sameBits, within } from "./compare.ts";
import { canRevectorize, classes, engineOf, nameOf, tiles, untilRunning, watchWorkers, type Way } from "./engines.ts";
import type { Digests } from "./digests.ts";
import { kernelCases } from "./kernel-cases.ts";
import { recurrentCases, rowCases, scratchCase, wideCases } from "./recurrent-cases.ts";

const FULL = process.env["UNROLLED_VERIFY"] === "full";

/** Fused against separate rounding, of the largest number in the array. */
const FUSED = 4e-6;

/** What is not tested, and why. */
const SKIPPED: readonly (readonly [what: string, isHere: boolean, why: string])[] = [
  ["operations of 256 bits", canRevectorize, "V8 has them from Node 24 on, see src/platform/node.ts"],
];
for (const [what, isHere, why] of SKIPPED) if (!isHere) console.log(`conformance: without ${what}: ${why}`);

const cases: readonly KernelCase[] = [...kernelCases, ...recurrentCases];
const largeCases = cases.filter(({ large }) => large);

const ways = (numerics: NumericsClass, threads: number): Way[] =>
  tiles.map((tile) => ({ numerics, tiles: [tile], revectorize: canRevectorize, threads }));

/** Results by class and row: of the reference, and of the first engine with fused numerics. */
const known = new Map<string, Results>();
function knownResults(numerics: NumericsClass, kernel: KernelCase): Results {
  const name = `${numerics} ${kernel.name}`;
  let results = known.get(name);
  if (results === undefined) known.set(name, (results = kernel.run(firstEngine(numerics))));
  return results;
}

const first = new Map<NumericsClass, Engine>();
function firstEngine(numerics: NumericsClass): Engine {
  let engine = first.get(numerics);
  if (engine === undefined) {
    engine = numerics === "portable" ? referenceEngine() : engineOf(ways("fma", 1)[0]);
    first.set(numerics, engine);
  }
  return engine;
}

/** At most that many faults are worth reading. */
const MOST = 12;

function faults(engine: Engine, among: readonly KernelCase[], numerics: NumericsClass, compare = sameBits): string[] {
  const found: string[] = [];
  for (const kernel of among) {
    if (found.length >= MOST) break;
    try {
      found.push(...faultsOf(kernel, kernel.run(engine), knownResults(numerics, kernel), compare));
    } catch (error) {
      found.push(`${kernel.name}: ${String(error)}`);
    }
  }
  return found;
}

test("every row has its own name", () => {
  const names = [...cases, ...wideCases].map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(largeCases.length).toBeGreaterThan(50);
});

test(`fused numerics are near the reference, within ${FUSED} of the largest number`, () => {
  let worst = 0;
  const near: Comparison = within(FUSED, (error) => {
    worst = Math.max(worst, error);
  });
  expect(faults(firstEngine("fma"), cases, "portable", near)).toEqual([]);
  console.log(`conformance: ${cases.length} rows, fused against the reference ${worst.toPrecision(2)} of the largest`);
});

describe.each(classes)("%s numerics", (numerics) => {
  test.each(ways(numerics, 1).map((way) => [nameOf(way), way] as const))("%s: every row, bit for bit", (_, way) => {
    const engine = engineOf(way);
    expect(faults(engine, cases, numerics)).toEqual([]);
    // once more: V8 has optimized more by now, and memory is used
    if (FULL || way.tiles[0] === tiles[0]) expect(faults(engine, cases, numerics)).toEqual([]);
    expect(engine.stats()).toEqual({ liveBlocks: 0, liveBytes: 0 });
  });
});

describe("rows of a batch", () => {
  const everyRow = (batch: number): number[][] => Array.from({ length: batch }, (_, row) => [row]);
  test.each(classes.flatMap((numerics) => ways(numerics, 1).map((way) => [nameOf(way), way] as const)))(
    "%s: alone or with others, the same bits forward and backward",
    (_, way) => {
      const engine = engineOf(way);
      const found: string[] = [];
      for (const { name, batch, alone, together } of rowCases) {
        const pick = together(engine);
        for (const rows of [...everyRow(batch), [2, 0, 1], [batch - 1, 1]]) {
          const what = { name: `${name}, rows ${rows.join()}`, finite: true };
          found.push(...faultsOf(what, alone(engine, rows), pick(rows), sameBits));
        }
      }
      expect(found.slice(0, MOST)).toEqual([]);
    },
  );
});

describe("threads", () => {
  const watch = watchWorkers();
  afterAll(() => watch.end());

  /** With each tile one number of threads; each number is had with several tiles, also within a class. */
  const chosen = (tile: number): readonly number[] => (FULL ? [2, 3, 4] : [[4], [2], [3], [4], [2]][tile]);

  test.each(
    classes.flatMap((numerics) =>
      ways(numerics, 4).map((way, tile) => [nameOf(way), chosen(tile).join(" and "), way, chosen(tile)] as const),
    ),
  )("%s: large kernels on %s threads, bit for bit", async (_name, _counts, way, counts) => {
    const engine = engineOf(way);
    await untilRunning(engine, () => void largeCases[0].run(engine));
    for (const threads of counts) {
      engine.useThreads(threads);
      expect(engine.report()).toMatchObject({ threads, running: threads });
      expect(faults(engine, largeCases, way.numerics), `${threads} threads`).toEqual([]);
      if (threads !== 3) expect(faults(engine, wideCases, way.numerics), `${threads} threads`).toEqual([]);
    }
  });

  test.each(classes)("%s: every row on shared memory, on 2 threads and then on 1", async (numerics) => {
    const engine = engineOf(ways(numerics, 2)[0]);
    await untilRunning(engine, () => void largeCases[0].run(engine));
    expect(faults(engine, cases, numerics)).toEqual([]);
    engine.useThreads(1);
    expect(faults(engine, largeCases, numerics)).toEqual([]);
  });
});

test.each(classes)("%s: the tile is chosen in the middle of things, and changes no bit", (numerics) => {
  const engine = engineOf({ numerics, tiles: tiles.toReversed(), revectorize: canRevectorize, threads: 1 });
  const tile = (): string => engine.report().choices.find(({ what }) => what === "tile")?.why ?? "";
  expect(tile()).not.toContain("GFLOP/s");
  const large = largeCases.filter(({ name }) => name.includes("tuned"));
  expect(faults(engine, largeCases, numerics)).toEqual([]);
  expect(large.length).toBeGreaterThan(0);
  expect(tile().match(/GFLOP\/s/g)).toHaveLength(tiles.length);
});

test("results do not depend on where there was free memory", () => {
  const { kernel, floats } = scratchCase;
  for (let count = 0; count < 12; count++) {
    const engine = engineOf(ways("portable", 1)[0]);
    // the lowest is handed out last
    const blocks = Array.from({ length: count }, () => engine.allocate("float32", floats));
    for (const block of blocks) engine.free(block);
    expect(faults(engine, [kernel], "portable"), `${count} free blocks`).toEqual([]);
  }
});

test("arrays stay where they are when the memory grows, empty ones too", () => {
  const engine = engineOf(ways("portable", 1)[0]);
  const operands = [0, 3].map((length): Operand => {
    const block = engine.allocate("float32", length);
    return { block, offset: 0, shape: [length], dtype: "float32" };
  });
  for (const x of operands) engine.view(x).fill(7);
  const before = engine.report().bytes;
  engine.allocate("float32", before);
  expect(engine.report().bytes).toBeGreaterThan(before);
  expect(operands.map((x) => [...engine.view(x)])).toEqual([[], [7, 7, 7]]);
  for (const x of operands) engine.view(x).fill(8);
});

test.runIf(canRevectorize)("operations of 128 bits give the bits of those of 256", () => {
  // a process of its own, see Way
  const script = fileURLToPath(new URL("./digests.ts", import.meta.url));
  const text = execFileSync(process.execPath, [script], { encoding: "utf8", maxBuffer: 2 ** 26 });
  const found = JSON.parse(text) as Record<NumericsClass, Digests>;
  for (const numerics of classes) {
    const { digests, faults: among } = found[numerics];
    expect(among, `tiles with ${numerics} numerics`).toEqual([]);
    const wrong = cases.filter((kernel) => digests[kernel.name] !== digest(knownResults(numerics, kernel)));
    expect(wrong.map(({ name }) => name).slice(0, MOST), numerics).toEqual([]);
  }
});
