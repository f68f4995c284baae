/** @file Ops with weights that multiply, and normalisations. */
import { normalizeAxis, sizeOf } from "../../base/index.ts";
import { add, layerNorm, matmul, mul, reshape, type Tensor } from "../../tensor/index.ts";
import type { Op, Ops } from "../op.ts";
import { operand } from "./operands.ts";

/** The product of NumPy: a vector is a matrix of one row or column. */
const MatMul: Op = (inputs, context) => {
  const a = operand(inputs, 0, context);
  const b = operand(inputs, 1, context);
  const left = a.rank === 1 ? reshape(a, [1, a.size]) : a;
  const right = b.rank === 1 ? reshape(b, [b.size, 1]) : b;
  const product = matmul(left, right);
  if (a.rank > 1 && b.rank > 1) return product;
  const { shape, rank } = product;
  return reshape(
    product,
    shape.filter((_, i) => !(b.rank === 1 && i === rank - 1) && !(a.rank === 1 && i === rank - 2)),
  );
};

const Gemm: Op = (inputs, context) => {
  const { attributes } = context;
  const scaled = (x: Tensor, factor: number): Tensor => (factor === 1 ? x : mul(x, factor));
  const product = matmul(operand(inputs, 0, context), operand(inputs, 1, context), {
    transposeA: attributes.flag("transA"),
    transposeB: attributes.flag("transB"),
  });
  const sum = scaled(product, attributes.number("alpha", 1));
  const beta = attributes.number("beta", 1);
  return inputs[2] === undefined || beta === 0 ? sum : add(sum, scaled(inputs[2], beta));
};

const LayerNormalization: Op = (inputs, context) => {
  const x = operand(inputs, 0, context);
  const { attributes } = context;
  const axis = normalizeAxis(attributes.where, attributes.number("axis", -1), x.rank);
  const [scale, shift] = [operand(inputs, 1, context), inputs[2]];
  const width = sizeOf(x.shape.slice(axis));
  const flat = (value: Tensor): Tensor => reshape(value, [width]);
  const rows = reshape(x, [x.size / width, width]);
  const y = layerNorm(rows, attributes.number("epsilon", 1e-5), flat(scale), shift && flat(shift));
  return reshape(y, x.shape);
};

export const productOps: Ops = { Gemm, LayerNormalization, MatMul };
