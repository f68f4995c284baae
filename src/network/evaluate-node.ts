/** @file Computes a node whose operands are constants, while a file is read. */
import { typedArray } from "../base/index.ts";
import { scope, tensor } from "../tensor/index.ts";
import type { NetworkNode } from "./graph.ts";
import type { NetworkConstant } from "./network.ts";
import { ops } from "./ops/index.ts";
import { runGraph } from "./run-graph.ts";

/** Whether a network can have an op of that name. */
export const isKnownOp = (op: string): boolean => Object.hasOwn(ops, op);

/**
 * The outputs of a node as constants; undefined where one has more than `most` numbers. Throws as
 * the op does.
 */
export function evaluateNode(
  node: NetworkNode,
  inputs: readonly (NetworkConstant | undefined)[],
  opset: number,
  most: number,
): (NetworkConstant | undefined)[] | undefined {
  const results: (NetworkConstant | undefined)[] = [];
  let isSmall = true;
  scope(() => {
    const known = new Map(
      node.inputs.flatMap((name, i) => {
        const input = inputs[i];
        if (input === undefined) return [];
        const data = typedArray(input.dtype, input.data.length);
        data.set(input.data);
        return [[name, tensor(data, { shape: input.shape, dtype: input.dtype })] as const];
      }),
    );
    const wanted = node.outputs.filter((name) => name !== "");
    const values = runGraph({ inputs: [], outputs: [], nodes: [node] }, known, wanted, {
      ops,
      opset,
      random: undefined,
    });
    for (const name of node.outputs) {
      const value = values[wanted.indexOf(name)];
      if (value !== undefined && value.size > most) isSmall = false;
      else results.push(value && { dtype: value.dtype, shape: [...value.shape], data: Array.from(value.values()) });
    }
  });
  return isSmall ? results : undefined;
}
