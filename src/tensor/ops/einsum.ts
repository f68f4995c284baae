/** @file Sums of products in Einstein's notation, as matrix products of rearranged tensors. */
import { dtypeError, isFloat, misuseError, shapeError, sizeOf } from "../../base/index.ts";
import { tensor } from "../create.ts";
import { commonDtype, type Tensor } from "../tensor.ts";
import { broadcastTo, sum } from "./broadcast.ts";
import { gather } from "./gather.ts";
import { matmul } from "./matmul.ts";
import { reshape, transpose } from "./move.ts";

/** A tensor with a label for each axis, all different. */
type Labelled = { readonly x: Tensor; readonly labels: readonly string[] };

/**
 * Sum of products of tensors in Einstein's notation, as `numpy.einsum` and ONNX `Einsum`: `ij,jk->
 * ik` is a matrix product, `ii->i` a diagonal, `...i->...` a sum over the last axis. Without `->`,
 * the result has the labels that occur once, in alphabetical order, after those of an ellipsis.
 *
 * Throws RangeError for an equation that does not fit the tensors, TypeError unless all have one
 * floating-point dtype.
 */
export function einsum(equation: string, ...tensors: readonly Tensor[]): Tensor {
  if (tensors.length === 0) throw misuseError("einsum", "at least one tensor", "none");
  const dtype = commonDtype("einsum", ...tensors);
  if (!isFloat(dtype)) throw dtypeError("einsum", "float32 or float64", dtype);
  const [left, right, ...more] = equation.replaceAll(/\s/g, "").split("->");
  const terms = left.split(",");
  if (more.length > 0 || terms.length !== tensors.length)
    throw misuseError("einsum", `an equation with ${tensors.length} terms`, equation);
  const most = Math.max(...terms.map((term, i) => ellipsisRank(term, tensors[i].rank, equation)));
  const operands = tensors.map((x, i) => labelled(x, labelsOf(terms[i], x.rank, most, equation), equation));
  const out = right === undefined ? implicitLabels(terms, most) : outputLabels(right, most, equation);
  checkSizes(operands, out, equation);
  let [result, ...rest] = operands;
  while (rest.length > 0) {
    const [next, ...others] = rest;
    const needed = new Set([...out, ...others.flatMap(({ labels }) => labels)]);
    result = product(result, next, needed);
    rest = others;
  }
  result = summed(result, new Set(out));
  return transpose(
    result.x,
    out.map((label) => result.labels.indexOf(label)),
  );
}

const ELLIPSIS = "...";

/** Number of axes that a term's ellipsis means. */
function ellipsisRank(term: string, rank: number, equation: string): number {
  const named = term.replace(ELLIPSIS, "").length;
  const count = rank - named;
  if (count < 0 || (count > 0 && !term.includes(ELLIPSIS)))
    throw misuseError("einsum", `a term of ${rank} labels`, `${term} in ${equation}`);
  return count;
}

/** Labels of a term; axes of an ellipsis are numbered from the last one. */
function labelsOf(term: string, rank: number, most: number, equation: string): string[] {
  const count = ellipsisRank(term, rank, equation);
  const [before, after = ""] = term.split(ELLIPSIS);
  const labels = [...before, ...Array.from({ length: count }, (_, i) => `${most - count + i}`), ...after];
  checkLabels(labels, equation);
  return labels;
}

function checkLabels(labels: readonly string[], equation: string): void {
  if (labels.some((label) => !/^(?:[A-Za-z]|\d+)$/.test(label)))
    throw misuseError("einsum", "letters, at most one ellipsis in a term and an arrow", equation);
}

const ellipsis = (most: number): string[] => Array.from({ length: most }, (_, i) => `${i}`);

function implicitLabels(terms: readonly string[], most: number): string[] {
  const letters = [...terms.join("").replaceAll(".", "")];
  return [
    ...ellipsis(most),
    ...letters.filter((label) => letters.indexOf(label) === letters.lastIndexOf(label)).sort(),
  ];
}

