/** @file Initial values of parameters. Matrices are [rows, columns]. */
import type { FloatDType, RandomStream, Shape } from "../base/index.ts";
import { full, randomTensor, tensor, type Tensor } from "../tensor/index.ts";

export type Initializer = (shape: Shape, random: RandomStream, dtype: FloatDType) => Tensor;

/** Every element `value`. */
export const constant =
  (value: number): Initializer =>
  (shape, _random, dtype) =>
    full(shape, value, dtype);

/** U(-limit, limit). PyTorch's recurrent layers use limit 1/sqrt(H) for every parameter. */
export const uniform =
  (limit: number): Initializer =>
  (shape, random, dtype) =>
    randomTensor(shape, random, { kind: "uniform", low: -limit, high: limit }, dtype);

/** N(0, deviation²). PyTorch's embeddings use deviation 1. */
export const normal =
  (deviation: number): Initializer =>
  (shape, random, dtype) =>
    randomTensor(shape, random, { kind: "normal", mean: 0, deviation }, dtype);

/** N(mean, deviation²), redrawn beyond two deviations. */
export const truncatedNormal =
  (deviation: number, mean = 0): Initializer =>
  (shape, random, dtype) =>
    randomTensor(shape, random, { kind: "truncatedNormal", mean, deviation }, dtype);

/**
 * U(±sqrt(6 / (rows + columns))) on the matrix as it is stored (Glorot and Bengio 2010): TensorFlow
 * 1 draws the concatenated kernel [I+H, 4H] as one, so its limit is sqrt(6 / (I + 5H)). A vector
 * counts its length twice.
 */
export const glorotUniform: Initializer = (shape, random, dtype) => {
  const [rows, columns] = fans(shape);
  return uniform(Math.sqrt(6 / (rows + columns)))(shape, random, dtype);
};

/**
 * N(0, 2 / (rows + columns)), truncated, rescaled to the variance it would have without truncation
 * (TensorFlow).
 */
export const glorotNormal: Initializer = (shape, random, dtype) => {
  const [rows, columns] = fans(shape);
  return truncatedNormal(Math.sqrt(2 / (rows + columns)) / 0.87962566103423978)(shape, random, dtype);
};

const fans = (shape: Shape): [number, number] => [shape[0] ?? 1, shape[shape.length - 1] ?? 1];

/**
 * A random matrix with orthonormal rows (or columns, if there are fewer), drawn on the whole shape
 * as Keras does for [H, 4H] (Saxe et al. 2014). Modified Gram-Schmidt, twice, on normal vectors.
 */
export const orthogonal: Initializer = (shape, random, dtype) => {
  const [rows, columns] = shape;
  const wide = rows <= columns;
  const count = wide ? rows : columns;
  const length = wide ? columns : rows;
  const basis: Float64Array[] = [];
  while (basis.length < count) {
    const v = Float64Array.from({ length }, () => random.normal());
    for (let pass = 0; pass < 2; pass++) {
      for (const other of basis) {
        let along = 0;
        for (let i = 0; i < length; i++) along += v[i] * other[i];
        for (let i = 0; i < length; i++) v[i] -= along * other[i];
      }
    }
    let square = 0;
    for (const x of v) square += x * x;
    if (square < 1e-12) continue;
    const scale = 1 / Math.sqrt(square);
    basis.push(v.map((x) => x * scale));
  }
  const data = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) data[i * columns + j] = wide ? basis[i][j] : basis[j][i];
  }
  return tensor(data, { shape, dtype });
};
