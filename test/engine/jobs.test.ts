/**
 * The table of jobs: callers write each argument where its kernel reads it, and arguments that do
 * not fit are no TypeScript.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as asc from "assemblyscript/asc";
import { beforeAll, describe, expect, test } from "vitest";
import {
  argumentsOf,
  callersSource,
  dispatchSource,
  structName,
  structsSource,
} from "../../kernels/tools/job-sources.ts";
import {
  type ArgumentKind,
  type Arguments,
  constants,
  functions,
  jobs,
  KERNEL_DATA,
} from "../../kernels/tools/jobs.ts";
import type { Address } from "../../src/engine/wasm/address.ts";
import * as callers from "../../src/engine/wasm/generated/jobs.ts";
import { WasmBlock } from "../../src/engine/wasm/linear-memory.ts";

const source = (path: string): string => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), "utf8");

/** A value of the kind that is 0 in memory, or one that is not, and what the kernel reads then. */
function valueOf(kind: ArgumentKind, isMarked: boolean): { given: unknown; read: number } {
  const number = isMarked ? 4096 : 0;
  switch (kind) {
    case "operand":
    case "optionalOperand": {
      const block = new WasmBlock(undefined, "float32", 1, number, 64);
      return { given: { block, offset: 0, shape: [1], dtype: "float32" }, read: number };
    }
    case "flag":
      return { given: isMarked, read: Number(isMarked) };
    case "activation":
      return { given: functions.Activation[Number(isMarked)], read: Number(isMarked) };
    case "number":
      return { given: isMarked ? 0.1 : 0, read: isMarked ? Math.fround(0.1) : 0 };
    case "address":
    case "optionalAddress":
    case "count":
    case "bytes":
      return { given: number, read: number };
    default:
      return { given: isMarked ? kind.is : "another", read: Number(isMarked) };
  }
}

/** Arguments of which the one at `path` is marked. */
const marked = (args: Arguments, path: string, here = ""): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(args).map(([name, argument]) => {
      const at = `${here}.${name}`;
      if (typeof argument === "object" && "struct" in argument) return [name, marked(argument.arguments, path, at)];
      return [name, valueOf(argument, at === path).given];
    }),
  );

const writers = callers.jobs as unknown as Record<string, (args: unknown) => readonly number[]>;
const memory = new WebAssembly.Memory({ initial: 1 });
let readers: Record<string, () => number>;

/** A module of one function for each argument, which reads it as the kernels do. */
beforeAll(async () => {
  const functionsOf = jobs.flatMap((row) =>
    argumentsOf(row.arguments).map(
      ({ inKernel }, i) =>
        `export function ${row.name}${i}(): f64 { return <f64>(changetype<${structName(row)}>(<usize>${constants.JOB + 4})${inKernel}); }`,
    ),
  );
  const text = structsSource() + functionsOf.join("\n");
  const { binary, stderr } = await asc.compileString(text, { importMemory: true, runtime: "stub" });
  if (binary === null) throw new Error(stderr.toString());
  const { instance } = await WebAssembly.instantiate(new Uint8Array(binary), { env: { memory } });
  readers = instance.exports as typeof readers;
});

describe.each(jobs)("$name", ({ name, file, arguments: args }) => {
  const leaves = argumentsOf(args);

  test("each argument arrives where its kernel reads it, and nowhere else", () => {
    for (const { path } of leaves) {
      new Int32Array(memory.buffer, constants.JOB).set(writers[name](marked(args, path)));
      const read = leaves.map((leaf, i) => [leaf.path, readers[`${name}${i}`]()]);
      expect(read).toEqual(leaves.map((leaf) => [leaf.path, valueOf(leaf.kind, leaf.path === path).read]));
    }
  });

  test("its number starts its kernel", () => {
    const [number] = writers[name](marked(args, ""));
    expect(dispatchSource()).toContain(`case ${number}: return ${name}(`);
  });

  test("its kernel reads every argument", () => {
    const kernel = source(`kernels/assembly/${file}.ts`);
    const unread = leaves.filter(({ inKernel }) => !new RegExp(`\\.${inKernel.split(".").at(-1)}\\b`).test(kernel));
    expect(unread).toEqual([]);
  });
});

test("a job ends before the kernels' constants", () => {
  expect(constants.JOB + 4 * callers.LONGEST_JOB).toBeLessThanOrEqual(KERNEL_DATA);
});

test("the file for callers is what the table gives", async () => {
  expect(source("src/engine/wasm/generated/jobs.ts")).toBe(await callersSource());
});

test("arguments that do not fit are no TypeScript", () => {
  const address = 64 as Address;
  const right = { c: address, a: address, aSum: 4, b: address, bRow: 4, k: 1, n: 1, fresh: true };
  const numbers = callers.jobs.productRow(right);
  // @ts-expect-error an address for a distance
  expect(callers.jobs.productRow({ ...right, aSum: address })).not.toEqual(numbers);
  // @ts-expect-error a number for an address
  expect(callers.jobs.productRow({ ...right, a: 4 })).not.toEqual(numbers);
  // @ts-expect-error a number for a flag
  expect(callers.jobs.productRow({ ...right, fresh: 0 })).not.toEqual(numbers);
  const { fresh, ...without } = right;
  // @ts-expect-error an argument that is missing
  expect(callers.jobs.productRow(without)).not.toEqual(numbers);
  expect(fresh).toBe(true);
});
