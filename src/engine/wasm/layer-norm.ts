/** @file Layer normalisation on the kernels. Meanings as in the engine contract. */
import { sizeOf } from "../../base/index.ts";
import type { LayerNormBackward, LayerNormForward, Operand } from "../engine.ts";
import { jobs } from "./generated/jobs.ts";
import type { Workspace } from "./workspace.ts";

/** Operations per element. */
const COST = 10;

/** Number of rows, and length of the last axis. */
const rowsOf = (x: Operand, root: Operand): [rows: number, n: number] => [
  sizeOf(root.shape),
  x.shape[x.shape.length - 1],
];

export function layerNorm(work: Workspace, layer: LayerNormForward): void {
  const [rows, n] = rowsOf(layer.x, layer.root);
  work.run(jobs.layerNorm, COST * sizeOf(layer.x.shape), { rows, n, layer });
}

export function layerNormBackward(work: Workspace, layer: LayerNormBackward): void {
  const [rows, n] = rowsOf(layer.normal, layer.root);
  work.run(jobs.layerNormBackward, COST * sizeOf(layer.dy.shape), { rows, n, layer });
}
