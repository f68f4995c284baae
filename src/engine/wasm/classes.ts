/** @file Softmax and cross entropy on the kernels. Meanings as in the engine contract. */
import { sizeOf } from "../../base/index.ts";
import type { Operand } from "../engine.ts";
import { jobs } from "./generated/jobs.ts";
import type { Kernels } from "./kernels.ts";
import { pointerOf } from "./linear-memory.ts";
import type { Workspace } from "./workspace.ts";

/** Number of rows, and length of the last axis. */
function rowsOf({ shape }: Operand): [rows: number, n: number] {
  const n = shape[shape.length - 1];
  return [n === 0 ? 0 : sizeOf(shape) / n, n];
}

export function softmax(kernels: Kernels, x: Operand, out: Operand, log: boolean): void {
  kernels.softmax(pointerOf(x), pointerOf(out), ...rowsOf(x), Number(log));
}

export function softmaxBackward(kernels: Kernels, y: Operand, dy: Operand, dx: Operand, log: boolean): void {
  kernels.softmaxBackward(pointerOf(y), pointerOf(dy), pointerOf(dx), ...rowsOf(y), Number(log));
}

/** Operations per class: an exponential and a division. */
const COST = 30;

export function crossEntropy(work: Workspace, logits: Operand, targets: Operand, loss: Operand, p: Operand): void {
  const [rows, classes] = rowsOf(logits);
  work.run(jobs.crossEntropy, COST * sizeOf(logits.shape), { logits, targets, loss, probabilities: p, rows, classes });
}

export function crossEntropyBackward(
  work: Workspace,
  p: Operand,
  targets: Operand,
  dLoss: Operand,
  dLogits: Operand,
): void {
  const [rows, classes] = rowsOf(p);
  work.run(jobs.crossEntropyBackward, sizeOf(p.shape), { probabilities: p, targets, dLoss, dLogits, rows, classes });
}
