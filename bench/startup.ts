/** @file How long a fresh process takes to the first result of the README's first program, the library's loading included. */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { STARTUP_GOAL } from "./goals.ts";
import { systemNode } from "./nodes.ts";
import { median } from "./statistics.ts";
import type { Row } from "./table.ts";

const PROGRAM = `
import { tensor, basicRnnCell, dynamicRnn } from "unrolled";
const h = [1, 0, 0, 0], e = [0, 1, 0, 0], l = [0, 0, 1, 0], o = [0, 0, 0, 1];
const cell = basicRnnCell(2);
const { outputs, state } = dynamicRnn(cell, tensor([[h, e, l, l, o]]));
outputs.print();
console.log(performance.now());`;

const RUNS = 7;

/** Milliseconds since the process started are what performance.now() counts. */
function startUp(node: string): number {
  const cwd = fileURLToPath(new URL("..", import.meta.url));
  const output = execFileSync(node, ["--input-type=module", "--eval", PROGRAM], { cwd, encoding: "utf8" });
  return Number(output.trim().split("\n").at(-1)) / 1000;
}

export function startUpRows(): Row[] {
  const system = systemNode();
  const nodes = [{ path: process.execPath, version: process.version }, ...(system ? [system] : [])];
  return nodes.map(({ path, version }, index): Row => {
    const value = median(Array.from({ length: RUNS }, () => startUp(path)));
    return {
      case: "start-up",
      contestant: `unrolled, Node ${version.slice(1)}`,
      figure: { value, unit: "seconds" },
      ...(index === 0 && { goal: { text: `≤ ${STARTUP_GOAL * 1000} ms`, met: value <= STARTUP_GOAL } }),
      note: "from the start of the process to the first result",
    };
  });
}
