/**
 * Memory on a system that gives less than asked for, which a stand-in for WebAssembly's memory
 * plays.
 */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { UnsupportedError } from "../../base/index.ts";

const GIB_PAGES = 2 ** 14;
const warn = vi.spyOn(console, "warn").mockImplementation(() => {});

beforeEach(() => {
  vi.resetModules();
  warn.mockClear();
});
afterEach(() => vi.unstubAllGlobals());

/** A system that reserves at most `most` pages and lets memory grow to `end` pages. */
function system(most: number, end: number): void {
  class Memory {
    pages: number;
    constructor({ initial, maximum }: { initial: number; maximum: number }) {
      if (maximum > most) throw new RangeError("could not allocate memory");
      this.pages = initial;
    }
    get buffer(): { byteLength: number } {
      return { byteLength: this.pages * 65_536 };
    }
    grow(pages: number): void {
      if (this.pages + pages > end) throw new RangeError("Unable to grow instance memory");
      this.pages += pages;
    }
  }
  vi.stubGlobal("WebAssembly", { Memory });
}

/** Memory there. A module of its own, since warnings are given once. */
async function memoryOf(most: number, end: number) {
  system(most, end);
  const { LinearMemory } = await import("./linear-memory.ts");
  return new LinearMemory({ shared: false, poison: false });
}

test("all that is asked for: nothing is said", async () => {
  const { choices } = await memoryOf(4 * GIB_PAGES, 4 * GIB_PAGES);
  expect(choices).toEqual([]);
  expect(warn).not.toHaveBeenCalled();
});

test.each([
  [3, "2 GiB"],
  [1, "1 GiB"],
  [0.5, "0.5 GiB"],
])("%d GiB of address space: as much as there is, and one line with the reason", async (gib, chosen) => {
  const { choices } = await memoryOf(gib * GIB_PAGES, gib * GIB_PAGES);
  expect(choices).toMatchObject([{ what: "memory", chosen }]);
  const reason = "the system refuses to reserve 4 GiB (RangeError: could not allocate memory)";
  expect(choices[0].why).toBe(reason);
  expect(warn.mock.calls).toEqual([
    [expect.stringContaining(`unrolled: memory ends at ${chosen}, since ${reason}. Raise the limit`)],
  ]);
});

test("none: the error names the reason", async () => {
  await expect(memoryOf(100, 100)).rejects.toThrow(
    "cannot reserve 4 GiB of address space, nor less: RangeError: could not allocate memory",
  );
});

test("memory that can't grow is none", async () => {
  await expect(memoryOf(4 * GIB_PAGES, 15)).rejects.toThrow("nor less: RangeError: Unable to grow instance memory");
});

test("growth: where a quarter more is refused, what is needed; then an error of ours", async () => {
  const memory = await memoryOf(4 * GIB_PAGES, 1010);
  // 64 KiB each
  for (let i = 0; i < 1000; i++) memory.allocate("float32", 2 ** 14);
  let thrown: unknown;
  try {
    for (let i = 0; i < 20; i++) memory.allocate("float32", 2 ** 14);
  } catch (error) {
    thrown = error;
  }
  expect(String(thrown)).toMatch(
    /^UnsupportedError: memory: expected enough of it, got .* which the system refuses \(RangeError: Unable to grow instance memory\)\. Raise/,
  );
  expect((thrown as UnsupportedError).code).toBe("ERR_UNSUPPORTED");
});
