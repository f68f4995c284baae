import { expect, test } from "vitest";
import { kernelModule } from "#platform";
import { instantiate, type Kernels } from "./kernels.ts";
import { LinearMemory } from "./linear-memory.ts";
import { type Tile, TileTuner } from "./tile-tuner.ts";

const wide: Tile = { rows: 6, columns: 16 };
const narrow: Tile = { rows: 4, columns: 8 };

/**
 * Kernels whose products are left out with the tiles for which `isWrong` says so, and a memory for
 * them.
 */
function kernelsWith(isWrong: (tile: Tile) => boolean): [Kernels, LinearMemory] {
  const memory = new LinearMemory({ shared: false, poison: false });
  const kernels = instantiate(kernelModule("simd", { revectorize: false }) as WebAssembly.Module, memory.memory);
  kernels.setUp(memory.reserve(kernels.spareBytes()));
  let tile = wide;
  const wrong: Kernels = {
    ...kernels,
    setTile(columns, rows) {
      tile = { rows, columns };
      kernels.setTile(columns, rows);
    },
    run: (...args) => (isWrong(tile) ? undefined : kernels.run(...args)),
  };
  return [wrong, memory];
}

test("a tile that is wrong from the start is not used", () => {
  const tuner = new TileTuner(...kernelsWith(({ columns }) => columns === 16), [wide, narrow]);
  expect(tuner.choice).toEqual({ what: "tile", chosen: "4x8", why: "others give wrong results" });
  expect(tuner.isDone).toBe(true);
});

test("a tile that becomes wrong is not used after the trial", () => {
  let calls = 0;
  const tuner = new TileTuner(...kernelsWith(({ columns }) => columns === 16 && ++calls > 20), [wide, narrow]);
  expect(tuner.choice.chosen).toBe("6x16");
  tuner.choose();
  expect(tuner.choice.chosen).toBe("4x8");
  expect(tuner.choice.why).toMatch(/^6x16: wrong results, 4x8: \d+ GFLOP\/s$/);
});

test("without a tile that is right there is no engine", () => {
  const message =
    "engine: expected exact products of small integers, got wrong ones with 6x16, 4x8. UNROLLED_ENGINE=reference computes without WebAssembly";
  expect(() => new TileTuner(...kernelsWith(() => true), [wide, narrow])).toThrow(message);
  let calls = 0;
  const tuner = new TileTuner(...kernelsWith(() => ++calls > 20), [wide, narrow]);
  expect(() => tuner.choose()).toThrow(message);
});

test("both are right here", () => {
  const tuner = new TileTuner(...kernelsWith(() => false), [wide, narrow]);
  tuner.choose();
  expect(tuner.choice.why).toMatch(/^6x16: \d+ GFLOP\/s, 4x8: \d+ GFLOP\/s$/);
});
