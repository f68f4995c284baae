import type { LayerNormBackward, LayerNormForward } from "../engine.ts";
import { type FloatArray, floats } from "./memory.ts";
import { isLong, sumColumns } from "./long-sums.ts";
import { laneSum } from "./reduce.ts";
import { exactly, type Round, roundingFor } from "./rounding.ts";

/** The products of a row's elements, summed as `laneSum` does. */
function laneDot(a: FloatArray, b: FloatArray, at: number, n: number, round: Round): number {
  if (isLong(a, n)) {
    const exact = Float64Array.from(a.subarray(at, at + n), (x, j) => x * b[at + j]);
    return round(laneSum(exact, 0, n, exactly));
  }
  const products = a.slice(at, at + n);
  for (let j = 0; j < n; j++) products[j] *= b[at + j];
  return laneSum(products, 0, n, round);
}

export function layerNorm({ epsilon, x, gain, shift, y, normal, root }: LayerNormForward): void {
  const from = floats(x);
  const to = floats(y);
  const normals = floats(normal);
  const roots = floats(root);
  const gains = gain && floats(gain);
  const shifts = shift && floats(shift);
  const round = roundingFor(from);
  const n = x.shape[x.shape.length - 1];
  for (let row = 0; row < roots.length; row++) {
    const at = row * n;
    const mean = round(laneSum(from, at, n, round) / n);
    for (let j = 0; j < n; j++) normals[at + j] = from[at + j] - mean;
    const variance = round(laneDot(normals, normals, at, n, round) / n);
    roots[row] = Math.sqrt(round(variance + round(epsilon)));
    for (let j = 0; j < n; j++) {
      normals[at + j] /= roots[row];
      const scaled = gains ? round(normals[at + j] * gains[j]) : normals[at + j];
      to[at + j] = shifts ? scaled + shifts[j] : scaled;
    }
  }
}

export function layerNormBackward({ gain, normal, root, dy, dx, dGain, dShift }: LayerNormBackward): void {
  const normals = floats(normal);
  const upstream = floats(dy);
  const n = normal.shape[normal.shape.length - 1];
  if (dx) inputGradient(normals, floats(root), gain && floats(gain), upstream, floats(dx), n);
  const round = roundingFor(upstream);
  if (dGain) sumColumns(floats(dGain), upstream.length, (i) => round(upstream[i] * normals[i]));
  if (dShift) sumColumns(floats(dShift), upstream.length, (i) => upstream[i]);
}

function inputGradient(
  normals: FloatArray,
  roots: FloatArray,
  gains: FloatArray | undefined,
  upstream: FloatArray,
  to: FloatArray,
  n: number,
): void {
  const round = roundingFor(upstream);
  for (let row = 0; row < roots.length; row++) {
    const at = row * n;
    for (let j = 0; j < n; j++) to[at + j] = gains ? upstream[at + j] * gains[j] : upstream[at + j];
    const mean = round(laneSum(to, at, n, round) / n);
    const slope = round(laneDot(to, normals, at, n, round) / n);
    for (let j = 0; j < n; j++)
      to[at + j] = round(round(to[at + j] - mean) - round(normals[at + j] * slope)) / roots[row];
  }
}
