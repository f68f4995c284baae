/** @file Layer normalisation on the kernels. Meanings as in the engine contract. */
import { sizeOf } from "../../base/index.ts";
import type { LayerNormBackward, LayerNormForward, Operand } from "../engine.ts";
import { jobs } from "./kernels.ts";
import { pointerOrZero } from "./linear-memory.ts";
import type { Workspace } from "./workspace.ts";

/** Operations per element. */
const COST = 10;

/** Rows and the length of the last axis. */
const rowsOf = (x: Operand, root: Operand): [rows: number, n: number] => [
  sizeOf(root.shape),
  x.shape[x.shape.length - 1],
];

export function layerNorm(work: Workspace, { epsilon, x, gain, shift, y, normal, root }: LayerNormForward): void {
  const pointers = [x, gain, shift, y, normal, root].map(pointerOrZero);
  work.run(jobs.layerNorm, COST * sizeOf(x.shape), ...rowsOf(x, root), ...pointers, epsilon);
}

export function layerNormBackward(work: Workspace, a: LayerNormBackward): void {
  const { gain, normal, root, dy, dx, dGain, dShift } = a;
  const pointers = [gain, normal, root, dy, dx, dGain, dShift].map(pointerOrZero);
  work.run(jobs.layerNormBackward, COST * sizeOf(dy.shape), ...rowsOf(normal, root), ...pointers);
}