function outputLabels(term: string, most: number, equation: string): string[] {
  const [before, after = ""] = term.split(ELLIPSIS);
  const labels = [...before, ...(term.includes(ELLIPSIS) ? ellipsis(most) : []), ...after];
  checkLabels(labels, equation);
  if (new Set(labels).size !== labels.length) throw misuseError("einsum", "each label of the result once", equation);
  return labels;
}

/** Checks that labels have one size each, apart from 1, and that those of the result exist. */
function checkSizes(operands: readonly Labelled[], out: readonly string[], equation: string): void {
  const sizes = new Map<string, number>();
  for (const { x, labels } of operands) {
    labels.forEach((label, axis) => {
      const known = sizes.get(label) ?? 1;
      const n = x.shape[axis];
      if (known !== 1 && n !== 1 && n !== known)
        throw shapeError("einsum", `size ${known} for label ${label} of ${equation}`, x.shape);
      sizes.set(label, n === 1 ? known : n);
    });
  }
  const missing = out.find((label) => !sizes.has(label));
  if (missing !== undefined) throw misuseError("einsum", `label ${missing} of the result in a term`, equation);
}

/** x with each label once: of repeated ones, the diagonal. */
function labelled(x: Tensor, labels: readonly string[], equation: string): Labelled {
  const repeated = labels.find((label, i) => labels.indexOf(label) !== i);
  if (repeated === undefined) return { x, labels };
  const [first, second] = [labels.indexOf(repeated), labels.indexOf(repeated, labels.indexOf(repeated) + 1)];
  const n = x.shape[first];
  if (x.shape[second] !== n) throw shapeError("einsum", `a square of ${repeated} in ${equation}`, x.shape);
  const others = x.shape.map((_, i) => i).filter((i) => i !== first && i !== second);
  const moved = transpose(x, [first, second, ...others]);
  const rest = others.map((i) => x.shape[i]);
  const diagonal = tensor(Int32Array.from({ length: n }, (_, i) => i * (n + 1)));
  const y = gather(reshape(moved, [n * n, ...rest]), diagonal);
  return labelled(y, [repeated, ...others.map((i) => labels[i])], equation);
}

/** The sum over all labels but those needed. */
function summed({ x, labels }: Labelled, needed: ReadonlySet<string>): Labelled {
  const axes = labels.flatMap((label, i) => (needed.has(label) ? [] : [i]));
  if (axes.length === 0) return { x, labels };
  return { x: sum(x, axes), labels: labels.filter((label) => needed.has(label)) };
}

/** The product of two tensors, summed over labels that nothing else needs, as a matrix product. */
function product(first: Labelled, second: Labelled, needed: ReadonlySet<string>): Labelled {
  const a = summed(first, new Set([...needed, ...second.labels]));
  const b = summed(second, new Set([...needed, ...first.labels]));
  const shared = a.labels.filter((label) => b.labels.includes(label));
  const batch = shared.filter((label) => needed.has(label));
  const inner = shared.filter((label) => !needed.has(label));
  const [ofA, ofB] = [a, b].map(({ labels }) => labels.filter((label) => !shared.includes(label)));
  const sizeOfLabel = (label: string): number => Math.max(...[a, b].map((one) => sizeIn(one, label)));
  const arranged = ({ x, labels }: Labelled, own: readonly string[]): Tensor => {
    const order = [...batch, ...own, ...inner];
    const moved = transpose(
      x,
      order.map((label) => labels.indexOf(label)),
    );
    const stretched = broadcastTo(
      moved,
      order.map((label, i) => (shared.includes(label) ? sizeOfLabel(label) : moved.shape[i])),
    );
    return reshape(stretched, [size(batch), size(own), size(inner)]);
  };
  const size = (labels: readonly string[]): number => sizeOf(labels.map(sizeOfLabel));
  const y = matmul(arranged(a, ofA), arranged(b, ofB), { transposeB: true });
  const labels = [...batch, ...ofA, ...ofB];
  return { x: reshape(y, labels.map(sizeOfLabel)), labels };
}

/** Size of a label, and of others 0, so that empty axes stay empty. */
const sizeIn = ({ x, labels }: Labelled, label: string): number =>
  labels.includes(label) ? x.shape[labels.indexOf(label)] : 0;
