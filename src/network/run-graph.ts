/** @file Evaluates a graph: each node once, in order, if a wanted output needs it. */
import { FormatError, type RandomStream, sentence, UnsupportedError } from "../base/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { Attributes, type NetworkGraph, type NetworkNode, nodeName } from "./graph.ts";
import type { Op, OpContext, Ops } from "./op.ts";
import type { Steps } from "./steps.ts";

/** Values by name; those of a body continue those around it. */
type Values = Map<string, Tensor>;

export type GraphRun = {
  readonly ops: Ops;
  readonly opset: number;
  readonly random: RandomStream | undefined;
  /** Steps that are taken at once; default: a single one. */
  readonly steps?: Steps | undefined;
  /** Sees each value as it is made; default: none. */
  readonly watch?: ((name: string, value: Tensor, node: NetworkNode) => void) | undefined;
};

/**
 * Runs the nodes that `wanted` needs, and gives those values. `known` holds inputs and weights; it
 * is not changed. Errors name the node.
 */
export function runGraph(
  { nodes }: NetworkGraph,
  known: ReadonlyMap<string, Tensor>,
  wanted: readonly string[],
  run: GraphRun,
): Tensor[] {
  const values: Values = new Map(known);
  for (const node of neededNodes(nodes, wanted, values)) {
    const outputs = runNode(node, values, run);
    node.outputs.forEach((name, i) => {
      const value = outputs[i];
      // an output that the op does not compute, such as a mask, is missed only where it is read
      if (name === "" || value === undefined) return;
      values.set(name, value);
      run.watch?.(name, value, node);
    });
  }
  return wanted.map((name) => {
    const value = values.get(name);
    if (value === undefined) throw new FormatError(sentence("network", `a value ${JSON.stringify(name)}`, "none"));
    return value;
  });
}

/** The nodes that the wanted values depend on, in their order. */
function neededNodes(nodes: readonly NetworkNode[], wanted: readonly string[], known: Values): NetworkNode[] {
  const needed = new Set(wanted.filter((name) => !known.has(name)));
  const chosen: NetworkNode[] = [];
  for (const node of nodes.toReversed()) {
    if (!node.outputs.some((name) => needed.has(name))) continue;
    chosen.push(node);
    for (const name of valuesReadBy(node)) if (!known.has(name)) needed.add(name);
  }
  return chosen.toReversed();
}

/** Values that a node reads, those that its bodies take from around them included. */
function valuesReadBy(node: NetworkNode): string[] {
  const inner = Object.values(node.attributes).flatMap((attribute) =>
    typeof attribute === "object" && "nodes" in attribute ? freeValuesOf(attribute) : [],
  );
  return [...node.inputs, ...inner].filter((name) => name !== "");
}

/** Values that a body takes from the graph around it. */
const freeByGraph = new WeakMap<NetworkGraph, readonly string[]>();
export function freeValuesOf(graph: NetworkGraph): readonly string[] {
  const found = freeByGraph.get(graph);
  if (found !== undefined) return found;
  const own = new Set([...graph.inputs.map(({ name }) => name), ...graph.nodes.flatMap(({ outputs }) => outputs)]);
  const read = [...graph.nodes.flatMap(valuesReadBy), ...graph.outputs.map(({ name }) => name)];
  const free = [...new Set(read.filter((name) => !own.has(name)))];
  freeByGraph.set(graph, free);
  return free;
}

function runNode(node: NetworkNode, values: Values, run: GraphRun): readonly (Tensor | undefined)[] {
  const op: Op | undefined = Object.hasOwn(run.ops, node.op) ? run.ops[node.op] : undefined;
  if (op === undefined) throw new UnsupportedError(sentence("network", "an op that is known", nodeName(node)));
  const inputs = node.inputs.map((name) => {
    const value = values.get(name);
    if (value === undefined && name !== "")
      throw new FormatError(sentence(nodeName(node), `an input ${JSON.stringify(name)}`, "none of that name"));
    return value;
  });
  const context: OpContext = {
    attributes: new Attributes(node),
    opset: run.opset,
    outputs: node.outputs.length,
    random: run.random,
    everyState: false,
    run: (graph, given) => {
      if (run.steps !== undefined && node.op !== "If")
        throw new UnsupportedError(sentence(nodeName(node), "no loop over several steps at once", node.op));
      const inside = new Map(values);
      graph.inputs.forEach(({ name }, i) => {
        if (given[i] !== undefined) inside.set(name, given[i]);
      });
      const wanted = graph.outputs.map(({ name }) => name);
      const results = runGraph(graph, inside, wanted, run);
      node.outputs.forEach((name, i) => run.steps?.rename(name, wanted[i]));
      return results;
    },
  };
  const { steps } = run;
  if (steps === undefined || hasBody(node)) return listOf(namingNode(node, () => op(inputs, context)));
  const { inputs: prepared, isSequence } = steps.prepare(node, inputs);
  const results = listOf(namingNode(node, () => op(prepared, { ...context, everyState: isSequence })));
  return isSequence ? steps.finish(results as readonly Tensor[]) : results;
}

const listOf = (result: ReturnType<Op>): readonly (Tensor | undefined)[] =>
  Array.isArray(result) ? result : [result as Tensor];

const hasBody = ({ attributes }: NetworkNode): boolean =>
  Object.values(attributes).some((value) => typeof value === "object" && "nodes" in value);

/** Calls `f`. Its errors get the name of the node. */
function namingNode<T>(node: NetworkNode, f: () => T): T {
  try {
    return f();
  } catch (error) {
    if (error instanceof Error && !error.message.includes(nodeName(node)))
      error.message = `${nodeName(node)}: ${error.message}`;
    throw error;
  }
}
