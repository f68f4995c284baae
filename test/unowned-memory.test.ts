/** Loops without `scope`: memory stays bounded where the event loop has turns, and the others are told what to do long before the end. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const HELPER = fileURLToPath(new URL("helpers/unowned-memory.ts", import.meta.url));
const MiB = 2 ** 20;
const isFull = process.env["UNROLLED_VERIFY"] === "full";

type Seen = { total: number; peak: number; rss: number; error: string; seconds: number };

function loop(kind: string, rounds: number, elements: number): Seen & { readonly warned: string } {
  const args = ["--conditions=unrolled-source", "--disable-warning=ExperimentalWarning", HELPER];
  const { stdout, stderr } = spawnSync(process.execPath, [...args, kind, String(rounds), String(elements)], {
    encoding: "utf8",
    env: { ...process.env, UNROLLED_POISON: "0", UNROLLED_THREADS: "1" },
    timeout: 1_800_000,
  });
  return { ...(JSON.parse(stdout) as Seen), warned: stderr };
}

describe("a loop without scope that awaits", () => {
  // more than the 4 GiB that there are
  const [rounds, elements] = isFull ? [100_000, 65_536] : [2500, 262_144];

  // a timer gives the event loop a turn as setImmediate does
  test.each(isFull ? ["immediate", "timeout", "data"] : ["immediate", "data"])(
    "%s: memory stays below 1.5 GiB",
    { timeout: 1_800_000 },
    (kind) => {
      const { total, peak, rss, error, warned, seconds } = loop(kind, rounds, elements);
      console.log(
        `unowned memory: ${kind}, ${rounds} rounds in ${seconds.toFixed(1)} s, peak ${Math.round(peak / MiB)} MiB live, process ${Math.round(rss / MiB)} MiB`,
      );
      expect(error).toBe("");
      expect(warned).toBe("");
      // sums of float32
      expect(total / (2 * rounds + (rounds * (rounds - 1)) / 2)).toBeCloseTo(1, 5);
      expect(peak).toBeLessThan(1536 * MiB);
      expect(rss).toBeLessThan(2048 * MiB);
    },
  );
});

describe("a loop without scope that gives the event loop no turn", () => {
  const WARNING =
    "unrolled: over 1 GiB of tensors outside every scope was made without a turn of the event loop, in which the unused ones would be freed; wrap each round of the loop in scope(() => ...)\n";

  test.each(["none", "settled"])("%s: is warned, once, by the name of the cure", (kind) => {
    expect(loop(kind, 250, MiB)).toMatchObject({ warned: "", error: "" });
    expect(loop(kind, 300, MiB)).toMatchObject({ warned: WARNING, error: "" });
  });

  test("the error at the end names scope, not smaller batches", () => {
    const { error, warned } = loop("none", 1100, MiB);
    expect(warned).toBe(WARNING);
    expect(error).toMatch(
      /^memory: expected at most .*\. Most of it is in tensors outside every scope: wrap each round of the loop in scope\(\(\) => \.\.\.\), which frees what it does not return$/,
    );
  });
});
