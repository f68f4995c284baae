/** `unrolled example`: the list, a program on every Node that is here, a source, and a wrong name. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { commandFolder } from "../helpers/cli.ts";
import { availableNodes, lowestNode } from "../helpers/nodes.ts";

const examples = fileURLToPath(new URL("../../examples", import.meta.url));
const { run, unrolled } = commandFolder("example");

test("lists every program with what it shows", () => {
  const { stdout, status } = unrolled("example");
  const files = readdirSync(examples).filter((file) => file.endsWith(".ts"));
  const rows = stdout.split("\n\n")[0].split("\n");
  expect(status).toBe(0);
  expect(rows.map((row) => `${row.split(" ")[0]}.ts`)).toEqual(files);
  for (const row of rows) expect(row).toMatch(/^\d\d-\S+ {2,}[A-Z][^.]{10,110}$/);
});

test.each([lowestNode(), ...availableNodes()])("runs a program on Node $version", ({ path }) => {
  const { stdout, stderr, status } = run(["example", "gates", "abba"], { node: path });
  expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
  expect(stdout).toMatch(/^ +a +b +b +a\ninput gate i0( +0\.\d{3}){4}\n/);
});

test.each(["6", "06", "gates", "06-gates", "06-gates.ts"])("takes %s for a name", (name) => {
  expect(unrolled("example", name, "--source").stdout).toBe(readFileSync(join(examples, "06-gates.ts"), "utf8"));
});

test("passes on the exit code of a program, and names the programs when there is none of that name", () => {
  const failed = unrolled("example", "language-model", "missing.txt");
  expect(failed.status).toBe(1);
  expect(failed.stderr).toContain("missing.txt");
  const unknown = unrolled("example", "dates");
  expect(unknown.status).toBe(2);
  expect(unknown.stderr).toBe(
    `unrolled example: expected an example (${readdirSync(examples)
      .filter((file) => file.endsWith(".ts"))
      .map((file) => file.slice(0, -3))
      .join(", ")}), got "dates"\n`,
  );
});
