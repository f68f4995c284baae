/**
 * @file The WebAssembly engine: float32 products, recurrent layers, cross entropy and Adam as SIMD kernels; everything else by the
 * reference's kernels on the same memory.
 */
import { environment } from "#platform";
import { sizeOf } from "../../base/index.ts";
import type { BinaryOp, Engine, Operand, OptimizerUpdate, ReduceOp } from "../engine.ts";
import { arrayOf } from "../reference/memory.ts";
import { referenceKernels } from "../reference/index.ts";
import { instantiate } from "./kernels.ts";
import { BYTES, LinearMemory, pointerOf } from "./linear-memory.ts";
import * as recurrent from "./recurrent.ts";
import { Workspace } from "./workspace.ts";

/** Whether the kernels can work on it. */
const isFloat32 = (x: Operand): boolean => x.dtype === "float32";

type Product = Parameters<Engine["matmul"]>[3];

function matmul(
  work: Workspace,
  a: Operand,
  b: Operand,
  out: Operand,
  { transposeA, transposeB, accumulate }: Product,
): void {
  const [m, n] = out.shape.slice(-2);
  const k = a.shape[a.shape.length - (transposeA ? 2 : 1)];
  if (!accumulate) arrayOf(out).fill(0);
  const batches = m * n * k === 0 ? 0 : sizeOf(out.shape) / (m * n);
  const [from, right, to] = [a, b, out].map(pointerOf);
  for (let batch = 0; batch < batches; batch++) {
    work.within(() => {
      const packing = transposeB ? { k, n, row: 1, column: k } : { k, n, row: n, column: 1 };
      const packed = work.pack(right + batch * k * n * BYTES, packing);
      const start = from + batch * m * k * BYTES;
      const [row, sum] = transposeA ? [BYTES, m * BYTES] : [k * BYTES, BYTES];
      work.kernels.gemm8(to + batch * m * n * BYTES, n * BYTES, start, row, sum, packed, m, k, n);
    });
  }
}

/** a [..., n] + b [n] or equal shapes; false where the shapes are others. */
function addRows(work: Workspace, a: Operand, b: Operand, out: Operand): boolean {
  const n = sizeOf(b.shape);
  const size = sizeOf(out.shape);
  const isSuffix = b.shape.every((extent, axis) => extent === out.shape[out.shape.length - b.shape.length + axis]);
  if (!isFloat32(a) || n === 0 || !isSuffix || sizeOf(a.shape) !== size) return false;
  work.kernels.addRows(pointerOf(a), pointerOf(b), pointerOf(out), size / n, n);
  return true;
}

function adam(
  work: Workspace,
  update: Extract<OptimizerUpdate, { kind: "adam" }>,
  parameter: Operand,
  gradient: Operand,
  slots: readonly Operand[],
): void {
  const { stepSize, rootScale, beta1, beta2, epsilon } = update;
  const [w, g, m, v] = [parameter, gradient, ...slots].map(pointerOf);
  work.kernels.adam(
    w,
    g,
    m,
    v,
    sizeOf(parameter.shape),
    stepSize,
    rootScale,
    beta1,
    1 - beta1,
    beta2,
    1 - beta2,
    epsilon,
  );
}

/** An engine on compiled kernels. `fused` says that they use fused multiply-add. */
export function wasmEngine(module: WebAssembly.Module, fused: boolean): Engine {
  const memory = new LinearMemory(environment("UNROLLED_POISON") === "1");
  const work = new Workspace(instantiate(module, memory.memory), memory);
  const reference = referenceKernels;
  return {
    ...reference,
    name: "wasm",
    numerics: fused ? "fma" : "portable",
    allocate: (dtype, length) => memory.allocate(dtype, length),
    free: (block) => memory.free(block),
    stats: () => memory.stats(),
    matmul: (a, b, out, how) => (isFloat32(out) ? matmul(work, a, b, out, how) : reference.matmul(a, b, out, how)),
    binary(op: BinaryOp, a, b, out) {
      if (op !== "add" || !addRows(work, a, b, out)) reference.binary(op, a, b, out);
    },
    reduce(op: ReduceOp, x, out, outer, n, inner) {
      if (op === "sum" && isFloat32(x) && outer === 1 && inner > 1)
        work.kernels.columnSums(pointerOf(x), pointerOf(out), n, inner);
      else reference.reduce(op, x, out, outer, n, inner);
    },
    crossEntropy(logits, targets, loss, p) {
      const classes = logits.shape[logits.shape.length - 1];
      if (!isFloat32(logits)) reference.crossEntropy(logits, targets, loss, p);
      else
        work.kernels.crossEntropy(
          pointerOf(logits),
          pointerOf(targets),
          pointerOf(loss),
          pointerOf(p),
          sizeOf(targets.shape),
          classes,
        );
    },
    crossEntropyBackward(p, targets, dLoss, dLogits) {
      const classes = p.shape[p.shape.length - 1];
      if (!isFloat32(p)) reference.crossEntropyBackward(p, targets, dLoss, dLogits);
      else
        work.kernels.crossEntropyBackward(
          pointerOf(p),
          pointerOf(targets),
          pointerOf(dLoss),
          pointerOf(dLogits),
          sizeOf(targets.shape),
          classes,
        );
    },
    rnnForward: (a) => (isFloat32(a.outputs) ? recurrent.rnnForward(work, a) : reference.rnnForward(a)),
    rnnBackward: (a) => (isFloat32(a.outputs) ? recurrent.rnnBackward(work, a) : reference.rnnBackward(a)),
    lstmForward: (a) => (isFloat32(a.outputs) ? recurrent.lstmForward(work, a) : reference.lstmForward(a)),
    lstmBackward: (a) => (isFloat32(a.outputs) ? recurrent.lstmBackward(work, a) : reference.lstmBackward(a)),
    gruForward: (a) => (isFloat32(a.outputs) ? recurrent.gruForward(work, a) : reference.gruForward(a)),
    gruBackward: (a) => (isFloat32(a.outputs) ? recurrent.gruBackward(work, a) : reference.gruBackward(a)),
    optimizerUpdate(update, parameter, gradient, slots) {
      if (update.kind === "adam" && isFloat32(parameter)) adam(work, update, parameter, gradient, slots);
      else reference.optimizerUpdate(update, parameter, gradient, slots);
    },
  };
}
