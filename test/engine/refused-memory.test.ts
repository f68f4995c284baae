/** Limits of the address space, as batch systems set them: less memory or another engine, with one line that names the reason. Needs the build. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { availableNodes } from "../helpers/nodes.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

const program = `
import { engineReport, matmul, ones } from "unrolled";
matmul(ones([4, 4]), ones([4, 4]));
const { name, choices } = engineReport();
console.log(JSON.stringify({ name, memory: choices.find(({ what }) => what === "memory")?.chosen }));
`;

type Told = { readonly name: string; readonly memory?: string };

/** With so many kB of address space. */
function run(node: string, limit: number, options = ""): { readonly told: Told; readonly lines: readonly string[] } {
  const args = ["-c", `ulimit -v ${limit}; exec "$0" $2 --input-type=module -e "$1"`, node, program, options];
  const env = { ...process.env, UNROLLED_ENGINE: "auto", UNROLLED_POISON: "0", UNROLLED_THREADS: "1" };
  const { stdout, stderr } = spawnSync("bash", args, { cwd: root, encoding: "utf8", env });
  return { told: JSON.parse(stdout) as Told, lines: stderr.split("\n").filter((line) => line !== "") };
}

const advice =
  "Raise the limit of the address space (ulimit -v, 12 GB are enough), or run node --disable-wasm-trap-handler";

describe.skipIf(process.platform !== "linux").each(availableNodes())("on Node $version", ({ path, version }) => {
  // later versions find out by themselves that the space is short
  const isOld = Number(/\d+/.exec(version)?.[0]) < 24;

  test.runIf(isOld)("no memory at all: the reference engine, the reason and the cure", () => {
    const { told, lines } = run(path, 8_000_000);
    expect(told.name).toBe("reference");
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(
      /slow reference engine \(relaxed, simd: cannot reserve 4 GiB of address space, nor less: RangeError: /,
    );
    expect(lines[0]).toContain(advice);
    expect(run(path, 8_000_000, "--disable-wasm-trap-handler")).toMatchObject({ told: { name: "wasm" }, lines: [] });
  });

  test.runIf(!isOld)("less memory: kernels that say where it ends", () => {
    expect(run(path, 9_000_000)).toMatchObject({ told: { name: "wasm" }, lines: [] });
    const { told, lines } = run(path, 2_000_000);
    expect(told.name).toBe("wasm");
    expect(lines).toHaveLength(told.memory === undefined ? 0 : 1);
    for (const line of lines) expect(line).toContain(advice);
  });
});
