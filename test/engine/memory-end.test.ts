/**
 * Kernels read nothing behind their operands: each operand in turn ends where memory ends, and a read beyond it is an error.
 * Each row runs with one of two tiles, with UNROLLED_VERIFY=full with both.
 */
import { expect, test } from "vitest";
import { bytesPerElement, type DType } from "../../src/base/index.ts";
import type { Block, Engine } from "../../src/engine/engine.ts";
import { WasmBlock } from "../../src/engine/wasm/linear-memory.ts";
import { faultsOf, sameBits } from "./compare.ts";
import { engineOf, nameOf, type Way } from "./engines.ts";
import { kernelCases } from "./kernel-cases.ts";
import { recurrentCases } from "./recurrent-cases.ts";

const FULL = process.env["UNROLLED_VERIFY"] === "full";

/** Bytes of the last block. */
const FILLER = 15 * 2 ** 17;

/** Takes all of the memory, so that its end stays where it is, and gives back all but a block that ends there, which it returns. */
function fill(engine: Engine): WasmBlock {
  // room for what the cases need beside that block
  engine.free(engine.allocate("float32", FILLER));
  const small: WasmBlock[] = [];
  const { bytes } = engine.report();
  let last;
  do small.push((last = engine.allocate("float32", 16) as WasmBlock));
  while (last.pointer + last.bytes < bytes);
  expect(engine.report().bytes).toBe(bytes);
  for (const one of small) if (one.pointer < bytes - FILLER) engine.free(one);
  return new WasmBlock(
    { buffer: last.data.buffer } as WebAssembly.Memory,
    "float32",
    FILLER / 4,
    bytes - FILLER,
    FILLER,
  );
}

/** The engine, but the block that is asked for as number `target` lies at the end of memory. `count` tells how many were asked for. */
function atEnd(engine: Engine, last: WasmBlock, target: number): { readonly engine: Engine; count(): number } {
  const memory = { buffer: last.data.buffer } as WebAssembly.Memory;
  let count = 0;
  let special: Block | undefined;
  const allocate = (dtype: DType, length: number): Block => {
    if (count++ !== target) return engine.allocate(dtype, length);
    const pointer = last.pointer + FILLER - length * bytesPerElement[dtype];
    return (special = new WasmBlock(memory, dtype, length, pointer, 0));
  };
  const free = (block: Block): void => {
    if (block !== special) engine.free(block);
  };
  return { engine: { ...engine, allocate, free }, count: () => count };
}

const ways: readonly Way[] = [
  { rows: 6, columns: 16 },
  { rows: 4, columns: 8 },
].map((tile) => ({ numerics: "portable", tiles: [tile], revectorize: true, threads: 1 }));

test.each(ways.map((way, place) => [nameOf(way), way, place] as const))("%s", (_, way, place) => {
  const engine = engineOf(way);
  const cases = [...kernelCases, ...recurrentCases]
    .filter(({ large }) => large !== true)
    .filter((_case, row) => FULL || row % ways.length === place);
  // leaves free blocks of all sizes that are needed
  const expected = cases.map((one) => one.run(engine, 0));
  const last = fill(engine);
  const bytes = engine.report().bytes;
  cases.forEach((one, index) => {
    for (let target = 0; ; target++) {
      const placed = atEnd(engine, last, target);
      let got;
      try {
        got = one.run(placed.engine, 0);
      } catch (error) {
        throw new Error(`${one.name}, operand ${target}: ${(error as Error).message}`, { cause: error });
      }
      expect(faultsOf(one, got, expected[index], sameBits), `${one.name}, operand ${target}`).toEqual([]);
      if (placed.count() <= target) break;
    }
  });
  expect(engine.report().bytes).toBe(bytes);
});
